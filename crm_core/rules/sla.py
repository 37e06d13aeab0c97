"""What a ticket's customer was promised and until when: one pure function, the same on laptops and at HQ.

Three promises are counted in working time: the first answer, the answer to what the customer said last, and
the end of the case. A clock stands still while the ticket is in a state that pauses it or has ended. An
answer counts once HQ has sent it on, or as it is given where that is by phone or on the spot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_core.rules.working_time import WorkingTime

ENDED: Final = frozenset(("solved", "closed"))
"""States of a ticket nobody works on any more."""
PAUSING: Final = frozenset(("waiting",))
"""States in which the customer is waited for, where a policy names none."""
BY_VOICE: Final = frozenset(("phone", "visit"))
"""Ways of answering that reach the customer at once."""


class Promised(StrEnum):
    """What may be promised."""

    REPLY = "reply"
    """The first answer."""
    NEXT = "next"
    """An answer to what the customer said last."""
    SOLVE = "solve"
    """The end of the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How a promise stands. Moments in milliseconds since 1970 UTC.

    `due_at` is when it breaks, or broke; None while its clock stands still, or where that is years away.
    `left_ms` is the working time left, less than nothing never. `met_at` is None while it is not met.
    """

    due_at: int | None
    left_ms: int
    met_at: int | None = None

    @property
    def paused(self) -> bool:
        """Whether its clock stands still."""
        return self.met_at is None and self.due_at is None

    def failed_at(self, now_ms: int) -> int | None:
        """Return when it was broken, None where it is not yet, or was kept."""
        reached = now_ms if self.met_at is None else self.met_at
        return self.due_at if self.due_at is not None and self.due_at < reached else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of the conversation that is no note among colleagues."""

    at_ms: int
    by_customer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is promised: working milliseconds by promise, by which working time, and what pauses it."""

    time: WorkingTime
    limits: Mapping[Promised, int]
    pausing: frozenset[str] = PAUSING


def promises(
    terms: Terms, opened_ms: int, began: str, moved: Sequence[tuple[int, str]], said: Iterable[Said]
) -> dict[Promised, Promise]:
    """Return how the promises of a ticket stand, those it was given only.

    `NEXT` is about what the customer last asked after the first answer.

    `began` is the state it was opened in, `moved` the moments it entered others, the oldest first.
    """
    steps = [(opened_ms, began), *((max(at_ms, opened_ms), state) for at_ms, state in moved)]
    running = _running(terms.pausing | ENDED, steps)
    ends = _ends(steps)
    ended_at = ends[-1] if steps[-1][1] in ENDED else None
    spoken = sorted(said, key=lambda each: (each.at_ms, not each.by_customer))
    answers = [max(each.at_ms, opened_ms) for each in spoken if not each.by_customer]
    asked_at, told_at = _last_question(spoken)
    counted: dict[Promised, tuple[int, int | None]] = {
        Promised.REPLY: (opened_ms, min((*answers[:1], *ends[:1]), default=None)),
        Promised.SOLVE: (opened_ms, ended_at),
    }
    if asked_at is not None and (told_at is not None or ended_at is None):
        counted[Promised.NEXT] = (max(asked_at, opened_ms), told_at)
    return {
        which: _stands(terms.time, limit, running, *counted[which])
        for which, limit in terms.limits.items()
        if which in counted
    }


def pressing(standing: Mapping[Promised, Promise]) -> tuple[Promised, Promise] | None:
    """Return which promise not met yet is due first, one whose clock runs before one that is paused."""
    open_ones = [(name, each) for name, each in standing.items() if each.met_at is None]
    if not open_ones:
        return None
    return min(open_ones, key=lambda one: (one[1].due_at is None, one[1].due_at or one[1].left_ms))


_Running = Sequence[tuple[int, int | None]]
"""From and to; the last may be without end."""


def _running(halts: frozenset[str], steps: Sequence[tuple[int, str]]) -> _Running:
    """Return when the clocks ran, in order."""
    found: list[tuple[int, int | None]] = []
    since: int | None = None
    for at_ms, state in steps:
        if state not in halts:
            since = at_ms if since is None else since
        elif since is not None:
            found.append((since, at_ms))
            since = None
    return found if since is None else [*found, (since, None)]


def _stands(time: WorkingTime, limit_ms: int, running: _Running, from_ms: int, met_at: int | None) -> Promise:
    left = limit_ms
    for begins, ends in running:
        starts = max(begins, from_ms)
        if ends is None:
            return Promise(due_at=time.after(starts, left), left_ms=left, met_at=met_at)
        worked = time.worked(starts, ends)
        if worked >= left:
            return Promise(due_at=time.after(starts, left), left_ms=0, met_at=met_at)
        left -= worked
    return Promise(due_at=None, left_ms=left, met_at=met_at)


def _ends(steps: Sequence[tuple[int, str]]) -> list[int]:
    """Return the moments the ticket ended, each time anew."""
    found, before = [], ""
    for at_ms, state in steps:
        if state in ENDED and before not in ENDED:
            found.append(at_ms)
        before = state
    return found


def _last_question(spoken: Sequence[Said]) -> tuple[int | None, int | None]:
    """Return when the customer last asked after the first answer, and when that was answered, if it was.

    What he says before an answer comes is one question, asked when he began.
    """
    asked: int | None = None
    last: tuple[int | None, int | None] = (None, None)
    was_answered = False
    for each in spoken:
        if each.by_customer:
            asked = each.at_ms if asked is None and was_answered else asked
        else:
            last = last if asked is None else (asked, each.at_ms)
            was_answered, asked = True, None
    return last if asked is None else (asked, None)
