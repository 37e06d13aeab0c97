"""Leads given to people by the rules HQ holds, and given on where nobody answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text
from sqlalchemy.orm import aliased

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.lead import OPEN, Lead
from crm_core.errors import NotFound, StaleRecord
from crm_core.i18n import N_, Message, message
from crm_core.rules.approval import away_of
from crm_core.rules.assignment import Assignment, Rule, Standing, Way, decide, rules_of
from crm_core.rules.ticket_routing import candidates
from crm_core.times import HOUR_MS
from resources import translation
from sync_server.services.headquarters import Headquarters
from sync_server.services.wanted import register_of
from sync_server.services.work_time import working_time
from sync_server.store.tables import Cell, table_of
from sync_server.store.turns import count_turn, given_by, take_turn_back

AT_ONCE: Final = 500  # leads looked at in one run; the next run takes the rest
_LEAD: Final = SCHEMAS["lead"]
_A_MILLISECOND: Final = 1 << 16  # of the hybrid clock; what one write sets is nearer to each other
_lead, _activity = table_of(Lead), table_of(Activity)


def lead_rules(hq: Headquarters, now_ms: int) -> list[Rule]:
    """Return the rules in use, in their order, with the people who may get leads now."""
    rows = {
        kind: [{"id": record_id, **row} for record_id, row in hq.records.all(kind)]
        for kind in ("assignment_rule", "user", "role", "absence")
    }
    people = candidates(rows["user"], rows["role"], away_of(rows["absence"]), now_ms, "lead")
    return rules_of(rows["assignment_rule"], people)


def assign(hq: Headquarters, values: Mapping[str, Any], now_ms: int) -> str:
    """Make a lead, given to whom its values name or the rules say; return its id."""
    return hq.records.create("lead", decided(hq, values, now_ms))


def decided(hq: Headquarters, values: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """Return the values of a new lead with its owner, by the rules where they name none."""
    given = dict(values)
    if not given.get("owner_id"):
        found = _take_turn(hq, given, lead_rules(hq, now_ms))
        if found is not None:
            given |= _assigned(hq, found, found.why, now_ms)
    return given


def assign_waiting(hq: Headquarters, now_ms: int) -> int:
    """Give leads nobody has to people; return how many were given."""
    rules = lead_rules(hq, now_ms)
    if not rules:
        return 0
    waiting = (
        select(_lead)
        .where(_lead.c.owner_id.is_(None), _lead.c.life % 2 == 1)
        .where(func.coalesce(_lead.c.status, "new") == "new", _lead.c.assigned_at.is_(None))
        .order_by(_lead.c.created_at, _lead.c.id)
        .limit(AT_ONCE)
    )
    done = 0
    for row in _rows(hq, waiting):
        found = _take_turn(hq, row, rules)
        if found is not None:
            done += _give(hq, row, found, _assigned(hq, found, found.why, now_ms))
    return done


def reassign_silent(hq: Headquarters, now_ms: int) -> int:
    """Give new leads on whose owners did nothing within the hours of their rule; return how many.

    Each is given on once for each time it was assigned: the moment of assignment is that of the new owner.
    One that a person gave to somebody or claimed since stays with him: no rule gave him hours to answer.
    """
    rules = lead_rules(hq, now_ms)
    hours = {rule.id: rule.answer_hours for rule in rules if rule.answer_hours}
    if not hours:
        return 0
    answered = (
        select(_activity.c.id)
        .where(_activity.c.lead_id == _lead.c.id, _activity.c.life % 2 == 1)
        .where(func.coalesce(_activity.c.happened_at, _activity.c.created_at) >= _lead.c.assigned_at)
        .exists()
    )
    silent = (
        select(_lead)
        .where(_lead.c.assigned_by.in_(hours), _lead.c.life % 2 == 1, _lead.c.owner_id.is_not(None))
        .where(func.coalesce(_lead.c.status, "new") == "new", ~answered, ~_taken_since())
        .order_by(_lead.c.assigned_at, _lead.c.id)
        .limit(AT_ONCE)
    )
    time = working_time(hq)
    names = {user_id: str(row["name"] or "") for user_id, row in hq.records.all("user", deleted=None)}
    done = 0
    for row in _rows(hq, silent):
        allowed = hours[row["assigned_by"]] or 0
        if time.worked(row["assigned_at"] or 0, now_ms) < allowed * HOUR_MS:
            continue
        found = _take_turn(hq, row, rules, besides=row["owner_id"])
        if found is None:
            continue
        why = message(
            N_("{why}; {name} did not answer within {hours} working hours"),
            why=found.why,
            name=names.get(row["owner_id"], ""),
            hours=allowed,
        )
        done += _give(hq, row, found, _assigned(hq, found, why, now_ms))
    return done


def _taken_since() -> ColumnElement[bool]:
    """Tell of a lead whether its owner was changed after a rule named one: by a write of its own."""
    owner, assigned = (aliased(Cell, name=name) for name in ("owner", "assigned"))
    of_lead = (
        owner.entity == _LEAD.no,
        owner.row_id == _lead.c.id,
        owner.field == register_of(_LEAD.fields["owner_id"]),
    )
    beside = and_(
        assigned.entity == _LEAD.no,
        assigned.row_id == owner.row_id,
        assigned.field == register_of(_LEAD.fields["assigned_at"]),
    )
    query = select(owner.row_id).outerjoin(assigned, beside).where(*of_lead)
    return query.where(or_(assigned.hlc.is_(None), owner.hlc - assigned.hlc >= _A_MILLISECOND)).exists()


def _give(hq: Headquarters, lead: Mapping[str, Any], found: Assignment, values: Mapping[str, Any]) -> bool:
    """Give a lead to whom was decided on; not where it went to somebody else in the same moment."""
    unchanged = {name: lead[name] for name in ("owner_id", "status", "assigned_at")}
    try:
        hq.records.update("lead", lead["id"], values, expected=unchanged)
    except (NotFound, StaleRecord):
        with hq.database.note() as connection:
            take_turn_back(connection, found.rule_id, found.user_id)
        return False
    return True


def _assigned(hq: Headquarters, found: Assignment, why: Message, now_ms: int) -> dict[str, Any]:
    return {
        "owner_id": found.user_id,
        "assigned_by": found.rule_id,
        "assigned_at": now_ms,
        "assigned_why": why.show(translation(hq.settings.language)),
    }


def _take_turn(
    hq: Headquarters, lead: Mapping[str, Any], rules: Sequence[Rule], besides: str | None = None
) -> Assignment | None:
    """Decide and count the turn in one step, so that processes beside each other stay fair."""
    if not rules:
        return None
    with hq.database.note() as connection:
        if not hq.database.is_sqlite:  # there a writer is alone anyway
            connection.execute(text("LOCK TABLE assignment_turn IN EXCLUSIVE MODE"))
        found = decide(lead, rules, _standing(connection, rules), besides)
        if found is not None:
            count_turn(connection, found.rule_id, found.user_id)
    return found


def _standing(connection: Connection, rules: Sequence[Rule]) -> Standing:
    given = given_by(connection, [rule.id for rule in rules])
    loads: Counter[str] = Counter()
    if any(rule.way is Way.LEAST_LOAD for rule in rules):
        query = (
            select(_lead.c.owner_id, func.count().label("number"))
            .where(_lead.c.life % 2 == 1, func.coalesce(_lead.c.status, "new").in_(OPEN))
            .where(_lead.c.owner_id.is_not(None))
            .group_by(_lead.c.owner_id)
        )
        loads.update({row.owner_id: row.number for row in connection.execute(query)})
    return Standing(given=given, load=loads)


def _rows(hq: Headquarters, query: Any) -> list[dict[str, Any]]:
    known = SCHEMAS["lead"].fields
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query).mappings().all()
    return [{"id": row["id"], **{name: row[name] for name in known}} for row in rows]
