"""What stands in a period of the calendar: activities, the times of repeating ones; tasks without a day."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from crm_core.entities.activity import LASTS_DAYS, SEVERAL, Activity
from crm_core.entities.people import User
from crm_core.errors import UserError
from crm_core.rules.access import Action, decide
from crm_core.rules.recurrence import moment_of, occurrences, parse_repeat, wall_clock, zone_of
from crm_core.times import DAY_MS, MINUTE_MS
from crm_desktop.models import query
from crm_desktop.models.replica import Replica
from crm_desktop.platform.time_zone import usual_zone
from crm_desktop.services.completing_activities import MOST_MINUTES
from crm_desktop.services.marks import not_sent_of

USUAL_MINUTES = {"visit": 60, "meeting": 60}
BRIEF_MINUTES = 30
UNDATED_SHOWN = 100
_id, _urgent = attrgetter("id"), attrgetter("urgent")
DAY_OF_SERIES = "@"
"""Between the id of a repeating activity and the day, in the key of one of its times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarItem:
    """An activity in the calendar, or one time of a repeating one. `ends_ms` is not part of it.

    `key` tells one from another: the id, for a time of a series with its day (`id@2026-12-01`).
    """

    key: str
    id: str
    occurs_on: str | None
    """The day of the series; None where this is a record of its own."""
    kind: str
    subject: str
    customer_id: str | None
    customer_name: str
    owner_id: str | None
    owner_name: str
    place: str
    begins_ms: int
    ends_ms: int
    first_day: datetime.date | None
    """Where it lasts whole days: the first and the last of them, wherever the reader is."""
    last_day: datetime.date | None
    done: bool
    planned: bool
    """Whether it was planned; else it stands where it happened."""
    repeats: bool
    from_series: bool
    """Stands in for one time of a series."""
    reminder: str | None
    """How long before one is reminded, where it says so."""
    not_sent: bool = False

    @property
    def all_day(self) -> bool:
        """Whether it lasts whole days."""
        return self.first_day is not None

    def is_late(self, now_ms: int) -> bool:
        """Tell whether it should have been done by now."""
        return self.planned and not self.done and self.ends_ms <= now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class UndatedTask:
    """A task nobody has planned."""

    id: str
    subject: str
    customer_name: str
    priority: str
    kind: str


def key_parts(key: str) -> tuple[str, str | None]:
    """Return the id, and the day of the series, of a key."""
    record_id, _, day = key.partition(DAY_OF_SERIES)
    return record_id, day or None


def usual_minutes(kind: str) -> int:
    """Return how long a kind of activity takes where nobody said."""
    return USUAL_MINUTES.get(kind, BRIEF_MINUTES)


def period(
    replica: Replica, begins_ms: int, ends_ms: int, people: Collection[str] | None = None
) -> tuple[CalendarItem, ...]:
    """Return what lasts into a period (`ends_ms` not part of it), by its beginning.

    `people`: users whose calendars are shown, each with what he is put on besides; None shows everybody's.
    """
    decide(replica.person, Action.READ, "activity").demand()
    zone = usual_zone()
    with replica.read() as session:
        rows = [*_single(session, begins_ms, ends_ms, people)]
        found = [_item(row, row.due_at or row.happened_at, None, zone) for row in rows]
        for row in _series(session, ends_ms, people):
            found += _times(row, begins_ms, ends_ms, zone)
        inside = [item for item in found if item.begins_ms < ends_ms and _lasts_into(item, begins_ms)]
        return _named(session, inside)


