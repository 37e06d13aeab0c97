"""A condition of a report or segment as SQL of HQ, on both engines. True or false it always is, never empty.

What each comparison means is what it means on a laptop (`crm_desktop.models.filters`); that both find the
same records is tried in `tests/server/test_reports.py`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BinaryExpression,
    ColumnElement,
    Numeric,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money, digits
from crm_core.rules.conditions import Condition, Op, demand_fitting
from crm_core.schema.code_lists import spellings
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import digits_within
from crm_core.schema.reading import Schema
from sync_server.services.criteria import column_of
from sync_server.services.wanted import register_of
from sync_server.store.tables import SetDot, table_of

DECIMALS: Final = frozenset((Kind.DECIMAL, Kind.PERCENT))
_WHOLE: Final = frozenset((Kind.INTEGER, Kind.MONEY, Kind.INSTANT))
_ESCAPE: Final = "\\"
_THOUSANDTHS: Final = 3  # of the finest currencies: amounts of all compare in thousandths
_OTHER_DIGITS: Final = (("JPY", "KRW", "VND", "CLP", "ISK"), ("KWD", "BHD", "OMR", "TND"))

dot = table_of(SetDot)


def is_empty(schema: Schema, field: Field) -> ColumnElement[bool]:
    """Return that a field holds nothing."""
    if field.kind is Kind.TAGS:
        return ~exists().where(*_of_row(schema, field))
    column = column_of(schema, field)
    if field.kind in _WHOLE or field.kind in (Kind.BOOLEAN, Kind.JSON):
        return column.is_(None)
    return or_(column.is_(None), column == "")


def where(schema: Schema, field: Field, condition: Condition) -> ColumnElement[bool]:
    """Return what a row must fulfil. `UserError` where the comparison means nothing for the field."""
    demand_fitting(field, condition)
    op, value = condition.op, condition.value
    if op is Op.DOUBTFUL:
        raise UserError(N_("Only laptops tell what is to be mended"))
    if op is Op.EMPTY or (op is Op.EQUAL and value in (None, "")):
        return is_empty(schema, field)
    if op is Op.FILLED or (op is Op.NOT_EQUAL and value in (None, "")):
        return ~is_empty(schema, field)
    if op is Op.CONTAINS:
        return _contains(schema, field, str(value))
    if op is Op.IN:
        several = value if isinstance(value, tuple) else (value,)
        return or_(false(), *(_equal(schema, field, each) for each in several))
    if op is Op.EQUAL:
        return _equal(schema, field, value)
    if op is Op.NOT_EQUAL:
        return not_(_equal(schema, field, value).self_group())
    left, right, alike = _sides(schema, field, value)
    compared: ColumnElement[bool]
    match op:
        case Op.LESS:
            compared = left < right
        case Op.NOT_SINCE:
            return or_(left.is_(None), left < right)
        case Op.AT_MOST:
            compared = left <= right
        case Op.MORE:
            compared = left > right
        case _:
            compared = left >= right
    return _never_empty(column_of(schema, field), left, and_(alike, compared))


def _equal(schema: Schema, field: Field, value: Any) -> ColumnElement[bool]:
    if field.kind is Kind.TAGS:
        return exists().where(*_of_row(schema, field), dot.c.word == str(value))
    column = column_of(schema, field)
    if field.code_list is not None:
        return _never_empty(column, column, column.in_(spellings(field.code_list, str(value))))
    left, right, alike = _sides(schema, field, value)
    return _never_empty(column, left, and_(alike, left == right))


def _never_empty(
    column: ColumnElement[Any], compared: ColumnElement[Any], found: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return what a comparison found, false where something it compares is empty.

    Where that is the very column and nothing else, it is said so that an index can answer.
    """
    if compared is column and isinstance(found, BinaryExpression):
        return and_(column.is_not(None), found)
    return func.coalesce(found, false())


def _sides(schema: Schema, field: Field, value: Any) -> tuple[ColumnElement[Any], Any, ColumnElement[bool]]:
    """Return both sides of a comparison, and what must be alike besides."""
    column = column_of(schema, field)
    if field.kind is Kind.BOOLEAN:
        return func.coalesce(column, false()), bool(value), true()
    if field.kind in DECIMALS:
        return cast(func.nullif(column, ""), Numeric), cast(literal(str(value)), Numeric), true()
    if field.kind is Kind.MONEY:
        return _amounts(schema, field, column, value)
    return column, int(value) if field.kind in _WHOLE else str(value), true()


def _amounts(
    schema: Schema, field: Field, column: ColumnElement[Any], value: Any
) -> tuple[ColumnElement[Any], Any, ColumnElement[bool]]:
    currency: ColumnElement[Any] = literal(field.unit) if field.unit else schema.table.c[field.currency or ""]
    if isinstance(value, Money):
        return column, value.minor, currency == value.currency
    if not isinstance(value, Decimal):
        return column, int(value), true()
    whole, fine = _OTHER_DIGITS
    scale = case((currency.in_(whole), 1000), (currency.in_(fine), 1), else_=10)
    thousandths = value.scaleb(_THOUSANDTHS)
    if thousandths != thousandths.to_integral_value():
        raise UserError(N_("“{text}” has more decimals than any currency has"), text=str(value))
    return column * scale, int(thousandths), true()


assert all(digits(code) == 0 for code in _OTHER_DIGITS[0])
assert all(digits(code) == 3 for code in _OTHER_DIGITS[1])


def _contains(schema: Schema, field: Field, text: str) -> ColumnElement[bool]:
    if not text:
        return true()
    if field.kind is Kind.TAGS:
        return exists().where(*_of_row(schema, field), _has(dot.c.word, text))
    column = column_of(schema, field)
    if field.kind is Kind.REF:
        target = SCHEMAS.get(field.target or "")
        if target is None:
            raise UserError(N_("This link can only be compared with a record's id"))
        linked = target.table.alias("linked")
        return exists(
            select(1)
            .where(linked.c.id == column, _has(linked.c[target.meta.title], text))
            .correlate(schema.table)
        )
    within = _has(column, text)
    number = digits_within(text) if field.kind is Kind.PHONE else ""
    return or_(within, _has(column, number)) if number else within


def _has(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    return func.coalesce(column.ilike(pattern, escape=_ESCAPE), false())


def _of_row(schema: Schema, field: Field) -> tuple[ColumnElement[bool], ...]:
    return (
        dot.c.entity == schema.no,
        dot.c.row_id == schema.table.c.id,
        dot.c.field == register_of(field),
    )
