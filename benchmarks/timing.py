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


def with_floor(work: Callable[[], object], floor: Callable[[], object], runs: int = 5) -> tuple[float, float]:
    """Return the median times of the work and of its floor in seconds.

    They take turns, so that whatever else the machine does slows both.
    """
    work()
    floor()
    pairs = [(_seconds(work), _seconds(floor)) for _ in range(runs)]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def ratio_to_floor(value: float, floor: float) -> float:
    """Return how many times the floor a value is."""
    return value / floor


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    finally:
        gc.enable()
