"""The thread that waits for news: when it asks, when it leaves HQ alone, that it holds nobody up."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from crm_core.errors import Unreachable
from crm_desktop.sync.news import Listener
from crm_desktop.sync.report import Cancelled, OnStep, RoundReport
from crm_desktop.sync.runner import Phase, Runner, Status

WAIT_S = 10
QUIET_S = 0.3


class Line:
    """A way to HQ whose answers the test gives: True, False, or an error."""

    def __init__(self) -> None:
        self.stands_at = b"first"
        self.asked: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[bool | Exception] = queue.Queue()
        self.broken_off = 0

    def token(self) -> bytes:
        return self.stands_at

    def wait(self, token: bytes, is_wanted: Callable[[], bool]) -> bool:
        if not is_wanted():
            raise Unreachable("not wanted")
        self.asked.put(token)
        answer = self.answers.get(timeout=WAIT_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def break_off(self) -> None:
        self.broken_off += 1
        self.answers.put(Unreachable("broken off"))

    def is_asked(self) -> bytes:
        """Return the token asked with next."""
        return self.asked.get(timeout=WAIT_S)

    def is_left_alone(self) -> bool:
        """Tell whether nothing is asked for a while."""
        try:
            self.asked.get(timeout=QUIET_S)
        except queue.Empty:
            return True
        return False


class Told:
    """Counts how often news were told."""

    def __init__(self) -> None:
        self.times = threading.Semaphore(0)

    def __call__(self) -> None:
        self.times.release()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def listener(line: Line, told: Told) -> Iterator[Listener]:
    made = Listener(line, told)
    made.start()
    yield made
    made.stop()


def test_nothing_is_asked_before_it_is_to_listen_and_one_answer_is_told_once(
    listener: Listener, line: Line, told: Told
) -> None:
    assert line.is_left_alone()
    listener.listen()
    assert line.is_asked() == b"first"
    line.answers.put(True)
    assert told.times.acquire(timeout=WAIT_S)
    assert line.is_left_alone()  # until the round it was told for is over
    line.stands_at = b"second"
    listener.listen()
    assert line.is_asked() == b"second"
    assert not told.times.acquire(blocking=False)


def test_a_wait_that_ends_with_nothing_is_followed_by_the_next(
    listener: Listener, line: Line, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.sync.news.SOON_S", 0)
    listener.listen()
    for _ in range(3):
        line.is_asked()
        line.answers.put(False)
    line.is_asked()
    assert not told.times.acquire(blocking=False)


@pytest.mark.parametrize("answer", [Unreachable("cut"), False], ids=["an error", "nothing, far too soon"])
def test_a_line_that_cannot_wait_is_asked_ever_more_seldom(
    listener: Listener, line: Line, monkeypatch: pytest.MonkeyPatch, answer: Exception | bool
) -> None:
    longest: list[float] = []

    def jitter() -> float:
        longest.append(time.monotonic())
        return 1.0

    monkeypatch.setattr("crm_desktop.sync.news.FIRST_RETRY_S", 1)
    monkeypatch.setattr("random.random", jitter)
    listener.listen()
    asked_at = []
    for _ in range(3):
        line.is_asked()
        asked_at.append(time.monotonic())
        line.answers.put(answer)
    first, second = asked_at[1] - asked_at[0], asked_at[2] - asked_at[1]
    assert first >= 1
    assert second >= 2
    assert len(longest) >= 2


def test_news_a_round_brought_meanwhile_start_no_other(listener: Listener, line: Line, told: Told) -> None:
    listener.listen()
    line.is_asked()
    line.stands_at = b"second"
    line.answers.put(True)
    assert line.is_asked() == b"second"
    assert not told.times.acquire(blocking=False)


def test_news_no_round_can_fetch_do_not_make_it_run_in_circles(
    listener: Listener, line: Line, told: Told
) -> None:
    listener.listen()
    line.is_asked()
    line.answers.put(True)
    assert told.times.acquire(timeout=WAIT_S)
    listener.listen()
    line.is_asked()
    line.answers.put(True)
    assert line.is_left_alone()
    assert not told.times.acquire(blocking=False)


def test_stopping_breaks_the_wait_off(line: Line, told: Told) -> None:
    listener = Listener(line, told)
    listener.start()
    listener.listen()
    line.is_asked()
    began = time.monotonic()
    listener.stop()
    assert time.monotonic() - began < 1
    assert line.broken_off
    listener.listen()
    assert line.is_left_alone()


class Rounds:
    """Rounds that end at once, well or not."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.fails = False

    def run_round(self, _on_step: OnStep, _cancelled: Cancelled) -> RoundReport:
        self.begun.release()
        if self.fails:
            raise Unreachable("cut")
        return RoundReport(up_to_date=True)


@pytest.fixture
def rounds() -> Rounds:
    return Rounds()


@pytest.fixture
def runner(rounds: Rounds, line: Line) -> Iterator[Runner]:
    made = Runner(rounds, _nobody_looks, interval_s=lambda: 3600, news=line)
    made.start()
    assert rounds.begun.acquire(timeout=WAIT_S)
    yield made
    made.stop(last_round=False)


def _nobody_looks(_status: Status) -> None:
    pass


def test_an_idle_runner_that_is_told_of_news_begins_a_round(
    runner: Runner, rounds: Rounds, line: Line
) -> None:
    line.is_asked()
    assert not rounds.begun.acquire(timeout=QUIET_S)
    line.answers.put(True)
    assert rounds.begun.acquire(timeout=WAIT_S)
    line.stands_at = b"second"
    line.is_asked()
    assert runner.status.phase is Phase.IDLE


def test_a_pause_ends_the_wait_and_resuming_begins_it_anew(
    runner: Runner, rounds: Rounds, line: Line
) -> None:
    line.is_asked()
    runner.pause(None)
    assert line.broken_off == 1
    assert line.is_left_alone()
    runner.resume()
    assert rounds.begun.acquire(timeout=WAIT_S)
    line.is_asked()


def test_nobody_waits_on_an_hq_that_is_out_of_reach(runner: Runner, rounds: Rounds, line: Line) -> None:
    line.is_asked()
    rounds.fails = True
    runner.sync_now()
    assert rounds.begun.acquire(timeout=WAIT_S)
    assert line.is_left_alone()
    assert line.broken_off == 1
    rounds.fails = False
    runner.sync_now()
    line.is_asked()


def test_quitting_does_not_wait_for_news(runner: Runner, line: Line) -> None:
    line.is_asked()
    began = time.monotonic()
    runner.stop(last_round=True)
    assert time.monotonic() - began < 2
