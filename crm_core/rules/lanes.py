"""Where things at the same time stand beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """The place of one span among those it shares its time with: lane `place` of `of`, from 0."""

    place: int
    of: int


def lanes(spans: Sequence[tuple[int, int]]) -> list[Lane]:
    """Return a lane for each span (begin, end), in the order given: no two in one lane overlap.

    Spans that touch each other through others share one number of lanes, so that their edges stand in line. A
    span takes the first lane that is free when it begins; one without length takes its place all the same.
    """
    order = sorted(range(len(spans)), key=lambda at: (spans[at][0], -spans[at][1], at))
    placed: dict[int, Lane] = {}
    together: list[tuple[int, int]] = []
    free: list[int] = []
    until = None
    for at in order:
        begins, ends = spans[at]
        if until is not None and begins >= until:
            placed.update(_closed(together, len(free)))
            together, free, until = [], [], None
        lane = next((place for place, since in enumerate(free) if since <= begins), len(free))
        if lane == len(free):
            free.append(0)
        free[lane] = max(ends, begins + 1)
        together.append((at, lane))
        until = free[lane] if until is None else max(until, free[lane])
    placed.update(_closed(together, len(free)))
    return [placed[at] for at in range(len(spans))]


def clashes(spans: Sequence[tuple[int, int]]) -> set[int]:
    """Return the places of the spans that overlap with another one."""
    order = sorted(range(len(spans)), key=lambda at: spans[at])
    found: set[int] = set()
    latest: int | None = None
    for at in order:
        if latest is not None and spans[at][0] < spans[latest][1] and spans[at][0] < spans[at][1]:
            found |= {latest, at}
        if latest is None or spans[at][1] > spans[latest][1]:
            latest = at
    return found


def _closed(together: Sequence[tuple[int, int]], of: int) -> dict[int, Lane]:
    return {at: Lane(lane, of) for at, lane in together}
