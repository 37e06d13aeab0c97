"""What HQ does by itself is done by one process at a time, and goes on whatever goes wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crm_core.errors import UserError
from sync_server.jobs.every import SELDOM_S, every, pause_s
from sync_server.services import measures
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.settings import fresh_settings
from sync_server.store.database import Database
from sync_server.store.serving import turn_at

TAKES_ITS_TURN = """
import sys, time
from sync_server.store.database import Database
from sync_server.store.serving import turn_at
with turn_at(Database(sys.argv[1]), "leads") as is_mine:
    print(is_mine, flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database of each engine."""
    if request.param == "postgres":
        yield request.getfixturevalue("fresh_postgres")
    else:
        yield f"sqlite+pysqlite:///{(tmp_path / 'hq.db').as_posix()}"


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Headquarters]:
    """Give an HQ nobody has asked anything yet."""
    (tmp_path / "hq").mkdir()
    opened = open_headquarters(fresh_settings(tmp_path / "hq"))
    yield opened
    opened.close()


def counted(chore: str) -> float:
    return measures.chore_failures.labels(chore=chore)._value.get()


def until(is_so: threading.Event) -> None:
    assert is_so.wait(20)


def test_while_one_process_does_a_chore_another_leaves_it_to_it_and_does_others(url: str) -> None:
    one, another = Database(url), Database(url)
    try:
        with turn_at(one, "leads") as first:
            assert first
            with turn_at(another, "leads", wait_s=0.2) as second, turn_at(another, "alike") as beside:
                assert not second
                assert beside
        with turn_at(another, "leads") as later:
            assert later
    finally:
        one.close()
        another.close()


@pytest.mark.postgres
def test_the_turn_of_a_process_that_was_killed_goes_to_the_next(fresh_postgres: str) -> None:
    left = Database(fresh_postgres)
    dying = subprocess.Popen(
        [sys.executable, "-c", TAKES_ITS_TURN, fresh_postgres], stdout=subprocess.PIPE, text=True
    )
    try:
        assert dying.stdout is not None
        assert dying.stdout.readline() == "True\n"
        with turn_at(left, "leads") as is_mine:
            assert not is_mine
        dying.kill()
        with turn_at(left, "leads", wait_s=20) as is_mine:
            assert is_mine
    finally:
        dying.kill()
        dying.communicate()
        left.close()


def test_of_two_servers_one_at_a_time_does_a_chore(hq: Headquarters, url: str) -> None:
    databases = [Database(url) for _ in range(3)]
    doing, done = [0], [0]
    overlapped, enough = threading.Event(), threading.Event()
    guard = threading.Lock()

    def step(_hq: Headquarters) -> None:
        with guard:
            doing[0] += 1
            if doing[0] > 1:
                overlapped.set()
        time.sleep(0.005)
        with guard:
            doing[0] -= 1
            done[0] += 1
            if done[0] >= 20:
                enough.set()

    with ExitStack() as stack:
        for database in databases:
            stack.callback(database.close)
            stack.enter_context(every(0.001, "shared", replace(hq, database=database), step))
        until(enough)
    assert not overlapped.is_set()


def test_an_error_nobody_thought_of_is_told_with_its_lines_and_holds_up_nothing(hq: Headquarters) -> None:
    tries, beside = [0], threading.Event()

    def breaks(_hq: Headquarters) -> None:
        tries[0] += 1
        if tries[0] < 3:
            raise KeyError("a name somebody typed")

    def goes_on(_hq: Headquarters) -> None:
        if tries[0] >= 4:
            beside.set()

    before = counted("breaking")
    with capture_logs() as lines, every(0.001, "breaking", hq, breaks, goes_on):
        until(beside)
    broken = [line for line in lines if line["event"] == "chore broke"]
    assert [(line["chore"], line["step"]) for line in broken] == [("breaking", "breaks")] * 2
    assert broken[0]["exc_info"]
    assert counted("breaking") == before + 2
    assert measures.chore_done.labels(chore="breaking")._value.get() > time.time() - 60


def test_what_is_expected_to_go_wrong_is_told_without_its_text(hq: Headquarters) -> None:
    failed = threading.Event()

    def fails(_hq: Headquarters) -> None:
        failed.set()
        raise UserError("quotes a row")

    with capture_logs() as lines, every(0.001, "failing", hq, fails):
        until(failed)
    assert {line["event"] for line in lines} == {"chore failed"}
    assert "quotes" not in str(lines)


def test_a_database_that_is_gone_for_a_while_ends_no_chore(hq: Headquarters, tmp_path: Path) -> None:
    there = threading.Event()
    gone = replace(hq, database=Database(f"sqlite+pysqlite:///{(tmp_path / 'away' / 'hq.db').as_posix()}"))
    before = counted("away")
    with capture_logs(), every(0.001, "away", gone, lambda _hq: there.set()):
        while counted("away") < before + 3:
            time.sleep(0.01)
        (tmp_path / "away").mkdir()
        until(there)
    gone.close()


def test_after_a_failure_it_is_tried_soon_and_then_less_and_less_often() -> None:
    hourly = [pause_s(3600, failures) for failures in range(9)]
    assert hourly[:4] == [3600, 60, 120, 240]
    assert hourly[-1] == 3600
    often = [pause_s(60, failures) for failures in range(40)]
    assert often[:4] == [60, 60, 120, 240]
    assert max(often) == SELDOM_S
