"""Field values as text and back: the forms of the command line, JSON, files and the REST interface.

Money is decimal text with its currency (`1299.00 CNY`), days are `YYYY-MM-DD`, instants ISO 8601 in UTC
with `Z`, yes and no `true` and `false`, links the record's id, sets their words.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_core.errors import Invalid, Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.money import Money, parse_money
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.phones import standard_form
from crm_core.schema.reading import CUSTOM_PREFIX, Schema

DEFAULT_CURRENCY = "CNY"

_YES = frozenset(("true", "yes", "1", "y", "是", "对"))
_NO = frozenset(("false", "no", "0", "n", "否", "不"))
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_WORDS = re.compile(r'\s*"(?P<quoted>(?:[^"]|"")*)"\s*(?=[,;，；、]|\Z)|(?P<plain>[^,;，；、]+)')
_SEPARATORS = frozenset(",;，；、")


def instant_text(ms: int) -> str:
    """Return milliseconds since 1970 UTC as ISO 8601 with `Z`, milliseconds only where there are any."""
    moment = _EPOCH + datetime.timedelta(milliseconds=ms)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if ms % 1000 else "seconds") + "Z"


def parse_instant(text: str) -> int:
    """Return milliseconds since 1970 UTC for ISO 8601 text; without a zone it is taken as UTC.

    Raises ValueError.
    """
    moment = datetime.datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return round((moment - _EPOCH) / datetime.timedelta(milliseconds=1))


def canonical_decimal(text: str) -> str:
    """Return an exact decimal in its shortest plain form (`12.50` is `12.5`). Raises ValueError."""
    try:
        number = Decimal(text.strip().replace(",", ""))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite() or abs(number.adjusted()) > 20:
        raise ValueError(text)
    return f"{number.normalize():f}" if number else "0"


def currency_of(field: Field, values: Mapping[str, Any]) -> str:
    """Return the currency an amount of the row is in."""
    return str(values.get(field.currency or "") or field.unit or DEFAULT_CURRENCY)


def to_plain(field: Field, values: Mapping[str, Any]) -> Plain:
    """Return a field's value in its JSON form; `values` holds the row, for an amount needs its currency."""
    value = values.get(field.name)
    if value is None:
        return [] if field.kind is Kind.TAGS else None  # a set without words is a set
    if field.kind is Kind.MONEY:
        return str(Money(value, currency_of(field, values)))
    if field.kind is Kind.INSTANT:
        return instant_text(value)
    if field.kind is Kind.TAGS:
        return sorted(value)
    return value  # type: ignore[no-any-return]


def word_text(word: str) -> str:
    """Return a word of a set as it is written among others: in quotation marks where it holds a comma."""
    if _SEPARATORS.isdisjoint(word) and not word.startswith('"'):
        return word
    return '"' + word.replace('"', '""') + '"'


def words_of(text: str) -> set[str]:
    """Return the words of a set as they are written, separated by commas or semicolons."""
    found = (
        each["plain"] if each["quoted"] is None else each["quoted"].replace('""', '"')
        for each in _WORDS.finditer(text)
    )
    return {word.strip() for word in found} - {""}


