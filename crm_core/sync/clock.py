"""The hybrid logical clock: wall time that never runs backwards and counts within a millisecond.

A reading is one 63-bit integer, `ms << 16 | counter` (47 bits of milliseconds since 1970 UTC). Edits are
ordered by `Stamp`: reading, device, operation number. Kulkarni et al., "Logical Physical Clocks", 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

COUNTER_BITS = 16
COUNTER_MAX = (1 << COUNTER_BITS) - 1
HLC_MAX = (1 << 63) - 1
SHIFT_TOLERANCE_MS = 2_000  # below a slow request's own uncertainty; see docs/sync.md
SHIFT_ALARM_MS = 60 * 60 * 1000  # a clock an hour off is set wrong, not drifting


class Stamp(NamedTuple):
    """The place of one edit in the order of all edits."""

    hlc: int
    device: int
    op_no: int


def reading(ms: int, counter: int = 0) -> int:
    """Return the clock reading for a wall time and a counter."""
    return ms << COUNTER_BITS | counter


def ms_of(hlc: int) -> int:
    """Return the milliseconds since 1970 UTC of a reading."""
    return hlc >> COUNTER_BITS


def tick(last: int, now_ms: int) -> int:
    """Return the reading for the next edit: later than `last`, at the wall time where that is later.

    A full counter moves the millisecond on by one.
    """
    return max(last + 1, reading(now_ms))


def observe(last: int, seen: int) -> int:
    """Return the clock after hearing of `seen`."""
    return max(last, seen)


def shift_ms(sent_hlc: int, server_ms: int) -> int:
    """Return how far the sender's clock is ahead of HQ's (negative: behind); 0 within the tolerance."""
    shift = ms_of(sent_hlc) - server_ms
    return shift if abs(shift) > SHIFT_TOLERANCE_MS else 0


def accept(sent: Sequence[int], sent_hlc: int, server_ms: int, last_accepted: int = 0) -> list[int]:
    """Return the readings HQ accepts for a batch, in the order it was written.

    Every reading is moved by the sender's shift and then capped at HQ's now, so none lies in the future;
    each is later than the one before it and than `last_accepted`, the device's latest so far. Where many
    edits are capped to one millisecond, earlier ones give way so that the last still is not above now.
    """
    ceiling = reading(server_ms, COUNTER_MAX)
    moved = [hlc - reading(shift_ms(sent_hlc, server_ms)) for hlc in sent]
    accepted = [0] * len(moved)
    for index in range(len(moved) - 1, -1, -1):
        accepted[index] = max(1, min(moved[index], ceiling))
        ceiling = accepted[index] - 1
    floor = last_accepted
    for index, hlc in enumerate(accepted):
        accepted[index] = floor = max(hlc, floor + 1)
    return accepted
