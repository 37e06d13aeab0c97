"""What a list is filtered by: `field OP value`, as on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Numeric, and_, cast, exists, or_, true

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_, Message
from crm_core.schema.code_lists import spellings
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.phones import digits_within
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.schema.validate import is_storable, problem_with
from crm_core.schema.values import parse_text
from sync_server.services.wanted import register_of
from sync_server.store.tables import SetDot, table_of

_FORM: Final = re.compile(
    r"\s*(?P<field>(?:x:)?[a-z0-9_]+)\s*(?P<op><=|>=|!=|=|<|>|~)\s?(?P<value>.*)\Z", re.DOTALL
)
_CONTAINABLE: Final = frozenset(
    (Kind.TEXT, Kind.LONG_TEXT, Kind.PHONE, Kind.EMAIL, Kind.URL, Kind.CHOICE, Kind.CURRENCY, Kind.TAGS)
)
_NUMBERS_AS_TEXT: Final = frozenset((Kind.DECIMAL, Kind.PERCENT))
_WHOLE: Final = frozenset((Kind.INTEGER, Kind.MONEY, Kind.INSTANT))
_ESCAPE: Final = "\\"

_dot = table_of(SetDot)

_COMPARE: Final[dict[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One condition, its value read."""

    field: Field
    op: str
    text: str
    values: dict[str, Plain]
    """What the text means: the field, and for an amount its currency."""


def column_of(schema: Schema, field: Field) -> ColumnElement[Any]:
    """Return where a field's value is, in SQL; of a custom one, inside its JSON."""
    if not field.name.startswith(CUSTOM_PREFIX):
        return schema.table.c[field.name]
    held = schema.table.c.custom[field.name.removeprefix(CUSTOM_PREFIX)]
    if field.kind is Kind.BOOLEAN:
        answer: ColumnElement[Any] = held.as_boolean()
        return answer
    text: ColumnElement[Any] = held.as_string()
    return cast(text, BigInteger) if field.kind in _WHOLE else text


def parse_criterion(entity: str, text: str, custom: Mapping[str, Field]) -> Criterion:
    """Return the condition written as `field OP value`. Raises `UserError` saying what is wrong with it.

    `custom` are the custom fields there are, by name.
    """
    schema = schema_of(entity)
    found = _FORM.match(text)
    if found is None:
        raise UserError(N_("“{text}” is not a condition such as name ~ Ltd"), text=text)
    field = schema.fields.get(found["field"]) or custom.get(found["field"])
    if field is None or field.kind is Kind.JSON:
        raise UserError(N_("A list cannot be filtered by “{field}”"), field=found["field"])
    op, value = found["op"], found["value"].strip()
    if not is_storable(value):
        raise UserError(N_("This holds a character that cannot be stored"))
    if op == "~" or field.kind is Kind.TAGS:
        if field.kind not in _CONTAINABLE or op in _COMPARE:
            raise UserError(N_("“{field}” cannot be compared with {operator}"), field=field.name, operator=op)
        return Criterion(field=field, op=op, text=value, values={})
    read = parse_text(field, value)
    if isinstance(read[field.name], int) and (wrong := problem_with(field, read[field.name])):
        raise UserError(N_("{field}: {problem}"), field=Message(field.label), problem=wrong)
    return Criterion(field=field, op=op, text=value, values=read)


def condition(schema: Schema, criterion: Criterion) -> ColumnElement[bool]:
    """Return the criterion in SQL."""
    field, op = criterion.field, criterion.op
    if field.kind is Kind.TAGS:
        return _of_words(schema, criterion)
    column = column_of(schema, field)
    if op == "~":
        within = column.ilike(_pattern(criterion.text), escape=_ESCAPE)
        digits = digits_within(criterion.text) if field.kind is Kind.PHONE else ""
        return or_(within, column.like(f"%{digits}%")) if digits else within
    value: Any = criterion.values[field.name]
    if value is None:
        return column.is_(None) if op == "=" else column.is_not(None)
    if op in _COMPARE:
        compared: Any = cast(column, Numeric) if field.kind in _NUMBERS_AS_TEXT else column
        other: Any = cast(value, Numeric) if field.kind in _NUMBERS_AS_TEXT else value
        found = _COMPARE[op](compared, other)
        # Amounts of different currencies do not compare.
        return and_(found, _same_currency(schema, criterion)) if field.kind is Kind.MONEY else found
    same = column == value
    if field.kind is Kind.MONEY:
        same = and_(same, _same_currency(schema, criterion))
    if field.kind is Kind.PHONE:
        same = or_(same, column == criterion.text)  # as an older program's user typed it
    if field.code_list is not None:
        same = column.in_(spellings(field.code_list, str(value)))
    return same if op == "=" else or_(column.is_(None), ~same)


def _same_currency(schema: Schema, criterion: Criterion) -> ColumnElement[bool]:
    name = criterion.field.currency
    if name is None:
        return true()  # all amounts of the field are in one
    return schema.table.c[name] == criterion.values[name]


def _of_words(schema: Schema, criterion: Criterion) -> ColumnElement[bool]:
    of_row = and_(
        _dot.c.entity == schema.no,
        _dot.c.row_id == schema.table.c.id,
        _dot.c.field == register_of(criterion.field),
    )
    if not criterion.text:
        return ~exists().where(of_row) if criterion.op == "=" else exists().where(of_row)
    if criterion.op == "~":
        return exists().where(of_row, _dot.c.word.ilike(_pattern(criterion.text), escape=_ESCAPE))
    has = exists().where(of_row, _dot.c.word == criterion.text)
    return ~has if criterion.op == "!=" else has


def _pattern(text: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    return f"%{escaped}%"
