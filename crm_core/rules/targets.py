"""Targets: from when to when one counts, whether it can be judged, and how far one should be by now."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, message

AMOUNT = "won_amount"
ORDERED, RECEIVED = "ordered", "received"
IN_MONEY = (AMOUNT, ORDERED, RECEIVED)
"""Measures that are amounts, each of one currency; the others are numbers."""
OF_DEALS = (AMOUNT, "won_count")
"""Measures that can be counted for one product, or one family of products, alone."""
FIRST_YEAR, LAST_YEAR = 2000, 2100
MONTHS = tuple(f"m{month:02d}" for month in range(1, 13))
QUARTERS = ("q1", "q2", "q3", "q4")
CLOSE: Final = Decimal("0.8")
"""Of what is to be reached: from here on it is close. Charts, tiles and cards judge by this one number."""


class Standing(StrEnum):
    """How far somebody is, judged by what should be reached by now."""

    MET = "met"
    CLOSE = "close"
    BELOW = "below"


def standing(reached: int, due: int | Fraction) -> Standing:
    """Return how something reached stands to what is due: nothing due is met."""
    if due <= 0 or reached >= due:
        return Standing.MET
    return Standing.CLOSE if reached >= due * Fraction(CLOSE) else Standing.BELOW


@dataclass(frozen=True, slots=True)
class Pace:
    """Which day of a period it is: `day` of `days`, 0 before it begins."""

    day: int
    days: int

    @property
    def left(self) -> int:
        """Return how many days come after today."""
        return self.days - self.day


def bounds(year: int, period: str) -> tuple[datetime.date, datetime.date] | None:
    """Return the first and the last day of a period; None where this version does not know it."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if period == "year":
        first, months = 1, 12
    elif period[:1] == "q" and period[1:] in ("1", "2", "3", "4"):
        first, months = 3 * int(period[1:]) - 2, 3
    elif period[:1] == "m" and period[1:].isdecimal() and 1 <= int(period[1:]) <= 12:
        first, months = int(period[1:]), 1
    else:
        return None
    after = first + months
    following = datetime.date(year, after, 1) if after <= 12 else datetime.date(year + 1, after - 12, 1)
    return datetime.date(year, first, 1), following - datetime.timedelta(days=1)


def pace(first: datetime.date, last: datetime.date, today: datetime.date) -> Pace:
    """Return which day of the period `today` is; before and after it the first and last count."""
    days = (last - first).days + 1
    return Pace(day=min(max((today - first).days + 1, 0), days), days=days)


def percent_reached(reached: int, goal: int) -> int:
    """Return how much of a goal is reached in per cent, cut off: a hundred is all of it, never nearly."""
    return max(reached, 0) * 100 // goal if goal > 0 else 100


def default_name(year: int, period: str) -> str:
    """Return what a target is called where nobody named it: `2026`, `2026-Q4`, `2026-11`."""
    if period == "year":
        return str(year)
    return f"{year}-{period[1:]}" if period.startswith("m") else f"{year}-{period.upper()}"


def problems(values: Mapping[str, Any]) -> list[Problem]:
    """Return why nobody could say whether a target is reached, at the fields to change.

    A value that is none of its kind is told of by `crm_core.schema.validate`, not here.
    """
    found = []
    year = values.get("year")
    if isinstance(year, int) and not FIRST_YEAR <= year <= LAST_YEAR:
        years = message(
            N_("This is not a year from {first} to {last}"), first=str(FIRST_YEAR), last=str(LAST_YEAR)
        )
        found.append(Problem(field="year", message=years))
    goal = "amount" if values.get("measure") in IN_MONEY else "number"
    said = values.get(goal)
    least = 0 if values.get("period") in MONTHS else 1  # of a year's months, one may be for nothing
    if said is None or (isinstance(said, int) and said < least):
        found.append(Problem(field=goal, message=message(N_("Say what is to be reached"))))
    if values.get("user_id") and values.get("team_id"):
        either = message(N_("A target is a person's or a team's, not both"))
        found.append(Problem(field="team_id", message=either))
    if values.get("product_id") and values.get("measure") not in OF_DEALS:
        whole = message(N_("Only what is won can be counted by product"))
        found.append(Problem(field="product_id", message=whole))
    if values.get("family") and values.get("measure") not in OF_DEALS:
        whole = message(N_("Only what is won can be counted by product"))
        found.append(Problem(field="family", message=whole))
    if values.get("family") and values.get("product_id"):
        one = message(N_("A target is of a product or of a family of products, not both"))
        found.append(Problem(field="family", message=one))
    return found
