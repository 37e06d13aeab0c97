"""The thread that runs rounds: paused, stopped and resumed while a round is under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from crm_core.errors import Unreachable
from crm_core.i18n import message
from crm_desktop.platform.network import connection
from crm_desktop.sync.blobs import BlobReport, BlobStep, OnBlobStep
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


def test_a_pause_without_an_end_goes_on_until_it_is_lifted(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    reason = message("Undo")
    runner.pause(None, reason)
    rounds.next_page.release()
    assert not rounds.begun.acquire(timeout=0.3)
    paused = told.wait_for(Phase.PAUSED)
    assert (paused.next_try_ms, paused.paused_until_ms, paused.pause_reason) == (None, None, reason)
    runner.resume()
    assert rounds.begun.acquire(timeout=WAIT_S)
    assert told.wait_for(Phase.RUNNING).pause_reason is None


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


class Network:
    """Whether the machine is plugged in, as the test says."""

    def __init__(self) -> None:
        self.addresses: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        return self.addresses


@pytest.fixture
def offline(
    rounds: LongRound, told: Told, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Runner, Network]]:
    """Give a runner that has just found HQ out of reach, and would try again only in a long while."""
    monkeypatch.setattr("crm_desktop.sync.runner.LOOK_S", 0.02)
    monkeypatch.setattr("crm_desktop.sync.schedule.FIRST_RETRY_S", 3600)
    monkeypatch.setattr("crm_desktop.sync.schedule.LAST_RETRY_S", 3600)
    monkeypatch.setattr("random.random", lambda: 1.0)
    network = Network()
    made = Runner(rounds, told, interval_s=lambda: 3600, network=network)
    rounds.fails = True
    made.start()
    assert rounds.begun.acquire(timeout=WAIT_S)
    rounds.next_page.release()
    told.wait_for(Phase.OFFLINE)
    rounds.fails = False
    yield made, network
    for _ in range(10):
        rounds.next_page.release()
    made.stop(last_round=False)


def test_a_network_that_comes_back_starts_a_round_at_once(
    offline: tuple[Runner, Network], rounds: LongRound, told: Told
) -> None:
    assert not rounds.begun.acquire(timeout=0.3)
    offline[1].addresses = ("192.0.2.7",)
    assert rounds.begun.acquire(timeout=WAIT_S)
    for _ in range(3):
        rounds.next_page.release()
    assert told.wait_for(Phase.IDLE).failures == 0


def test_a_network_that_comes_back_does_not_lift_a_pause(
    offline: tuple[Runner, Network], rounds: LongRound
) -> None:
    offline[0].pause(3600)
    offline[1].addresses = ("192.0.2.7",)
    assert not rounds.begun.acquire(timeout=0.3)


def test_a_round_under_way_may_end_when_the_program_quits_and_one_more_follows(
    runner: Runner, rounds: LongRound, told: Told
) -> None:
    for _ in range(6):
        rounds.next_page.release()
    runner.stop(last_round=True)
    assert rounds.pages == 6
    assert told.all[-1].phase is Phase.IDLE


def test_quitting_does_not_wait_for_a_round_without_end(
    runner: Runner, rounds: LongRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.sync.runner.END_WAIT_S", 0.1)
    threading.Timer(0.5, rounds.next_page.release).start()
    runner.stop(last_round=True)
    assert rounds.pages == 1


def test_quitting_while_paused_sends_nothing(runner: Runner, rounds: LongRound, told: Told) -> None:
    runner.pause(3600)
    rounds.next_page.release()
    told.wait_for(Phase.PAUSED)
    runner.stop(last_round=True)
    assert not rounds.begun.acquire(timeout=0.1)


def test_the_machine_says_how_it_is_connected_without_asking_anybody() -> None:
    assert connection() == connection()
    assert connection()[1] != ()


class SlowFiles:
    """A file of many parts, each carried when the test says so."""

    def __init__(self) -> None:
        self.next_part = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.only_asked: list[bool] = []

    def carry_files(self, on_step: OnBlobStep, cancelled: Cancelled, *, only_asked: bool) -> BlobReport:
        """Carry parts until told to stop."""
        self.only_asked.append(only_asked)
        self.begun.release()
        for part in range(100):
            if cancelled():
                return BlobReport(waiting=1)
            on_step(BlobStep(sha256="a", direction="up", done=part, total=100))
            assert self.next_part.acquire(timeout=WAIT_S)
        return BlobReport(sent=1)


def test_files_use_the_time_between_rounds_and_give_way_to_one(rounds: LongRound, told: Told) -> None:
    files = SlowFiles()
    runner = Runner(rounds, told, interval_s=lambda: 3600, files=files)
    runner.start()
    for _ in range(6):
        rounds.next_page.release()
    assert files.begun.acquire(timeout=WAIT_S)
    assert runner.status.phase is Phase.IDLE  # up to date, though a file is still on its way
    assert rounds.begun.acquire(timeout=WAIT_S)
    runner.hold_files(held=True)
    runner.sync_now()
    files.next_part.release()
    assert rounds.begun.acquire(timeout=WAIT_S), "the round waited for the whole file"
    assert files.begun.acquire(timeout=WAIT_S)
    assert files.only_asked == [False, True]
    assert runner.status.file is not None
    runner.pause(None)
    files.next_part.release()
    runner.stop(last_round=False)
    assert runner.status.file is None
