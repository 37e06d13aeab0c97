"""Planning in the calendar: moving, making longer, repeating, ticking off; of a series one time or all.

A series is one record with a rule. One time of it that differs is a record of its own, and the series leaves
that day out; so whatever two people change at once merges field by field like everything else.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.rules.recurrence import Repeat, moment_of, parse_repeat, wall_clock, zone_of
from crm_core.rules.typed_moment import TypedMoment
from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.platform.time_zone import usual_zone
from crm_desktop.services import records
from crm_desktop.services.calendar_period import key_parts, usual_minutes
from crm_desktop.services.outcome import Outcome

_OF_ONE_TIME = frozenset(("repeats", "skipped", "uid", "done", "done_by", "happened_at", "outcome"))
"""What belongs to the series, or to one time alone, and is not taken over."""
A_DAY_MINUTES = 24 * 60


class Which(StrEnum):
    """Which times of a series a change means."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a change did, so that it can be taken back: records made and deleted, and values before."""

    made: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    before: Mapping[str, Mapping[str, Plain]] = field(default_factory=dict)


def change(
    replica: Replica, key: str, changes: Mapping[str, Plain], which: Which = Which.THIS
) -> Outcome[Planned]:
    """Change an activity, or times of a series as `which` says."""
    with replica.write() as session:
        done = _Planner(session, replica).change(key, changes, which)
    return Outcome(done, frozenset(session.changed))


def move(
    replica: Replica, key: str, begins_ms: int, which: Which = Which.THIS, *, all_day: bool = False
) -> Outcome[Planned]:
    """Let an activity begin at another time; with `all_day` it takes the whole day `begins_ms` lies in."""
    with replica.write() as session:
        planner = _Planner(session, replica)
        changes: dict[str, Plain] = {"due_at": begins_ms, "all_day": all_day}
        changes |= planner.length_for(key, all_day)
        done = planner.change(key, changes, which)
    return Outcome(done, frozenset(session.changed))


def plan(replica: Replica, key: str, typed: TypedMoment, which: Which = Which.THIS) -> Outcome[Planned]:
    """Plan an activity for what was typed, by this machine's clock; without a time it takes the day."""
    begins = moment_of(typed.day, typed.at or datetime.time(), usual_zone())
    with replica.write() as session:
        planner = _Planner(session, replica)
        changes: dict[str, Plain] = {"due_at": begins, "all_day": typed.at is None}
        changes |= planner.length_for(key, typed.at is None)
        if typed.minutes:
            changes["duration_minutes"] = typed.minutes
        done = planner.change(key, changes, which)
    return Outcome(done, frozenset(session.changed))


def resize(replica: Replica, key: str, minutes: int, which: Which = Which.THIS) -> Outcome[Planned]:
    """Let an activity take longer or shorter."""
    return change(replica, key, {"duration_minutes": minutes}, which)


def unplan(replica: Replica, key: str) -> Outcome[Planned]:
    """Take the day from a task: it is to be done, and nobody knows when."""
    return change(replica, key, {"due_at": None, "all_day": False})


def tick(replica: Replica, key: str, done: bool) -> Outcome[Planned]:
    """Tick off an activity, or one time of a series; or open it again."""
    changes: dict[str, Plain] = {"done": done}
    if done:
        changes["happened_at"] = replica.clock.now_ms()
    return change(replica, key, changes)


def repeat(replica: Replica, record_id: str, rule: Repeat | None) -> Outcome[Planned]:
    """Let an activity repeat by a rule, or no more."""
    changes: dict[str, Plain] = {"repeats": rule.text() if rule else None}
    with replica.write() as session:
        done = _Planner(session, replica).change(key_parts(record_id)[0], changes, Which.ALL)
    return Outcome(done, frozenset(session.changed))


def remove(replica: Replica, key: str, which: Which = Which.THIS) -> Outcome[Planned]:
    """Delete an activity, or leave out times of a series."""
    record_id, day = key_parts(key)
    if day is None or which is Which.ALL:
        outcome = records.delete(replica, "activity", record_id)
        return Outcome(Planned(deleted=(record_id,)), outcome.changed)
    with replica.write() as session:
        planner = _Planner(session, replica)
        done = planner.leave_out(record_id, day) if which is Which.THIS else planner.cut(record_id, day)
    return Outcome(done, frozenset(session.changed))


