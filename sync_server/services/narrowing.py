"""Rules of reports and segments as SQL of HQ: of fields the reader may read, and records he sees."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, false, func, not_, or_, select, true

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.reporting import worth
from crm_core.reporting.moments import midnight_ms, part_where
from crm_core.rules.access import Action, decide
from crm_core.rules.conditions import Condition, Op, dated
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
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from crm_core.schema.values import DEFAULT_CURRENCY
from sync_server.services.criteria import column_of
from sync_server.services.custom import CustomFields
from sync_server.services.filters import where
from sync_server.services.reading import Reader

_SEGMENT = "segment"


class Narrowing:
    """What rows must fulfil, for one reader and one day in one time zone."""

    def __init__(
        self, reader: Reader, today: datetime.date, zone: str, currency: str = DEFAULT_CURRENCY
    ) -> None:
        self._reader, self.today, self._zone = reader, today, zone
        self.currency = currency
        self._custom = CustomFields(reader.connection)
        self._judging: tuple[str, ...] = ()
        self._rates: Sequence[Rate] | None = None
        self.made_once: dict[Hashable, Any] = {}
        """What follows from purchases, put together once for these records."""

    def fields(self, entity: str) -> Mapping[str, Field]:
        """Return every field of an entity by name, those the reader may not read among them."""
        return {**schema_of(entity).fields, **worth_fields(entity), **self._custom.in_use(entity)}

    def field(self, entity: str, name: str) -> Field:
        """Return a field by name. `UserError` where there is none, `AccessDenied` where it is masked."""
        field = self.fields(entity).get(name)
        if field is None:
            raise UserError(N_("There is no field called “{field}”"), field=name)
        decide(self._reader.person, Action.READ, entity, fields=(field,)).demand()
        if is_worth(entity, name):
            worth.demand_readable(self, entity, name)
        return field

    @property
    def rates(self) -> Sequence[Rate]:
        """The exchange rates that hold today."""
        if self._rates is None:
            table = SCHEMAS["exchange_rate"].table
            found = self.execute(select(table).where(table.c.life % 2 == 1))
            self._rates = tuple(
                rates_on(rates_of([dict(row._mapping) for row in found]), self.today).values()
            )
        return self._rates

    def visible(self, entity: str) -> ColumnElement[bool]:
        """Return that a row lives and lies in one of the reader's scopes."""
        return self._reader.in_sight(entity)

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""
        return self._reader.connection.execute(statement).all()

    def by_rule(self, rule: Rule, entity: str, joined: CTE | None = None) -> ColumnElement[bool]:
        """Return what a row of an entity's table must fulfil; `joined`: its worth where it stands beside."""
        match rule:
            case AllOf(parts):
                linked, others = by_link(parts)
                own, others = worth.apart(entity, others)
                said = [self.by_rule(part, entity, joined) for part in others]
                said += [self._where_linked(schema_of(entity), *each) for each in linked.values()]
                if own:
                    said.append(worth.holding(self, schema_of(entity), own, self._of_itself, joined))
                return and_(true(), *said)
            case AnyOf(parts):
                return or_(false(), *(self.by_rule(part, entity, joined) for part in parts))
            case Not(part):
                return not_(self.by_rule(part, entity, joined).self_group())
            case Related():
                return self._related(rule, entity)
            case _:
                return self.where(schema_of(entity), rule, joined)

    def where(self, schema: Schema, condition: Condition, joined: CTE | None = None) -> ColumnElement[bool]:
        """Return what a row must fulfil for one condition."""
        if condition.field == "id":
            ids = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            among = schema.table.c.id.in_([str(each) for each in ids])
            if condition.op not in (Op.EQUAL, Op.IN, Op.NOT_EQUAL):
                raise UserError(N_("A record's id can only be equal or not"))
            return ~among if condition.op is Op.NOT_EQUAL else among
        if condition.field == IN_SEGMENT.name and asks_of_segments(schema.name):
            return self._in_segment(schema, condition)
        path = split_part(condition.field)[0]
        if "." in path:
            return self._where_linked(schema, condition)
        if is_worth(schema.name, path):
            return worth.holding(self, schema, (condition,), self._of_itself, joined)
        return self._of_itself(schema, condition)

    def _of_itself(self, schema: Schema, condition: Condition) -> ColumnElement[bool]:
        """Return what a row must fulfil for a condition on its own field, or a part of it."""
        path, part, _ = split_part(condition.field)
        field = self.field(schema.name, path)
        if part is not None:
            asked = field_at(self.fields, schema.name, condition.field)
            if asked is None:
                raise UserError(N_("There is no field called “{field}”"), field=condition.field)
            return part_where(column_of(schema, field), field, asked, condition)
        if condition.op is Op.CONTAINS and field.target is not None and field.target in SCHEMAS:
            self.field(field.target, SCHEMAS[field.target].meta.title)  # answers by the linked record's title
        midnight = lambda day: midnight_ms(day, self._zone)  # noqa: E731
        said = dated(field, condition, self.today, midnight)
        return and_(true(), *(where(schema, field, each) for each in said))

    def by_segment(self, segment_id: str) -> ColumnElement[bool]:
        """Return that a row of the customers' table is in a segment; in one unknown here nobody is."""
        if segment_id in self._judging:
            return false()
        table = schema_of(_SEGMENT).table
        row = self._reader.connection.execute(
            select(table.c.kind, table.c.rules, table.c.members).where(
                self._reader.in_sight(_SEGMENT), table.c.id == segment_id
            )
        ).first()
        if row is None:
            return false()
        customer = schema_of(CUSTOMER).table
        if row.kind == PICKED:
            picked = [str(each) for each in row.members or ()]
            kept = customer.alias("kept")
            merged = select(kept.c.merged_into_id).where(
                kept.c.id.in_(picked), kept.c.merged_into_id.is_not(None)
            )
            return or_(customer.c.id.in_(picked), customer.c.id.in_(merged.correlate(None)))
        rule = rule_of(row.rules)
        if rule is None:
            raise UserError(N_("These rules cannot be read"))
        self._judging = (*self._judging, segment_id)
        try:
            return self.by_rule(rule, CUSTOMER)
        finally:
            self._judging = self._judging[:-1]

    def _in_segment(self, schema: Schema, condition: Condition) -> ColumnElement[bool]:
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        if condition.op not in (Op.EQUAL, Op.NOT_EQUAL, Op.IN):
            raise UserError(N_("Name one segment a customer is in, or is not in"))
        held = or_(false(), *(self.by_segment(str(each)) for each in wanted))
        if schema.name != CUSTOMER:
            self.field(schema.name, "customer_id")
            customer = schema_of(CUSTOMER).table
            inside = select(customer.c.id).where(held, self._reader.in_sight(CUSTOMER)).correlate(None)
            held = func.coalesce(schema.table.c.customer_id.in_(inside), false())
        return not_(held.self_group()) if condition.op is Op.NOT_EQUAL else held

    def _where_linked(self, schema: Schema, *conditions: Condition) -> ColumnElement[bool]:
        """Return that the record one link of a row leads to is seen and fulfils conditions."""
        for condition in conditions:
            if field_at(self.fields, schema.name, condition.field) is None:
                raise UserError(N_("There is no field called “{field}”"), field=condition.field)
        link = conditions[0].field.partition(".")[0]
        target = schema_of(self.field(schema.name, link).target or "")
        asked = (replace(each, field=each.field.partition(".")[2]) for each in conditions)
        fits = self.by_rule(AllOf(tuple(asked)), target.name)
        ids = select(target.table.c.id).where(self._reader.in_sight(target.name), fits)
        column = column_of(schema, self.field(schema.name, link))
        # Empty is false; said apart, so that it is one join and no list gone through for each row.
        return and_(column.is_not(None), column.in_(ids.correlate(None)))

    def _related(self, rule: Related, entity: str) -> ColumnElement[bool]:
        demand_countable(rule, self.fields)
        way = ways_to(entity).get(rule.entity)
        if way is None:
            raise UserError(N_("There is no kind of record called “{name}”"), name=rule.entity)
        schema = schema_of(rule.entity)
        table = schema.table
        self.field(rule.entity, way[0])
        source: Any = table
        owner: ColumnElement[Any] = table.c[way[0]]
        conditions = [self._reader.in_sight(rule.entity)]
        if len(way) > 1:
            above = schema_of(schema.fields[way[0]].target or "")
            self.field(above.name, way[1])
            source = table.join(above.table, above.table.c.id == table.c[way[0]])
            owner = above.table.c[way[1]]
            conditions.append(self._reader.in_sight(above.name))
        conditions += [owner.is_not(None), *(self.where(schema, each) for each in rule.conditions)]
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
        root = schema_of(entity).table
        counted = select(owner).select_from(source).where(*conditions).group_by(owner).correlate(None)
        if _holds(rule.op, 0, wanted):  # so it is with those who have none, too
            return root.c.id.not_in(counted.having(not_(_holds(rule.op, measure, wanted))))
        return root.c.id.in_(counted.having(_holds(rule.op, measure, wanted)))


def _holds(op: Op, left: Any, right: Any) -> Any:
    match op:
        case Op.EQUAL:
            return left == right
        case Op.LESS:
            return left < right
        case Op.AT_MOST:
            return left <= right
        case Op.MORE:
            return left > right
        case _:
            return left >= right
