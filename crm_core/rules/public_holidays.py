"""Official days off and make-up working days of mainland China, as the State Council published them. No I/O.

A year that is not published yet has none: its days are typed. Source: the package chinesecalendar, which is
brought up to date when the notice of a year comes out, each November.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from chinese_calendar import constants

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.working_time import MOST_DAYS
from crm_core.schema.field import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialDays:
    """The days of one year: off, and worked in their place."""

    off: tuple[str, ...]
    worked: tuple[str, ...]


@cache
def years() -> tuple[int, ...]:
    """Return the years whose days are known, the oldest first."""
    return tuple(sorted({day.year for day in constants.holidays}))


@cache
def official_days(year: int) -> OfficialDays:
    """Return the days of a year. `UserError` for one that is not published, as far as this program knows."""
    if year not in years():
        raise UserError(
            N_("The official days of {year} are not known to this program; type them as they are published"),
            year=str(year),
        )
    return OfficialDays(
        off=tuple(sorted(day.isoformat() for day in constants.holidays if day.year == year)),
        worked=tuple(sorted(day.isoformat() for day in constants.workdays if day.year == year)),
    )


def with_official_days(calendar: Mapping[str, Any], wanted: Iterable[int]) -> dict[str, Plain]:
    """Return the `holidays` and `made_up` of a work calendar with the official days of years.

    What stands there stays, however somebody changed it: a day he made a working day is no holiday again.
    Make-up days are worked like the first weekday there are hours for.
    """
    several = [official_days(year) for year in wanted]
    off = [day for days in several for day in days.off]
    return with_days(calendar, off, [day for days in several for day in days.worked])


def with_days(calendar: Mapping[str, Any], off: Iterable[str], made: Iterable[str] = ()) -> dict[str, Plain]:
    """Return the `holidays` and `made_up` of a work calendar with more days off and days `made` working ones.

    What stands there stays. `UserError` for more days than a calendar keeps.
    """
    worked = {str(day): int(weekday) for day, weekday in calendar.get("made_up") or ()}
    like = _first_worked(calendar.get("hours"))
    off = {*map(str, calendar.get("holidays") or ()), *(day for day in off if day not in worked)}
    worked |= {day: like for day in made if day not in worked and day not in off}
    if len(off) > MOST_DAYS:
        count = {"count": len(off), "most": MOST_DAYS}
        raise UserError(N_("That would be {count} days off; a calendar keeps {most} at most"), **count)
    made_up: list[Plain] = [[day, weekday] for day, weekday in sorted(worked.items())]
    return {"holidays": list[Plain](sorted(off)) or None, "made_up": made_up or None}


def _first_worked(hours: Sequence[Any] | None) -> int:
    return next((weekday for weekday, spans in enumerate(hours or ()) if spans), 0)
