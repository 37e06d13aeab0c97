"""Rules of scoring as an administrator speaks of them, and what a lead scores at HQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules import scoring as rules
from crm_core.rules.scoring import USUAL, Done, Score
from resources import CHINESE, translation
from sync_server.services.auth import login_of
from sync_server.services.custom import custom_fields_of
from sync_server.services.headquarters import Headquarters
from sync_server.store.tables import table_of

_activity = table_of(Activity)
_LEAD: Final = SCHEMAS["lead"]
Values = dict[str, Any]
SAID: Final = (
    "name",
    "name_zh",
    "kind",
    "field",
    "comparison",
    "value",
    "activity_kind",
    "outcome",
    "points",
    "half_life_days",
    "most",
)


def score_rules(hq: Headquarters) -> list[Values]:
    """Return every rule, those that give most first; the usual ones where HQ has none of its own."""
    stored = [_shown(rule_id, row) for rule_id, row in hq.records.all("scoring_rule")]
    return sorted(stored, key=lambda row: -(row["points"] or 0)) or [_usual(rule) for rule in USUAL]


def add_rule(hq: Headquarters, name: str, given: Mapping[str, Any]) -> Values:
    """Add a rule, and return it. The first one of an HQ brings the usual ones with it."""
    values = {"kind": "field", "comparison": "filled", **_said(given)}
    _demand_sound(hq, values)
    if any(login_of(row["name"] or "") == login_of(name) for _, row in hq.records.all("scoring_rule")):
        raise UserError(N_("There is already one called {name}"), name=name)
    if not hq.records.all("scoring_rule", deleted=None):
        for rule in USUAL:
            hq.records.create("scoring_rule", rules.stored(rule, translation(CHINESE)))
    rule_id = hq.records.create("scoring_rule", {**values, "name": name.strip(), "active": True})
    return _shown(rule_id, hq.records.get("scoring_rule", rule_id))


def change_rule(hq: Headquarters, name: str, given: Mapping[str, Any]) -> Values:
    """Change a rule, and return it as it is then."""
    rule_id, held = _found(hq, name)
    changes = _said(given)
    _demand_sound(hq, {**held, **changes})
    if changes:
        hq.records.update("scoring_rule", rule_id, changes)
    return _shown(rule_id, hq.records.get("scoring_rule", rule_id))


def score_of(hq: Headquarters, lead_id: str, now_ms: int) -> Score:
    """Return what a lead scores by all HQ knows of it. `NotFound`."""
    lead = hq.records.get("lead", lead_id)
    query = select(
        _activity.c.kind,
        _activity.c.outcome,
        _activity.c.happened_at.label("at_ms"),
    ).where(
        _activity.c.lead_id == lead_id,
        _activity.c.life % 2 == 1,
        func.coalesce(_activity.c.happened_at, 0) > 0,
    )
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query).all()
    done = [Done(kind=row.kind or "", outcome=row.outcome or "", at_ms=row.at_ms) for row in rows]
    stored = [row for _, row in hq.records.all("scoring_rule")]
    known = rules.read_rules(stored, chinese=hq.settings.language == CHINESE)
    return rules.score(lead, done, known, now_ms)


def _said(given: Mapping[str, Any]) -> Values:
    return {name: (None if said == "" else said) for name, said in given.items() if said is not None}


def _demand_sound(hq: Headquarters, values: Mapping[str, Any]) -> None:
    fields = {**_LEAD.fields, **custom_fields_of(hq.database, "lead")}
    for problem in rules.problems_of_rule(values, fields):
        raise UserError(problem.message)


def _shown(rule_id: str | None, row: Mapping[str, Any]) -> Values:
    return {name: row.get(name) for name in SAID} | {"active": row.get("active") is not False, "id": rule_id}


def _usual(rule: rules.ScoringRule) -> Values:
    return _shown(None, rules.stored(rule, translation(CHINESE)))


def _found(hq: Headquarters, name: str) -> tuple[str, Values]:
    for rule_id, row in hq.records.all("scoring_rule"):
        if rule_id == name.strip() or login_of(row["name"] or "") == login_of(name):
            return rule_id, row
    raise NotFound(N_("There is no rule called {name}; see “crm-server score-rule list”"), name=name)
