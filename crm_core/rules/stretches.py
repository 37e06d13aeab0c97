"""Months, quarters and years as targets and forecasts name them: `2026-11`, `2026-Q4`, `2026`."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.targets import MONTHS, QUARTERS, bounds, default_name

_TEXT: Final = re.compile(r"(?P<year>\d{4})(?:-(?P<part>[Qq][1-4]|0[1-9]|1[0-2]))?\Z")


class Length(StrEnum):
    """How long a stretch is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A month (`m01` to `m12`), a quarter (`q1` to `q4`) or the whole of a year (`year`)."""

    year: int
    period: str

    @property
    def days(self) -> tuple[datetime.date, datetime.date]:
        """Return its first and its last day. `UserError` where there is no such stretch."""
        span = bounds(self.year, self.period)
        if span is None:
            raise UserError(N_("“{text}” is no period such as 2026, 2026-Q4 or 2026-11"), text=str(self))
        return span

    @property
    def length(self) -> Length:
        """Return how long it is."""
        if self.period == "year":
            return Length.YEAR
        return Length.QUARTER if self.period in QUARTERS else Length.MONTH

    @property
    def months(self) -> tuple[str, ...]:
        """Return its months as `2026-11`, the first one first."""
        first, last = self.days
        return tuple(f"{self.year}-{month:02d}" for month in range(first.month, last.month + 1))

    def moved(self, by: int) -> Stretch:
        """Return the stretch so many of its length later."""
        match self.length:
            case Length.YEAR:
                return Stretch(self.year + by, self.period)
            case Length.QUARTER:
                place = self.year * 4 + QUARTERS.index(self.period) + by
                return Stretch(place // 4, QUARTERS[place % 4])
        place = self.year * 12 + MONTHS.index(self.period) + by
        return Stretch(place // 12, MONTHS[place % 12])

    def holds(self, day: datetime.date) -> bool:
        """Tell whether a day lies in it."""
        first, last = self.days
        return first <= day <= last

    def __str__(self) -> str:
        return default_name(self.year, self.period)


def stretch_at(day: datetime.date, length: Length) -> Stretch:
    """Return the stretch of a length that a day lies in."""
    match length:
        case Length.YEAR:
            return Stretch(day.year, "year")
        case Length.QUARTER:
            return Stretch(day.year, QUARTERS[(day.month - 1) // 3])
    return Stretch(day.year, MONTHS[day.month - 1])


def parse_stretch(text: str) -> Stretch:
    """Return the stretch written as `2026`, `2026-Q4` or `2026-11`. `UserError` where it is none."""
    found = _TEXT.match(text.strip())
    if found is None:
        raise UserError(N_("“{text}” is no period such as 2026, 2026-Q4 or 2026-11"), text=text)
    part = found["part"] or ""
    period = "year" if not part else part.lower() if part[0] in "Qq" else f"m{part}"
    stretch = Stretch(int(found["year"]), period)
    assert stretch.days
    return stretch
