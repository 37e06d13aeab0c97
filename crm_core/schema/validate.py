"""What is wrong with a row's values. Forms, command line, import and HQ ask the same function."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.money import MAX_MINOR
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.phones import FORM as PHONE_FORM
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.schema.values import canonical_decimal

MAX_TEXT = 1_000  # one line of text; longer ones belong into a note
MAX_LONG_TEXT = 100_000  # about fifty printed pages
FIRST_INSTANT = -62_135_000_000_000
LAST_INSTANT = 253_402_000_000_000
"""Milliseconds of days no calendar reaches beyond in any zone: the years 1 and 9999."""
_INT32 = 2**31
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+\Z")
_POSITION = re.compile(r"[0-9A-Za-z]{1,200}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
MIN_PHONE_DIGITS = 3  # 110 and the like
MAX_PHONE_DIGITS = 20  # E.164 has 15; extensions follow


_HALF = re.compile("[\ud800-\udfff]")


def problems_of(schema: Schema, values: Mapping[str, Any], *, partial: bool = False) -> list[Problem]:
    """Return everything that is wrong with `values`, in the order of the fields.

    `partial`: `values` are changes to a row that exists, so what is absent is not asked for; clearing a
    required field is wrong all the same. A choice this version does not know is no problem: a newer
    version may have brought it.
    """
    problems: dict[str, Message] = {}
    for name, value in values.items():
        field = schema.fields.get(name)
        if field is None:
            if not name.startswith(CUSTOM_PREFIX):
                entity = Message(schema.meta.label)
                problems[name] = message(
                    N_("{entity} has no field called “{field}”"), entity=entity, field=name
                )
        elif value is None or value == "" or value == []:
            if partial and field.required and not field.computed:
                problems[name] = message(N_("This is required"))
        elif field.field_class is not FieldClass.SYSTEM:
            wrong = problem_with(field, value)
            if wrong is not None:
                problems[name] = wrong
    if not partial:
        for field in schema.required_fields:
            if values.get(field.name) in (None, "", []):
                problems[field.name] = message(N_("This is required"))
    ledger = schema.meta.ledger
    if ledger is not None and values.get(ledger.amount) == 0:
        problems[ledger.amount] = message(N_("An entry of nothing changes nothing"))
    if not problems:
        return []
    order = {name: place for place, name in enumerate(schema.fields)}
    names = sorted(problems, key=lambda name: order.get(name, -1))
    return [Problem(field=name, message=problems[name]) for name in names]


def custom_problems(
    fields: Mapping[str, Field], values: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> list[Problem]:
    """Return what is wrong with the custom fields among `values`; `fields` are all there are, by name.

    `before` is the record so far, None for a new one, which must have what is required. What a record holds
    stays right whatever became of the field: a value of a retired choice, or of a retired field.
    """
    problems = []
    for name in (name for name in values if name.startswith(CUSTOM_PREFIX)):
        if (wrong := _problem_with_custom(fields.get(name), name, values[name], before)) is not None:
            problems.append(Problem(field=name, message=wrong))
    if before is None:
        problems += [
            Problem(field=field.name, message=message(N_("This is required")))
            for field in fields.values()
            if field.required and not field.retired and _is_empty(values.get(field.name))
        ]
    return problems


def _problem_with_custom(
    field: Field | None, name: str, value: Any, before: Mapping[str, Any] | None
) -> Message | None:
    held = (before or {}).get(name)
    if held == value or (_is_empty(held) and _is_empty(value) and before is not None):
        return None
    if field is None:
        return message(N_("There is no field called “{field}”"), field=name)
    if field.retired:
        return message(N_("The field “{field}” was retired"), field=Message(field.label))
    if _is_empty(value):
        return message(N_("This is required")) if field.required and before is not None else None
    wrong = problem_with(field, value)
    if wrong is not None or not field.choices:
        return wrong
    kept = held if isinstance(held, list) else [held]
    offered = {choice.value for choice in field.choices if not choice.retired}
    for each in value if isinstance(value, list) else [value]:
        if each not in offered and each not in kept:
            label = Message(field.choice_label(each))
            return message(N_("“{value}” is not offered here; choose another"), value=label)
    return None


def _is_empty(value: Any) -> bool:
    return value in (None, "", [])


def problem_with(field: Field, value: Any) -> Message | None:
    """Return what is wrong with one value that is not empty; None where it is fit to keep."""
    if field.kind is Kind.TAGS and isinstance(value, list) and len(value) > field.most_words:
        return message(N_("These are too many words"))
    check = _OTHER_CHECKS.get(field.kind)
    if check is not None:
        return check(value) or (_problem_with_members(value) if field.members else None)
    if not isinstance(value, str):
        return message(N_("This is not text"))
    longest = MAX_LONG_TEXT if field.kind is Kind.LONG_TEXT else MAX_TEXT
    if len(value) > longest:
        return message(
            N_("This is {length} characters long; {longest} are allowed"), length=len(value), longest=longest
        )
    if not is_storable(value):
        return message(N_("This holds a character that cannot be stored"))
    check = _TEXT_CHECKS.get(field.kind)
    return check(value) if check is not None else None


def is_fit(field: Field, values: Sequence[Any]) -> bool:
    """Tell whether `problem_with` finds nothing wrong with any of a field's values; None is left out.

    For thousands of rows at once: each different value is looked at once, and what holds for all texts
    together is asked of all together. May say no to what is fit; whoever hears no asks for each.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return True
    if kinds != {str}:
        check = _OTHER_CHECKS.get(field.kind)
        return check is not None and all(value is None or check(value) is None for value in values)
    if field.kind in _OTHER_CHECKS:
        return False
    texts = set(values) - {None}
    longest = MAX_LONG_TEXT if field.kind is Kind.LONG_TEXT else MAX_TEXT
    if "" in texts or max(map(len, texts)) > longest or not is_storable("".join(texts)):
        return False
    check = _TEXT_CHECKS.get(field.kind)
    return check is None or all(check(text) is None for text in texts)


