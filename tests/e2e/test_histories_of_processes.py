"""Laptops and HQ as processes that are killed, stopped, cut off: what everybody saw hangs together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import turned_clock
from tests.support.replicas import make_template
from tests.support.server import RunningServer, initialised
from tests.sync.histories.checks import problems, stalled
from tests.sync.histories.company import company
from tests.sync.histories.events import Kind

SEEDS = int(os.environ.get("SATCHEL_HISTORY_SEEDS", "3"))
SECONDS = float(os.environ.get("SATCHEL_HISTORY_S", "25"))
EVEN_WITHIN_S = 30.0
"""After everything works again; most of it is the longest silence a line is given up for."""

pytestmark = pytest.mark.soak


@contextmanager
def servers(folder: Path, count: int, database_url: str | None) -> Iterator[tuple[list[RunningServer], Path]]:
    """Give so many server processes over one database, and the file that turns their clock."""
    clock = folder / "clock"
    turned_clock.turn(clock, 0)
    data = initialised(folder / "hq", database_url)
    environment = {turned_clock.VARIABLE: str(clock), "CRM_SERVER_REQUESTS_PER_MINUTE": "0"}
    made = [RunningServer(data, environment=environment, program=turned_clock.PROGRAM) for _ in range(count)]
    try:
        for server in made:
            server.start()
        yield made, clock
    finally:
        for server in made:
            if server.is_running:
                server.go_on()
                server.kill()


def live_through(folder: Path, seed: int, count: int, database_url: str | None) -> None:
    template = make_template(folder / "template")
    with (
        servers(folder, count, database_url) as (running, clock),
        company(folder, template, running, clock, seed) as laptops,
    ):
        laptops.suffer(SECONDS)
        healed_at_s = laptops.heal(2 * EVEN_WITHIN_S)
        told = laptops.history()
        differing = [line for laptop in laptops.users.values() for line in laptop.differences()]
    kinds = Counter(event.kind for event in told)
    print(f"seed {seed}: {dict(Counter(laptops.happened))}, {dict(kinds)}")
    assert kinds[Kind.WROTE] > SECONDS
    assert problems(told) == []
    assert differing == []
    assert stalled(told, healed_at_s, EVEN_WITHIN_S) == []


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_whatever_happens_to_processes_what_everybody_saw_hangs_together(tmp_path: Path, seed: int) -> None:
    live_through(tmp_path, seed, 1, None)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(1001, SEEDS + 1001))
def test_the_same_at_two_servers_on_one_postgresql(tmp_path: Path, fresh_postgres: str, seed: int) -> None:
    live_through(tmp_path, seed, 2, fresh_postgres)
