"""The records of this laptop, for reports: what HQ sent is what the person may see."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, func, select, true
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.rules.access import Person
from crm_core.rules.prices import Rate
from crm_core.rules.segments import Rule
from crm_core.schema.field import Field
from crm_desktop.models.filters import column_of
from crm_desktop.models.narrowing import Narrowing


class LaptopSource:
    """What a report is counted over, for one person in one reading session (`crm_core.reporting.source`).

    `currency` is the company's; '' as HQ last said it.
    """

    def __init__(self, session: Session, person: Person, currency: str = "") -> None:
        self.person = person
        self._narrowing = Narrowing(session, person)
        self.currency: str = currency or self._narrowing.currency
        self.today: datetime.date = self._narrowing.today
        self.rates: Sequence[Rate] = self._narrowing.rates
        self.made_once: dict[Hashable, Any] = self._narrowing.made_once

    def fields(self, entity: str) -> Mapping[str, Field]:
        """Return every field of an entity by name."""
        return self._narrowing.fields(entity)

    def field(self, entity: str, name: str) -> Field:
        """Return a field the person may read."""
        return self._narrowing.field(entity, name)

    def value(self, entity: str, field: Field) -> ColumnElement[Any]:
        """Return the value of a field."""
        return column_of(schema_of(entity), field)

    def visible(self, entity: str) -> ColumnElement[bool]:
        """Return that a row lives."""
        return self._narrowing.visible(entity)

    def where(self, entity: str, rule: Rule, worth: CTE | None = None) -> ColumnElement[bool]:
        """Return that a row meets a rule."""
        return self._narrowing.by_rule(rule, entity, worth)

    def words(self, entity: str, field: Field) -> FromClause:
        """Return the words of a set as rows."""
        table = schema_of(entity).table
        words = func.json_each(column_of(schema_of(entity), field)).table_valued("value", name="of_set")
        listed = select(table.c.id.label("row_id"), words.c.value.label("word")).distinct()
        return listed.select_from(table).join(words, true()).correlate(None).subquery("words")

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""
        return self._narrowing.execute(statement)
