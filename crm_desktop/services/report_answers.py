"""What somebody answered a report's questions by last time, kept on this laptop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from crm_core.rules.conditions import Value, plain_value, stored_value
from crm_core.rules.reports import Report
from crm_core.rules.segments import AllOf
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services.rule_offers import titles_in

MOST_REPORTS: Final = 100
"""Reports whose answers are kept; those not asked for longest go."""


def remembered(replica: Replica, report_key: str, report: Report) -> dict[str, Value]:
    """Return the answers given last to questions the report still asks; none of what cannot be read."""
    with replica.read() as session:
        kept = state.read(session, Key.REPORT_ANSWERS).get(report_key) or {}
    found: dict[str, Value] = {}
    for question in report.questions:
        asked = question.condition
        try:
            field, op, kind, value = kept[question.key]
            if (field, op) == (asked.field, asked.op.value):
                found[question.key] = stored_value(kind, value)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            continue
    return found


def remember(replica: Replica, report_key: str, report: Report, answers: Mapping[str, Value]) -> None:
    """Keep the answers for the next time."""
    asked = {question.key: question.condition for question in report.questions}
    kept = {
        key: [asked[key].field, asked[key].op.value, *plain_value(value)]
        for key, value in answers.items()
        if key in asked
    }
    with replica.write() as session:
        every = dict(state.read(session, Key.REPORT_ANSWERS))
        every.pop(report_key, None)
        every[report_key] = kept
        last = list(every)[-MOST_REPORTS:]
        state.write(session, {Key.REPORT_ANSWERS: {key: every[key] for key in last}})


def titles(replica: Replica, report: Report, answers: Mapping[str, Value]) -> dict[str, str]:
    """Return what the records that answers name are called, by id."""
    given = (
        replace(each.condition, value=answers[each.key]) for each in report.questions if each.key in answers
    )
    return titles_in(replica, AllOf(tuple(given)), report.entity)
