"""A report as options say it, each a text: what the command line takes and the builder begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.conditions import Value, condition_of
from crm_core.rules.report_text import (
    group_text,
    measure_text,
    parse_group,
    parse_measure,
    parse_sort,
    sort_text,
)
from crm_core.rules.reports import ALL, Currencies, Measure, Report
from crm_core.rules.segment_text import parse_rule, rule_text
from crm_core.rules.segments import FieldsOf, field_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """The parts of a report as text (`crm_core.rules.report_text`)."""

    entity: str
    where: str = ""
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    measures: Sequence[str] = ()
    sort: str = ""
    top: int = 0
    company_currency: bool = False
    zone: str = ""
    first_weekday: int = 0


def read_options(
    options: ReportOptions, fields_of: FieldsOf, segments: Mapping[str, str] | None = None
) -> Report:
    """Return the report. `UserError` where a part cannot be read; `segments`: ids by name, lower case."""
    entity = schema_of(options.entity).name
    measures = tuple(parse_measure(each, entity, fields_of, segments) for each in options.measures)
    return Report(
        entity=entity,
        rule=parse_rule(options.where, fields_of, segments, entity) if options.where.strip() else ALL,
        rows=tuple(parse_group(each) for each in options.rows),
        columns=tuple(parse_group(each) for each in options.columns),
        measures=measures or (Measure(),),
        sort=parse_sort(options.sort) if options.sort.strip() else None,
        top=options.top,
        currencies=Currencies.COMPANY if options.company_currency else Currencies.APART,
        zone=options.zone,
        first_weekday=options.first_weekday,
    )


def written_options(report: Report, fields_of: FieldsOf) -> ReportOptions:
    """Return the options that make a report, but for its questions and what somebody called its measures."""
    return ReportOptions(
        entity=report.entity,
        where="" if report.rule == ALL else rule_text(report.rule, fields_of, report.entity),
        rows=[group_text(each) for each in report.rows],
        columns=[group_text(each) for each in report.columns],
        measures=[measure_text(each, report.entity, fields_of) for each in report.measures],
        sort=sort_text(report.sort) if report.sort is not None else "",
        top=report.top,
        company_currency=report.currencies is Currencies.COMPANY,
        zone=report.zone,
        first_weekday=report.first_weekday,
    )


def read_answers(report: Report, answers: Mapping[str, str], fields_of: FieldsOf) -> dict[str, Value]:
    """Return the answers to a report's questions, as typed, as values. `UserError` where it asks no such."""
    questions = {each.key: each for each in report.questions}
    found: dict[str, Value] = {}
    for key, text in answers.items():
        question = questions.get(key)
        if question is None:
            raise UserError(N_("The report does not ask for “{name}”"), name=key)
        asked = question.condition
        field = field_at(fields_of, report.entity, asked.field)
        found[key] = condition_of(asked.field, field, asked.op, text).value
    return found


def with_zone(report: Report, zone: str) -> Report:
    """Return a report counted in a zone where it names none itself."""
    return report if report.zone or not zone else replace(report, zone=zone)
