"""Calendars of other programs (iCalendar, RFC 5545): activities as events, and events as activities.

An activity keeps the name (UID) it has elsewhere, so that a file brought in twice makes nothing twice; one
made here is called by its id. What differs on one day of a series is an event of its own, and the series
leaves that day out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from crm_core.entities.activity import ACTIVITY_KINDS, NEVER_REMINDED
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.rules.recurrence import moment_of, parse_repeat, wall_clock, zone_of
from crm_core.schema.field import Plain

OURS = "@satchel"
"""Ends the UID of an activity made here; before it stands its id."""
PRODUCT = "-//Satchel//Satchel//EN"
MOST_BYTES = 20_000_000
MOST_EVENTS = 20_000
MOST_MINUTES = 31 * 24 * 60
USUAL_MINUTES = {"visit": 60, "meeting": 60}
BRIEF_MINUTES = 30
LONGEST_TEXT = 10_000
_KINDS = frozenset(choice.value for choice in ACTIVITY_KINDS) - {"note"}
_UTC = ZoneInfo("UTC")
_END_OF_DAY = datetime.time(23, 59)
_FIRST_CHANGE, _LAST_CHANGE = datetime.date(2020, 1, 1), datetime.date(2037, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event read from a file, as the values of an activity. `record_id`: of the activity it came from."""

    uid: str
    record_id: str | None
    values: Mapping[str, Plain]
    of_series: str | None = None
    """UID of the series it stands in for on `values["occurs_on"]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An event that could not be taken, and why."""

    title: str
    reason: Message


def uid_of(record_id: str, values: Mapping[str, Any]) -> str:
    """Return what other calendars call an activity."""
    return str(values.get("uid") or f"{record_id}{OURS}")


