"""One cell into the plain values it stands for, more lenient than typing: files come from anywhere.

What a column means (which number is the month, which mark the decimal one) is found over all its cells
before the first is read, so that no row is read in another way than its neighbours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm_core.errors import UserError
from crm_core.exchange.amounts import comma_is_decimal, currency_of, read_number
from crm_core.exchange.dates import DayOrder, day_order, parse_day, parse_moment
from crm_core.exchange.words import fold, in_all_languages
from crm_core.i18n import N_, Message, Translate, message
from crm_core.ids import is_id
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.values import DEFAULT_CURRENCY, parse_text

CellReader = Callable[[str, Mapping[str, Any]], dict[str, Plain]]
"""Takes a cell that is not empty and the row so far; gives what it sets. Raises `UserError`."""

_YES = frozenset(("true", "yes", "y", "t", "1", "on", "x", "✓", "✔", "√", "是", "对", "有", "真"))
_NO = frozenset(("false", "no", "n", "f", "0", "off", "✗", "✘", "×", "否", "不", "不是", "无", "假"))
_WORDS = re.compile(r"[,;|，；、\n]")
_LINE_ENDS = re.compile(r"\s*[\r\n]+\s*")
GUARD = "'"
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What holds for a whole file."""

    currency: str = DEFAULT_CURRENCY
    """Currency of amounts that name none."""
    languages: tuple[Translate, ...] = ()
    """Labels of choices are understood in English and in each of these."""


def cell_reader(
    field: Field, cells: Iterable[str], reading: Reading, factor: Decimal | None = None
) -> tuple[CellReader, tuple[Message, ...]]:
    """Return what reads the cells of one column, and what was assumed about them.

    `factor` multiplies numbers and amounts: a column "in millions" is read with 1 000 000.
    """
    match field.kind:
        case Kind.DATE | Kind.INSTANT:
            return _date_reader(field, cells)
        case Kind.MONEY | Kind.INTEGER | Kind.DECIMAL | Kind.PERCENT:
            return _number_reader(field, cells, reading, factor), ()
        case Kind.CHOICE:
            return _choice_reader(field, reading), ()
        case Kind.BOOLEAN:
            return _boolean_reader(field), ()
        case Kind.TAGS if field.choices:
            return _several_reader(field, reading), ()
        case Kind.TAGS:
            return _tags_reader(field), ()
        case Kind.CURRENCY:
            return _currency_reader(field), ()
        case _:
            return _text_reader(field), ()


def clean(cell: str) -> str:
    """Return a cell without the blanks around it and without the guard against formulas of our own export."""
    text = cell.strip()
    return text[1:] if _GUARDED.match(text) else text


def _date_reader(field: Field, cells: Iterable[str]) -> tuple[CellReader, tuple[Message, ...]]:
    order, assumed = day_order(cells)

    def read(text: str, _: Mapping[str, Any]) -> dict[str, Plain]:
        try:
            if field.kind is Kind.INSTANT:
                return {field.name: parse_moment(text, order)}
            return {field.name: parse_day(text, order).isoformat()}
        except (ValueError, OverflowError):
            raise UserError(N_("“{text}” is not a date such as 2026-12-24"), text=text) from None

    if assumed:
        said = message(
            N_("{field}: 3/4/2026 could be either; it was read month first"), field=Message(field.label)
        )
        return read, (said,)
    if order is DayOrder.DAY_FIRST:
        return read, (message(N_("{field}: days are written day first"), field=Message(field.label)),)
    return read, ()


def _number_reader(
    field: Field, cells: Iterable[str], reading: Reading, factor: Decimal | None
) -> CellReader:
    decimal_comma = comma_is_decimal(cells)

    def read(text: str, values: Mapping[str, Any]) -> dict[str, Plain]:
        try:
            number, unit = read_number(text, decimal_comma)
        except ValueError:
            raise UserError(N_("“{text}” is not a number"), text=text) from None
        if factor is not None:
            number *= factor
        if field.kind is Kind.MONEY:
            default = values.get(field.currency or "") or field.unit or reading.currency
            try:
                currency = currency_of(unit, default)
            except ValueError:
                raise UserError(N_("“{text}” names no currency known here"), text=text) from None
            amount = parse_text(field, f"{number:f} {currency}")
            return {name: value for name, value in amount.items() if name}
        if unit not in ("", "%"):
            raise UserError(N_("“{text}” is not a number"), text=text)
        if field.kind is Kind.INTEGER:
            if number != number.to_integral_value():
                raise UserError(N_("“{text}” is not a whole number"), text=text)
            return {field.name: int(number)}
        return parse_text(field, f"{number:f}")

    return read


def _choice_words(field: Field, reading: Reading) -> dict[str, str]:
    """Return which choice each word means: its value, or its label in any language."""
    meant: dict[str, str] = {}
    for choice in field.choices:
        for word in (choice.value, *in_all_languages(choice.label, reading.languages)):
            meant.setdefault(fold(word), choice.value)
    return meant


def _several_reader(field: Field, reading: Reading) -> CellReader:
    meant = _choice_words(field, reading)

    def read(text: str, values: Mapping[str, Any]) -> dict[str, Plain]:
        words = parse_text(field, text, values)[field.name]
        named = words if isinstance(words, list) else []
        return {field.name: [*sorted({meant.get(fold(str(word)), str(word)) for word in named})]}

    return read


def _choice_reader(field: Field, reading: Reading) -> CellReader:
    meant = _choice_words(field, reading)

    def read(text: str, _: Mapping[str, Any]) -> dict[str, Plain]:
        value = meant.get(fold(text))
        if value is None:
            raise UserError(
                N_("“{text}” is none of {allowed}"),
                text=text,
                allowed=", ".join(choice.value for choice in field.choices),
            )
        return {field.name: value}

    return read


def _boolean_reader(field: Field) -> CellReader:
    def read(text: str, _: Mapping[str, Any]) -> dict[str, Plain]:
        word = fold(text)
        if word not in _YES and word not in _NO:
            raise UserError(N_("“{text}” is neither yes nor no"), text=text)
        return {field.name: word in _YES}

    return read


def _tags_reader(field: Field) -> CellReader:
    def read(text: str, _: Mapping[str, Any]) -> dict[str, Plain]:
        words: Sequence[str] = _WORDS.split(text)
        if text.startswith("["):
            words = _json_words(text) or words
        return {field.name: [*sorted({word.strip() for word in words} - {""})]}

    return read


def _json_words(text: str) -> list[str] | None:
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    if isinstance(found, list) and all(isinstance(word, str) for word in found):
        return found
    return None


def _currency_reader(field: Field) -> CellReader:
    def read(text: str, _: Mapping[str, Any]) -> dict[str, Plain]:
        try:
            return {field.name: currency_of(text.strip(), "")}
        except ValueError:
            raise UserError(N_("“{text}” names no currency known here"), text=text) from None

    return read


def _text_reader(field: Field) -> CellReader:
    def read(text: str, _: Mapping[str, Any]) -> dict[str, Plain]:
        if field.kind is Kind.REF and not is_id(text.lower().replace("-", "")):
            raise UserError(N_("“{text}” is not the id of a record"), text=text)
        if field.kind is Kind.LONG_TEXT:
            return {field.name: text.replace("\r\n", "\n").replace("\r", "\n")}
        return parse_text(field, _LINE_ENDS.sub(" ", text))

    return read
