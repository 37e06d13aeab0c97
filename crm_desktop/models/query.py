"""The one language for lists: pages, counts, sums and groups of records, within what the person may read.

Lists, command line, export and reports all come through here. A field the person may not read can neither
be filtered, sorted, summed nor shown: it raises `AccessDenied` where it is named and is left out where not.

Pages continue after the last row of the one before (by sort values and place), so a row added or removed
meanwhile moves none twice or out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_, worded
from crm_core.rules.access import Action, ClassRight, Person, decide
from crm_core.rules.customer_value import is_worth
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_desktop.models import custom_index, derived, search
from crm_desktop.models.conditions import Condition, Op, Value, parse_condition
from crm_desktop.models.custom import asked_fields, fields_of, is_custom
from crm_desktop.models.device_tables import SortKey
from crm_desktop.models.entering import entries
from crm_desktop.models.filters import DECIMAL_KINDS, column_of, comparable
from crm_desktop.models.narrowing import Narrowing, segment_by_id, segment_filter
from crm_desktop.models.records import Record
from crm_desktop.models.repository import IDS_A_STATEMENT
from crm_desktop.models.sorting import keyed_fields, walked_names

__all__ = [
    "Condition",
    "GroupRow",
    "ListQuery",
    "Op",
    "Page",
    "Value",
    "count",
    "group",
    "labels",
    "not_masked",
    "page",
    "parse_condition",
    "parse_conditions",
    "parse_sort",
    "totals",
]

Cursor = tuple[Any, ...]
"""Where a page ended: opaque to callers, valid for the same query."""

MAX_LIMIT = 10_000
WALKED = 1_500
"""Rows a walk looks up before it gives way to a scan: some forty milliseconds."""
_PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


_Term = tuple[ColumnElement[Any], bool]
"""What rows are ordered by, and whether descending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which records, in which order, how many."""

    entity: str
    conditions: tuple[Condition, ...] = ()
    text: str = ""
    """Words each record must hold somewhere, as in the search box."""
    sort: tuple[tuple[str, bool], ...] = ()
    """(field, descending), the weightiest first; none: as they were made."""
    limit: int = 200
    after: Cursor | None = None
    deleted: bool = False
    """The deleted ones instead of the living."""
    fields: tuple[str, ...] | None = None
    """Fields to read; None: all the person may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list, and where the next part begins; None after the last."""

    rows: tuple[Record, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """What the records of one group come to."""

    key: Plain
    """The value they share; None for those without. A period as `2026-11`."""
    count: int
    sums: Mapping[str, int | Decimal]
    """Sum of the summed field by currency ('' where it is no amount)."""


def page(session: Session, person: Person, query: ListQuery) -> Page:
    """Return a page of records. `UserError` for an unknown field, `AccessDenied` for a masked one."""
    plan = _Plan(session, person, query)
    limit = max(1, min(query.limit, MAX_LIMIT))
    names = plan.shown_names()
    connection = session.connection()
    found: Sequence[Any] = ()
    if plan.walks:
        found = connection.execute(plan.walk(limit + 1)).all()
    if not plan.walks or (plan.narrows and len(found) <= limit):
        found = connection.execute(plan.scan(limit + 1)).all()
    end = tuple(found[limit - 1])[1:] if len(found) > limit else None
    table = plan.schema.table
    columns: list[Any] = [
        table.c.id,
        table.c.life,
        *(table.c[name] for name in names if name in plan.schema.fields),
    ]
    columns += [
        derived.value_of(table, field).label(field.name)
        for field in derived.derived_fields(query.entity)
        if field.name in names
    ]
    if any(name.startswith(CUSTOM_PREFIX) for name in names):
        columns.append(table.c.custom)
    rows: dict[str, Record] = {}
    ids = [row.id for row in found[:limit]]
    for start in range(0, len(ids), IDS_A_STATEMENT):
        some = table.c.id.in_(ids[start : start + IDS_A_STATEMENT])
        for row in connection.execute(select(*columns).where(some)).mappings():
            rows[row["id"]] = _record_of(plan.schema, dict(row), names)
    return Page(rows=tuple(rows[record_id] for record_id in ids), next=end)


def count(session: Session, person: Person, query: ListQuery) -> int:
    """Return how many records the whole list holds."""
    plan = _Plan(session, person, query)
    return int(session.connection().scalar(plan.narrowed(select(func.count()))) or 0)


def totals(session: Session, person: Person, query: ListQuery, field: str) -> dict[str, int | Decimal]:
    """Return the sum of a number over the whole list, by currency ('' where it is no amount)."""
    rows = group(session, person, query, by=None, total=field)
    return dict(rows[0].sums) if rows else {}


def group(
    session: Session,
    person: Person,
    query: ListQuery,
    by: str | None,
    period: str | None = None,
    total: str | None = None,
) -> tuple[GroupRow, ...]:
    """Return counts, and sums of `total`, for each value of the field `by`, in the order of the values.

    `period` (`day`, `month`, `year`) puts days and moments together, moments by this computer's time zone.
    Of a set, a record counts in the group of each of its words. `by` None: all records are one group.
    """
    plan = _Plan(session, person, query)
    key = literal_column("NULL") if by is None else plan.group_key(by, period)
    summed = None if total is None else plan.field(total)
    columns: list[ColumnElement[Any]] = [key.label("group_key")]
    grouping: list[Any] = [column("group_key")]
    if summed is None:
        columns.append(func.count().label("count"))
    else:
        value = column_of(plan.schema, summed)
        unit: ColumnElement[Any] = literal_column("''")
        if summed.kind is Kind.MONEY and summed.unit:
            unit = literal(summed.unit)
        elif summed.kind is Kind.MONEY and summed.currency:
            unit = column_of(plan.schema, plan.schema.fields[summed.currency])
        columns += [func.count().label("count"), unit.label("summed_unit")]
        grouping.append(column("summed_unit"))
        if summed.kind in DECIMAL_KINDS:
            columns.append(func.json_group_array(value).label("total"))
        elif summed.kind in (Kind.MONEY, Kind.INTEGER):
            columns.append(func.sum(value).label("total"))
        else:
            raise UserError(N_("The field “{field}” cannot be added up"), field=total)
    statement = plan.narrowed(select(*columns))
    if by is not None and plan.field(by).kind is Kind.TAGS:
        statement = statement.join(plan.words(by), true())
    found = session.connection().execute(statement.group_by(*grouping).order_by(column("group_key"))).all()
    return _grouped(found, summed)


def labels(session: Session, entity: str, ids: Iterable[str]) -> dict[str, str]:
    """Return what records are called, by id, by both names where they have two; unknown ones are left out."""
    schema = schema_of(entity)
    columns = schema.table.c
    names = (columns[schema.meta.title], columns[schema.title_zh] if schema.title_zh else null())
    wanted = list(dict.fromkeys(ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), IDS_A_STATEMENT):
        some = wanted[start : start + IDS_A_STATEMENT]
        rows = session.connection().execute(select(columns.id, *names).where(columns.id.in_(some)))
        found.update((record_id, worded(*called)) for record_id, *called in rows)
    return found


def not_masked(person: Person, entity: str, field: str) -> bool:
    """Tell whether the person may read a declared field of an entity."""
    known = schema_of(entity).fields.get(field)
    return known is not None and person.rights.class_right(entity, known.field_class) >= ClassRight.READ


def parse_conditions(session: Session, entity: str, texts: Iterable[str]) -> tuple[Condition, ...]:
    """Return the conditions written as `field OP value`; see `conditions.parse_condition`.

    A segment may be named by what it is called.
    """
    fields = asked_fields(session, entity)
    fields.update((field.name, field) for field in segment_filter(entity))
    return tuple(parse_condition(fields, segment_by_id(session, text)) for text in texts)


def parse_sort(text: str) -> tuple[tuple[str, bool], ...]:
    """Return the order written as `name` or `-amount,name`, a minus meaning descending."""
    parts = (part.strip() for part in text.split(","))
    return tuple((part.lstrip("-+"), part.startswith("-")) for part in parts if part.lstrip("-+"))


class _Plan:
    """A query against one entity, with the person's rights checked and the order worked out.

    Two ways lead to a page. A walk goes along the index of the order and looks each row up: the quickest
    where most rows fit, hopeless where few do, so where conditions narrow the list it stops after a number
    of rows. A scan finds every row that fits and sorts them.
    """

    def __init__(self, session: Session, person: Person, query: ListQuery) -> None:
        self.schema = schema_of(query.entity)
        self.query = query
        self._session, self._person = session, person
        decide(person, Action.READ, query.entity).demand()
        self._narrowing = Narrowing(session, person)
        self._of_few = Narrowing(session, person, one_by_one=True)
        self._fields = fields_of(session, query.entity)
        self._words: Any = None
        self._keys = SortKey.__table__.alias("keys")
        self.narrows = bool(query.conditions or query.text.strip() or query.deleted)
        self._sort = [(name, self._sortable(name), descending) for name, descending in query.sort]
        self.walks = len(self._sort) <= 1 and all(is_walked(self.schema, field) for _, field, _ in self._sort)

    def walk(self, limit: int) -> Select[Any]:
        """Return the statement for ids and places of a page, along the index of the order."""
        table, keyed, follows = self.schema.table, False, False
        order: list[_Term] = []
        for _, field, descending in self._sort:
            keyed = field is not None and field in keyed_fields(self.schema)
            follows = field is not None and derived.is_derived(self.schema.name, field)
            if field is None:
                order.append((table.c.id, descending))
            elif keyed:
                order.append((self._keys.c.key, descending))
            elif follows:
                order.append((derived.KEPT.c.at_ms, descending))
            elif is_custom(field.name):
                order.append((custom_index.ordered(self.schema.name, field), descending))
            else:
                order.append((column_of(self.schema, field), descending))
        down = order[-1][1] if order else False
        tie = self._keys.c.row_id if keyed else derived.KEPT.c.customer_id if follows else self._place()
        order.append((tie, down))
        statement = select(table.c.id, *(term for term, _ in order)).select_from(table)
        if keyed:
            name = self._sort[0][0]
            mine = and_(self._keys.c.entity == self.schema.name, self._keys.c.field == name)
            statement = statement.join(self._keys, and_(mine, self._keys.c.row_id == table.c.id))
        elif follows:
            statement = statement.join(derived.KEPT, derived.KEPT.c.customer_id == table.c.id)
        statement = self._continued(statement, order)
        if not self.narrows:
            return self._living(statement).limit(limit)
        # Along an index of the table itself its place is at hand, its id only in the record.
        by: ColumnElement[Any] = table.c.id if keyed or follows else self._place()
        chosen = self._looked_up(statement.limit(max(WALKED, 4 * limit)), by, order)
        return self._narrowed(chosen, self._of_few).limit(limit)

    def scan(self, limit: int) -> Select[Any]:
        """Return the statement for ids and places of a page, from every row that fits."""
        table = self.schema.table
        order: list[_Term] = []
        keyed = False
        if len(self._sort) == 1 and self._sort[0][1] in keyed_fields(self.schema):
            return self._scan_keys(limit)
        for name, field, descending in self._sort:
            keyed = field is not None and field in keyed_fields(self.schema)
            if field is None:
                order.append((table.c.id, descending))
            elif keyed:
                key = select(self._keys.c.key).where(
                    self._keys.c.entity == self.schema.name,
                    self._keys.c.row_id == table.c.id,
                    self._keys.c.field == name,
                )
                order.append((key.scalar_subquery(), descending))
            elif derived.is_derived(self.schema.name, field):
                keyed = True
                order.append((derived.value_of(table, field), descending))
            elif is_custom(field.name) and custom_index.is_ordered(field):
                order.append((_not_by_index(custom_index.ordered(self.schema.name, field)), descending))
            else:
                order.append((_not_by_index(comparable(self.schema, field)), descending))
        down = order[-1][1] if order else False
        # The tie goes as in a walk, so that a list may be begun by the one and continued by the other.
        order.append((table.c.id if keyed and len(order) == 1 else self._place(), down))
        # By place: an index that holds conditions and order is enough, ids are read of the page alone.
        window = self._continued(self.narrowed(select(self._place())), order)
        return self._looked_up(window.limit(limit), self._place(), order)

    def _scan_keys(self, limit: int) -> Select[Any]:
        """Return the same where a key is the order: along the keys' index, where they lie side by side."""
        (name, _, descending), keys = self._sort[0], self._keys.c
        order: list[_Term] = [(keys.key, descending), (keys.row_id, descending)]
        fits = self.narrowed(select(self.schema.table.c.id)).correlate(None)
        mine = and_(keys.entity == self.schema.name, keys.field == name)
        statement = select(keys.row_id.label("id"), *(term for term, _ in order))
        statement = statement.where(mine, _not_by_index(keys.row_id).in_(fits))
        return self._continued(statement, order).limit(limit)

    def _looked_up(self, window: Select[Any], by: ColumnElement[Any], order: Sequence[_Term]) -> Select[Any]:
        """Return the ids and places, in their order, of the rows a window finds, by place or by id."""
        labelled = [term.label(f"place_{n}") for n, (term, _) in enumerate(order)]
        found = window.with_only_columns(by.label("found"), *labelled).subquery()
        table, places = self.schema.table, list(found.c)[1:]
        chosen = select(table.c.id, *places).join_from(found, table, found.c.found == by)
        for place, (_, descending) in zip(places, order, strict=True):
            chosen = chosen.order_by(place.desc() if descending else place.asc())
        return chosen

    def field(self, name: str) -> Field:
        """Return a field by name. `UserError` where there is none, `AccessDenied` where it is masked."""
        if is_worth(self.query.entity, name):
            raise UserError(N_("Lists are narrowed by what follows from purchases, not sorted by it"))
        return self._narrowing.field(self.query.entity, name)

    def shown_names(self) -> list[str]:
        """Return the names of the fields to read."""
        if self.query.fields is not None:
            wanted = [name for name in dict.fromkeys(self.query.fields) if name != "id"]
            return [self.field(name).name for name in wanted]
        return [name for name in self._fields if self._readable(name)]

    def narrowed(self, statement: Select[Any]) -> Select[Any]:
        """Return the statement over the query's rows."""
        statement = self._narrowed(statement.select_from(self.schema.table), self._narrowing)
        parts = [part for each in self.query.conditions for part in self._narrowing.parts(self.schema, each)]
        return statement.where(*entries(self._session, self.schema, parts))

    def _narrowed(self, statement: Select[Any], narrowing: Narrowing) -> Select[Any]:
        table = self.schema.table
        statement = self._living(statement)
        for condition in self.query.conditions:
            statement = statement.where(narrowing.where(self.schema, condition))
        if self.query.text.strip():
            ids = search.matching_ids(self.query.text, self.schema.name)
            statement = statement.where(false() if ids is None else table.c.id.in_(ids))
        return statement

    def _living(self, statement: Select[Any]) -> Select[Any]:
        return statement.where(self.schema.table.c.life % 2 == (0 if self.query.deleted else 1))

    def _continued(self, statement: Select[Any], order: Sequence[_Term]) -> Select[Any]:
        """Return the statement in its order, and after the query's cursor where it has one."""
        if self.query.after is not None:
            if len(self.query.after) != len(order):
                raise UserError(N_("This page belongs to another list"))
            statement = statement.where(_beyond(order, self.query.after))
        for term, descending in order:
            statement = statement.order_by(term.desc() if descending else term.asc())
        return statement

    def _place(self) -> ColumnElement[Any]:
        return literal_column(f'"{self.schema.name}".rowid')

    def _sortable(self, name: str) -> Field | None:
        """Return the field a list is sorted by; None for the record's id."""
        if name == "id":
            return None
        field = self.field(name)
        if field.kind in (Kind.TAGS, Kind.JSON):
            raise UserError(N_("A list cannot be sorted by “{field}”"), field=name)
        return field

    def group_key(self, name: str, period: str | None) -> ColumnElement[Any]:
        """Return what the records are grouped by."""
        field = self.field(name)
        value = column_of(self.schema, field)
        if period is not None:
            if period not in _PERIODS or field.kind not in (Kind.DATE, Kind.INSTANT):
                raise UserError(N_("The field “{field}” has no days to put together"), field=name)
            if field.kind is Kind.INSTANT:
                return func.strftime(_PERIODS[period], value / 1000, "unixepoch", "localtime")
            return func.strftime(_PERIODS[period], value)
        if field.kind is Kind.TAGS:
            word: ColumnElement[Any] = self.words(name).c.value
            return word
        if field.kind is Kind.BOOLEAN:
            return comparable(self.schema, field)
        if field.kind in (Kind.JSON, Kind.LONG_TEXT):
            raise UserError(N_("Records cannot be grouped by “{field}”"), field=name)
        return func.nullif(value, "")

    def words(self, name: str) -> Any:
        """Return the words of a set as rows."""
        if self._words is None:
            listed = column_of(self.schema, self.field(name))
            self._words = func.json_each(listed).table_valued("value", name="grouped_words")
        return self._words

    def _readable(self, name: str) -> bool:
        field = self._fields[name]
        right = self._person.rights.class_right(self.query.entity, field.field_class)
        return right >= ClassRight.READ and derived.readable(self._person, field)


