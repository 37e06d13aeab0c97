"""How far a target is reached, of what should be reached by today, and what each day left must bring.

By today a target should be reached as far as its months say, where its subject has a target for each of them;
else in even parts, day by day. Today counts as over.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from crm_core.rules.target_plan import Goal, seasonal_part
from crm_core.rules.targets import Pace, Standing, bounds, pace, percent_reached, standing

WorkedOn = Callable[[datetime.date], bool]
"""Tells whether people work on a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """A target and what is reached of it, in minor units of its currency or as a number."""

    goal: Goal
    reached: int
    due: Fraction
    """What should be reached by today."""
    seasonal: bool
    """Whether that follows from the goals of the months; else from the days alone."""
    pace: Pace
    days_left: int
    """Working days after today."""

    @property
    def percent(self) -> int:
        """Return how much of the target is reached in per cent, cut off."""
        return percent_reached(self.reached, self.goal.goal)

    @property
    def due_percent(self) -> int:
        """Return how much of it should be reached by today in per cent, cut off."""
        return int(self.due * 100 / self.goal.goal) if self.goal.goal > 0 else 100

    @property
    def gap(self) -> int:
        """Return what is missing; nothing where it is reached."""
        return max(self.goal.goal - self.reached, 0)

    @property
    def a_day(self) -> int | None:
        """Return what each working day left must bring, rounded up; None where none is left."""
        return -(-self.gap // self.days_left) if self.days_left else None

    @property
    def standing(self) -> Standing:
        """Return how it stands to what is due by today; of a period that is over, to the whole."""
        return standing(self.reached, self.due)


def attained(
    goal: Goal,
    reached: int,
    months: Mapping[str, int],
    today: datetime.date,
    works: WorkedOn = lambda day: day.weekday() < 5,
) -> Attainment | None:
    """Return how far a target is reached; None where this version does not know its period.

    `months` are the goals of the months of the same subject and year, by period.
    """
    span = bounds(goal.year, goal.period)
    if span is None:
        return None
    first, last = span
    at = pace(first, last, today)
    part, seasonal = _part_due(first, last, months, today, at)
    days = (today + datetime.timedelta(days=place) for place in range(1, (last - today).days + 1))
    return Attainment(
        goal=goal,
        reached=reached,
        due=goal.goal * part,
        seasonal=seasonal,
        pace=at,
        days_left=sum(1 for day in days if day >= first and works(day)),
    )


def _part_due(
    first: datetime.date, last: datetime.date, months: Mapping[str, int], today: datetime.date, at: Pace
) -> tuple[Fraction, bool]:
    even = Fraction(at.day, at.days)
    if first.month == last.month or not first <= today <= last:
        return even, False
    before = seasonal_part(months, first.month, last.month, today.month)
    after = seasonal_part(months, first.month, last.month, today.month + 1)
    if before is None or after is None:
        return even, False
    running = bounds(today.year, f"m{today.month:02d}")
    in_month = pace(*running, today) if running is not None else at
    return before + (after - before) * Fraction(in_month.day, in_month.days), True
