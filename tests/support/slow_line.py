"""How a bad line feels from above TCP: a rate, a delay, and lost segments as the stalls they become.

Nobody here loses a packet: the kernel's own TCP runs on loopback. What an application sees of a lost segment
is that nothing comes until it was sent again, twice as long each time it is lost again, that the sender then
goes at half its rate for a while, and that a line which loses one segment too often is reset. That is made
here, by sleeping. Losses follow from the seed, the connection's number and the direction; times are real.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

SEGMENT_BYTES = 1400
LEAST_RTO_S = 0.4  # of a line whose delay varies; Linux begins at 0.2 where it does not
SLOW_SEGMENTS = 8  # for about one window after a loss the sender goes at half its rate
LOSSES_TO_RESET = 5  # of one segment: nothing came for 31 time-outs, and somebody on the way gives up


class LineReset(Exception):
    """The line broke for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line carries. `loss` is the share of segments lost, each time anew."""

    bits_per_s: float = 0.0
    """0: as fast as the machine."""
    rtt_s: float = 0.0
    loss: float = 0.0

    def seconds_of(self, size: int) -> float:
        """Return how long so many bytes occupy the line."""
        return 8 * size / self.bits_per_s if self.bits_per_s else 0.0

    @property
    def rto_s(self) -> float:
        """Return how long TCP waits for an acknowledgement at first."""
        return max(LEAST_RTO_S, 2 * self.rtt_s)


CLEAN = Line()


def promised_line(loss: float = 0.0) -> Line:
    """Return the worst line everything is promised for: 64 kbit/s with some share of segments lost."""
    return Line(bits_per_s=64_000, rtt_s=0.3, loss=loss)


@dataclass
class Direction:
    """One way of a line, shared by all its connections, and what it carried."""

    carried: int = 0
    """Bytes that arrived."""
    resent: int = 0
    """Bytes of segments that were lost and went again."""
    resets: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock, compare=False)
    """Held while a segment is on the line."""


class Path:
    """One connection's use of a direction of a line, which may change at any time."""

    def __init__(
        self, direction: Direction, line: Callable[[], Line], seed: str, sleep: Callable[[float], None]
    ) -> None:
        self._direction = direction
        self._line = line
        self._chance = random.Random(seed)
        self._sleep = sleep
        self._slow_left = 0

    def begin(self) -> None:
        """Take as long as the first byte of a message is on the way."""
        self._rest(self._line().rtt_s / 2)

    def carry(self, size: int) -> None:
        """Take as long as `size` bytes, at most a segment, take to arrive. Raises `LineReset`."""
        line, direction = self._line(), self._direction
        losses = 0
        while losses < LOSSES_TO_RESET and self._chance.random() < line.loss:
            losses += 1
        rate = 2 if self._slow_left else 1
        self._slow_left = SLOW_SEGMENTS if losses else max(0, self._slow_left - 1)
        with direction.turn:
            direction.resent += losses * size
            self._rest(line.seconds_of(size) * rate * (losses + 1))
        if losses:
            self._rest(line.rto_s * (2**losses - 1))
        if losses == LOSSES_TO_RESET:
            direction.resets += 1
            raise LineReset
        with direction.turn:
            direction.carried += size

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