def is_walked(schema: Schema, field: Field | None) -> bool:
    """Tell whether an index holds the order of a field, so that a list can be read along it."""
    if field is None or derived.is_derived(schema.name, field):
        return field is None or derived.is_kept(field)
    if is_custom(field.name):
        return custom_index.is_ordered(field)
    return field in keyed_fields(schema) or field.name in walked_names(schema.name)


def _beyond(order: Sequence[_Term], cursor: Cursor) -> ColumnElement[bool]:
    """Return that a row comes after the one at `cursor`. Nothing comes before something."""
    after: ColumnElement[bool] = false()
    for (term, down), value in reversed(list(zip(order, cursor, strict=True))):
        after = or_(_past(term, value, down), and_(term.is_not_distinct_from(value), after))
    (first, descending), start = order[0], cursor[0]
    if start is None:
        return after
    # Said apart so that an index over the first term is entered at the right place.
    if descending:
        return and_(or_(first <= start, first.is_(None)), after)
    return and_(first >= start, after)


def _not_by_index(term: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a term as it is; sorted by it, SQLite does not go along its index row by row."""
    return UnaryExpression(term, operator=custom_op("+"), type_=term.type)


def _past(expression: ColumnElement[Any], value: Any, descending: bool) -> ColumnElement[bool]:
    """Return that an expression comes after a value; NULL is the least, as SQLite orders it."""
    if descending:
        return false() if value is None else or_(expression < value, expression.is_(None))
    return expression.is_not(None) if value is None else expression > value


def _record_of(schema: Schema, row: Mapping[str, Any], names: Sequence[str]) -> Record:
    custom = row.get("custom") or {}
    values: dict[str, Plain] = {
        name: custom.get(name.removeprefix(CUSTOM_PREFIX)) if name.startswith(CUSTOM_PREFIX) else row[name]
        for name in names
    }
    return Record(entity=schema.name, id=row["id"], life=row["life"], values=MappingProxyType(values))


def _grouped(found: Sequence[Any], summed: Field | None) -> tuple[GroupRow, ...]:
    if summed is None:
        return tuple(GroupRow(key=row.group_key, count=row.count, sums={}) for row in found)
    counts: dict[Any, int] = {}
    sums: dict[Any, dict[str, int | Decimal]] = {}
    for row in found:
        counts[row.group_key] = counts.get(row.group_key, 0) + row.count
        amounts = sums.setdefault(row.group_key, {})
        if summed.kind in DECIMAL_KINDS:
            amounts[""] = sum((Decimal(text) for text in json.loads(row.total) if text), Decimal(0))
        elif row.total is not None:
            amounts[row.summed_unit or ""] = row.total
    return tuple(GroupRow(key=key, count=number, sums=sums[key]) for key, number in counts.items())
