"""Whether one record fulfils a rule of conditions: the plain reading of what lists ask in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crm_core.money import Money, digits
from crm_core.rules.conditions import ORDERED, Condition, Op, Value
from crm_core.rules.segments import AllOf, AnyOf, Not, Related, Rule
from crm_core.schema.field import Field, Kind

_NUMBERS = frozenset((Kind.DECIMAL, Kind.PERCENT))


def holds(rule: Rule, values: Mapping[str, Any], fields: Mapping[str, Field]) -> bool:
    """Tell whether the record with these values fulfils a rule.

    What asks of other records, of a field there is none of, or of a day as of today holds for none: such
    rules are refused where they are kept.
    """
    match rule:
        case AllOf(parts):
            return all(holds(part, values, fields) for part in parts)
        case AnyOf(parts):
            return any(holds(part, values, fields) for part in parts)
        case Not(part):
            return not holds(part, values, fields)
        case Related():
            return False
        case _:
            return _condition_holds(rule, values, fields)


def _condition_holds(condition: Condition, values: Mapping[str, Any], fields: Mapping[str, Field]) -> bool:
    field = fields.get(condition.field)
    if field is None:
        return False
    held, wanted = values.get(field.name), condition.value
    is_empty = held in (None, "", [])
    match condition.op:
        case Op.EMPTY:
            return is_empty
        case Op.FILLED:
            return not is_empty
        case Op.EQUAL if wanted in (None, ""):
            return is_empty
        case Op.NOT_EQUAL if wanted in (None, ""):
            return not is_empty
        case Op.EQUAL:
            return not is_empty and _equals(field, held, wanted, values)
        case Op.NOT_EQUAL:
            return is_empty or not _equals(field, held, wanted, values)
        case Op.IN if isinstance(wanted, tuple):
            return not is_empty and any(_equals(field, held, each, values) for each in wanted)
        case Op.CONTAINS:
            text = str(wanted).casefold()
            words = held if isinstance(held, list) else [held]
            return not is_empty and any(text in str(word).casefold() for word in words)
        case op if op in ORDERED:
            return not is_empty and _ordered(op, field, held, wanted, values)
        case _:
            return False


def _equals(field: Field, held: Any, wanted: Value, values: Mapping[str, Any]) -> bool:
    if isinstance(held, list):
        return wanted in held
    pair = _pair(field, held, wanted, values)
    return pair is not None and bool(pair[0] == pair[1])


def _ordered(op: Op, field: Field, held: Any, wanted: Value, values: Mapping[str, Any]) -> bool:
    pair = _pair(field, held, wanted, values)
    if pair is None:
        return False
    mine, other = pair
    try:
        return bool(
            {
                Op.LESS: mine < other,
                Op.AT_MOST: mine <= other,
                Op.MORE: mine > other,
                Op.AT_LEAST: mine >= other,
                Op.NOT_SINCE: mine < other,
            }[op]
        )
    except TypeError:
        return False


def _pair(field: Field, held: Any, wanted: Value, values: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return what is held and what is wanted so that they compare; None where they cannot."""
    try:
        return _comparable(field, held, wanted, values)
    except (ArithmeticError, ValueError, TypeError):
        return None  # a number is asked of what is none


def _comparable(field: Field, held: Any, wanted: Value, values: Mapping[str, Any]) -> tuple[Any, Any] | None:
    if field.kind is Kind.MONEY:
        currency = values.get(field.currency or "") or field.unit
        if isinstance(wanted, Money):
            return (held, wanted.minor) if wanted.currency == currency else None
        if isinstance(wanted, Decimal):
            return Decimal(held).scaleb(-digits(currency)), wanted
        return held, wanted
    if field.kind in _NUMBERS:
        return Decimal(str(held)), Decimal(str(wanted))
    return held, wanted
