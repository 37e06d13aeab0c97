"""The checks of histories catch what they are for, and nothing else: short histories made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.sync.histories import checks
from tests.sync.histories.events import HQ, Event, History, Kind

NAME, TAGS = "1.name", "1.tags"


class Life:
    """What one laptop did, told in short."""

    def __init__(self, who: str) -> None:
        self.who, self.events = who, list[Event]()

    def wrote(self, value: str, place: str = NAME, end: Kind | None = Kind.WROTE, **how: bool) -> Life:
        kinds = [Kind.BEGAN] if end is None else [Kind.BEGAN, end]
        self.events += [Event(kind=kind, who=self.who, place=place, value=value, **how) for kind in kinds]
        return self

    def put(self, word: str) -> Life:
        return self.wrote(word, TAGS, into_set=True)

    def took(self, word: str) -> Life:
        return self.wrote(word, TAGS, out_of_set=True)

    def round(self) -> Life:
        self.events.append(Event(kind=Kind.ROUND, who=self.who))
        return self

    def even(self, at_s: float) -> Life:
        self.events.append(Event(kind=Kind.EVEN, who=self.who, at_s=at_s))
        return self

    def saw(self, value: str | None, words: str = "", kind: Kind = Kind.READ, **more: object) -> Life:
        seen: dict[str, object] = {"seen": {NAME: value}, "members": {TAGS: words.split()}}
        self.events.append(Event(kind=kind, who=self.who, **(seen | more)))  # type: ignore[arg-type]
        return self

    def rests(self, value: str | None, words: str = "", **more: object) -> Life:
        return self.saw(value, words, Kind.RESTED, **more)


def history(*lives: Life) -> History:
    return History.of(event for life in lives for event in life.events)


def lin() -> Life:
    return Life("lin")


def maya() -> Life:
    return Life("maya")


def hq(value: str | None, words: str = "", **more: object) -> Life:
    return Life(HQ).rests(value, words, **more)


def names_of(found: list[str]) -> set[str]:
    return {problem.partition(":")[0] for problem in found}


def right() -> History:
    """Two who write one register unseen, and two words, one of them taken out; lin is told of nothing."""
    one = lin().saw(None).wrote("l1").saw("l1").put("a").saw("l1", "a")
    other = maya().wrote("m1").put("b").round().saw("m1", "a b").took("a").saw("m1", "b")
    return history(one.round().saw("m1", "a").round().rests("m1", "b"), other.rests("m1", "b"), hq("m1", "b"))


def test_a_history_in_which_all_is_well_has_no_problems() -> None:
    lost_and_told = history(
        lin().wrote("l1").saw("l1").round().saw("m1").rests("m1", replaced=[(NAME, "l1")]),
        maya().wrote("m1").round().rests("m1"),
        hq("m1"),
    )
    assert checks.problems(lost_and_told) == []
    assert names_of(checks.problems(right())) == {
        "nothing_lost"
    }  # nobody told lin of l1, which maya never saw


def test_what_was_written_over_knowingly_need_not_come_back() -> None:
    told = history(
        lin().wrote("l1").saw("l1").round().saw("l1").round().rests("m1"),
        maya().saw(None).round().saw("l1").wrote("m1").saw("m1").round().rests("m1"),
        hq("m1"),
    )
    assert checks.problems(told) == []


def test_an_edit_that_may_have_been_saved_may_be_there_or_not() -> None:
    for value in ("l1", None):
        told = history(lin().wrote("l1", end=None).saw(value).round().rests(value), hq(value))
        assert checks.problems(told) == []


def test_a_refused_edit_goes_back_to_what_was_before() -> None:
    refused = [(NAME, "l1")]
    life = lin().saw(None).wrote("l1").saw("l1").round().saw(None)
    lives = [life.rests(None, refused=refused), hq(None)]
    assert checks.problems(history(*lives)) == []
    assert names_of(checks.problems(history(*lives, maya().saw("l1").rests(None)))) >= {"thin_air"}


WRONG: dict[str, tuple[Callable[[History], Iterator[str]], list[Life]]] = {
    "a value from nowhere": (checks.thin_air, [lin().saw("x")]),
    "a value torn from two": (checks.thin_air, [lin().wrote("l1").saw("l1 torn from None")]),
    "a word from nowhere": (checks.thin_air, [lin().saw(None, "a")]),
    "a value that was not saved": (checks.thin_air, [lin().wrote("l1", end=Kind.FAILED), maya().saw("l1")]),
    "own edit unseen": (checks.read_your_writes, [lin().saw(None).wrote("l1").saw(None)]),
    "own edit gone after a round": (checks.read_your_writes, [lin().saw(None).wrote("l1").round().saw(None)]),
    "another value without a round": (checks.read_your_writes, [lin().wrote("l1").saw("m1")]),
    "own word unseen": (checks.read_your_writes, [lin().put("a").saw(None)]),
    "own word gone after a round": (
        checks.read_your_writes,
        [lin().put("a").saw(None, "a").round().saw(None)],
    ),
    "own removal unseen": (checks.read_your_writes, [lin().put("a").took("a").saw(None, "a")]),
    "back to an older value": (checks.monotonic_reads, [lin().saw("m1").round().saw("m2").round().saw("m1")]),
    "back to nothing": (checks.monotonic_reads, [lin().saw(None).round().saw("m2").round().saw(None)]),
    "a word that comes and goes": (
        checks.monotonic_reads,
        [lin().saw(None, "a").round().saw(None).round().saw(None, "a")],
    ),
    "an edit before what its writer saw": (
        checks.writes_follow_reads,
        [lin().saw("m1").wrote("l1").saw("l1"), Life("wang").saw("l1").round().saw("m1")],
    ),
    "two orders of three edits": (
        checks.writes_follow_reads,
        [lin().saw("a").saw("b"), maya().saw("b").saw("c"), Life("wang").saw("c").saw("a")],
    ),
    "another value at rest": (checks.convergence, [lin().rests("a"), hq("b")]),
    "another word at rest": (checks.convergence, [lin().rests("a", "x"), hq("a", "x y")]),
    "a record HQ has not": (checks.convergence, [lin().rests("a", members={"2.tags": []}), hq("a")]),
    "a sum that is none": (
        checks.convergence,
        [lin().rests("a", "x y", counts={TAGS: 1}), hq("a", "x y", counts={TAGS: 1})],
    ),
    "an edit nobody was told of": (checks.nothing_lost, [lin().wrote("l1"), maya().wrote("m1"), hq("m1")]),
    "an edit gone without another": (checks.nothing_lost, [lin().wrote("l1"), hq(None)]),
    "a word gone": (checks.nothing_lost, [lin().put("a"), hq(None)]),
    "a word that was taken out": (checks.nothing_lost, [lin().put("a").took("a"), hq(None, "a")]),
    "another's edit told as come back": (
        checks.nothing_lost,
        [lin().wrote("l1").rests("m1", replaced=[(NAME, "l2")]), maya().wrote("m1"), hq("m1")],
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_wrong_history_is_caught_by_the_check_that_is_for_it(wrong: str) -> None:
    check, lives = WRONG[wrong]
    assert list(check(history(*lives))) != []


def test_who_is_not_even_in_time_is_named() -> None:
    told = history(lin().even(3.0).even(12.0), maya().even(13.5), Life("wang").even(9.0), hq(None))
    assert checks.stalled(told, healed_at_s=10.0, within_s=3.0) == [
        "maya was even after 3.5 s",
        "wang was even never",
    ]
