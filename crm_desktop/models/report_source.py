"""The records of this laptop, for reports: what HQ sent is what the person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select, true
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.price_list import rates_of
from crm_core.rules.prices import Rate, rates_on
from crm_core.rules.segments import Rule
from crm_core.schema.field import Field
from crm_desktop.models.clock import SESSION_CLOCK, Clock
from crm_desktop.models.filters import column_of
from crm_desktop.models.narrowing import Narrowing


class LaptopSource:
    """What a report is counted over, for one person in one reading session (`crm_core.reporting.source`)."""

    def __init__(self, session: Session, person: Person, currency: str) -> None:
        self._session, self.person = session, person
        self._narrowing = Narrowing(session, person)
        self.currency = currency
        clock: Clock = session.info.get(SESSION_CLOCK) or Clock()
        self.today = clock.today()
        self.rates: Sequence[Rate] = tuple(self._rates())

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
        decide(self.person, Action.READ, entity).demand()
        alive: ColumnElement[bool] = schema_of(entity).table.c.life % 2 == 1
        return alive

    def where(self, entity: str, rule: Rule) -> ColumnElement[bool]:
        """Return that a row meets a rule."""
        return self._narrowing.by_rule(rule, entity)

    def words(self, entity: str, field: Field) -> FromClause:
        """Return the words of a set as rows."""
        table = schema_of(entity).table
        words = func.json_each(column_of(schema_of(entity), field)).table_valued("value", name="of_set")
        listed = select(table.c.id.label("row_id"), words.c.value.label("word")).distinct()
        return listed.select_from(table).join(words, true()).correlate(None).subquery("words")

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""
        return self._session.connection().execute(statement).all()

    def _rates(self) -> Sequence[Rate]:
        table = SCHEMAS["exchange_rate"].table
        found = self._session.connection().execute(select(table).where(table.c.life % 2 == 1)).mappings()
        return tuple(rates_on(rates_of([dict(row) for row in found]), self.today).values())
