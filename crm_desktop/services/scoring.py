"""Scores of leads on this laptop: worked out where they are out of date, and said with their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from crm_core.entities.activity import Activity
from crm_core.entities.lead import Lead
from crm_core.entities.scoring import ScoringRule
from crm_core.rules import scoring as rules
from crm_core.rules.access import Action, decide
from crm_core.rules.scoring import Done, Score
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models.lead_scores import SCORES
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services.calendar import end_of_today_ms
from crm_desktop.services.outcome import Outcome

AT_ONCE = 1_000
_lead, _activity = Lead.__table__, Activity.__table__
_RULE_FIELDS = ("field", "comparison", "value", "activity_kind", "outcome", "half_life_days", "most")


def is_due(replica: Replica) -> bool:
    """Tell whether a score is out of date, because something changed or the day did."""
    with replica.read() as session:
        return bool(_due(session, replica.clock.now_ms(), 1))


def refresh(replica: Replica) -> Outcome[int]:
    """Work out the scores that are out of date; return how many. Nothing of it is recorded or sent."""
    changed: set[tuple[str, str]] = set()
    now, count = replica.clock.now_ms(), 0
    while True:
        with replica.applying() as session:
            ids = _due(session, now, AT_ONCE)
            _write(session, replica, ids, now)
            session.touch("lead", ids)
            changed |= session.changed
        count += len(ids)
        if len(ids) < AT_ONCE:
            return Outcome(count, frozenset(changed))


def score_of(replica: Replica, lead: Record, *, chinese: bool = False) -> Score:
    """Return what a lead scores now, with the reasons in English or Chinese."""
    with replica.read() as session:
        done = _done(session, replica, (lead.id,)).get(lead.id, [])
        return rules.score(lead.values, done, _rules(session, chinese=chinese), replica.clock.now_ms())


def score_with(
    replica: Replica,
    lead: Record,
    rule: Mapping[str, Any] | None,
    rule_id: str | None,
    *,
    chinese: bool = False,
) -> Score:
    """Return what a lead would score with a rule as it would be saved in place of the one called `rule_id`.

    `rule` None: without that one.
    """
    with replica.read() as session:
        done = _done(session, replica, (lead.id,)).get(lead.id, [])
        known = [row for row in _stored(session) if row["id"] != rule_id]
        read = rules.read_rules(known, chinese=chinese)
        if not known and rule_id is None:
            read = [*rules.USUAL]
        if rule is not None:
            read += rules.read_rules([rule], chinese=chinese)
        return rules.score(lead.values, done, read, replica.clock.now_ms())


def _due(session: Session, now: int, limit: int) -> list[str]:
    current = select(SCORES.c.lead_id).where(
        SCORES.c.lead_id == _lead.c.id,
        func.coalesce(SCORES.c.until_ms, now) >= now,
    )
    query = select(_lead.c.id).where(~current.exists()).limit(limit)
    return list(session.connection().scalars(query))


def _write(session: Session, replica: Replica, ids: Sequence[str], now: int) -> None:
    if not ids:
        return
    known = _rules(session, chinese=False)
    done = _done(session, replica, ids)
    connection = session.connection()
    until = end_of_today_ms(now)
    rows = []
    for row in connection.execute(select(_lead).where(_lead.c.id.in_(ids))).mappings():
        found = rules.score({**row, **_custom(row["custom"])}, done.get(row["id"], ()), known, now)
        rows.append(
            {
                "lead_id": row["id"],
                "score": found.total,
                "decays": found.decays,
                "until_ms": until if found.decays else None,
            }
        )
    connection.execute(delete(SCORES).where(SCORES.c.lead_id.in_(ids)))
    if rows:
        connection.execute(insert(SCORES), rows)


def _custom(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {CUSTOM_PREFIX + key: value for key, value in (values or {}).items()}


def _rules(session: Session, *, chinese: bool) -> list[rules.ScoringRule]:
    return rules.read_rules(_stored(session), chinese=chinese)


def _stored(session: Session) -> list[dict[str, Any]]:
    stored = session.scalars(select(ScoringRule).where(ScoringRule.life % 2 == 1).order_by(ScoringRule.id))
    names = ("id", "name", "name_zh", "kind", "points", "active", *_RULE_FIELDS)
    return [{name: getattr(row, name) for name in names} for row in stored]


def _done(session: Session, replica: Replica, ids: Sequence[str]) -> dict[str, list[Done]]:
    """Return what was done with each lead, as far as the person may read it."""
    found: dict[str, list[Done]] = {}
    if not decide(replica.person, Action.READ, "activity"):
        return found
    query = select(
        _activity.c.lead_id,
        _activity.c.kind,
        _activity.c.outcome,
        func.coalesce(_activity.c.happened_at, _activity.c.created_at).label("at_ms"),
    ).where(_activity.c.lead_id.in_(ids), _activity.c.life % 2 == 1, _activity.c.happened_at.is_not(None))
    for row in session.connection().execute(query):
        done = Done(kind=row.kind or "", outcome=row.outcome or "", at_ms=row.at_ms or 0)
        found.setdefault(row.lead_id, []).append(done)
    return found
