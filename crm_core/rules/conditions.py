"""One condition of a list: a field, a comparison, a value.

The text form is the command line's, the plain form that of records that keep conditions: views and segments.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.relative_days import RelativeDay, Unit, parse_relative
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.standards import has_standard
from crm_core.schema.validate import problem_with
from crm_core.schema.values import canonical_decimal, parse_text

_NUMBERS: Final = (Kind.INTEGER, Kind.INSTANT, Kind.MONEY, Kind.DECIMAL, Kind.PERCENT)
_MOST_DIGITS: Final = 19


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
    DOUBTFUL = "doubtful"
    """Holds something that is not in the standard form of the field."""


Value = None | bool | int | str | Money | Decimal | RelativeDay | tuple[str | int | bool, ...]
"""As the row keeps it. An amount as `Money` compares within its currency, as `Decimal` in major units of
each row's own currency, as a whole number in minor units. A `RelativeDay` is one as of today: see `dated`."""

WITHOUT_VALUE = frozenset((Op.EMPTY, Op.FILLED, Op.DOUBTFUL))
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
DAY_KINDS = frozenset((Kind.DATE, Kind.INSTANT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a record of a list must fulfil."""

    field: str
    op: Op
    value: Value = None


_SYMBOL = re.compile(
    r"\s*(?P<field>[\w:.\-@/+]+?)\s*(?P<op>!=|<=|>=|=|<|>|~)\s*(?P<value>.*?)\s*\Z", re.DOTALL
)
_WORD = re.compile(
    r"\s*(?P<field>[\w:.\-@/+]+)\s+(?P<op>in|empty|filled|doubtful|not since)(?:\s+(?P<value>.*?))?\s*\Z",
    re.DOTALL,
)


def parse_condition(fields: Mapping[str, Field], text: str) -> Condition:
    """Return the condition written as `field OP value`, such as `amount >= 1000 CNY` or `level in A, B`.

    `fields` are the entity's by name. `UserError` where it cannot be read.
    """
    found = _WORD.match(text) or _SYMBOL.match(text)
    if found is None:
        raise UserError(N_("“{text}” is not a condition such as level = A"), text=text)
    name, op = found["field"], Op(found["op"])
    return condition_of(name, fields.get(name), op, found["value"] or "")


def condition_of(name: str, field: Field | None, op: Op, value: str) -> Condition:
    """Return a condition on a field, its value as typed. `UserError` where it means nothing."""
    if name == "id":
        return Condition(field=name, op=op, value=_several(value) if op is Op.IN else value.strip().lower())
    if field is None:
        raise UserError(N_("There is no field called “{field}”"), field=name)
    if op in WITHOUT_VALUE:
        return Condition(field=name, op=op)
    if op is Op.IN:
        return Condition(field=name, op=op, value=tuple(_compared(field, part) for part in _several(value)))
    if op is Op.CONTAINS:
        return Condition(field=name, op=op, value=value)
    if not value:
        if op in ORDERED:
            raise UserError(N_("“{text}” is not a condition such as level = A"), text=f"{name} {op.value}")
        return Condition(field=name, op=Op.EMPTY if op is Op.EQUAL else Op.FILLED)
    if field.kind in DAY_KINDS and (day := parse_relative(value)) is not None:
        return Condition(field=name, op=op, value=day)
    if field.kind is Kind.MONEY:
        return Condition(field=name, op=op, value=_amount(field, value))
    return Condition(field=name, op=op, value=_compared(field, value))


def dated(
    field: Field, condition: Condition, today: datetime.date, midnight_ms: Callable[[datetime.date], int]
) -> tuple[Condition, ...]:
    """Return a condition that compares with a `RelativeDay` as those that hold today; others as they are.

    “On or before last week” ends with its last day, “after” begins with the day that follows, and being
    equal is lying in it. `midnight_ms` gives the moment a day begins here.
    """
    day = condition.value
    if not isinstance(day, RelativeDay):
        return (condition,)
    if field.kind not in DAY_KINDS or condition.op not in (*ORDERED, Op.EQUAL):
        raise UserError(_unfit(field, condition.op))

    def said(op: Op, at: datetime.date) -> Condition:
        return replace(
            condition, op=op, value=midnight_ms(at) if field.kind is Kind.INSTANT else at.isoformat()
        )

    begins, following = day.begins(today), day.following(today)
    match condition.op:
        case Op.EQUAL:
            return said(Op.AT_LEAST, begins), said(Op.LESS, following)
        case Op.AT_MOST:
            return (said(Op.LESS, following),)
        case Op.MORE:
            return (said(Op.AT_LEAST, following),)
        case _:
            return (said(condition.op, begins),)


def plain_condition(condition: Condition) -> dict[str, Plain]:
    """Return a condition as plain values, as a record keeps it."""
    kind, value = plain_value(condition.value)
    return {"field": condition.field, "op": condition.op.value, "kind": kind, "value": value}


def stored_condition(stored: Mapping[str, Any]) -> Condition:
    """Return the condition a record keeps. `KeyError`, `TypeError`, `ValueError` or `ArithmeticError` where a
    newer version wrote what this cannot read."""
    return Condition(
        field=str(stored["field"]), op=Op(stored["op"]), value=stored_value(stored["kind"], stored["value"])
    )


def plain_value(value: Value) -> tuple[str, Plain]:
    """Return what a condition compares with as (kind of value, plain value)."""
    match value:
        case Money():
            return "money", [value.minor, value.currency]
        case Decimal():
            return "decimal", str(value)
        case RelativeDay():
            return "relative", [value.unit.value, value.offset]
        case tuple():
            return "several", list(value)
        case _:
            return "one", value


def stored_value(kind: str, value: Any) -> Value:
    """Return what `plain_value` made plain; the errors of `stored_condition`."""
    match kind:
        case "money":
            minor, currency = value
            return Money(int(minor), str(currency))
        case "decimal":
            return Decimal(value)
        case "relative":
            unit, offset = value
            return RelativeDay(Unit(unit), int(offset))
        case "several":
            return tuple(_scalar(part) for part in _sequence(value))
        case "one":
            return None if value is None else _scalar(value)
        case _:
            raise ValueError(kind)


def _sequence(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _scalar(value: Any) -> str | int | bool:
    if not isinstance(value, (str, int)):
        raise TypeError(value)
    return value


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
    unfit = (
        (condition.op is Op.DOUBTFUL and not has_standard(field))
        or (condition.op in ORDERED and field.kind in _UNORDERED_KINDS)
        or (condition.op is Op.CONTAINS and field.kind not in PARTIAL_KINDS)
    )
    if unfit or (field.kind is Kind.JSON and condition.op not in (Op.EMPTY, Op.FILLED)):
        raise UserError(_unfit(field, condition.op))
    if field.kind in _NUMBERS and condition.op not in (*WITHOUT_VALUE, Op.CONTAINS):
        whole = field.kind not in (Kind.DECIMAL, Kind.PERCENT)
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        if not all(_is_number(each, whole=whole) for each in values):
            raise UserError(N_("The field “{field}” is compared with no number"), field=Message(field.label))


def _is_number(value: Any, *, whole: bool) -> bool:
    """Tell whether a value as a row keeps it, or nothing, is one that databases compare numbers with."""
    if isinstance(value, Money):
        value = value.minor
    if value in (None, "") or isinstance(value, RelativeDay):
        return True
    if isinstance(value, str) and whole and not value.lstrip("-").isdecimal():
        return False
    try:
        number = Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        return False
    return number.is_finite() and number.adjusted() <= _MOST_DIGITS and abs(number) < 2**63


def _unfit(field: Field, op: Op) -> Message:
    return message(
        N_("The field “{field}” cannot be compared by {op}"), field=Message(field.label), op=op.value
    )
