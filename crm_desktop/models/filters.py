"""A condition as SQL. Empty means none, '' or an empty set, in every comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, or_, select, true, type_coerce
from sqlalchemy.types import Integer, String, Text

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money, digits
from crm_core.schema.code_lists import spellings
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import digits_within
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_desktop.models import custom_index
from crm_desktop.models.conditions import ORDERED, Condition, Op, demand_fitting
from crm_desktop.models.derived import is_derived, value_of
from crm_desktop.models.sorting import decimal_key
from crm_desktop.models.standard_forms import is_doubtful, is_number

DECIMAL_KINDS = frozenset((Kind.DECIMAL, Kind.PERCENT))
_BARE: Mapping[Op, Callable[[Any, Any], ColumnElement[bool]]] = {
    Op.LESS: lambda left, right: left < right,
    Op.AT_MOST: lambda left, right: left <= right,
    Op.MORE: lambda left, right: left > right,
    Op.AT_LEAST: lambda left, right: left >= right,
}
# The finest minor unit is a thousandth: amounts of all currencies compare in thousandths.
_THOUSANDTHS = 3
_OTHER_DIGITS = (("JPY", "KRW", "VND", "CLP", "ISK"), ("KWD", "BHD", "OMR", "TND"))


def column_of(schema: Schema, field: Field) -> ColumnElement[Any]:
    """Return the stored value of a field in SQL; of a custom one, the value inside its JSON."""
    if is_derived(schema.name, field):
        return value_of(schema.table, field)
    if field.name.startswith(CUSTOM_PREFIX):
        return custom_index.value_of(schema.name, field)
    return schema.table.c[field.name]


def is_empty(schema: Schema, field: Field) -> ColumnElement[bool]:
    """Return that a field holds nothing."""
    column = column_of(schema, field)
    if field.kind in (Kind.INTEGER, Kind.MONEY, Kind.INSTANT, Kind.BOOLEAN):
        return column.is_(None)
    bare = type_coerce(column, Text)
    return or_(bare.is_(None), bare.in_(("", "[]", "null")))


def where(schema: Schema, field: Field, condition: Condition) -> ColumnElement[bool]:
    """Return what a row must fulfil. `UserError` where the comparison means nothing for the field."""
    demand_fitting(field, condition)
    op, value = condition.op, condition.value
    if op is Op.EMPTY or (op is Op.EQUAL and value in (None, "")):
        return is_empty(schema, field)
    if op is Op.FILLED or (op is Op.NOT_EQUAL and value in (None, "")):
        return ~is_empty(schema, field)
    if op is Op.CONTAINS:
        return _contains(schema, field, str(value))
    if op is Op.IN:
        return _is_one_of(schema, field, value if isinstance(value, tuple) else (value,))
    if op is Op.DOUBTFUL:
        return and_(~is_empty(schema, field), is_doubtful(schema, field, column_of(schema, field)))
    if field.kind is Kind.TAGS:
        held = _holds_word(schema, field, literal(str(value), String))
        return held if op is Op.EQUAL else ~held
    if field.kind is Kind.PHONE and op in (Op.EQUAL, Op.NOT_EQUAL):
        number = func.coalesce(is_number(column_of(schema, field), str(value)), false())
        return number if op is Op.EQUAL else ~number
    if field.code_list is not None and op in (Op.EQUAL, Op.NOT_EQUAL):
        named = func.coalesce(column_of(schema, field).in_(spellings(field.code_list, str(value))), false())
        return named if op is Op.EQUAL else ~named
    left, right = _sides(schema, field, value)
    compared = _compare(op, left, right)
    if isinstance(value, Money) and not field.currency:
        if value.currency == field.unit:
            return compared
        return true() if op is Op.NOT_EQUAL else false()
    if isinstance(value, Money):
        same = column_of(schema, _currency_field(schema, field)).is_not_distinct_from(value.currency)
        equal = and_(same, _compare(Op.EQUAL, left, right))
        return ~equal if op is Op.NOT_EQUAL else and_(same, compared)
    if field.name.startswith(CUSTOM_PREFIX) and op in _BARE:
        # Said again as an index over the field can be entered: what says yes or no for empty ones cannot.
        return and_(_BARE[op](left, right), compared)
    return compared


def bare(schema: Schema, field: Field, condition: Condition) -> ColumnElement[bool] | None:
    """Return an order said as an index over the field is entered; None for what is no order."""
    said = _BARE.get(condition.op)
    if said is None:
        return None
    demand_fitting(field, condition)
    compared: ColumnElement[bool] = said(*_sides(schema, field, condition.value))
    return compared


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return that a text column has `text` as a part; case counts for letters outside ASCII."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.coalesce(column.like(f"%{escaped}%", escape="\\"), false())


def comparable(schema: Schema, field: Field) -> ColumnElement[Any]:
    """Return what a field is ordered by: its value, decimals by their size, yes and no as 1 and 0."""
    column = column_of(schema, field)
    if field.kind in DECIMAL_KINDS:
        return func.decimal_key(column)
    if field.kind is Kind.BOOLEAN:
        return func.coalesce(type_coerce(column, Integer), 0)
    return column


def _compare(op: Op, left: ColumnElement[Any], right: Any) -> ColumnElement[bool]:
    match op:
        case Op.EQUAL:
            return left.is_not_distinct_from(right)
        case Op.NOT_EQUAL:
            return left.is_distinct_from(right)
        case Op.NOT_SINCE:
            return or_(left < right, left.is_(None))
        case Op.LESS:
            compared = left < right
        case Op.AT_MOST:
            compared = left <= right
        case Op.MORE:
            compared = left > right
        case _:
            compared = left >= right
    return func.coalesce(compared, false()) if op in ORDERED else compared


def _sides(schema: Schema, field: Field, value: Any) -> tuple[ColumnElement[Any], Any]:
    if field.kind is Kind.BOOLEAN:
        return comparable(schema, field), int(bool(value))
    if field.kind in DECIMAL_KINDS:
        return comparable(schema, field), decimal_key(str(value))
    column = column_of(schema, field)
    if field.kind is not Kind.MONEY:
        return column, _plain(field, value)
    if isinstance(value, Money):
        return column, value.minor
    if isinstance(value, Decimal) and field.unit:
        minor = value.scaleb(digits(field.unit))
        if minor == minor.to_integral_value():
            return column, int(minor)
    if isinstance(value, Decimal):
        currency = (
            column_of(schema, _currency_field(schema, field)) if field.currency else literal(field.unit)
        )
        whole, fine = _OTHER_DIGITS
        scale = case((currency.in_(whole), 1000), (currency.in_(fine), 1), else_=10)
        thousandths = value.scaleb(_THOUSANDTHS)
        if thousandths != thousandths.to_integral_value():
            raise UserError(N_("“{text}” has more decimals than any currency has"), text=str(value))
        return column * scale, int(thousandths)
    return column, int(value)


assert all(digits(code) == 0 for code in _OTHER_DIGITS[0])
assert all(digits(code) == 3 for code in _OTHER_DIGITS[1])


def _plain(field: Field, value: Any) -> Any:
    return int(value) if field.kind in (Kind.INTEGER, Kind.INSTANT) else value


def _currency_field(schema: Schema, field: Field) -> Field:
    return schema.fields[field.currency or ""]


def _contains(schema: Schema, field: Field, text: str) -> ColumnElement[bool]:
    if not text:
        return true()
    column = column_of(schema, field)
    if field.kind is Kind.TAGS:
        words = func.json_each(column).table_valued("value", name="words")
        return exists(select(1).select_from(words).where(contains(words.c.value, text)))
    if field.kind is Kind.REF:
        target = SCHEMAS.get(field.target or "")
        if target is None:
            raise UserError(N_("This link can only be compared with a record's id"))
        linked = target.table.alias("linked")
        title = linked.c[target.meta.title]
        return exists(select(1).where(linked.c.id == column, contains(title, text)))
    digits = digits_within(text) if field.kind is Kind.PHONE else ""
    return or_(contains(column, text), contains(column, digits)) if digits else contains(column, text)


def _is_one_of(schema: Schema, field: Field, values: tuple[Any, ...]) -> ColumnElement[bool]:
    if not values:
        return false()
    if field.kind is Kind.TAGS:
        return or_(*(_holds_word(schema, field, literal(str(value), String)) for value in values))
    if field.kind is Kind.MONEY:
        return or_(*(where(schema, field, Condition(field=field.name, op=Op.EQUAL, value=v)) for v in values))
    if field.kind in DECIMAL_KINDS:
        keys = [decimal_key(str(value)) for value in values]
        return func.coalesce(comparable(schema, field).in_(keys), false())
    if field.kind is Kind.BOOLEAN:
        return comparable(schema, field).in_([int(bool(value)) for value in values])
    column = column_of(schema, field)
    if field.kind is Kind.PHONE:
        return func.coalesce(or_(*(is_number(column, str(value)) for value in values)), false())
    if field.code_list is not None:
        values = tuple(name for value in values for name in spellings(field.code_list, str(value)))
    return func.coalesce(column.in_([_plain(field, value) for value in values]), false())


def _holds_word(schema: Schema, field: Field, word: ColumnElement[Any]) -> ColumnElement[bool]:
    words = func.json_each(column_of(schema, field)).table_valued("value", name="words")
    return exists(select(1).select_from(words).where(words.c.value == word))
