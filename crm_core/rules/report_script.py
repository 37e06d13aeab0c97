"""A whole report as text, a line for each part of it, and back without loss::

    of deal
    where stage_id.kind = won
    by owner_id
    across close_date by month
    measure "Weighted": sum(amount * probability / 100) as running
    ask since "Closed since": close_date >= this-year
    order -measure 1
    top 10
    company-currency
    chart bar

An empty line and one that begins with # say nothing. Text in quotes may hold anything; \\" is a quote in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.conditions import WITHOUT_VALUE, Condition, Op
from crm_core.rules.report_text import (
    group_text,
    measure_text,
    parse_group,
    parse_measure,
    parse_sort,
    sort_text,
)
from crm_core.rules.reports import ALL, MOST_ROWS, Currencies, Group, Measure, Question, Report
from crm_core.rules.segment_text import parse_rule, rule_text
from crm_core.rules.segments import FieldsOf, Rule, field_at

_NAMED: Final = re.compile(r'\s*"(?P<name>(?:[^"\\]|\\.)*)"\s*:\s*(?P<rest>.*)\Z', re.DOTALL)
_ASKED: Final = re.compile(r"\s*(?P<key>[^\s\"]+)(?P<rest>\s+\".*)\Z", re.DOTALL)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A report and the kind of chart it is drawn as; '' for none said."""

    report: Report
    chart: str = ""


def script_text(script: Script, fields_of: FieldsOf) -> str:
    """Return a report as text that `parse_script` reads back."""
    report = script.report
    lines = [f"of {report.entity}"]
    if report.rule != ALL:
        lines.append(f"where {rule_text(report.rule, fields_of, report.entity)}")
    lines += [f"by {group_text(each)}" for each in report.rows]
    lines += [f"across {group_text(each)}" for each in report.columns]
    for measure in report.measures:
        named = f"{_quoted(measure.label)}: " if measure.label else ""
        lines.append(f"measure {named}{measure_text(measure, report.entity, fields_of)}")
    lines += [
        f"ask {each.key} {_quoted(each.label)}: {_asked_text(each, report.entity, fields_of)}"
        for each in report.questions
    ]
    if report.sort is not None:
        lines.append(f"order {sort_text(report.sort)}")
    if report.top:
        lines.append(f"top {report.top}")
    if report.currencies is Currencies.COMPANY:
        lines.append("company-currency")
    if report.zone:
        lines.append(f"zone {report.zone}")
    if report.first_weekday:
        lines.append(f"week {_WEEKDAYS[report.first_weekday]}")
    if script.chart:
        lines.append(f"chart {script.chart}")
    return "\n".join(lines) + "\n"


def parse_script(text: str, fields_of: FieldsOf, segments: Mapping[str, str] | None = None) -> Script:
    """Return the report written as text. `UserError` names the line that cannot be read.

    `segments` are ids of segments by name, lower case.
    """
    reader = _Reader(fields_of, segments or {})
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        word, _, rest = said.partition(" ")
        try:
            reader.read(word, rest.strip())
        except UserError as error:
            raise UserError(N_("Line {number}: {reason}"), number=number, reason=error.message) from error
    return reader.script()


@dataclass(slots=True)
class _Reader:
    fields_of: FieldsOf
    segments: Mapping[str, str]
    entity: str = ""
    rule: Rule = ALL
    rows: list[Group] = field(default_factory=list)
    columns: list[Group] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    made: Report = field(default_factory=lambda: Report(entity=""))
    chart: str = ""

    def read(self, word: str, rest: str) -> None:
        """Read one line."""
        parts: dict[str, Callable[[str], None]] = {
            "of": self._of,
            "where": self._where,
            "by": lambda text: self.rows.append(parse_group(text)),
            "across": lambda text: self.columns.append(parse_group(text)),
            "measure": self._measure,
            "ask": self._ask,
            "order": lambda text: self._set(sort=parse_sort(text)),
            "top": self._top,
            "company-currency": lambda _text: self._set(currencies=Currencies.COMPANY),
            "zone": lambda text: self._set(zone=text),
            "week": self._week,
            "chart": self._chart,
        }
        part = parts.get(word)
        if part is None:
            raise UserError(
                N_("“{word}” begins no line of a report: {words}"), word=word, words=", ".join(parts)
            )
        if word != "of" and not self.entity:
            raise UserError(N_("A report begins with what it counts, such as: of deal"))
        part(rest)

    def script(self) -> Script:
        """Return what was read."""
        if not self.entity:
            raise UserError(N_("A report begins with what it counts, such as: of deal"))
        report = replace(
            self.made,
            entity=self.entity,
            rule=self.rule,
            rows=tuple(self.rows),
            columns=tuple(self.columns),
            measures=tuple(self.measures) or (Measure(),),
            questions=tuple(self.questions),
        )
        return Script(report=report, chart=self.chart)

    def _set(self, **values: object) -> None:
        self.made = replace(self.made, **values)  # type: ignore[arg-type]

    def _of(self, text: str) -> None:
        if text not in SCHEMAS:
            raise UserError(N_("There is no kind of record called “{name}”"), name=text)
        self.entity = text

    def _where(self, text: str) -> None:
        self.rule = parse_rule(text, self.fields_of, self.segments, self.entity)

    def _measure(self, text: str) -> None:
        named = _NAMED.match(text)
        said = named["rest"] if named else text
        made = parse_measure(said, self.entity, self.fields_of, self.segments)
        self.measures.append(replace(made, label=_unquoted(named["name"]) if named else ""))

    def _ask(self, text: str) -> None:
        asked = _ASKED.match(text)
        named = _NAMED.match(asked["rest"]) if asked else None
        if asked is None or named is None:
            raise UserError(N_('Write a question as: ask since "Closed since": close_date >= this-year'))
        condition = self._condition(named["rest"].strip())
        self.questions.append(Question(key=asked["key"], label=_unquoted(named["name"]), condition=condition))

    def _condition(self, text: str) -> Condition:
        name, _, op = text.partition(" ")
        if op in set(Op) and Op(op) not in WITHOUT_VALUE:
            if field_at(self.fields_of, self.entity, name) is None:
                raise UserError(N_("There is no field called “{field}”"), field=name)
            return Condition(field=name, op=Op(op), value=None)
        rule = parse_rule(text, self.fields_of, self.segments, self.entity)
        if not isinstance(rule, Condition):
            raise UserError(N_("A question asks of one field"))
        return rule

    def _top(self, text: str) -> None:
        if not text.isdecimal() or not int(text) <= MOST_ROWS:
            raise UserError(N_("Say how many rows, at most {most}"), most=MOST_ROWS)
        self._set(top=int(text))

    def _week(self, text: str) -> None:
        if text.lower() not in _WEEKDAYS:
            raise UserError(
                N_("“{text}” is no day of the week: {days}"), text=text, days=", ".join(_WEEKDAYS)
            )
        self._set(first_weekday=_WEEKDAYS.index(text.lower()))

    def _chart(self, text: str) -> None:
        self.chart = text


def _asked_text(question: Question, entity: str, fields_of: FieldsOf) -> str:
    asked = question.condition
    if asked.value is None and asked.op not in WITHOUT_VALUE:
        return f"{asked.field} {asked.op.value}"
    return rule_text(asked, fields_of, entity)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{" ".join(escaped.splitlines())}"'


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
