"""What the person here is to be reminded of now."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.rules.access import Action, decide
from crm_core.rules.reminding import (
    LATEST_MS,
    LONGEST_LEAD_MS,
    Due,
    Told,
    after_telling,
    lead_minutes,
    remind_ms,
    to_tell,
)
from crm_core.times import DAY_MS
from crm_desktop.models.replica import Replica
from crm_desktop.services.calendar import local
from crm_desktop.services.calendar_period import CalendarItem, period


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """What to say now, and what is to be kept of it."""

    items: tuple[CalendarItem, ...]
    told: Told


def reminding(replica: Replica, told: Told, usual_minutes: int) -> Reminding:
    """Return what to remind of now: open, planned, the person's own or one he is put on."""
    now = replica.clock.now_ms()
    if not decide(replica.person, Action.READ, "activity"):
        return Reminding(items=(), told=told)
    snoozed_since = min((now, *told.snoozed.values()))
    begins = min(now - LATEST_MS, snoozed_since - LATEST_MS)
    items = period(replica, begins, now + LONGEST_LEAD_MS + DAY_MS, (replica.person.user_id,))
    due: dict[str, Due] = {}
    for item in items:
        lead = lead_minutes(item.reminder, usual_minutes)
        at = remind_ms(local(item.begins_ms), lead, all_day=item.all_day)
        if item.planned and not item.done and at is not None:
            due[item.key] = Due(key=item.key, begins_ms=item.begins_ms, remind_ms=at)
    found = to_tell(due.values(), told, now)
    keys = {each.key for each in found}
    return Reminding(
        items=tuple(item for item in items if item.key in keys), told=after_telling(told, found, now)
    )
