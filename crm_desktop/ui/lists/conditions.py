"""Conditions of a list in words, and which comparisons fit which field."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.condition_words import condition_words
from crm_core.rules.relative_days import RelativeDay, relative_words
from crm_core.rules.segments import IN_SEGMENT
from crm_core.schema.field import Field, Kind
from crm_core.schema.standards import has_standard
from crm_desktop.models.conditions import Condition, Op, Value
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.format import figure, money
from crm_desktop.ui.translate import show, tr

_LEAST_MOST = (Op.EQUAL, Op.AT_LEAST, Op.AT_MOST, Op.EMPTY, Op.FILLED)
OPS_OF_KIND: Mapping[Kind, tuple[Op, ...]] = {
    Kind.CHOICE: (Op.IN, Op.EMPTY, Op.FILLED),
    Kind.BOOLEAN: (Op.EQUAL,),
    Kind.REF: (Op.EQUAL, Op.NOT_EQUAL, Op.EMPTY, Op.FILLED),
    Kind.TAGS: (Op.EQUAL, Op.NOT_EQUAL, Op.EMPTY, Op.FILLED),
    Kind.DATE: _LEAST_MOST,
    Kind.INSTANT: (Op.AT_LEAST, Op.AT_MOST, Op.NOT_SINCE, Op.EMPTY, Op.FILLED),
    Kind.INTEGER: _LEAST_MOST,
    Kind.DECIMAL: _LEAST_MOST,
    Kind.PERCENT: _LEAST_MOST,
    Kind.MONEY: _LEAST_MOST,
}
TEXT_OPS = (Op.CONTAINS, Op.EQUAL, Op.NOT_EQUAL, Op.EMPTY, Op.FILLED)
OP_WORDS: Mapping[Op, str] = {
    Op.EQUAL: N_("is"),
    Op.NOT_EQUAL: N_("is not"),
    Op.LESS: N_("less than"),
    Op.AT_MOST: N_("at most"),
    Op.MORE: N_("more than"),
    Op.AT_LEAST: N_("at least"),
    Op.NOT_SINCE: N_("not since"),
    Op.CONTAINS: N_("contains"),
    Op.IN: N_("is one of"),
    Op.EMPTY: N_("is empty"),
    Op.FILLED: N_("is filled"),
    Op.DOUBTFUL: N_("is to be mended"),
}
_DAY_WORDS: Mapping[Op, str] = {Op.AT_LEAST: N_("from"), Op.AT_MOST: N_("until"), Op.EQUAL: N_("on")}
_UNFILTERED = frozenset((Kind.JSON, Kind.POSITION))
NO_VALUE = frozenset((Op.EMPTY, Op.FILLED, Op.DOUBTFUL))


def ops_of(field: Field) -> tuple[Op, ...]:
    """Return the comparisons offered for a field, the usual one first."""
    if field.name == IN_SEGMENT.name:
        return (Op.EQUAL, Op.NOT_EQUAL)
    offered = OPS_OF_KIND.get(field.kind, TEXT_OPS)
    return (*offered, Op.DOUBTFUL) if has_standard(field) else offered


def op_text(field: Field, op: Op) -> str:
    """Return a comparison in words, to be translated when it is shown."""
    words = _DAY_WORDS if field.kind in (Kind.DATE, Kind.INSTANT) else OP_WORDS
    return words.get(op, OP_WORDS[op])


def op_words(field: Field, op: Op) -> str:
    """Return a comparison in words on screen."""
    return tr(op_text(field, op))


def can_filter(field: Field) -> bool:
    """Tell whether conditions on a field can be made by hand."""
    return field.kind not in _UNFILTERED


def chip_text(condition: Condition, fields: Mapping[str, Field], titles: Mapping[str, str]) -> Message:
    """Return a condition in few words; `titles` are what linked records are called, by id."""
    field = fields.get(condition.field)
    if field is None:
        number = len(condition.value) if isinstance(condition.value, tuple) else 1
        return message("Chosen records: {count}", count=number)
    return condition_words(condition, field, lambda of, value: value_words(of, value, titles))


def value_words(field: Field, value: Value, titles: Mapping[str, str]) -> str:
    """Return what a field is compared with, in words on screen."""
    match value:
        case tuple():
            return ", ".join(value_words(field, part, titles) for part in value)
        case Money():
            return money(value)
        case Decimal():
            return figure(value)
        case RelativeDay():
            return show(relative_words(value))
    if field.kind is Kind.REF or field.members:
        return titles.get(str(value), "…")
    if field.kind is Kind.CHOICE and len(field.choices) > 0:
        return _short_choice(field, str(value))
    return value_text(field, value, {field.name: value}, {})


def _short_choice(field: Field, value: str) -> str:
    """Return a choice's label; a level by its letter alone, as its badge shows it."""
    words = tr(field.choice_label(value))
    return value if words.startswith(f"{value} ·") else words
