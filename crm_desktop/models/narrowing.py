"""Conditions of a person's list as SQL: the fields are those he may read, days that move are those of today.

A segment is judged here too, so that a list is narrowed by it like by any field.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Table,
    and_,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.entities.segment import Segment
from crm_core.errors import AccessDenied, UserError
from crm_core.i18n import N_
from crm_core.ids import is_id
from crm_core.money import Money
from crm_core.reporting import worth
from crm_core.reporting.moments import part_where
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.conditions import dated
from crm_core.rules.customer_value import is_worth, worth_fields
from crm_core.rules.moment_parts import split_part
from crm_core.rules.price_list import rates_of
from crm_core.rules.prices import Rate, rates_on
from crm_core.rules.segments import (
    CUSTOMER,
    IN_SEGMENT,
    PICKED,
    AllOf,
    AnyOf,
    Not,
    Related,
    Rule,
    asks_of_segments,
    by_link,
    demand_countable,
    field_at,
    rule_of,
    ways_to,
)
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models import derived, state
from crm_desktop.models.clock import SESSION_CLOCK, Clock
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.custom import asked_fields
from crm_desktop.models.filters import column_of, where
from crm_desktop.models.read_once import once


class Narrowing:
    """What rows must fulfil, for one person and one moment.

    `one_by_one`: of a few rows alone, so what belongs to a customer is looked up for each. Of a whole list it
    is looked at once, and those found are looked for among the customers.
    """

    def __init__(self, session: Session, person: Person, *, one_by_one: bool = False) -> None:
        self._session, self._person, self._one_by_one = session, person, one_by_one
        self._today: datetime.date | None = None
        self._fields: dict[str, Mapping[str, Field]] = {}
        self._judging: tuple[str, ...] = ()
        """Segments under judgement: none is asked of within itself."""
        self.made_once: dict[Hashable, Any] = {}
        """What follows from purchases, put together once for these records."""

    def fields(self, entity: str) -> Mapping[str, Field]:
        """Return every field of an entity by name, those the person may not read among them."""
        if entity not in self._fields:
            self._fields[entity] = asked_fields(self._session, entity)
        return self._fields[entity]

    def field(self, entity: str, name: str) -> Field:
        """Return a field by name. `UserError` where there is none, `AccessDenied` where it is masked."""
        field = self.fields(entity).get(name)
        if field is None:
            raise UserError(N_("There is no field called “{field}”"), field=name)
        decide(self._person, Action.READ, entity, fields=(field,)).demand()
        derived.demand_readable(self._person, field)
        if is_worth(entity, name):
            worth.demand_readable(self, entity, name)
        return field

    @property
    def currency(self) -> str:
        """The company's currency, as HQ last said it."""
        settings: Mapping[str, Any] = state.read(self._session, state.Key.SETTINGS) or {}
        return str(settings.get("currency") or DEFAULT_CURRENCY)

    @property
    def today(self) -> datetime.date:
        """The day it is here."""
        return self._now()

    @property
    def rates(self) -> Sequence[Rate]:
        """The exchange rates that hold today."""
        return once(self._session, ("rates of", self.today), self._read_rates)

    def visible(self, entity: str) -> ColumnElement[bool]:
        """Return that a row lives: what HQ sent is what the person may see."""
        decide(self._person, Action.READ, entity).demand()
        alive: ColumnElement[bool] = schema_of(entity).table.c.life % 2 == 1
        return alive

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""
        return self._session.connection().execute(statement).all()

    def where(self, schema: Schema, condition: Condition, joined: CTE | None = None) -> ColumnElement[bool]:
        """Return what a row of an entity must fulfil."""
        if condition.field == "id":
            return _by_id(schema.table, condition)
        if condition.field == IN_SEGMENT.name and asks_of_segments(schema.name):
            return self._in_segment(schema, condition)
        path = split_part(condition.field)[0]
        if "." in path:
            return self._where_linked(schema, condition)
        if is_worth(schema.name, path):
            return worth.holding(self, schema, (condition,), self._of_worth, joined)
        if "@" in condition.field:
            return self._where_part(schema, condition)
        field = self.field(schema.name, condition.field)
        if condition.op is Op.CONTAINS and field.target in SCHEMAS:
            # Answers by the linked record's title, so that must be readable too.
            target = SCHEMAS[field.target]
            decide(
                self._person, Action.READ, target.name, fields=(target.fields[target.meta.title],)
            ).demand()
        return and_(*(self._where(schema, field, part) for part in self._dated(field, condition)))

    def parts(self, schema: Schema, condition: Condition) -> tuple[tuple[Field, Condition], ...]:
        """Return a condition on a field of the entity itself with days that stand still; else nothing."""
        if condition.field in ("id", IN_SEGMENT.name) or "." in condition.field or "@" in condition.field:
            return ()
        field = self.field(schema.name, condition.field)
        if is_worth(schema.name, field.name):
            return ()
        return tuple((field, part) for part in self._dated(field, condition))

    def by_rule(self, rule: Rule, entity: str = CUSTOMER, joined: CTE | None = None) -> ColumnElement[bool]:
        """Return what a row of an entity's table must fulfil. Neither true nor false it never is.

        `joined`: what its records are worth, where that stands beside the table.
        """
        match rule:
            case AllOf(parts):
                linked, others = by_link(parts)
                own, others = worth.apart(entity, others)
                said = [self.by_rule(part, entity, joined) for part in others]
                said += [self._where_linked(schema_of(entity), *each) for each in linked.values()]
                if own:
                    said.append(worth.holding(self, schema_of(entity), own, self._of_worth, joined))
                return and_(true(), *said)
            case AnyOf(parts):
                return or_(false(), *(self.by_rule(part, entity, joined) for part in parts))
            case Not(part):
                return not_(self.by_rule(part, entity, joined).self_group())
            case Related():
                return self._related(rule, entity)
            case _:
                return self.where(schema_of(entity), rule, joined)

    def by_segment(self, segment_id: str) -> ColumnElement[bool]:
        """Return that a row of the customers' table is in a segment; in one unknown here nobody is.

        `UserError` where a newer version wrote its rules.
        """
        decide(self._person, Action.READ, Segment.__tablename__).demand()
        if segment_id in self._judging:
            return false()
        table: Table = schema_of(Segment.__tablename__).table
        row = self._session.execute(
            select(table.c.kind, table.c.rules).where(table.c.id == segment_id, table.c.life % 2 == 1)
        ).first()
        if row is None:
            return false()
        customer = schema_of(CUSTOMER).table
        if row.kind == PICKED:
            held = select(table.c.members).where(table.c.id == segment_id).scalar_subquery()
            picked = func.json_each(held).table_valued("value", name="picked")
            kept = customer.alias("kept")  # whoever was picked may have been merged into another since
            merged = (
                select(kept.c.merged_into_id)
                .where(kept.c.id.in_(select(picked.c.value)), kept.c.merged_into_id.is_not(None))
                .correlate(None)
            )
            return or_(customer.c.id.in_(select(picked.c.value)), customer.c.id.in_(merged))
        rule = rule_of(row.rules)
        if rule is None:
            raise UserError(N_("These rules cannot be read"))
        self._judging = (*self._judging, segment_id)
        try:
            return self.by_rule(rule)
        finally:
            self._judging = self._judging[:-1]

    def _where(self, schema: Schema, field: Field, condition: Condition) -> ColumnElement[bool]:
        """Return the same as `filters.where`.

        Of a whole list, whom somebody spoke with since and who carries a tag is read along an index.
        """
        said = where(schema, field, condition)
        if self._one_by_one:
            return said
        since = _SINCE.get(condition.op)
        if field == derived.LAST_CONTACT and since is not None and isinstance(condition.value, int):
            kept = derived.KEPT.c
            spoken_with = select(kept.customer_id).where(since(kept.at_ms, condition.value)).correlate(None)
            among: ColumnElement[bool] = schema.table.c.id.in_(spoken_with)
            return not_(among) if condition.op is Op.NOT_SINCE else among
        tagged = schema.name == CUSTOMER and field.name == TAGGED and condition.value
        if tagged and condition.op in (Op.EQUAL, Op.NOT_EQUAL):
            carries = where(schema, field, replace(condition, op=Op.EQUAL))
            row: ColumnElement[int] = literal_column(f'"{schema.name}".rowid')
            carriers = select(row).where(schema.table.c[TAGGED].is_not(None), carries).correlate(None)
            return row.in_(carriers) if condition.op is Op.EQUAL else row.not_in(carriers)
        return said

    def _dated(self, field: Field, condition: Condition) -> tuple[Condition, ...]:
        return tuple(dated(field, condition, self._now(), _midnight_ms))

    def _in_segment(self, schema: Schema, condition: Condition) -> ColumnElement[bool]:
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        if condition.op not in (Op.EQUAL, Op.NOT_EQUAL, Op.IN):
            raise UserError(N_("Name one segment a customer is in, or is not in"))
        held = or_(false(), *(self.by_segment(str(each)) for each in wanted))
        if schema.name != CUSTOMER:
            customer, link = schema_of(CUSTOMER).table, schema.table.c.customer_id
            inside = select(customer.c.id).where(held, customer.c.life % 2 == 1)
            if self._one_by_one:
                held = inside.where(customer.c.id == link).correlate(schema.table).exists()
            elif condition.op is not Op.NOT_EQUAL:
                return link.in_(inside.correlate(None))  # bare, so that the index over the link is entered
            else:
                held = func.coalesce(link.in_(inside.correlate(None)), false())
        return not_(held.self_group()) if condition.op is Op.NOT_EQUAL else held

    def _where_linked(self, schema: Schema, *conditions: Condition) -> ColumnElement[bool]:
        """Return that the record one link of a row leads to lives and fulfils conditions."""
        for condition in conditions:
            if field_at(self.fields, schema.name, condition.field) is None:
                raise UserError(N_("There is no field called “{field}”"), field=condition.field)
        link = conditions[0].field.partition(".")[0]
        target = schema_of(self.field(schema.name, link).target or "")
        asked = (replace(each, field=each.field.partition(".")[2]) for each in conditions)
        fits = self.by_rule(AllOf(tuple(asked)), target.name)
        ids = select(target.table.c.id).where(target.table.c.life % 2 == 1, fits)
        return func.coalesce(schema.table.c[link].in_(ids.correlate(None)), false())

    def _of_worth(self, over: Schema, condition: Condition) -> ColumnElement[bool]:
        """Return what a record read from its worth must fulfil."""
        if "@" in condition.field:
            return self._where_part(over, condition)
        field = self.field(over.name, condition.field)
        return and_(*(where(over, field, part) for part in self._dated(field, condition)))

    def _read_rates(self) -> Sequence[Rate]:
        table = SCHEMAS["exchange_rate"].table
        found = self.execute(select(table).where(table.c.life % 2 == 1))
        return tuple(rates_on(rates_of([dict(row._mapping) for row in found]), self.today).values())

    def _where_part(self, schema: Schema, condition: Condition) -> ColumnElement[bool]:
        path, _, _ = split_part(condition.field)
        asked = field_at(self.fields, schema.name, condition.field)
        if asked is None:
            raise UserError(N_("There is no field called “{field}”"), field=condition.field)
        field = self.field(schema.name, path)
        return part_where(column_of(schema, field), field, asked, condition)

    def _related(self, rule: Related, entity: str) -> ColumnElement[bool]:
        demand_countable(rule, self.fields)
        decide(self._person, Action.READ, rule.entity).demand()
        way = ways_to(entity).get(rule.entity)
        if way is None:
            raise UserError(N_("There is no kind of record called “{name}”"), name=rule.entity)
        schema = schema_of(rule.entity)
        table = schema.table
        owner: ColumnElement[Any] = table.c[way[0]]
        for link in way:
            self.field(rule.entity if link == way[0] else str(schema.fields[way[0]].target), link)
        source: Any = table
        alive = [table.c.life % 2 == 1]
        if len(way) > 1:
            between = schema_of(schema.fields[way[0]].target or "").table
            source = table.join(between, between.c.id == table.c[way[0]])
            owner = between.c[way[1]]
            alive.append(between.c.life % 2 == 1)
        conditions = [*alive, owner.is_not(None), *(self.where(schema, each) for each in rule.conditions)]
        measure: ColumnElement[Any] = func.count()
        wanted: Any = rule.value
        if rule.total:
            total = self.field(rule.entity, rule.total)
            measure = func.coalesce(func.sum(table.c[rule.total]), 0)
            if isinstance(rule.value, Money):
                wanted = rule.value.minor
                if total.currency:
                    self.field(rule.entity, total.currency)
                    conditions.append(table.c[total.currency] == rule.value.currency)
                elif rule.value.currency != total.unit:
                    conditions.append(false())
        root, compares = schema_of(entity).table, _COMPARES[rule.op]
        some = not rule.total and (rule.op, wanted) in _SOME
        none = not rule.total and (rule.op, wanted) in _NONE
        if self._one_by_one or ((some or none) and not rule.conditions):
            # Without conditions nearly every record counts: one look along an index for each.
            his = select(1).select_from(source).where(*conditions, owner == root.c.id)
            if some or none:
                held = his.correlate(root).exists()
                return not_(held) if none else held
            measured = his.with_only_columns(measure, maintain_column_froms=True)
            fits: ColumnElement[bool] = compares(measured.correlate(root).scalar_subquery(), wanted)
            return fits
        counted = select(owner).select_from(source).where(*conditions).correlate(None)
        if some:
            return root.c.id.in_(counted)
        if none:
            return root.c.id.not_in(counted)
        grouped = counted.group_by(owner)
        if compares(0, wanted):  # so it is with those who have none, too
            return root.c.id.not_in(grouped.having(not_(compares(measure, wanted))))
        return root.c.id.in_(grouped.having(compares(measure, wanted)))

    def _now(self) -> datetime.date:
        if self._today is None:
            clock: Clock = self._session.info.get(SESSION_CLOCK) or Clock()
            self._today = clock.today()
        return self._today