def is_storable(text: str) -> bool:
    """Tell whether all engines store a text: no NUL, no half of a pair of UTF-16 (JSON can write it)."""
    return "\x00" not in text and (text.isascii() or _HALF.search(text) is None)


def _problem_with_number(value: Any, largest: int) -> Message | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return message(N_("This is not a whole number"))
    if abs(value) > largest:
        return message(N_("This number is too large"))
    return None


def _problem_with_words(value: Any) -> Message | None:
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        return message(N_("This is not a list of words"))
    if any(len(word) > MAX_TEXT for word in value):
        return message(N_("These are too many words"))
    if not all(map(is_storable, value)):
        return message(N_("This holds a character that cannot be stored"))
    return None


def _problem_with_members(value: list[str]) -> Message | None:
    return next(filter(None, map(_problem_with_link, value)), None)


def _problem_with_email(value: str) -> Message | None:
    return None if _EMAIL.match(value) else message(N_("This is not an e-mail address"))


def _problem_with_currency(value: str) -> Message | None:
    return None if _CURRENCY.match(value) else message(N_("This is not a currency code such as CNY"))


def _problem_with_position(value: str) -> Message | None:
    return None if _POSITION.match(value) else message(N_("This is not a position"))


def _problem_with_link(value: str) -> Message | None:
    return None if is_id(value) else message(N_("This is not the id of a record"))


def _problem_with_phone(value: str) -> Message | None:
    digits = sum(map(str.isdigit, value))
    if not PHONE_FORM.match(value):
        return message(N_("A phone number holds digits, spaces and + ( ) - only"))
    if not MIN_PHONE_DIGITS <= digits <= MAX_PHONE_DIGITS:
        return message(
            N_("A phone number has {least} to {most} digits, this has {digits}"),
            least=MIN_PHONE_DIGITS,
            most=MAX_PHONE_DIGITS,
            digits=digits,
        )
    return None


def _problem_with_date(value: str) -> Message | None:
    try:
        if datetime.date.fromisoformat(value).isoformat() == value:
            return None
    except ValueError:
        pass
    return message(N_("This is not a date"))


def _problem_with_decimal(value: str) -> Message | None:
    try:
        if canonical_decimal(value) == value:
            return None
    except ValueError:
        pass
    return message(N_("This is not a number"))


def _problem_with_percent(value: str) -> Message | None:
    wrong = _problem_with_decimal(value)
    if wrong is None and value.startswith("-"):
        return message(N_("A percentage cannot be negative here"))
    return wrong


def _problem_with_structure(value: Any) -> Message | None:
    return None if isinstance(value, (dict, list)) else message(N_("This is not a structure"))


def _problem_with_answer(value: Any) -> Message | None:
    return None if isinstance(value, bool) else message(N_("This is neither yes nor no"))


def _problem_with_integer(value: Any) -> Message | None:
    return _problem_with_number(value, _INT32 - 1)


def _problem_with_amount(value: Any) -> Message | None:
    return _problem_with_number(value, MAX_MINOR)


def _problem_with_instant(value: Any) -> Message | None:
    wrong = _problem_with_number(value, MAX_MINOR)
    if wrong is None and not FIRST_INSTANT <= value <= LAST_INSTANT:
        return message(N_("This moment is too far away"))
    return wrong


_TEXT_CHECKS: Mapping[Kind, Callable[[str], Message | None]] = {
    Kind.EMAIL: _problem_with_email,
    Kind.PHONE: _problem_with_phone,
    Kind.DATE: _problem_with_date,
    Kind.REF: _problem_with_link,
    Kind.CURRENCY: _problem_with_currency,
    Kind.POSITION: _problem_with_position,
    Kind.DECIMAL: _problem_with_decimal,
    Kind.PERCENT: _problem_with_percent,
}
"""What kinds that are text ask of it beyond being text."""

_OTHER_CHECKS: Mapping[Kind, Callable[[Any], Message | None]] = {
    Kind.TAGS: _problem_with_words,
    Kind.JSON: _problem_with_structure,
    Kind.BOOLEAN: _problem_with_answer,
    Kind.INTEGER: _problem_with_integer,
    Kind.MONEY: _problem_with_amount,
    Kind.INSTANT: _problem_with_instant,
}
"""What kinds ask that are not text."""
