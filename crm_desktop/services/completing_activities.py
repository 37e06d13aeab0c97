"""What the program fills in when an activity is planned or changed, and what must then hold."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from crm_core.errors import Invalid, Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules.access import Person
from crm_core.rules.recurrence import moment_of, parse_repeat, wall_clock, zone_of
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.platform.time_zone import usual_zone, zone_name

Values = dict[str, Plain]
MOST_MINUTES = 31 * 24 * 60
"""Longer things are no entries of a calendar; a period is read that far back for what still lasts."""
END_OF_DAY = datetime.time(23, 59)


def finish_new(person: Person, values: Values) -> None:
    """Complete a new activity."""
    _finish(values, values)
    if values.get("done") and not values.get("done_by"):
        # One time of a series is ticked off by whoever does so, be it a colleague who is on it too.
        owner_id = None if values.get("series_id") else values.get("owner_id")
        values["done_by"] = owner_id or person.user_id


def finish_change(person: Person, before: Record, changes: Values) -> None:
    """Complete the changes of an activity."""
    _finish(changes, {**before.values, **changes})
    if "done" in changes and bool(changes["done"]) != bool(before.get("done")):
        changes["done_by"] = person.user_id if changes["done"] else None


def _finish(changes: Values, after: Mapping[str, Any]) -> None:
    if changes.get("due_at") and not after.get("time_zone"):
        changes["time_zone"] = zone_name()
    if after.get("all_day") and after.get("due_at") and ("due_at" in changes or "all_day" in changes):
        changes["due_at"] = whole_day(int(after["due_at"]), after.get("time_zone"))
    problems = []
    minutes = changes.get("duration_minutes")
    if isinstance(minutes, int) and not 0 <= minutes <= MOST_MINUTES:
        said = message(N_("It may last up to {days} days"), days=MOST_MINUTES // 1440)
        problems.append(Problem(field="duration_minutes", message=said))
    if after.get("repeats") and ("repeats" in changes or "due_at" in changes):
        problems += _problems_of_repeating(changes, after)
    if problems:
        raise Invalid(problems)


def whole_day(at_ms: int, time_zone: str | None) -> int:
    """Return when something is due that has the whole day for it: at its end, not to be late before."""
    zone = zone_of(time_zone, usual_zone())
    return moment_of(wall_clock(at_ms, zone).date(), END_OF_DAY, zone)


def _problems_of_repeating(changes: Values, after: Mapping[str, Any]) -> list[Problem]:
    if not after.get("due_at"):
        return [Problem(field="repeats", message=message(N_("Say when it is due the first time")))]
    try:
        rule = parse_repeat(str(after["repeats"]))
    except UserError as error:
        return [Problem(field="repeats", message=error.message)]
    zone = zone_of(after.get("time_zone"), usual_zone())
    first = wall_clock(int(after["due_at"]), zone)
    day = next(iter(rule.days(first.date())), None)
    if day is None:
        return [Problem(field="repeats", message=message(N_("It would never take place")))]
    if day != first.date():  # what repeats on Mondays begins on a Monday
        changes["due_at"] = moment_of(day, first.time(), zone)
    changes["repeats"] = rule.text()
    return []
