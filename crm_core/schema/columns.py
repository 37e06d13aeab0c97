"""Functions that declare a field and its column in one line of an entity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Integer, Text
from sqlalchemy.orm import MappedColumn, mapped_column

from crm_core.schema.field import Choice, Field, FieldClass, Kind, ScopeSource

_TYPES: dict[Kind, Any] = {
    Kind.INTEGER: Integer,
    Kind.MONEY: BigInteger,
    Kind.INSTANT: BigInteger,
    Kind.BOOLEAN: Boolean,
    Kind.TAGS: JSON,
    Kind.JSON: JSON,
}


def column(no: int, label: str, kind: Kind, **how: Any) -> MappedColumn[Any]:
    """Return a column carrying its `Field`.

    Columns stay nullable even where a value is required: a half-readable row from a newer version
    must still be stored; `validate` asks for the value. A negative `sort_order` puts a column that several
    entities share before an entity's own.
    """
    sort_order = how.pop("sort_order", 0)
    field = Field(no=no, label=label, kind=kind, **how)
    indexed = field.indexed or kind is Kind.REF
    column_type = _TYPES.get(kind, Text)
    if kind in (Kind.TAGS, Kind.JSON):
        column_type = JSON(none_as_null=True)
    return mapped_column(
        column_type, nullable=True, index=indexed, info={"field": field}, sort_order=sort_order
    )


def text(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare one line of text; `kind=` narrows it to a phone, mail or web address."""
    return column(no, label, how.pop("kind", Kind.TEXT), **how)


def long_text(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare text of several lines."""
    return column(no, label, Kind.LONG_TEXT, **how)


def integer(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a whole number."""
    return column(no, label, Kind.INTEGER, **how)


def decimal(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare an exact decimal, kept as canonical text such as `12.5`."""
    return column(no, label, Kind.DECIMAL, **how)


def percent(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a percentage, kept as canonical decimal text, `12.5` meaning 12.5 %."""
    return column(no, label, Kind.PERCENT, **how)


def money(no: int, label: str, currency: str = "currency", **how: Any) -> MappedColumn[Any]:
    """Declare an amount in minor units of the currency named by the sibling field `currency`."""
    how.setdefault("field_class", FieldClass.MONEY)
    return column(no, label, Kind.MONEY, currency=currency, **how)


def currency_code(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare an ISO 4217 currency code; by default of the money class like its amount."""
    how.setdefault("field_class", FieldClass.MONEY)
    return column(no, label, Kind.CURRENCY, **how)


def boolean(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare yes or no."""
    return column(no, label, Kind.BOOLEAN, **how)


def date(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a calendar day, kept as `YYYY-MM-DD`."""
    return column(no, label, Kind.DATE, **how)


def instant(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a moment, kept as milliseconds since 1970 UTC."""
    return column(no, label, Kind.INSTANT, **how)


def choice(no: int, label: str, choices: Sequence[Choice], **how: Any) -> MappedColumn[Any]:
    """Declare one of a list of values."""
    return column(no, label, Kind.CHOICE, choices=tuple(choices), **how)


def ref(no: int, label: str, target: str, **how: Any) -> MappedColumn[Any]:
    """Declare a link to a record of `target`: an indexed id, no foreign key, for rows arrive in any order."""
    return column(no, label, Kind.REF, target=target, **how)


def owner(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare the user a record belongs to."""
    return ref(no, label, "user", scope=ScopeSource.OWN, **how)


def tags(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a set of words that merges by adding; the column holds its sorted present members."""
    return column(no, label, Kind.TAGS, **how)


def shares(no: int, label: str, scope: ScopeSource, **how: Any) -> MappedColumn[Any]:
    """Declare the users and teams a record is shared with: a set of their ids."""
    return column(no, label, Kind.TAGS, scope=scope, members=("user", "team"), **how)


def position(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a place in an order, kept as a fractional key; ties go by record id."""
    return column(no, label, Kind.POSITION, **how)


def json(no: int, label: str, **how: Any) -> MappedColumn[Any]:
    """Declare a small structure of plain values, merged as a whole."""
    return column(no, label, Kind.JSON, **how)
