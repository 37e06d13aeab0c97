"""Well-known methods that carry a series of figures on: one-step recursions in plain numbers.

Sources: Hyndman and Athanasopoulos, *Forecasting: Principles and Practice* (2nd ed.), chapters 3.1 (naive,
seasonal naive, mean), 7.1 (simple exponential smoothing), 7.2 (Holt's trend, damped) and 7.3 (Holt-Winters,
additive). Parameters come from a small grid, by the least squared error one step ahead. Figures are floating
point: they are estimates, and nothing is added to money by them before it is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.i18n import N_

Series = Sequence[float]
LEVELS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
TRENDS: Final = (0.05, 0.2)
SEASONS: Final = (0.05, 0.2, 0.4)
DAMPED: Final = 0.9
"""A trend that fades: undamped ones overshoot beyond a few steps (Gardner and McKenzie, 1985)."""
MEAN_OVER: Final = 12
"""Figures the mean is taken over at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothed:
    """The states after the last figure, and the squared error of having carried it on one step at a time."""

    level: float
    trend: float = 0.0
    seasons: tuple[float, ...] = ()
    """Of the next figures, the next one first."""
    squared_error: float = 0.0

    def ahead(self, steps: int, damping: float = 1.0) -> list[float]:
        """Return the next figures; `damping` is how much of its trend each step keeps."""
        found, added, kept = [], 0.0, 1.0
        for step in range(steps):
            kept *= damping
            added += kept * self.trend
            season = self.seasons[step % len(self.seasons)] if self.seasons else 0.0
            found.append(self.level + added + season)
        return found


def simple(series: Series, alpha: float, level: float | None = None) -> Smoothed:
    """Return simple exponential smoothing from a first level; None: the first figure is it."""
    begun = level is not None
    at = series[0] if level is None else level
    error = 0.0
    for value in series[0 if begun else 1 :]:
        missed = value - at
        error += missed * missed
        at += alpha * missed
    return Smoothed(level=at, squared_error=error)


def trending(
    series: Series,
    alpha: float,
    beta: float,
    damping: float = DAMPED,
    start: tuple[float, float] | None = None,
) -> Smoothed:
    """Return Holt's method from a first level and trend; None: the first figure, and the step to the second.

    `beta` weighs the change of the level, as in the book's component form.
    """
    level, trend = start if start is not None else (series[0], series[1] - series[0])
    error = 0.0
    for value in series[0 if start is not None else 1 :]:
        expected = level + damping * trend
        missed = value - expected
        error += missed * missed
        before, level = level, expected + alpha * missed
        trend = beta * (level - before) + (1 - beta) * damping * trend
    return Smoothed(level=level, trend=trend, squared_error=error)


def seasonal(
    series: Series,
    period: int,
    alpha: float,
    beta: float,
    gamma: float,
    start: tuple[float, float, Sequence[float]] | None = None,
) -> Smoothed:
    """Return Holt-Winters with additive seasons; begun from the first two periods where no `start` is given.

    The start: level and trend from the means of these periods, each season its distance from the first mean.
    """
    if start is None:
        first = sum(series[:period]) / period
        second = sum(series[period : 2 * period]) / period
        level, trend = first, (second - first) / period
        seasons = [value - first for value in series[:period]]
        rest = series[period:]
    else:
        level, trend, seasons = start[0], start[1], list(start[2])
        rest = series
    error = 0.0
    for place, value in enumerate(rest):
        at = place % period
        expected = level + trend
        missed = value - expected - seasons[at]
        error += missed * missed
        before = level
        level = alpha * (value - seasons[at]) + (1 - alpha) * expected
        trend = beta * (level - before) + (1 - beta) * trend
        seasons[at] = gamma * (value - expected) + (1 - gamma) * seasons[at]
    turn = len(rest) % period
    return Smoothed(
        level=level, trend=trend, seasons=tuple(seasons[turn:] + seasons[:turn]), squared_error=error
    )


Carry = Callable[[Series, int, int], list[float]]
"""Carries a series on: the figures there are, how many to a season, how many more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to carry a series on, and how many seasons of figures it needs at least."""

    key: str
    label: str
    carry: Carry
    seasons: int = 0
    least: int = 2


def _naive(series: Series, _period: int, steps: int) -> list[float]:
    return [series[-1]] * steps


def _mean(series: Series, _period: int, steps: int) -> list[float]:
    last = series[-MEAN_OVER:]
    return [sum(last) / len(last)] * steps


def _seasonal_naive(series: Series, period: int, steps: int) -> list[float]:
    last = series[-period:]
    return [last[step % period] for step in range(steps)]


def _simple(series: Series, _period: int, steps: int) -> list[float]:
    fits = (simple(series, alpha) for alpha in LEVELS)
    return min(fits, key=lambda fit: fit.squared_error).ahead(steps)


def _trending(series: Series, _period: int, steps: int) -> list[float]:
    fits = (trending(series, alpha, beta) for alpha in LEVELS for beta in TRENDS)
    return min(fits, key=lambda fit: fit.squared_error).ahead(steps, DAMPED)


def _seasonal(series: Series, period: int, steps: int) -> list[float]:
    fits = (
        seasonal(series, period, alpha, beta, gamma)
        for alpha in LEVELS
        for beta in TRENDS
        for gamma in SEASONS
    )
    return min(fits, key=lambda fit: fit.squared_error).ahead(steps)


METHODS: Final = (
    Method(key="naive", label=N_("The last month again"), carry=_naive),
    Method(key="mean", label=N_("Mean of the last twelve months"), carry=_mean),
    Method(
        key="seasonal_naive", label=N_("The same month of the year before"), carry=_seasonal_naive, seasons=1
    ),
    Method(key="simple", label=N_("Exponential smoothing"), carry=_simple, least=4),
    Method(key="trending", label=N_("Smoothing with a fading trend (Holt)"), carry=_trending, least=6),
    Method(
        key="seasonal",
        label=N_("Smoothing with trend and seasons (Holt-Winters)"),
        carry=_seasonal,
        seasons=2,
    ),
)
"""From the plainest: of two that are equally good, the earlier one is taken."""
