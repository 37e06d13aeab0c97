"""Reports counted at HQ over the records one person may see: by scope and field class, as everywhere."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, select

from crm_core.entities import schema_of
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.reporting.moments import offset_ms
from crm_core.reporting.source import Source
from crm_core.reporting.tables import run
from crm_core.rules.access import Action, decide
from crm_core.rules.conditions import Value
from crm_core.rules.prices import Rate
from crm_core.rules.report_form import stored_report
from crm_core.rules.report_options import ReportOptions, read_answers, read_options, with_zone
from crm_core.rules.reports import Report, ReportTable
from crm_core.rules.segments import Rule
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_core.schema.field import Field
from sync_server.services.criteria import column_of
from sync_server.services.filters import dot
from sync_server.services.narrowing import Narrowing
from sync_server.services.reading import Reader
from sync_server.services.wanted import register_of

REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    """A report that can be run at HQ: a standard one by its key, or one somebody keeps by its id."""

    key: str
    name: Message
    report: Report
    chart: str
    standard: bool


def wall_time(now_ms: int, zone: str = "") -> datetime.datetime:
    """Return what clocks show in a zone, without saying which one; '': where HQ stands."""
    wall_s = (now_ms + offset_ms(now_ms, zone)) // 1000
    return datetime.datetime.fromtimestamp(wall_s, datetime.UTC).replace(tzinfo=None)


class HeadquartersSource:
    """What a report is counted over, for one reader at one moment (`crm_core.reporting.source`)."""

    def __init__(self, reader: Reader, currency: str, now_ms: int, zone: str = "") -> None:
        self.currency = currency
        self.today = wall_time(now_ms, zone).date()
        self._narrowing = Narrowing(reader, self.today, zone, currency)
        self.rates: Sequence[Rate] = self._narrowing.rates
        self.made_once: dict[Hashable, Any] = self._narrowing.made_once

    def fields(self, entity: str) -> Mapping[str, Field]:
        """Return every field of an entity by name."""
        return self._narrowing.fields(entity)

    def field(self, entity: str, name: str) -> Field:
        """Return a field the reader may read."""
        return self._narrowing.field(entity, name)

    def value(self, entity: str, field: Field) -> ColumnElement[Any]:
        """Return the value of a field."""
        return column_of(schema_of(entity), field)

    def visible(self, entity: str) -> ColumnElement[bool]:
        """Return that a row lives and lies in one of the reader's scopes."""
        return self._narrowing.visible(entity)

    def where(self, entity: str, rule: Rule, worth: CTE | None = None) -> ColumnElement[bool]:
        """Return that a row meets a rule."""
        return self._narrowing.by_rule(rule, entity, worth)

    def words(self, entity: str, field: Field) -> FromClause:
        """Return the words of a set as rows."""
        listed = select(dot.c.row_id, dot.c.word).where(
            dot.c.entity == schema_of(entity).no, dot.c.field == register_of(field)
        )
        return listed.distinct().correlate(None).subquery("words")

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""
        return self._narrowing.execute(statement)


def count(
    reader: Reader,
    report: Report,
    currency: str,
    now_ms: int,
    answers: Mapping[str, Value] | None = None,
    zone: str = "",
) -> ReportTable:
    """Return a report counted over what the reader sees now; its errors are those of `run`.

    `zone`: where days begin for a report that names no zone itself; '': where HQ stands.
    """
    asked = with_zone(report, zone)
    source: Source = HeadquartersSource(reader, currency, now_ms, asked.zone)
    return run(source, asked, answers, as_of_ms=now_ms)


def reports_of(reader: Reader) -> list[ReportEntry]:
    """Return the reports a person may see, by name, then the standard ones."""
    kept: list[ReportEntry] = []
    if decide(reader.person, Action.READ, REPORT):
        table = schema_of(REPORT).table
        rows = reader.connection.execute(select(table).where(reader.in_sight(REPORT)).order_by(table.c.name))
        for row in rows.mappings():
            found = stored_report(row["definition"])
            if found is not None:
                name = Message(row["name"] or "")
                chart = row["chart"] or "table"
                kept.append(ReportEntry(key=row["id"], name=name, report=found, chart=chart, standard=False))
    standard = [
        ReportEntry(
            key=each.key, name=Message(each.title), report=each.report, chart=each.chart, standard=True
        )
        for each in STANDARD_REPORTS.values()
    ]
    return [each for each in (*kept, *standard) if decide(reader.person, Action.READ, each.report.entity)]


def find(reader: Reader, named: str) -> ReportEntry:
    """Return a report by key, id or name. `NotFound` where there is none, `UserError` where several are."""
    wanted = named.strip().casefold()
    every = reports_of(reader)
    found = [each for each in every if wanted == each.key] or [
        each for each in every if wanted == str(each.name).casefold()
    ]
    if not found:
        raise NotFound(N_("There is no report called “{name}”"), name=named)
    if len(found) > 1:
        raise UserError(N_("Several reports are called “{name}”: name one by its id"), name=named)
    return found[0]


def read(reader: Reader, options: ReportOptions) -> Report:
    """Return the report that options say. `UserError` where one cannot be read."""
    return read_options(options, Narrowing(reader, datetime.date.min, "").fields)


def answered(reader: Reader, asked: Report, answers: Mapping[str, str]) -> dict[str, Value]:
    """Return answers, as typed, as the values of a report's questions."""
    return read_answers(asked, answers, Narrowing(reader, datetime.date.min, "").fields)
