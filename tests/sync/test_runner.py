"""The thread that runs rounds: paused, stopped and resumed while a round is under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from crm_core.errors import Unreachable
from crm_desktop.sync.report import Cancelled, OnStep, RoundReport, Step
from crm_desktop.sync.runner import Phase, Runner, Status

WAIT_S = 10


class LongRound:
    """A round of many pages; each is applied when the test says so."""

    def __init__(self) -> None:
        self.next_page = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.pages = 0
        self.fails = False

    def run_round(self, on_step: OnStep, cancelled: Cancelled) -> RoundReport:
        """Apply pages until told to stop, or three."""
        self.begun.release()
        for page in range(3):
            if cancelled():
                return RoundReport(received=self.pages)
            on_step(Step(phase="receiving", done=page, total=3, entity="customer"))
            assert self.next_page.acquire(timeout=WAIT_S)
            if self.fails:
                raise Unreachable("cut")
            self.pages += 1
        return RoundReport(received=self.pages, up_to_date=True)


class Told:
    """Every status that was published, and a way to wait for one."""

    def __init__(self) -> None:
        self.all: list[Status] = []
        self._news = threading.Condition()

    def __call__(self, status: Status) -> None:
        with self._news:
            self.all.append(status)
            self._news.notify_all()

    def wait_for(self, phase: Phase) -> Status:
        """Return the newest status once it is of a phase."""
        with self._news:
            assert self._news.wait_for(lambda: bool(self.all) and self.all[-1].phase is phase, WAIT_S)
            return self.all[-1]


@pytest.fixture
def rounds() -> LongRound:
    return LongRound()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def runner(rounds: LongRound, told: Told) -> Iterator[Runner]:
    made = Runner(rounds, told, interval_s=lambda: 3600)
    made.start()
    assert rounds.begun.acquire(timeout=WAIT_S)
    yield made
    for _ in range(10):
        rounds.next_page.release()
    made.stop(last_round=False)


def test_a_round_broken_off_keeps_its_pages_and_says_what_it_came_to(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    rounds.next_page.release()
    runner.cancel()
    assert runner.status.stopping
    rounds.next_page.release()
    ended = told.wait_for(Phase.IDLE)
    assert ended.stopped is not None
    assert ended.stopped.received == rounds.pages
    assert not ended.stopping
    assert ended.next_try_ms is not None


def test_a_round_that_ends_after_a_pause_leaves_it_paused(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    runner.pause(3600)
    assert runner.status.phase is Phase.PAUSED
    rounds.next_page.release()
    ended = told.wait_for(Phase.PAUSED)
    assert ended.paused_until_ms is not None
    assert ended.next_try_ms == ended.paused_until_ms
    assert not rounds.begun.acquire(timeout=0.2)


def test_a_pause_is_lifted_by_resuming_and_by_syncing_now(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    for lift in (runner.resume, runner.sync_now):
        runner.pause(3600)
        rounds.next_page.release()
        lift()
        assert rounds.begun.acquire(timeout=WAIT_S)
        assert told.wait_for(Phase.RUNNING).paused_until_ms is None


def test_what_is_asked_for_while_a_round_runs_is_done_after_it(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    runner.sync_now()
    for _ in range(3):
        rounds.next_page.release()
    assert rounds.begun.acquire(timeout=WAIT_S)


def test_a_failure_while_paused_stays_paused(runner: Runner, rounds: LongRound, told: Told) -> None:
    rounds.fails = True
    runner.pause(3600)
    rounds.next_page.release()
    assert told.wait_for(Phase.PAUSED).next_try_ms == runner.status.paused_until_ms


def test_whoever_stopped_a_round_may_begin_the_next_at_once(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    runner.cancel()
    rounds.next_page.release()
    told.wait_for(Phase.IDLE)
    runner.sync_now()
    for _ in range(3):
        rounds.next_page.release()
    assert rounds.begun.acquire(timeout=WAIT_S)
    assert told.wait_for(Phase.IDLE).stopped is None
