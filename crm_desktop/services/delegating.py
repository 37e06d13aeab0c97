"""Giving a task to somebody: who is suggested, and handing it over or putting him on it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm_core.entities.activity import Activity
from crm_core.entities.people import User
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_core.rules.suggesting import WINDOW_DAYS, Colleague, ranked
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import planning, records, rights
from crm_desktop.services.calendar_period import key_parts
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.planning import Planned, Which


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What became of a task: handed over, or where the role does not allow that, shared with him."""

    handed_over: bool
    planned: Planned


def suggestions(replica: Replica, key: str) -> list[Colleague]:
    """Return who a task could be given to, the best first, by what this laptop may see of their work."""
    record = records.get(replica, "activity", key_parts(key)[0])
    now = replica.clock.now_ms()
    with replica.read() as session:
        people = session.execute(
            select(User.id, User.name).where(User.life % 2 == 1, User.active.isnot(False))
        ).all()
        since = now - WINDOW_DAYS * DAY_MS
        undone = (Activity.done.isnot(True), Activity.due_at.is_not(None))
        known = (Activity.done.is_(True), Activity.happened_at >= since)
        numbers = {
            "open_tasks": _counted(session, *undone),
            "late_tasks": _counted(session, *undone, Activity.due_at < now),
            "same_kind_done": _counted(session, *known, Activity.kind == record.get("kind")),
        }
        if record.get("customer_id"):
            of_customer = Activity.customer_id == record.get("customer_id")
            numbers["with_customer"] = _counted(session, *known, of_customer)
    return ranked(
        Colleague(
            user_id=row.id,
            name=row.name or "",
            **{name: counted.get(row.id, 0) for name, counted in numbers.items()},
        )
        for row in people
        if row.id not in (replica.person.user_id, record.get("owner_id"))
    )


def give(replica: Replica, key: str, user_id: str) -> Outcome[Handed]:
    """Give a task to somebody. Who may not hand it over puts him on it: both have it then."""
    record_id = key_parts(key)[0]
    record = records.get(replica, "activity", record_id)
    with replica.read() as session:
        if repository.get(session, "user", user_id) is None:
            raise NotFound(N_("There is no such person on this laptop"))
        others = {str(each) for each in record.get("assignees") or ()}
        changes = _handing(record, user_id, others)
        may = rights.may(session, replica.person, Action.ASSIGN, "activity", record.values)
        may_there = rights.may(
            session, replica.person, Action.ASSIGN, "activity", {**record.values, **changes}
        )
    handed_over = bool(may) and bool(may_there)
    if not handed_over:
        changes = {"assignees": [*sorted(others | {user_id})]}
    outcome = planning.change(replica, record_id, changes, Which.ALL)
    return Outcome(Handed(handed_over=handed_over, planned=outcome.value), outcome.changed)


def _handing(record: Record, user_id: str, others: set[str]) -> dict[str, Plain]:
    """Return the change that makes somebody the owner; who had it stays on it, to see what becomes of it."""
    before = {str(record.get("owner_id"))} if record.get("owner_id") else set()
    return {"owner_id": user_id, "assignees": [*sorted((others | before) - {user_id})]}


def _counted(session: Session, *conditions: ColumnElement[bool]) -> dict[str, int]:
    rows = session.execute(
        select(Activity.owner_id, func.count())
        .where(Activity.life % 2 == 1, Activity.owner_id.is_not(None), *conditions)
        .group_by(Activity.owner_id)
    )
    return {str(owner): number for owner, number in rows}
