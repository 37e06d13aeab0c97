"""Which part of a report cannot be counted, so that it can be said beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from crm_core.errors import AccessDenied, UserError
from crm_core.reporting.counting import Plan
from crm_core.reporting.source import Source
from crm_core.reporting.tables import BESIDE, demand_countable
from crm_core.rules.reports import ALL, Measure, Report


class Part(StrEnum):
    """What a report is made of."""

    RULE = "rule"
    ROWS = "rows"
    COLUMNS = "columns"
    MEASURES = "measures"
    QUESTIONS = "questions"
    SORT = "sort"


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a report, and which one of several."""

    part: Part
    number: int = 0


def fault_in(source: Source, report: Report) -> Place | None:
    """Return the first part that cannot be counted by itself; None where no one alone is at fault."""
    for place, alone in _alone(report):
        try:
            demand_countable(alone)
            Plan(source, alone)
        except (UserError, AccessDenied):
            return place
    return None


def _alone(report: Report) -> Iterator[tuple[Place, Report]]:
    """Yield each part of a report with as little around it as it needs."""
    bare = replace(
        report, rule=ALL, rows=(), columns=(), measures=(Measure(),), sort=None, top=0, questions=()
    )
    yield Place(Part.RULE), replace(bare, rule=report.rule)
    for number, question in enumerate(report.questions):
        if question.condition.value is not None:
            yield Place(Part.QUESTIONS, number), replace(bare, rule=question.condition)
    for number, group in enumerate(report.rows):
        yield Place(Part.ROWS, number), replace(bare, rows=(group,))
    for number, group in enumerate(report.columns):
        yield Place(Part.COLUMNS, number), replace(bare, columns=(group,))
    grouped = replace(bare, rows=report.rows, columns=report.columns)
    for number, measure in enumerate(report.measures):
        beside = measure.over in BESIDE
        before = report.measures[number - 1 : number] if beside else ()
        yield Place(Part.MEASURES, number), replace(bare, measures=(*before, measure), rows=report.rows)
    for number in range(len(report.rows)):
        yield Place(Part.ROWS, number), replace(grouped, rows=report.rows[: number + 1])
    for number in range(len(report.columns)):
        yield Place(Part.COLUMNS, number), replace(grouped, columns=report.columns[: number + 1])
    if report.sort is not None:
        yield Place(Part.SORT), replace(report, rule=ALL, questions=())
