"""Whether a report that somebody keeps can be counted at all, by whoever may read what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules.report_form import stored_report
from crm_core.rules.reports import MOST_GROUPS, MOST_MEASURES, Days, FieldAt, Reckoned, Report, Take, Term
from crm_core.rules.segments import AllOf, FieldsOf, field_at, problems_of_rule


def problems_of_saved(values: Mapping[str, Any], fields_of: FieldsOf | None) -> list[Problem]:
    """Return why a report cannot be kept as it would be saved; nothing where it can be counted.

    Where `fields_of` is None, what it asks for is not looked at.
    """
    report = stored_report(values.get("definition"))
    if report is None or report.entity not in SCHEMAS:
        return [Problem(field="definition", message=message(N_("This report cannot be read")))]
    if not 1 <= len(report.measures) <= MOST_MEASURES:
        said = message(N_("A report measures 1 to {most} things"), most=MOST_MEASURES)
        return [Problem(field="definition", message=said)]
    if max(len(report.rows), len(report.columns)) > MOST_GROUPS:
        said = message(
            N_("A report has at most {most} groups in its rows, and in its columns"), most=MOST_GROUPS
        )
        return [Problem(field="definition", message=said)]
    rules = [report.rule, *(each.only for each in report.measures if each.only is not None)]
    rules.append(AllOf(tuple(each.condition for each in report.questions)))
    found = [problem for rule in rules for problem in problems_of_rule(rule, fields_of, report.entity)]
    if not found and fields_of is not None:
        for path in _paths(report):
            if path != "id" and field_at(fields_of, report.entity, path) is None:
                said = message(N_("There is no field called “{field}”"), field=path)
                return [Problem(field="definition", message=said)]
    return [Problem(field="definition", message=each.message) for each in found[:1]]


def _paths(report: Report) -> Iterator[str]:
    for group in (*report.rows, *report.columns):
        yield group.field
    for measure in report.measures:
        if measure.of is not None and measure.take is not Take.SHARE:
            yield from paths_in(measure.of)


def paths_in(term: Term | None) -> Iterator[str]:
    """Yield the paths of the fields a term speaks of."""
    match term:
        case FieldAt(path):
            yield path
        case Days(first, last):
            yield from (path for path in (first, last) if path)
        case Reckoned(left, _, right):
            yield from paths_in(left)
            yield from paths_in(right)