def links_of(field: Field, values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (entity, id) of what a field leads to; of a set of ids each under every entity it may be of."""
    value = values.get(field.name)
    if not value:
        return ()
    if field.members:
        ids = value if isinstance(value, list) else [value]
        return tuple((entity, str(each)) for each in ids for entity in field.members)
    target = values.get(field.target_field or "") if field.target == "*" else field.target
    return ((str(target), str(value)),) if field.kind is Kind.REF and target else ()


def to_text(field: Field, values: Mapping[str, Any]) -> str:
    """Return a field's value as text, empty for none; what `parse_text` reads back."""
    value = to_plain(field, values)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and field.kind is Kind.TAGS:
        return ", ".join(word_text(str(word)) for word in value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def to_json(
    schema: Schema,
    record_id: str,
    values: Mapping[str, Any],
    custom: Mapping[str, Field] | None = None,
) -> dict[str, Plain]:
    """Return a record as one flat object: its id, then every field present in `values`.

    `custom` says how custom fields are written, by name; without it they are as the row keeps them.
    """
    flat: dict[str, Plain] = {"id": record_id}
    for name, field in schema.fields.items():
        if name in values:
            flat[name] = to_plain(field, values)
    for name, value in values.items():
        if name.startswith(CUSTOM_PREFIX):
            declared = (custom or {}).get(name)
            flat[name] = to_plain(declared, values) if declared else value
    return flat


def parse_text(field: Field, text: str, values: Mapping[str, Any] | None = None) -> dict[str, Plain]:
    """Return what typed text sets: the field, and for an amount its currency too. Empty text clears.

    `values` is the row so far: an amount typed without a currency takes the row's. Raises `UserError`
    saying what was expected.
    """
    text = text.strip()
    if field.kind is Kind.MONEY:
        return _parse_amount(field, text, values or {})
    if not text:
        return {field.name: [] if field.kind is Kind.TAGS else None}
    try:
        return {field.name: _parse(field, text)}
    except (ValueError, OverflowError):
        raise UserError(_expected(field, text)) from None


def parse_assignments(
    schema: Schema, assignments: Mapping[str, str], values: Mapping[str, Any] | None = None
) -> dict[str, Plain]:
    """Return what `field=text` assignments set. Raises `Invalid` naming every field that is wrong."""
    parsed: dict[str, Plain] = {}
    problems = []
    for name, text in assignments.items():
        field = schema.fields.get(name)
        if field is None:
            problems.append(
                Problem(
                    field=name,
                    message=message(
                        N_("{entity} has no field called “{field}”"),
                        entity=Message(schema.meta.label),
                        field=name,
                    ),
                )
            )
            continue
        try:
            parsed.update(parse_text(field, text, {**(values or {}), **parsed}))
        except UserError as error:
            problems.append(Problem(field=name, message=error.message))
    if problems:
        raise Invalid(problems)
    return parsed


def _parse_amount(field: Field, text: str, values: Mapping[str, Any]) -> dict[str, Plain]:
    if not text:
        return {field.name: None}
    amount = parse_money(text, currency_of(field, values))
    if field.currency:
        return {field.name: amount.minor, field.currency: amount.currency}
    if amount.currency != (field.unit or DEFAULT_CURRENCY):
        raise UserError(
            N_("Amounts here are in {currency}, not in {other}"),
            currency=field.unit or DEFAULT_CURRENCY,
            other=amount.currency,
        )
    return {field.name: amount.minor}


def _parse(field: Field, text: str) -> Plain:
    match field.kind:
        case Kind.INTEGER:
            return int(text.replace(",", ""))
        case Kind.DECIMAL | Kind.PERCENT:
            return canonical_decimal(text.removesuffix("%"))
        case Kind.BOOLEAN:
            return _parse_boolean(text)
        case Kind.DATE:
            return datetime.date.fromisoformat(text).isoformat()
        case Kind.INSTANT:
            return parse_instant(text)
        case Kind.CURRENCY:
            return text.upper()
        case Kind.REF:
            record_id = text.lower().replace("-", "")
            if not is_id(record_id):
                raise ValueError(text)
            return record_id
        case Kind.PHONE:
            return standard_form(text) or text
        case Kind.TAGS:
            return [*sorted(words_of(text))]
        case Kind.CHOICE:
            return _parse_choice(field, text)
        case Kind.JSON:
            structure: Plain = json.loads(text, parse_float=str)
            return structure
        case _:
            return text


def _parse_boolean(text: str) -> bool:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(text)


def _parse_choice(field: Field, text: str) -> str:
    for choice in field.choices:
        if text.casefold() in (choice.value.casefold(), choice.label.casefold()):
            return choice.value
    raise ValueError(text)


def _expected(field: Field, text: str) -> Message:
    match field.kind:
        case Kind.INTEGER:
            return message(N_("“{text}” is not a whole number"), text=text)
        case Kind.DECIMAL | Kind.PERCENT:
            return message(N_("“{text}” is not a number"), text=text)
        case Kind.BOOLEAN:
            return message(N_("“{text}” is neither true nor false"), text=text)
        case Kind.DATE:
            return message(N_("“{text}” is not a date such as 2026-12-24"), text=text)
        case Kind.INSTANT:
            return message(N_("“{text}” is not a time such as 2026-12-24T09:30:00Z"), text=text)
        case Kind.REF:
            return message(N_("“{text}” is not the id of a record"), text=text)
        case Kind.CHOICE:
            return message(
                N_("“{text}” is none of {allowed}"),
                text=text,
                allowed=", ".join(choice.value for choice in field.choices),
            )
        case _:
            return message(N_("“{text}” cannot be read here"), text=text)
