"""Times that can be trusted on a machine that others use too: medians, and floors taken in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median


def median_of(work: Callable[[], object], runs: int = 5) -> float:
    """Return the median time of the runs in seconds, after one that is not counted."""
    work()
    return median(_seconds(work) for _ in range(runs))


def with_floor(
    work: Callable[[], object],
    floor: Callable[[], object],
    runs: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Return the median times of the work and of its floor in seconds, by the wall or another clock.

    They take turns, so that whatever else the machine does slows both.
    """
    work()
    floor()
    pairs = [(_seconds(work, clock), _seconds(floor, clock)) for _ in range(runs)]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def ratio_to_floor(value: float, floor: float) -> float:
    """Return how many times the floor a value is."""
    return value / floor


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    gc.collect()
    gc.disable()
    try:
        start = clock()
        work()
        return clock() - start
    finally:
        gc.enable()
