"""The columns of a list, made of what an entity declares."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from crm_core.entities import schema_of
from crm_core.entities._choices import LEVELS
from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import currency_of
from crm_desktop.services.lists import ListSetup, ShownField
from crm_desktop.ui.choice_tones import is_toned, tone_of
from crm_desktop.ui.field_texts import field_text, moment_text, word_text
from crm_desktop.ui.format import money, short_date
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.cells import CellKind, CellStatus

MARKS = "marks"
_WIDTHS = {
    Kind.MONEY: 104,
    Kind.INTEGER: 84,
    Kind.DECIMAL: 84,
    Kind.PERCENT: 84,
    Kind.BOOLEAN: 72,
    Kind.DATE: 96,
    Kind.INSTANT: 116,
    Kind.CHOICE: 104,
    Kind.REF: 128,
    Kind.TAGS: 116,
    Kind.PHONE: 132,
    Kind.EMAIL: 172,
    Kind.URL: 172,
}
_USUAL_WIDTH = 120
_LEVEL_WIDTH = 52
_STATUS_WIDTH = 144
_REF_WIDTHS = {"customer": 168, "user": 104, "stage": 104}
"""Names of companies are longer than those of people and stages."""
_KINDS = {
    Kind.INTEGER: CellKind.RIGHT,
    Kind.DECIMAL: CellKind.RIGHT,
    Kind.PERCENT: CellKind.RIGHT,
    Kind.MONEY: CellKind.RIGHT,
    Kind.TAGS: CellKind.TAGS,
}
_LONG_AGO = datetime.datetime(2000, 12, 28, 20, 58)  # noqa: DTZ001 - only its length counts


def longest_day() -> str:
    """Return a day as long as any a list shows, in the language on screen."""
    return short_date(_LONG_AGO.date())


_LONGEST = {Kind.DATE: longest_day, Kind.INSTANT: lambda: moment_text(_LONG_AGO)}
EDITED_IN_PLACE = frozenset(
    (
        Kind.TEXT,
        Kind.PHONE,
        Kind.EMAIL,
        Kind.URL,
        Kind.INTEGER,
        Kind.DECIMAL,
        Kind.PERCENT,
        Kind.MONEY,
        Kind.BOOLEAN,
        Kind.DATE,
        Kind.CHOICE,
    )
)
"""Kinds whose cells F2 opens; the others need more room than a cell has."""
_UNLISTED = frozenset((Kind.JSON, Kind.POSITION))


def marks_column() -> Column:
    """Return the first column: not sent, conflict."""
    return Column(key=MARKS, title="", kind=CellKind.GLYPH, width=28, cell=_marks, fixed=True)


def columns_of(
    entity: str, setup: ListSetup, further: Iterable[Column], wanted: Sequence[str]
) -> dict[str, Column]:
    """Return every column a list can show, by key, the marks first.

    `wanted` are shown until a person chooses, in that order; without them the fields that are listed.
    """
    made = [marks_column(), *field_columns(entity, setup.fields, setup.currency), *further]
    by_key = {column.key: column for column in made}
    order = [key for key in wanted if key in by_key]
    if order:
        rest = (key for key in by_key if key not in order)
        by_key = {
            key: replace(by_key[key], shown=by_key[key].fixed or key in order) for key in (*order, *rest)
        }
    return dict(sorted(by_key.items(), key=lambda item: not item[1].fixed))


def chosen_columns(columns: Mapping[str, Column], keys: Iterable[str]) -> list[Column]:
    """Return the columns to show: the fixed ones and those of `keys`, or the usual ones without any.

    One column takes the free room; it is there whatever was chosen.
    """
    fixed = [column for column in columns.values() if column.fixed]
    chosen = [columns[key] for key in keys if key in columns and not columns[key].fixed]
    shown = chosen or [column for column in columns.values() if column.shown and not column.fixed]
    if not any(column.stretch for column in shown):
        shown = [*(column for column in columns.values() if column.stretch), *shown]
    return [*fixed, *shown]


def field_columns(entity: str, fields: Iterable[ShownField], company_currency: str = "") -> list[Column]:
    """Return a column for each field that can stand in a list; the record's title takes the free room.

    Amounts in the company's currency stand without a unit, which the head names; others say theirs.
    """
    title = schema_of(entity).meta.title
    return [
        field_column(shown, company_currency, stretch=shown.field.name == title)
        for shown in fields
        if shown.field.kind not in _UNLISTED and not _is_currency_of_amount(shown.field, fields)
    ]


def field_column(
    shown: ShownField, company_currency: str = "", *, stretch: bool = False, width: int | None = None
) -> Column:
    """Return the column of one field."""
    field = shown.field
    leveled = tuple(field.choices) == LEVELS
    kind = CellKind.LEVEL if leveled else _KINDS.get(field.kind, CellKind.TEXT)
    if field.members:
        kind = CellKind.TEXT
    elif is_toned(field):
        kind = CellKind.STATUS
    usual = 192 if stretch else _LEVEL_WIDTH if leveled else _WIDTHS.get(field.kind, _USUAL_WIDTH)
    if kind is CellKind.STATUS:
        usual = _STATUS_WIDTH
    if not stretch:
        usual = _REF_WIDTHS.get(field.target or "", usual)
    return Column(
        key=field.name,
        title=_head(field, company_currency),
        kind=kind,
        width=width or usual,
        cell=_cell_of(field, company_currency, leveled=leveled),
        sort=field.name if shown.sortable else None,
        field=field,
        editable=shown.writable and field.kind in EDITED_IN_PLACE,
        stretch=stretch,
        shown=field.in_list,
        longest=_LONGEST.get(field.kind),
    )


def _head(field: Field, company_currency: str) -> Message:
    if field.kind is Kind.MONEY and company_currency:
        return message("{field}, {currency}", field=Message(field.label), currency=company_currency)
    return Message(field.label)


def _cell_of(field: Field, company_currency: str, *, leveled: bool) -> Callable[[Row], CellText]:
    if leveled:
        return lambda row: CellText(str(row.record.get(field.name) or ""))
    if field.kind is Kind.MONEY:
        return lambda row: _amount(field, row, company_currency)
    if field.kind is Kind.TAGS and not field.members:
        return lambda row: _words(field, row)
    if is_toned(field):
        return lambda row: _mark(field, row)
    if field.kind is Kind.BOOLEAN:
        return lambda row: CellText(tr("Yes")) if row.record.get(field.name) else EMPTY_CELL
    return lambda row: CellText(field_text(field, row.record.values, row.titles))


def _amount(field: Field, row: Row, company_currency: str) -> CellText:
    minor = row.record.get(field.name)
    if minor is None:
        return EMPTY_CELL
    amount = Money(minor, currency_of(field, row.record.values))
    from_company = amount.currency == company_currency
    # One below the other, amounts are compared by their points.
    return CellText(money(amount, symbol=not from_company, decimals=True))


def _words(field: Field, row: Row) -> CellText:
    words = [word_text(field, str(word)) for word in row.record.get(field.name) or []]
    return CellText(", ".join(words), tuple(words)) if words else EMPTY_CELL


def _mark(field: Field, row: Row) -> CellText:
    value = row.record.get(field.name)
    if not value:
        return EMPTY_CELL
    words = field_text(field, row.record.values, row.titles)
    return CellText(words, CellStatus(text=words, tone=tone_of(field, str(value))))


def _marks(row: Row) -> CellText:
    return CellText("", row.glyph)


def _is_currency_of_amount(field: Field, fields: Iterable[ShownField]) -> bool:
    return field.kind is Kind.CURRENCY and any(other.field.currency == field.name for other in fields)
