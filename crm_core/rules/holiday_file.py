"""Days off from a calendar file (iCalendar, RFC 5545), as governments publish their public holidays. No I/O.

Whole days alone are taken: what has a time of day, repeats or was called off is named and left.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.calendar_file import Unread, events_in, text_of

LONGEST_DAYS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysInFile:
    """The days a file names, in their order, and what of it was left."""

    days: tuple[str, ...]
    unread: tuple[Unread, ...] = ()


def days_in(raw: bytes, years: Collection[int] = ()) -> DaysInFile:
    """Return the days of a file; with `years` theirs only. `UserError` for what is no calendar."""
    days: set[str] = set()
    unread: list[Unread] = []
    for component in events_in(raw):
        try:
            days.update(day.isoformat() for day in _days(component) if not years or day.year in years)
        except UserError as error:
            unread.append(Unread(title=text_of(component, "summary"), reason=error.message))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            reason = message(N_("Its times cannot be read"))
            unread.append(Unread(title=text_of(component, "summary"), reason=reason))
    return DaysInFile(days=tuple(sorted(days)), unread=tuple(unread))


def _days(component: Any) -> list[datetime.date]:
    begins = component.decoded("dtstart")
    if isinstance(begins, datetime.datetime):
        raise UserError(N_("It is no whole day"))
    if component.get("rrule") is not None:
        raise UserError(N_("It repeats by a rule; a holiday is given for each year"))
    if text_of(component, "status").upper() == "CANCELLED":
        raise UserError(N_("It was called off"))
    length = 1
    if component.get("dtend") is not None:
        length = (component.decoded("dtend") - begins).days
    elif component.get("duration") is not None:
        length = component.decoded("duration").days
    if length < 0:
        raise UserError(N_("It ends before it begins"))
    if length > LONGEST_DAYS:
        raise UserError(N_("It lasts longer than {days} days"), days=LONGEST_DAYS)
    # Some programs write the day itself as the end, which RFC 5545 leaves out.
    return [begins + datetime.timedelta(days=each) for each in range(max(length, 1))]