def write_calendar(
    activities: Iterable[tuple[str, Mapping[str, Any], str]], usual_zone: ZoneInfo, title: str
) -> bytes:
    """Return planned activities, each with its id, values and customer's name, as a calendar file.

    The same activities give the same bytes, whenever it is asked.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    planned = [each for each in activities if each[1].get("due_at")]
    series = {
        zone_of(values.get("time_zone"), usual_zone).key
        for _id, values, _name in planned
        if values.get("repeats")
    }
    for name in sorted(series - {_UTC.key}):
        calendar.add_component(_zone(name))
    for record_id, values, customer in planned:
        calendar.add_component(_event_of(record_id, values, customer, usual_zone))
    return bytes(calendar.to_ical())


def read_calendar(raw: bytes, usual_zone: ZoneInfo) -> tuple[list[Event], list[Unread]]:
    """Return the events of a file, and those that could not be taken. `UserError` for what is no calendar."""
    found: list[Event] = []
    unread: list[Unread] = []
    for component in events_in(raw):
        title = text_of(component, "summary")
        try:
            found.append(_read(component, usual_zone))
        except UserError as error:
            unread.append(Unread(title=title, reason=error.message))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            unread.append(Unread(title=title, reason=message(N_("Its times cannot be read"))))
    return found, unread


def events_in(raw: bytes) -> list[Any]:
    """Return the events of a file as they stand there. `UserError` for what is no calendar."""
    if len(raw) > MOST_BYTES:
        raise UserError(N_("The file is larger than a calendar of ours may be"))
    try:
        calendars = icalendar.Calendar.from_ical(raw, multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UserError(N_("The file is not a calendar (iCalendar, .ics)")) from error
    components = [each for calendar in calendars for each in calendar.walk("VEVENT")]
    if not components and not any(each.name == "VCALENDAR" for each in calendars):
        raise UserError(N_("The file is not a calendar (iCalendar, .ics)"))
    if len(components) > MOST_EVENTS:
        raise UserError(N_("The file holds more than {count} events"), count=MOST_EVENTS)
    return components


@lru_cache(maxsize=64)
def _zone(name: str) -> icalendar.Timezone:
    """Return what a file says of a zone; working it out takes half a second."""
    return icalendar.Timezone.from_tzinfo(ZoneInfo(name), name, _FIRST_CHANGE, _LAST_CHANGE)


def _event_of(
    record_id: str, values: Mapping[str, Any], customer: str, usual_zone: ZoneInfo
) -> icalendar.Event:
    event = icalendar.Event()
    zone = zone_of(values.get("time_zone"), usual_zone)
    begins = wall_clock(int(values["due_at"]), zone)
    minutes = values.get("duration_minutes") or 0
    kind = str(values.get("kind") or "task")
    event.add("uid", uid_of(record_id, values))
    changed = values.get("updated_at") or values.get("created_at") or values["due_at"]
    event.add("dtstamp", wall_clock(int(changed), _UTC).replace(microsecond=0))
    subject = str(values.get("subject") or "")
    event.add("summary", f"{subject} · {customer}" if customer else subject)
    if customer:
        event.add("x-satchel-subject", subject)
    all_day = bool(values.get("all_day"))
    if all_day:
        days = max(minutes - 1, 0) // (24 * 60) + 1
        event.add("dtstart", begins.date())
        event.add("dtend", begins.date() + datetime.timedelta(days=days))
    else:
        minutes = minutes or USUAL_MINUTES.get(kind, BRIEF_MINUTES)
        # A series says its zone, so that it keeps its time of day; a single moment needs none.
        start = begins if values.get("repeats") else begins.astimezone(_UTC)
        event.add("dtstart", start)
        event.add("duration", datetime.timedelta(minutes=minutes))
    if values.get("repeats"):
        _add_rule(event, values, begins, all_day=all_day)
    for name, key in (("description", "notes"), ("location", "place")):
        if values.get(key):
            event.add(name, str(values[key]))
    event.add("categories", [kind.upper()])
    event.add("transp", "TRANSPARENT" if kind == "task" or all_day else "OPAQUE")
    event.add("status", "CONFIRMED")
    lead = values.get("reminder")
    if lead and lead != NEVER_REMINDED:
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", subject)
        alarm.add("trigger", -datetime.timedelta(minutes=int(lead)))
        event.add_component(alarm)
    return event


def _add_rule(
    event: icalendar.Event, values: Mapping[str, Any], begins: datetime.datetime, *, all_day: bool
) -> None:
    try:
        rule = parse_repeat(str(values["repeats"]))
    except UserError:  # of a newer program: better once than wrongly
        return
    text = rule.text()
    if rule.until is not None and not all_day:
        # As RFC 5545, 3.3.10 asks: in UTC where the start has a zone.
        last = datetime.datetime.combine(rule.until, begins.timetz())
        text = text.replace(f"UNTIL={rule.until:%Y%m%d}", f"UNTIL={last.astimezone(_UTC):%Y%m%dT%H%M%SZ}")
    event.add("rrule", icalendar.vRecur.from_ical(text))
    days = [datetime.date.fromisoformat(each) for each in values.get("skipped") or ()]
    if days:
        left_out: Sequence[Any] = days
        if not all_day:
            left_out = [datetime.datetime.combine(day, begins.timetz()) for day in days]
        event.add("exdate", left_out)


def _read(component: Any, usual_zone: ZoneInfo) -> Event:
    uid = text_of(component, "uid")
    if not uid:
        raise UserError(N_("It has no name (UID) of its own"))
    start = component.decoded("dtstart")
    zone_name, at_ms, all_day = _moment(start, usual_zone)
    minutes = _minutes(component, start, all_day=all_day)
    if minutes > MOST_MINUTES:
        raise UserError(N_("It lasts longer than {days} days"), days=MOST_MINUTES // 1440)
    kind = _kind(component)
    values: dict[str, Plain] = {
        "kind": kind,
        "subject": (text_of(component, "x-satchel-subject") or text_of(component, "summary") or "–")[:500],
        "notes": text_of(component, "description")[:LONGEST_TEXT] or None,
        "place": text_of(component, "location")[:500] or None,
        "due_at": at_ms,
        "all_day": all_day,
        "time_zone": zone_name,
        "duration_minutes": minutes or None,
        "uid": uid[:500],
    }
    zone = zone_of(zone_name, usual_zone)
    if component.get("rrule") is not None:
        if isinstance(component.get("rrule"), list):
            raise UserError(N_("It repeats by several rules at once"))
        values["repeats"] = _rule(component["rrule"], zone)
        values["skipped"] = [*sorted(_left_out(component, zone))]
    record_id = uid.removesuffix(OURS) if uid.endswith(OURS) else None
    record_id = record_id if record_id and is_id(record_id) else None
    instance = component.get("recurrence-id")
    if instance is None:
        return Event(uid=uid, record_id=record_id, values=values)
    day = _day_in(component.decoded("recurrence-id"), zone)
    own = f"{uid[:480]}#{day}"
    return Event(uid=own, record_id=None, values={**values, "uid": own, "occurs_on": day}, of_series=uid)


def _moment(value: Any, usual_zone: ZoneInfo) -> tuple[str, int, bool]:
    """Return zone, moment, and whether it is a whole day."""
    if not isinstance(value, datetime.datetime):
        return usual_zone.key, moment_of(value, _END_OF_DAY, usual_zone), True
    if value.tzinfo is None:
        return usual_zone.key, moment_of(value.date(), value.time(), usual_zone), False
    name = getattr(value.tzinfo, "key", None) or usual_zone.key
    return (usual_zone.key if name == "UTC" else name), round(value.timestamp() * 1000), False


def _minutes(component: Any, start: Any, *, all_day: bool) -> int:
    if component.get("duration") is not None:
        length = component.decoded("duration")
    elif component.get("dtend") is not None:
        ends = component.decoded("dtend")
        if isinstance(ends, datetime.datetime) and isinstance(start, datetime.datetime):
            if (ends.tzinfo is None) != (start.tzinfo is None):
                ends, start = ends.replace(tzinfo=None), start.replace(tzinfo=None)
            length = ends.astimezone(_UTC) - start.astimezone(_UTC) if ends.tzinfo else ends - start
        else:
            length = ends - start
    else:
        length = datetime.timedelta(days=1) if all_day else datetime.timedelta()
    minutes = int(length.total_seconds() // 60)
    if minutes < 0:
        raise UserError(N_("It ends before it begins"))
    return minutes


def _rule(given: Any, zone: ZoneInfo) -> str:
    rule = parse_repeat(given.to_ical().decode())
    until = next(iter(given.get("until") or ()), None)
    if isinstance(until, datetime.datetime) and until.tzinfo is not None:
        rule = replace(rule, until=until.astimezone(zone).date())  # its last day there, not in UTC
    return rule.text()


def _left_out(component: Any, zone: ZoneInfo) -> set[str]:
    given = component.get("exdate") or []
    several = given if isinstance(given, list) else [given]
    return {_day_in(each.dt, zone) for one in several for each in one.dts}


def _day_in(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime.datetime):
        return (value.astimezone(zone) if value.tzinfo else value).date().isoformat()
    day: datetime.date = value
    return day.isoformat()


def _kind(component: Any) -> str:
    categories = component.get("categories")
    several = categories if isinstance(categories, list) else [categories] if categories else []
    named = {str(cat).lower() for each in several for cat in getattr(each, "cats", [])}
    return next(iter(sorted(named & _KINDS)), "meeting")


def text_of(component: Any, name: str) -> str:
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return "" if value is None else str(value).replace("\x00", "").strip()