def undated(replica: Replica, people: Collection[str] | None = None) -> tuple[UndatedTask, ...]:
    """Return open tasks without a day, the most urgent first, then the newest."""
    decide(replica.person, Action.READ, "activity").demand()
    urgent = func.instr("urgent high normal low", func.coalesce(Activity.priority, "normal"))
    with replica.read() as session:
        rows: list[Any] = []
        for whose in _of(people):
            open_ones = (Activity.kind == "task", Activity.due_at.is_(None), Activity.done.isnot(True))
            rows += session.execute(
                _shown(*whose, *open_ones)
                .add_columns(Activity.priority, urgent.label("urgent"))
                .order_by(urgent, Activity.id.desc())
                .limit(UNDATED_SHOWN)
            ).all()
        names = query.labels(session, "customer", {row.customer_id for row in rows if row.customer_id})
    return tuple(
        UndatedTask(
            id=row.id,
            subject=row.subject or "",
            customer_name=names.get(row.customer_id or "", ""),
            priority=row.priority or "normal",
            kind=row.kind or "task",
        )
        for row in sorted(sorted(rows, key=_id, reverse=True), key=_urgent)[:UNDATED_SHOWN]
    )


def calendars(replica: Replica) -> tuple[tuple[str, str], ...]:
    """Return (id, name) of those whose activities are here: the person signed in first, others by name."""
    me = replica.person.user_id
    with replica.read() as session:
        has_some = select(Activity.id).where(Activity.owner_id == User.id).exists()
        rows = session.execute(select(User.id, User.name).where(has_some, User.id != me)).all()
        mine = session.scalar(select(User.name).where(User.id == me)) or ""
    return ((me, mine), *sorted(((row.id, row.name or "") for row in rows), key=lambda pair: pair[1]))


def item_of(replica: Replica, key: str) -> CalendarItem | None:
    """Return what a key stands for; None where it is gone or has no day."""
    record_id, day = key_parts(key)
    zone = usual_zone()
    with replica.read() as session:
        row = session.execute(_shown(Activity.id == record_id)).first()
        if row is None or not (row.due_at or row.happened_at):
            return None
        if day is None:
            return _named(session, [_item(row, row.due_at or row.happened_at, None, zone)])[0]
        own = zone_of(row.time_zone, zone)
        at_ms = moment_of(datetime.date.fromisoformat(day), wall_clock(row.due_at, own).time(), own)
        return _named(session, [_item(row, at_ms, day, zone)])[0]


def _shown(*conditions: Any) -> Select[*tuple[Any, ...]]:
    return select(
        Activity.id,
        Activity.kind,
        Activity.subject,
        Activity.customer_id,
        Activity.owner_id,
        Activity.place,
        Activity.due_at,
        Activity.happened_at,
        Activity.duration_minutes,
        Activity.done,
        Activity.all_day,
        Activity.time_zone,
        Activity.repeats,
        Activity.series_id,
        Activity.skipped,
        Activity.reminder,
    ).where(Activity.life % 2 == 1, *conditions)


def _of(people: Collection[str] | None) -> list[tuple[Any, ...]]:
    """Return the conditions that name whose activities are meant, each for a statement an index answers.

    The second are those somebody else has, on which they are put.
    """
    if people is None:
        return [()]
    put_on = func.json_each(Activity.assignees).table_valued("value")
    named = select(put_on.c.value).where(put_on.c.value.in_(people)).exists()
    others = func.coalesce(Activity.owner_id, "").not_in(people)
    return [(Activity.owner_id.in_(people),), (text(f"activity.{SEVERAL}"), others, named)]


def _single(session: Session, begins_ms: int, ends_ms: int, people: Collection[str] | None) -> Iterable[Any]:
    """Yield the rows that begin in the period or within the day before, and longer ones from before."""
    # Written so that no index can answer it: nearly all rows repeat nothing, and SQLite would walk them all.
    kept = (func.coalesce(Activity.repeats, "") == "", Activity.kind != "note")
    earliest = begins_ms - DAY_MS
    for whose in _of(people):
        in_days = (Activity.due_at >= earliest, Activity.due_at < ends_ms + DAY_MS)
        yield from session.execute(_shown(*kept, *whose, *in_days))
        since = begins_ms - MOST_MINUTES * MINUTE_MS - DAY_MS
        before = (Activity.due_at >= since, Activity.due_at < earliest)
        yield from session.execute(_shown(*kept, *whose, text(f"activity.{LASTS_DAYS}"), *before))
    happened = (Activity.happened_at >= earliest, Activity.happened_at < ends_ms)
    unplanned = func.coalesce(Activity.due_at, 0) == 0
    for whose in _of(people)[:1]:  # people are put on what is planned
        yield from session.execute(_shown(*kept, *whose, unplanned, *happened))