_COMPARES: Mapping[Op, Callable[[Any, Any], Any]] = {
    Op.EQUAL: lambda left, right: left == right,
    Op.LESS: lambda left, right: left < right,
    Op.AT_MOST: lambda left, right: left <= right,
    Op.MORE: lambda left, right: left > right,
    Op.AT_LEAST: lambda left, right: left >= right,
}
_SOME = frozenset(((Op.AT_LEAST, 1), (Op.MORE, 0)))
_NONE = frozenset(((Op.EQUAL, 0), (Op.LESS, 1), (Op.AT_MOST, 0)))
"""Comparisons of a number that ask whether there is a record at all."""
TAGGED = "tags"
"""The field of customers whose carriers an index holds."""
_SINCE: Mapping[Op, Callable[[Any, Any], Any]] = {
    Op.AT_LEAST: _COMPARES[Op.AT_LEAST],
    Op.MORE: _COMPARES[Op.MORE],
    Op.NOT_SINCE: _COMPARES[Op.AT_LEAST],
}
"""Comparisons answered by whom somebody spoke with since: mostly few of all customers."""


def worth_filter(session: Session, person: Person, entity: str) -> tuple[Field, ...]:
    """Return the fields that follow from purchases a person may narrow a list by; they are no columns."""
    narrowing, found = Narrowing(session, person), []
    for name, field in worth_fields(entity).items():
        try:
            narrowing.field(entity, name)
        except AccessDenied:
            continue
        found += [field] if field.kind is not Kind.CURRENCY else []
    return tuple(found)


