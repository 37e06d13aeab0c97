"""What must hold of a history. Pure functions; each returns what is wrong, in words, or nothing.

Every value is written once in a history, so a value names its edit. The order of edits of a register is not
told by anybody but follows: who saw one value and then another, or saw a value and wrote another, has put
the first before the second. Such an order exists where the graph of it has no cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from tests.sync.histories.events import HQ, Event, History, Kind

_Key = tuple[str, str]
"""(place, value)."""
_SIGHTS = (Kind.READ, Kind.RESTED)


def problems(history: History) -> list[str]:
    """Return everything that is wrong with a history that came to rest."""
    return [f"{check.__name__}: {problem}" for check in CHECKS for problem in check(history)]


def thin_air(history: History) -> Iterator[str]:
    """Nobody sees what nobody wrote, what its writer was told is not saved, or what HQ refused another."""
    begun = _written(history, Kind.BEGAN)
    failed, refused = _written(history, Kind.FAILED), _refused(history)
    for event in history.of_kind(*_SIGHTS):
        for key in _seen(event):
            if begun.get(key) is None:
                yield f"{event.who} saw {key}, which nobody wrote"
            elif key in failed:
                yield f"{event.who} saw {key}, which {failed[key]} was told is not saved"
            elif key in refused and begun[key] != event.who:
                yield f"{event.who} saw {key}, which was refused {begun[key]}"


def read_your_writes(history: History) -> Iterator[str]:
    """What a laptop saved it sees, until a round brings something it had not seen before."""
    begun = _written(history, Kind.BEGAN)
    taken_out = {(event.place, event.value) for event in history if event.out_of_set}
    for who, place, sights in _lives_of_places(history):
        known: set[str | None] = set()
        for before, now in zip([None, *sights], sights, strict=False):
            if before is not None and now.value != before.value:
                own = begun.get((place, before.value or "")) == who
                if now.is_own or (now.rounds > before.rounds and not (own and now.value in known)):
                    pass
                elif now.rounds == before.rounds:
                    yield f"{who} saw {before.value} at {place}, then {now.value} with no round between"
                else:
                    yield f"{who} wrote {before.value} at {place}, then saw {now.value} of before"
            known.add(now.value)
    for who, life in history.lives.items():
        put, out = set[_Key](), set[_Key]()
        for event in life:
            key = (event.place, event.value)
            if event.kind is Kind.WROTE and event.into_set:
                put.add(key)
            elif event.kind is Kind.WROTE and event.out_of_set:
                out.add(key)
            elif event.kind in _SIGHTS:
                there = _words(event)
                missing = {each for each in put - there - taken_out if each[0] in event.members}
                yield from (f"{who} put {each} in and did not see it" for each in missing)
                yield from (f"{who} took {each} out and saw it still" for each in out & there)


def monotonic_reads(history: History) -> Iterator[str]:
    """Nobody sees a value again after another one, nor a word again that was gone."""
    for who, place, sights in _lives_of_places(history):
        left: set[str | None] = set()
        before: str | None = None
        for sight in sights:
            if sight.value != before:
                if sight.value in left:
                    yield f"{who} saw {sight.value} at {place} again after {before}"
                left.add(before)
                before = sight.value
    for who, life in history.lives.items():
        there, gone = set[_Key](), set[_Key]()
        for event in life:
            if event.kind in _SIGHTS:
                now = _words(event)
                yield from (f"{who} saw {key} again after it was gone" for key in now & gone)
                gone |= {key for key in there - now if key[0] in event.members}
                there = now


def writes_follow_reads(history: History) -> Iterator[str]:
    """There is one order of each register's edits in which everybody saw them and wrote after what he saw."""
    before: dict[str, dict[str | None, set[str | None]]] = {}
    for _who, place, sights in _lives_of_places(history):
        values = [sight.value for sight in sights]
        for first, second in pairwise(values):
            if first != second:
                before.setdefault(place, {}).setdefault(second, set()).add(first)
    for place, graph in before.items():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as cycle:
            yield f"{place} went round: {' < '.join(map(str, cycle.args[1]))}"


