"""How much one trip asks for and hands in, and how long it may be silent: what the line carried decides.

Small on a line nobody knows, so that something is usable soon and a break costs little; ever more while trips
come through fast; half after one that did not. Pure: times are passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

LEAST_BYTES = 2 * 1024
UNKNOWN_LINE_BYTES = 8 * 1024
MOST_DOWN_BYTES = 1024 * 1024
MOST_UP_BYTES = 700 * 1024  # about 2 MB before compression: HQ merges that in a second or two
# What a trip is to take. At 64 kbit/s pages of at most two seconds bring 20,000 customers in 1.28 MB and 205
# turns of 0.3 s, pages of eight in 1.11 MB and 45 turns: 221 s against 152 s.
TRIP_S = 8.0
SWIFT_S = 0.1  # a trip this short says that the line is far from being what takes the time
LEAST_SILENCE_S = 3.0
SLOWEST_BYTES_PER_S = 2000.0  # 64 kbit/s with three segments of ten lost
SLOWEST_HQ_BYTES_PER_S = 8000.0  # of a page, before its first byte; a hundred times what a busy one takes
MOST_SILENCE_S = 60.0
TRIES = 3  # of a trip that breaks off, each smaller; then the round ends, and the schedule waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the next trip is to carry. Bytes are compressed ones."""

    down_bytes: int = UNKNOWN_LINE_BYTES
    up_bytes: int = UNKNOWN_LINE_BYTES
    losses: int = 0
    """Trips that broke off since the last that came through."""

    @classmethod
    def unpack(cls, kept: Sequence[int]) -> Pace:
        """Return the pace for what `pack` gave."""
        if len(kept) != 2:
            return cls()
        return cls(
            down_bytes=min(max(kept[0], LEAST_BYTES), MOST_DOWN_BYTES),
            up_bytes=min(max(kept[1], LEAST_BYTES), MOST_UP_BYTES),
        )

    def pack(self) -> list[int]:
        """Return what is worth knowing the next time."""
        return [self.down_bytes, self.up_bytes]

    def after_trip(self, *, seconds: float, up: int, down: int) -> Pace:
        """Return the pace after a trip that carried so many bytes in so much time."""
        carried = int((up + down) * TRIP_S / max(seconds, 0.001))
        growth = 4 if seconds < SWIFT_S else 2
        return Pace(
            down_bytes=_next(self.down_bytes, down, carried, growth, MOST_DOWN_BYTES),
            up_bytes=_next(self.up_bytes, up, carried, growth, MOST_UP_BYTES),
        )

    def after_loss(self) -> Pace:
        """Return the pace after a trip that broke off, or fell silent for too long."""
        return replace(
            self,
            down_bytes=max(LEAST_BYTES, self.down_bytes // 2),
            up_bytes=max(LEAST_BYTES, self.up_bytes // 2),
            losses=self.losses + 1,
        )

    def silence_s(self, up: int, page: int) -> float:
        """Return how long nothing may come after so many bytes were sent and a page so large asked for.

        Counted from the last byte that came or went. Longer after each loss: an HQ that is busy must not be
        asked ever anew and never heard.
        """
        wait_s = LEAST_SILENCE_S + up / SLOWEST_BYTES_PER_S + page / SLOWEST_HQ_BYTES_PER_S
        return min(wait_s * 2.0 ** min(self.losses, 8), MOST_SILENCE_S)


def _next(size: int, moved: int, carried: int, growth: int, most: int) -> int:
    """Return the size after a trip that moved `moved` bytes this way, where TRIP_S carries `carried`."""
    if carried >= size:
        return min(growth * size, carried, most)
    # A small trip proves nothing: most of its time was the way itself.
    return max(carried, size // 2, LEAST_BYTES) if 2 * moved >= size else size
