"""The next page is fetched while the last one is written; what breaks off between them costs nothing."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.ids import new_id
from crm_core.sync.protocol import SyncRequest, SyncResponse
from crm_desktop.models import state
from crm_desktop.models.state import Key
from crm_desktop.services import records
from tests.support.hq import Office, make
from tests.support.replicas import Cut, Laptop, Laptops, Line, differences

CUSTOMERS = 1_000
SMALL_PAGE = 2_048
WAIT_S = 20.0


@pytest.fixture
def laptop(tmp_path: Path, template: Path) -> Iterator[Laptop]:
    """Give an empty laptop of a user who may see more than one page holds."""
    office = Office(tmp_path / "hq")
    lin = office.user("Lin", "sales")
    rows = [make("customer", new_id(), name=f"Heron {n}（示例）", owner_id=lin) for n in range(CUSTOMERS)]
    office.hq.write_all(rows)
    laptops = Laptops(tmp_path, office, template)
    yield laptops.make("lin", lin, page_bytes=SMALL_PAGE)
    laptops.close()
    office.close()


def test_a_page_is_asked_for_while_the_one_before_is_written(laptop: Laptop) -> None:
    asked = threading.Event()
    written: list[bool] = []
    carry = laptop.line.sync
    calls: list[int] = []

    def sync(request: SyncRequest) -> SyncResponse:
        calls.append(threading.get_ident())
        if len(calls) == 2:
            asked.set()
        return carry(request)

    laptop.line.sync = sync  # type: ignore[method-assign]
    # Told on the thread that wrote, before it goes on to anything else.
    laptop.replica.on_changed.append(lambda _changed: written.append(asked.wait(WAIT_S)))
    assert laptop.sync().up_to_date
    assert written[0]
    assert len(calls) > 3
    assert list(differences(laptop)) == []


def test_requests_follow_each_other_and_never_overlap(laptop: Laptop) -> None:
    under_way = threading.Lock()
    carry = laptop.line.sync

    def sync(request: SyncRequest) -> SyncResponse:
        assert under_way.acquire(blocking=False)
        try:
            return carry(request)
        finally:
            under_way.release()

    laptop.line.sync = sync  # type: ignore[method-assign]
    report = laptop.sync()
    assert report.round_trips == len(laptop.line.seen)
    assert report.received >= CUSTOMERS


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(4, 60))]
)
def test_a_line_that_breaks_anywhere_costs_nothing_but_time(laptop: Laptop, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        cuts = [chance.choice(list(Cut)) for _ in range(chance.randrange(1, 5))]
        if laptop.try_sync(*cuts) is None and chance.random() < 0.3:
            laptop.reopen()
    laptop.sync()
    assert list(differences(laptop)) == []
    with laptop.replica.read() as session:
        # HQ never took it for a copy of itself, which would have begun another incarnation.
        assert state.read(session, Key.INCARNATION) == 1


def test_work_done_meanwhile_goes_up_before_the_page_after_next(laptop: Laptop) -> None:
    done: list[str] = []

    def work(changed: frozenset[tuple[str, str]]) -> None:
        if not done and any(entity == "customer" for entity, _ in changed):  # his role is here by then
            done.append("begun")
            made = records.create(laptop.replica, "customer", {"name": "Made meanwhile（示例）"})
            done.append(made.value.id)

    laptop.replica.on_changed.append(work)
    report = laptop.sync()
    assert report.up_to_date
    assert report.sent == 1
    assert laptop.office.row("customer", done[1])["name"] == "Made meanwhile（示例）"
    assert list(differences(laptop)) == []


def test_a_cancelled_round_goes_on_where_it_stopped(laptop: Laptop) -> None:
    line: Line = laptop.line
    report = laptop.sync(cancelled=lambda: len(line.seen) >= 2)
    assert not report.up_to_date
    before = len(line.seen)
    assert laptop.sync().up_to_date
    assert len(line.seen) > before
    assert list(differences(laptop)) == []