def segment_filter(entity: str) -> tuple[Field, ...]:
    """Return the field by which a list is filtered for the segments of its customers; none without any."""
    return (IN_SEGMENT,) if asks_of_segments(entity) else ()


_NAMED = re.compile(rf"\s*{IN_SEGMENT.name}\s*(?P<op>!?=)\s*(?P<name>.+?)\s*\Z")


def segment_by_id(session: Session, text: str) -> str:
    """Return the text of a condition, with the id of a segment in place of its name. `UserError` for none."""
    found = _NAMED.match(text)
    if found is None or is_id(found["name"].lower()):
        return text
    name = found["name"].casefold()
    known = session.execute(select(Segment.id, Segment.name).where(Segment.life % 2 == 1))
    ids = [row.id for row in known if (row.name or "").casefold() == name]
    if len(ids) != 1:
        raise UserError(N_("There is no one segment called “{name}”"), name=found["name"])
    return f"{IN_SEGMENT.name} {found['op']} {ids[0]}"


def _by_id(table: Table, condition: Condition) -> ColumnElement[bool]:
    ids = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    # One value however many ids there are: a statement takes only so many places.
    wanted = func.json_each(json.dumps(ids)).table_valued("value", name="wanted_ids")
    among = table.c.id.in_(select(wanted.c.value))
    if condition.op in (Op.EQUAL, Op.IN):
        return among
    if condition.op is Op.NOT_EQUAL:
        return ~among
    raise UserError(N_("A record's id can only be equal or not"))


def _midnight_ms(day: datetime.date) -> int:
    """Return the moment a day begins by the clock on the wall here."""
    if day <= datetime.date(1970, 1, 1):
        return 0
    if day >= datetime.date(9999, 1, 1):
        return 2**53
    return round(datetime.datetime.combine(day, datetime.time()).astimezone().timestamp() * 1000)