def _series(session: Session, ends_ms: int, people: Collection[str] | None) -> Iterable[Any]:
    """Yield the repeating rows that have begun by the end of a period: few, and found by their own index."""
    begun = func.coalesce(Activity.due_at, ends_ms + DAY_MS) < ends_ms + DAY_MS
    for whose in _of(people):
        # By the index of rules, not by that of owners, who have thousands of other things.
        owned = (func.coalesce(Activity.owner_id, "").in_(people),) if people and len(whose) == 1 else whose
        yield from session.execute(_shown(Activity.repeats > "", begun, *owned))


def _times(row: Any, begins_ms: int, ends_ms: int, zone: ZoneInfo) -> list[CalendarItem]:
    try:
        rule = parse_repeat(row.repeats)
    except UserError:  # of a newer program, or another calendar: shown once, where it begins
        return [_item(row, row.due_at, None, zone)] if row.due_at else []
    longest = max((row.duration_minutes or 0) * MINUTE_MS, DAY_MS)
    skipped = frozenset(row.skipped or ())
    own = zone_of(row.time_zone, zone)
    found = occurrences(rule, row.due_at, own, skipped, begins_ms - longest, ends_ms + DAY_MS)
    return [_item(row, at_ms, day.isoformat(), zone) for day, at_ms in found]


def _item(row: Any, at_ms: int, occurs_on: str | None, zone: ZoneInfo) -> CalendarItem:
    minutes = row.duration_minutes or usual_minutes(row.kind or "task")
    begins, ends = at_ms, at_ms + minutes * MINUTE_MS
    first_day = last_day = None
    if row.all_day and row.due_at:
        first_day = wall_clock(at_ms, zone_of(row.time_zone, zone)).date()
        last_day = first_day + datetime.timedelta(days=max((row.duration_minutes or 0) - 1, 0) // (24 * 60))
        begins = moment_of(first_day, datetime.time(), zone)
        ends = moment_of(last_day + datetime.timedelta(days=1), datetime.time(), zone)
    return CalendarItem(
        key=row.id if occurs_on is None else f"{row.id}{DAY_OF_SERIES}{occurs_on}",
        id=row.id,
        occurs_on=occurs_on,
        kind=row.kind or "task",
        subject=row.subject or "",
        customer_id=row.customer_id,
        customer_name="",
        owner_id=row.owner_id,
        owner_name="",
        place=row.place or "",
        begins_ms=begins,
        ends_ms=ends,
        first_day=first_day,
        last_day=last_day,
        done=bool(row.done),
        planned=bool(row.due_at),
        repeats=bool(row.repeats),
        from_series=bool(row.series_id),
        reminder=row.reminder,
    )


def _lasts_into(item: CalendarItem, begins_ms: int) -> bool:
    return item.ends_ms > begins_ms or item.begins_ms >= begins_ms


def _named(session: Session, items: list[CalendarItem]) -> tuple[CalendarItem, ...]:
    customers = query.labels(session, "customer", {item.customer_id for item in items if item.customer_id})
    owners = query.labels(session, "user", {item.owner_id for item in items if item.owner_id})
    waiting = not_sent_of(session, "activity", sorted({item.id for item in items}))
    named = [
        replace(
            item,
            not_sent=item.id in waiting,
            customer_name=customers.get(item.customer_id or "", ""),
            owner_name=owners.get(item.owner_id or "", ""),
        )
        for item in items
    ]
    return tuple(sorted(named, key=lambda item: (item.begins_ms, -item.ends_ms, item.key)))