def convergence(history: History) -> Iterator[str]:
    """At rest everybody sees the same as HQ, and what is told of a sum is its sum."""
    rest = history.rest
    for who, event in rest.items():
        for what, here, there in (
            ("value", event.seen, rest[HQ].seen),
            ("words", event.members, rest[HQ].members),
            ("count", event.counts, rest[HQ].counts),
        ):
            for place in sorted({*here, *there}):
                if here.get(place) != there.get(place):
                    yield f"{what} of {place}: {who} has {here.get(place)}, HQ {there.get(place)}"
        for place, count in event.counts.items():
            if count != len(event.members.get(place, [])):
                yield f"{who} counts {count} at {place} and has {len(event.members.get(place, []))}"


def nothing_lost(history: History) -> Iterator[str]:
    """What was saved is there at the end, was replaced by somebody who had seen it, or came back."""
    rest = history.rest
    final = set(_seen(rest[HQ]))
    came_back = {(place, value) for event in rest.values() for place, value in event.replaced}
    excused = came_back | _refused(history) | _replaced_knowingly(history)
    taken_out = {(event.place, event.value) for event in history if event.out_of_set}
    for event in history.of_kind(Kind.WROTE):
        key = (event.place, event.value)
        if event.out_of_set:
            if key in final and key not in _refused(history):
                yield f"{event.who} took {key} out, and it is there"
        elif key not in final and key not in excused and not (event.into_set and key in taken_out):
            yield f"{event.who} wrote {key}: gone, and nobody was told"


CHECKS: tuple[Callable[[History], Iterator[str]], ...] = (
    thin_air,
    read_your_writes,
    monotonic_reads,
    writes_follow_reads,
    convergence,
    nothing_lost,
)


def stalled(history: History, healed_at_s: float, within_s: float) -> list[str]:
    """Return who was not even within so many seconds after everything worked again."""
    found = []
    for who, life in history.lives.items():
        even = [event.at_s for event in life if event.kind is Kind.EVEN and event.at_s >= healed_at_s]
        if who != HQ and (not even or min(even) > healed_at_s + within_s):
            took = f"after {min(even) - healed_at_s:.1f} s" if even else "never"
            found.append(f"{who} was even {took}")
    return found


# What follows from a history


class _Sight:
    """One value of a register as one laptop had it before its eyes."""

    def __init__(self, value: str | None, rounds: int, *, is_own: bool) -> None:
        self.value, self.rounds, self.is_own = value, rounds, is_own


def _lives_of_places(history: History) -> Iterator[tuple[str, str, list[_Sight]]]:
    """Yield of each laptop and register what was seen and written there, in its order.

    What may have been saved or not counts where it was seen; what was refused does not count: it is as if it
    had not been.
    """
    refused = _refused(history)
    for who, life in history.lives.items():
        rounds, places = 0, dict[str, list[_Sight]]()
        maybe: dict[str, str] = {}
        for event in life:
            if event.kind is Kind.ROUND:
                rounds += 1
            elif event.kind is Kind.BEGAN and event.is_register:
                maybe[event.place] = event.value
            elif event.kind is Kind.WROTE and event.is_register:
                maybe.pop(event.place, None)
                if (event.place, event.value) not in refused:
                    places.setdefault(event.place, []).append(_Sight(event.value, rounds, is_own=True))
            elif event.kind in _SIGHTS:
                for place, value in event.seen.items():
                    if (place, value) not in refused:
                        is_own = value is not None and maybe.get(place) == value
                        places.setdefault(place, []).append(_Sight(value, rounds, is_own=is_own))
        for place, sights in places.items():
            yield who, place, sights


def _written(history: History, kind: Kind) -> dict[_Key, str]:
    """Return who wrote what, or put it in, as far as events of a kind say."""
    written = (event for event in history if event.kind is kind and not event.out_of_set)
    return {(event.place, event.value): event.who for event in written}


def _refused(history: History) -> set[_Key]:
    return {(place, value) for event in history.rest.values() for place, value in event.refused}


def _seen(event: Event) -> Iterator[_Key]:
    yield from ((place, value) for place, value in event.seen.items() if value is not None)
    yield from _words(event)


def _words(event: Event) -> set[_Key]:
    return {(place, word) for place, words in event.members.items() for word in words}


def _replaced_knowingly(history: History) -> set[_Key]:
    """Return the values that somebody wrote over who had seen or written them."""
    found: set[_Key] = set()
    for _who, place, sights in _lives_of_places(history):
        before: set[_Key] = set()
        for sight in sights:
            if sight.value is not None:
                if sight.is_own:
                    found |= before - {(place, sight.value)}
                before.add((place, sight.value))
    return found
