"""What leads score, kept beside them so that lists are sorted and filtered by it.

A score follows from rules, fields, activities and the day, so the program works it out
(`crm_desktop.services.scoring`) and triggers only say which is out of date: they take it away.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Integer, MetaData, Table, Text, select

from crm_core.entities.activity import Activity
from crm_core.entities.lead import Lead
from crm_core.entities.scoring import ScoringRule
from crm_core.i18n import N_
from crm_core.schema.field import Field, Kind

LEAD_SCORE = Field(
    no=0,
    name="score",
    label=N_("Score"),
    kind=Kind.INTEGER,
    read_only=True,
    computed=True,
    in_list=True,
    in_form=False,
)
SCORES = Table(
    "lead_score",
    MetaData(),
    Column("lead_id", Text, primary_key=True),
    Column("score", Integer),
    Column("decays", Boolean),
    Column("until_ms", BigInteger),
)
"""One row for each lead whose score is known; one that decays holds until the end of its day."""


def score_of(table: Table) -> ColumnElement[int | None]:
    """Return the score of a row of the leads' table; none while it is not worked out."""
    return select(SCORES.c.score).where(SCORES.c.lead_id == table.c.id).scalar_subquery()


_activity, _lead, _rule = (each.__tablename__ for each in (Activity, Lead, ScoringRule))
TABLES: Mapping[str, str] = {
    "lead_score": "CREATE TABLE lead_score (lead_id TEXT PRIMARY KEY NOT NULL, score INTEGER,"
    " decays BOOLEAN, until_ms BIGINT) WITHOUT ROWID"
}
INDEXES = ('CREATE INDEX "lx_lead_score_until" ON lead_score (until_ms) WHERE until_ms IS NOT NULL',)
_AWAY = "DELETE FROM lead_score WHERE lead_id"
TRIGGERS: tuple[tuple[str, str, str], ...] = (
    ("tr_lead_score_changed", f'AFTER UPDATE ON "{_lead}"', f"{_AWAY} = NEW.id;"),
    ("tr_lead_score_gone", f'AFTER DELETE ON "{_lead}"', f"{_AWAY} = OLD.id;"),
    (
        "tr_activity_score",
        f'AFTER INSERT ON "{_activity}" WHEN NEW.lead_id IS NOT NULL',
        f"{_AWAY} = NEW.lead_id;",
    ),
    (
        "tr_activity_score_changed",
        f'AFTER UPDATE ON "{_activity}" WHEN NEW.lead_id IS NOT NULL OR OLD.lead_id IS NOT NULL',
        f"{_AWAY} IN (OLD.lead_id, NEW.lead_id);",
    ),
    (
        "tr_activity_score_gone",
        f'AFTER DELETE ON "{_activity}" WHEN OLD.lead_id IS NOT NULL',
        f"{_AWAY} = OLD.lead_id;",
    ),
    ("tr_rule_score", f'AFTER INSERT ON "{_rule}"', "DELETE FROM lead_score;"),
    ("tr_rule_score_changed", f'AFTER UPDATE ON "{_rule}"', "DELETE FROM lead_score;"),
    ("tr_rule_score_gone", f'AFTER DELETE ON "{_rule}"', "DELETE FROM lead_score;"),
)
"""Name, when, and what is done."""
