"""Work calendars: official days, or those of a calendar file, added to one; one found by its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from crm_core.entities.service import WorkCalendar
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.holiday_file import DaysInFile, days_in
from crm_core.rules.public_holidays import with_days, with_official_days
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.sorting import fold
from crm_desktop.platform.calendar_content import calendar_content
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


def add_official_days(replica: Replica, calendar_id: str, years: Sequence[int]) -> Outcome[Record]:
    """Add the official days of mainland China of some years to a calendar; what stands there stays."""
    held = records.get(replica, "work_calendar", calendar_id)
    return records.update(replica, "work_calendar", calendar_id, with_official_days(held.values, years))


def read_days(file: Path, years: Sequence[int] = ()) -> DaysInFile:
    """Return the days off a calendar file names. `UserError` for one that cannot be read, or names none."""
    found = days_in(calendar_content(file), years)
    if not found.days:
        raise UserError(N_("No whole day is in this file, or none of these years"))
    return found


def add_days(replica: Replica, calendar_id: str, days: Sequence[str]) -> Outcome[Record]:
    """Add days off to a calendar; what stands there stays."""
    held = records.get(replica, "work_calendar", calendar_id)
    return records.update(replica, "work_calendar", calendar_id, with_days(held.values, days))


def calendar_named(replica: Replica, text: str) -> str:
    """Return the id of a calendar by name or id. `NotFound`, or `UserError` where there are two."""
    with replica.read() as session:
        rows = session.execute(
            select(WorkCalendar.id, WorkCalendar.name).where(WorkCalendar.life % 2 == 1)
        ).all()
    wanted = text.strip()
    found = [row.id for row in rows if wanted == row.id or fold(wanted) == fold(row.name or "")]
    if not found:
        raise NotFound(N_("There is no work calendar called {name}"), name=text)
    if len(found) > 1:
        raise UserError(N_("There are several called {name}; give the id"), name=text)
    return str(found[0])
