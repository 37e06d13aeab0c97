"""Which method would have told the past best, how far off it was, and so how far off it may be again.

Rolling origin (Tashman, 2000): from each of the last months, as if it were today, each method carries on what
was known then; what it said for the months after is compared with what came. The method with the least mean
absolute error of the whole stretch is taken. The interval is what it was off by, as empirical quantiles; its
coverage is counted with each error left out of the quantiles it is held against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.rules.smoothing import METHODS, Method

LEAST_FIGURES: Final = 12
"""Figures without which nothing is said: a year of months."""
LEAST_ORIGINS: Final = 6
"""Stretches of the past a method must have been tried on."""
MOST_ORIGINS: Final = 24
LEAST_KNOWN: Final = 6
"""Figures that are known at the first origin at least."""
INTERVAL: Final = 0.8
"""Part of the cases the interval is to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a method did in the past, over the sums of whole stretches.

    `mape` is the mean of |missed| / |came| where something came, None where nothing ever did; `smape` that of
    2 |missed| / (|said| + |came|), of 0 to 2; both are parts of one. `missed` is what came less what was
    said.
    """

    method: Method
    origins: int
    error: float
    """Mean absolute error."""
    mape: float | None
    smape: float
    coverage: float
    """Part of the stretches that lay in the interval made of the others."""
    missed: tuple[float, ...]
    by_step: tuple[tuple[float, ...], ...]
    """The same for each month of the stretch by itself, the first one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A figure with the ends of its interval."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What the past says of the next months, each by itself and together, and how every method did."""

    steps: tuple[Range, ...]
    total: Range
    best: Tried
    tried: tuple[Tried, ...]
    """The best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLittle:
    """Why nothing is said: so many figures are there, so many are needed."""

    figures: int
    needed: int


def carry_on(series: Sequence[float], steps: int, period: int = 12, skip: int = 0) -> Carried | TooLittle:
    """Return what comes after a series, by the method that would have told its past best.

    The stretch that is told as a whole, and tried on the past, begins after `skip` steps.
    """
    needed = max(LEAST_FIGURES, LEAST_KNOWN + LEAST_ORIGINS + steps - 1)
    known = len(series)
    if steps < 1 or known < needed:
        return TooLittle(figures=known, needed=needed)
    tried = [
        found for method in METHODS if (found := _tried(method, series, steps, period, skip)) is not None
    ]
    best, *_ = ranked = sorted(tried, key=lambda each: each.error)
    said = best.method.carry(series, period, steps)
    return Carried(
        steps=tuple(_range(value, missed) for value, missed in zip(said, best.by_step, strict=True)),
        total=_range(sum(said[skip:]), best.missed),
        best=best,
        tried=tuple(ranked),
    )


def quantile(values: Sequence[float], part: float) -> float:
    """Return a quantile of some values, between two of them in proportion (Hyndman and Fan, 1996, type 7)."""
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _tried(method: Method, series: Sequence[float], steps: int, period: int, skip: int) -> Tried | None:
    last = len(series) - steps
    first = max(last - MOST_ORIGINS + 1, LEAST_KNOWN, method.least, method.seasons * period)
    if last - first + 1 < LEAST_ORIGINS:
        return None
    said, came, by_step = [], [], []
    for origin in range(first, last + 1):
        ahead = method.carry(series[:origin], period, steps)
        truth = series[origin : origin + steps]
        said.append(sum(ahead[skip:]))
        came.append(sum(truth[skip:]))
        by_step.append([true - told for true, told in zip(truth, ahead, strict=True)])
    missed = [true - told for true, told in zip(came, said, strict=True)]
    shares = [abs(off) / abs(true) for off, true in zip(missed, came, strict=True) if true]
    even = [
        2 * abs(off) / (abs(told) + abs(true)) if told or true else 0.0
        for off, told, true in zip(missed, said, came, strict=True)
    ]
    return Tried(
        method=method,
        origins=len(missed),
        error=sum(map(abs, missed)) / len(missed),
        mape=sum(shares) / len(shares) if shares else None,
        smape=sum(even) / len(even),
        coverage=_coverage(missed),
        missed=tuple(missed),
        by_step=tuple(zip(*by_step, strict=True)),
    )


def _coverage(missed: Sequence[float]) -> float:
    inside = 0
    for place, value in enumerate(missed):
        others = [*missed[:place], *missed[place + 1 :]]
        low, high = _ends(others)
        inside += low <= value <= high
    return inside / len(missed)


def _ends(missed: Sequence[float]) -> tuple[float, float]:
    # Errors that were all on one side tell of a bias; the figure itself stays within its interval.
    low, high = quantile(missed, (1 - INTERVAL) / 2), quantile(missed, (1 + INTERVAL) / 2)
    return min(low, 0.0), max(high, 0.0)


def _range(value: float, missed: Sequence[float]) -> Range:
    low, high = _ends(missed)
    return Range(low=value + low, middle=value, high=value + high)