def take_back(replica: Replica, planned: Planned) -> Outcome[None]:
    """Undo a change: what was made goes, what was changed is as before, what was deleted is there again."""
    for record_id in planned.deleted:
        records.restore(replica, "activity", record_id)
    with replica.write() as session:
        for record_id, values in planned.before.items():
            records.update_in(session, replica, "activity", record_id, values)
    for record_id in planned.made:
        records.delete(replica, "activity", record_id)
    return Outcome(None, frozenset(session.changed))


class _Planner:
    """Changes inside one transaction."""

    def __init__(self, session: WriteSession, replica: Replica) -> None:
        self._session = session
        self._replica = replica
        self._made: list[str] = []
        self._before: dict[str, dict[str, Plain]] = {}

    def change(self, key: str, changes: Mapping[str, Plain], which: Which) -> Planned:
        record_id, day = key_parts(key)
        record = self._record(record_id)
        instead = self._instead(record_id, day) if day in (record.get("skipped") or ()) else None
        if instead is not None and which is Which.THIS:
            self._update(instead, changes)
        elif day is None or not record.get("repeats"):
            self._update(record, changes)
        elif which is Which.THIS:
            self._one(record, day, changes)
        elif which is Which.FOLLOWING and not self._is_first(record, day):
            self._following(record, day, changes)
        else:
            self._all(record, day, changes)
        return self._planned()

    def length_for(self, key: str, all_day: bool) -> dict[str, Plain]:
        """Return the change of its length that goes with taking whole days, or none any more."""
        record = self._record(key_parts(key)[0])
        minutes = record.get("duration_minutes") or 0
        if not all_day and record.get("all_day"):
            return {"duration_minutes": usual_minutes(record.get("kind") or "task")}
        if all_day and not record.get("all_day") and minutes:
            return {"duration_minutes": A_DAY_MINUTES}
        return {}

    def leave_out(self, record_id: str, day: str) -> Planned:
        record = self._record(record_id)
        self._update(record, {"skipped": sorted({*(record.get("skipped") or ()), day})})
        return self._planned()

    def cut(self, record_id: str, day: str) -> Planned:
        """Let a series end before a day."""
        record = self._record(record_id)
        rule, first = self._rule(record)
        before = rule.before(first.date(), datetime.date.fromisoformat(day))
        if before is None:
            raise UserError(N_("This is the first time; delete the whole series instead"))
        self._update(record, {"repeats": before.text()})
        return self._planned()

    def _one(self, series: Record, day: str, changes: Mapping[str, Plain]) -> None:
        values = self._taken_over(series)
        values |= {"due_at": self._at(series, day), "series_id": series.id, "occurs_on": day, **changes}
        self._make(values)
        self._update(series, {"skipped": sorted({*(series.get("skipped") or ()), day})})

    def _following(self, series: Record, day: str, changes: Mapping[str, Plain]) -> None:
        rule, first = self._rule(series)
        split = datetime.date.fromisoformat(day)
        before, after = rule.before(first.date(), split), rule.after(first.date(), split)
        at_ms = self._at(series, day)
        values = self._taken_over(series)
        left_out = [each for each in series.get("skipped") or () if each >= day]
        values |= {"due_at": at_ms, "repeats": after.text(), "skipped": list[Plain](left_out)}
        values |= self._shifted(values, at_ms, changes)
        self._make(values)
        if before is not None:
            self._update(series, {"repeats": before.text()})

    def _all(self, series: Record, day: str, changes: Mapping[str, Plain]) -> None:
        self._update(series, self._shifted(series.values, self._at(series, day), changes))

    def _shifted(
        self, values: Mapping[str, Any], at_ms: int, changes: Mapping[str, Plain]
    ) -> dict[str, Plain]:
        """Return the changes of a series of which one time, at `at_ms`, is to change so."""
        shifted = dict(changes)
        target = changes.get("due_at")
        if not isinstance(target, int):
            return shifted
        zone = zone_of(values.get("time_zone"), usual_zone())
        # By the clock on the wall: nine o'clock becomes ten o'clock on either side of a change of clocks.
        old, new = (wall_clock(ms, zone).replace(tzinfo=None) for ms in (at_ms, target))
        first = wall_clock(int(values["due_at"]), zone).replace(tzinfo=None) + (new - old)
        days = (new.date() - old.date()).days
        shifted["due_at"] = moment_of(first.date(), first.time(), zone)
        if days and "repeats" not in changes:
            rule = parse_repeat(str(values["repeats"]))
            weekdays = tuple(sorted((each + days) % 7 for each in rule.weekdays))
            month_day = first.day if rule.month_day not in (None, -1) else rule.month_day
            shifted["repeats"] = replace(rule, weekdays=weekdays, month_day=month_day).text()
            shifted["skipped"] = [
                (datetime.date.fromisoformat(each) + datetime.timedelta(days=days)).isoformat()
                for each in values.get("skipped") or ()
            ]
        return shifted

    def _taken_over(self, series: Record) -> dict[str, Plain]:
        """Return what another record has of a series, as far as the person may give it."""
        schema = SCHEMAS["activity"]
        values: dict[str, Plain] = {
            name: value
            for name, value in series.values.items()
            if value not in (None, "", [])
            and name not in _OF_ONE_TIME
            and (
                name.startswith(CUSTOM_PREFIX)
                or (name in schema.fields and not schema.fields[name].read_only)
            )
        }
        for name, declared in schema.fields.items():
            target = declared.target
            there = target in SCHEMAS and values.get(name)
            if there and repository.get(self._session, str(target), str(values[name])) is None:
                del values[name]  # somebody who is only put on it need not have the customer
        person = self._replica.person
        owner = values.get("owner_id")
        if owner != person.user_id and not decide(person, Action.ASSIGN, "activity"):
            others = {*(series.get("assignees") or ()), owner} - {person.user_id, None}
            values["owner_id"] = person.user_id
            values["assignees"] = [*sorted(str(each) for each in others)]
        return values

    def _instead(self, series_id: str, day: str | None) -> Record | None:
        """Return the record that stands in for a series on a day, if there is one."""
        found = self._session.scalar(
            select(Activity.id)
            .where(Activity.series_id == series_id, Activity.occurs_on == day, Activity.life % 2 == 1)
            .limit(1)
        )
        return None if found is None else self._record(found)

    def _rule(self, series: Record) -> tuple[Repeat, datetime.datetime]:
        zone = zone_of(series.get("time_zone"), usual_zone())
        return parse_repeat(str(series.get("repeats"))), wall_clock(int(series.get("due_at") or 0), zone)

    def _is_first(self, series: Record, day: str) -> bool:
        rule, first = self._rule(series)
        return next(iter(rule.days(first.date())), None) == datetime.date.fromisoformat(day)

    def _at(self, series: Record, day: str) -> int:
        zone = zone_of(series.get("time_zone"), usual_zone())
        first = wall_clock(int(series.get("due_at") or 0), zone)
        return moment_of(datetime.date.fromisoformat(day), first.time(), zone)

    def _record(self, record_id: str) -> Record:
        record = repository.get(self._session, "activity", record_id)
        if record is None or not record.alive:
            raise NotFound(N_("There is no such record on this laptop"))
        return record

    def _make(self, values: Mapping[str, Plain]) -> None:
        self._made.append(records.create_in(self._session, self._replica, "activity", values).id)

    def _update(self, record: Record, changes: Mapping[str, Plain]) -> None:
        after = records.update_in(self._session, self._replica, "activity", record.id, changes)
        fields = SCHEMAS["activity"].fields
        before = {
            name: record.get(name)
            for name, declared in fields.items()
            if not declared.read_only and record.get(name) != after.get(name)
        }
        self._before[record.id] = {**before, **self._before.get(record.id, {})}

    def _planned(self) -> Planned:
        return Planned(made=tuple(self._made), before=self._before)
