"""Setting up how leads come in, to whom they go and what they score, with previews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm_core.entities.lead import Lead
from crm_core.entities.scoring import ScoringRule
from crm_core.rules import capture
from crm_core.rules import scoring as rules
from crm_core.rules.scoring import Score
from crm_core.schema.field import Field, Plain
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, scoring
from crm_desktop.services.outcome import Outcome
from resources import CHINESE, ENGLISH, translation


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePreview:
    """What a lead would score with a rule as it stands in its form, and scores without it."""

    lead_id: str
    title: str
    scores: Mapping[str, Score]
    """With the rule, by the language its reasons are in."""
    without: int


def askable(replica: Replica) -> dict[str, dict[str, Field]]:
    """Return by what a form makes the fields it may ask for by name, in the order of the page."""
    with replica.read() as session:
        return {makes: capture.askable(fields_of(session, makes), makes) for makes in capture.ALWAYS}


def form_url(server: str, token: str) -> str:
    """Return the address people outside open."""
    return f"{server.rstrip('/')}/forms/{token}" if server and token else ""


def add_scoring_rule(replica: Replica, values: Mapping[str, Plain]) -> Outcome[Record]:
    """Add a rule. The first one of a company brings the usual ones with it, so that they go on counting."""
    with replica.write() as session:
        _bring_usual(session, replica)
        record = records.create_in(session, replica, "scoring_rule", values)
    return Outcome(record, frozenset(session.changed))


def begin_with_usual(replica: Replica) -> Outcome[int]:
    """Write the usual rules down, to be changed one by one; return how many there were to write."""
    with replica.write() as session:
        count = _bring_usual(session, replica)
    return Outcome(count, frozenset(session.changed))


def preview_score(
    replica: Replica, values: Mapping[str, Any], rule_id: str | None, lead_id: str | None = None
) -> ScorePreview | None:
    """Return what a rule would do to a lead, or to the newest there is; None where there is no lead."""
    if lead_id is None:
        with replica.read() as session:
            newest = select(Lead.id).where(Lead.life % 2 == 1).order_by(Lead.created_at.desc(), Lead.id)
            lead_id = session.scalar(newest.limit(1))
    if lead_id is None:
        return None
    lead = records.get(replica, "lead", lead_id)
    found = {
        language: scoring.score_with(replica, lead, values, rule_id, chinese=language == CHINESE)
        for language in (ENGLISH, CHINESE)
    }
    without = scoring.score_with(replica, lead, None, rule_id)
    return ScorePreview(lead_id=lead_id, title=lead.title, scores=found, without=without.total)


def _bring_usual(session: WriteSession, replica: Replica) -> int:
    if session.scalar(select(ScoringRule.id).where(ScoringRule.life % 2 == 1).limit(1)) is not None:
        return 0
    chinese = translation(CHINESE)
    for rule in rules.USUAL:
        records.create_in(session, replica, "scoring_rule", rules.stored(rule, chinese))
    return len(rules.USUAL)
