"""From a record to what stands in the places of a template: the same on laptops and at HQ."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from crm_core.money import Money
from crm_core.rules.template_kinds import COMPANY, printed_fields
from crm_core.rules.template_values import Amount, Blank, DocumentLanguage
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import shown_form
from crm_core.schema.values import currency_of

Say = Callable[[str, DocumentLanguage], str]
"""Gives a source text in the language of a document."""


def filled_part(
    fields: Mapping[str, Field],
    row: Mapping[str, Any] | None,
    path: str,
    language: DocumentLanguage,
    say: Say,
) -> dict[str, Any]:
    """Return a record's values by the names templates know; blanks for one that is not here (None)."""
    values: dict[str, Any] = {}
    for name, each in printed_fields(fields).items():
        value = row.get(each.name) if row is not None else None
        if row is None or value in (None, "", []):
            values[name] = Blank(f"{path}.{name}")
        else:
            values[name] = _value(each, value, row, language, say)
    return values


def company_words(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what documents say of the company, by what HQ tells of it; the plain words are Chinese."""
    said = {name: str(told.get(name) or "") for name in ("company", "address", "phone", "email")}
    return {
        "name": str(told.get("company_zh") or said["company"]),
        "name_en": said["company"],
        "address": str(told.get("address_zh") or said["address"]),
        "address_en": said["address"],
        "phone": said["phone"],
        "email": said["email"],
    }


def company_part(words: Mapping[str, str]) -> dict[str, str]:
    """Return the company as a part of a template's values."""
    return {name: words.get(name) or Blank(f"company.{name}") for name in COMPANY}


def _value(each: Field, value: Any, row: Mapping[str, Any], language: DocumentLanguage, say: Say) -> Any:
    match each.kind:
        case Kind.MONEY:
            return Amount(Money(value, currency_of(each, row)))
        case Kind.DATE:
            return datetime.date.fromisoformat(value)
        case Kind.INSTANT:
            return datetime.datetime.fromtimestamp(value / 1000).date()  # noqa: DTZ006 - the day here
        case Kind.DECIMAL | Kind.PERCENT:
            return Decimal(value)
        case Kind.CHOICE:
            labels = {choice.value: choice.label for choice in each.choices}
            return say(labels.get(value, str(value)), language)
        case Kind.TAGS:
            return (", " if language == "en" else "、").join(map(str, value))
        case Kind.PHONE:
            return shown_form(str(value))
        case _:
            return value
