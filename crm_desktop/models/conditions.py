"""One condition of a list: a field, a comparison, a value. The text form is the command line's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.schema.field import Field, Kind
from crm_core.schema.validate import problem_with
from crm_core.schema.values import canonical_decimal, parse_text


class Op(StrEnum):
    """Comparisons of a condition."""

    EQUAL = "="
    """Holds the value; a set holds the word; '' or None: is empty."""
    NOT_EQUAL = "!="
    """The opposite of `EQUAL`: an empty field differs from every value."""
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    NOT_SINCE = "not since"
    """The opposite of `AT_LEAST`: an empty field is not since any moment."""
    CONTAINS = "~"
    """Has the text as a part, whatever its case; a link: the linked record's title has."""
    IN = "in"
    EMPTY = "empty"
    FILLED = "filled"


Value = None | bool | int | str | Money | Decimal | tuple[str | int | bool, ...]
"""As the row keeps it. An amount as `Money` compares within its currency, as `Decimal` in major units of
each row's own currency, as a whole number in minor units."""

ORDERED = frozenset((Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST, Op.NOT_SINCE))
PARTIAL_KINDS = frozenset(
    (
        Kind.TEXT,
        Kind.LONG_TEXT,
        Kind.PHONE,
        Kind.EMAIL,
        Kind.URL,
        Kind.CHOICE,
        Kind.CURRENCY,
        Kind.TAGS,
        Kind.REF,
    )
)
_UNORDERED_KINDS = frozenset((Kind.TAGS, Kind.JSON, Kind.BOOLEAN, Kind.REF))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a record of a list must fulfil."""

    field: str
    op: Op
    value: Value = None


_SYMBOL = re.compile(r"\s*(?P<field>[\w:.\-]+?)\s*(?P<op>!=|<=|>=|=|<|>|~)\s*(?P<value>.*?)\s*\Z", re.DOTALL)
_WORD = re.compile(r"\s*(?P<field>[\w:.\-]+)\s+(?P<op>in|empty|filled)(?:\s+(?P<value>.*?))?\s*\Z", re.DOTALL)


def parse_condition(fields: Mapping[str, Field], text: str) -> Condition:
    """Return the condition written as `field OP value`, such as `amount >= 1000 CNY` or `level in A, B`.

    `fields` are the entity's by name. `UserError` where it cannot be read.
    """
    found = _WORD.match(text) or _SYMBOL.match(text)
    if found is None:
        raise UserError(N_("“{text}” is not a condition such as level = A"), text=text)
    name, op, value = found["field"], Op(found["op"]), found["value"] or ""
    field = fields.get(name)
    if name == "id":
        return Condition(field=name, op=op, value=_several(value) if op is Op.IN else value.strip().lower())
    if field is None:
        raise UserError(N_("There is no field called “{field}”"), field=name)
    if op in (Op.EMPTY, Op.FILLED):
        return Condition(field=name, op=op)
    if op is Op.IN:
        return Condition(field=name, op=op, value=tuple(_compared(field, part) for part in _several(value)))
    if op is Op.CONTAINS:
        return Condition(field=name, op=op, value=value)
    if not value:
        if op in ORDERED:
            raise UserError(N_("“{text}” is not a condition such as level = A"), text=text)
        return Condition(field=name, op=Op.EMPTY if op is Op.EQUAL else Op.FILLED)
    if field.kind is Kind.MONEY:
        return Condition(field=name, op=op, value=_amount(field, value))
    return Condition(field=name, op=op, value=_compared(field, value))


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split("[,，、]", text) if part.strip())


def _compared(field: Field, text: str) -> str | int | bool:
    """Return the one value that the text means for a field, as the row keeps it."""
    if field.kind in (Kind.TAGS, Kind.JSON):
        return text
    if field.kind is Kind.MONEY:
        amount = _amount(field, text)
        raise UserError(N_("Amounts are compared one by one, not as a list: {text}"), text=str(amount))
    if field.kind is Kind.CHOICE:
        # A value this version does not know may stand in the rows all the same.
        try:
            return str(parse_text(field, text)[field.name])
        except UserError:
            return text
    value = parse_text(field, text)[field.name]
    if isinstance(value, int) and (problem := problem_with(field, value)):
        raise UserError(problem)  # a number the database cannot compare
    assert isinstance(value, (str, int))  # what is not a set, a structure or empty is one of these
    return value


def _amount(field: Field, text: str) -> Money | Decimal:
    try:
        return Decimal(canonical_decimal(text))
    except ValueError:
        parsed = parse_text(field, text)
        return Money(int(str(parsed[field.name])), str(parsed.get(field.currency or "", field.unit)))


def demand_fitting(field: Field, condition: Condition) -> None:
    """Raise `UserError` where the comparison means nothing for the field's kind."""
    unfit = (condition.op in ORDERED and field.kind in _UNORDERED_KINDS) or (
        condition.op is Op.CONTAINS and field.kind not in PARTIAL_KINDS
    )
    if unfit or (field.kind is Kind.JSON and condition.op not in (Op.EMPTY, Op.FILLED)):
        raise UserError(
            message(
                N_("The field “{field}” cannot be compared by {op}"),
                field=Message(field.label),
                op=condition.op.value,
            )
        )
