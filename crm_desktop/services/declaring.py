"""What must hold for records that set something up before they are saved here.

HQ asks the same of its own edits, and of custom fields whoever sends them; what else comes by sync it reads
with care.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.segment import Segment
from crm_core.entities.setup import CustomField
from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules import assignment, capture, scoring, targets
from crm_core.rules.custom_fields import problems_of_declaration
from crm_core.rules.segments import problems_of_segment, rule_of, segments_in
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record


def declaration_problems(
    session: Session, entity: str, values: Mapping[str, Any], before: Record | None = None
) -> list[Problem]:
    """Return what is wrong with a record as it would be saved; nothing for one that sets nothing up."""
    match entity:
        case "custom_field":
            return _of_custom_field(session, values, before)
        case "capture_form":
            return capture.problems_of_form(values, capture.askable(fields_of(session, "lead")))
        case "assignment_rule":
            return assignment.problems_of_rule(values)
        case "scoring_rule":
            return scoring.problems_of_rule(values, fields_of(session, "lead"))
        case "segment":
            return _of_segment(session, values, before)
        case "target":
            return targets.problems(values)
        case _:
            return []


def _of_custom_field(session: Session, values: Mapping[str, Any], before: Record | None) -> list[Problem]:
    taken: set[str | None] = set()
    if before is None:
        keys = select(CustomField.key).where(CustomField.entity == values.get("entity"))
        taken = set(session.scalars(keys))
    return problems_of_declaration(
        values, before.values if before is not None else None, {key for key in taken if key}
    )


def _of_segment(session: Session, values: Mapping[str, Any], before: Record | None) -> list[Problem]:
    problems = problems_of_segment(values, lambda entity: fields_of(session, entity))
    if problems or before is None:
        return problems
    asked, seen = [values.get("rules")], set[str]()
    while asked:
        rule = rule_of(asked.pop())
        for segment_id in (segments_in(rule) if rule is not None else frozenset()) - seen:
            if segment_id == before.id:
                said = message(N_("A segment cannot ask who is in itself, at once or by way of others"))
                return [Problem(field="rules", message=said)]
            seen.add(segment_id)
            asked.append(session.scalar(select(Segment.rules).where(Segment.id == segment_id)))
    return []
