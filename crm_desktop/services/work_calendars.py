"""Work calendars: the official days of years added to one, and one found by its name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm_core.entities.service import WorkCalendar
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.public_holidays import with_official_days
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.sorting import fold
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


def add_official_days(replica: Replica, calendar_id: str, years: Sequence[int]) -> Outcome[Record]:
    """Add the official days of mainland China of some years to a calendar; what stands there stays."""
    held = records.get(replica, "work_calendar", calendar_id)
    return records.update(replica, "work_calendar", calendar_id, with_official_days(held.values, years))


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
