"""Reports counted at HQ over the records one person may see: by scope and field class, as everywhere."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from crm_core.entities import SCHEMAS, schema_of
from crm_core.reporting.moments import offset_ms
from crm_core.reporting.source import Source
from crm_core.reporting.tables import run
from crm_core.rules.conditions import Value
from crm_core.rules.price_list import rates_of
from crm_core.rules.prices import Rate, rates_on
from crm_core.rules.reports import Report, ReportTable
from crm_core.rules.segments import Rule
from crm_core.schema.field import Field
from sync_server.services.criteria import column_of
from sync_server.services.filters import dot
from sync_server.services.narrowing import Narrowing
from sync_server.services.reading import Reader
from sync_server.services.wanted import register_of


class HeadquartersSource:
    """What a report is counted over, for one reader at one moment (`crm_core.reporting.source`)."""

    def __init__(self, reader: Reader, currency: str, now_ms: int, zone: str = "") -> None:
        self._reader = reader
        self.currency = currency
        wall_s = (now_ms + offset_ms(now_ms, zone)) // 1000
        self.today = datetime.datetime.fromtimestamp(wall_s, datetime.UTC).date()
        self._narrowing = Narrowing(reader, self.today, zone)
        self.rates: Sequence[Rate] = self._rates()

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
        return self._reader.in_sight(entity)

    def where(self, entity: str, rule: Rule) -> ColumnElement[bool]:
        """Return that a row meets a rule."""
        return self._narrowing.by_rule(rule, entity)

    def words(self, entity: str, field: Field) -> FromClause:
        """Return the words of a set as rows."""
        listed = select(dot.c.row_id, dot.c.word).where(
            dot.c.entity == schema_of(entity).no, dot.c.field == register_of(field)
        )
        return listed.distinct().correlate(None).subquery("words")

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""
        return self._reader.connection.execute(statement).all()

    def _rates(self) -> Sequence[Rate]:
        table = SCHEMAS["exchange_rate"].table
        found = self._reader.connection.execute(select(table).where(table.c.life % 2 == 1)).mappings()
        return tuple(rates_on(rates_of([dict(row) for row in found]), self.today).values())


def count(
    reader: Reader, report: Report, currency: str, now_ms: int, answers: Mapping[str, Value] | None = None
) -> ReportTable:
    """Return a report counted over what the reader sees now; its errors are those of `run`."""
    source: Source = HeadquartersSource(reader, currency, now_ms, report.zone)
    return run(source, report, answers, as_of_ms=now_ms)
