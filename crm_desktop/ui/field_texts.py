"""Field values as a reader of the language on screen sees them: cells, facts, history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm_core.money import Money
from crm_core.schema.code_lists import row_of, shown_name
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import shown_form
from crm_core.schema.values import currency_of, links_of
from crm_desktop.models.records import Record
from crm_desktop.services.calendar import local
from crm_desktop.services.lists import Titles
from crm_desktop.ui.format import clock, figure, money, short_date
from crm_desktop.ui.translate import show, tr, translator

GROUPED_FROM = 10_000  # a year or a number of people reads better without a comma


def field_text(field: Field, values: Mapping[str, Any], titles: Titles | Mapping[Any, str]) -> str:
    """Return a field's value in words; '' for none. `values` holds the row, `titles` its links' titles."""
    return value_text(field, values.get(field.name), values, titles)


def words_of(record: Record, name: str) -> str:
    """Return the value of a record's field in words, where it is no link; '' for none."""
    return field_text(record.schema.fields[name], record.values, {})


def value_text(
    field: Field, value: Any, values: Mapping[str, Any], titles: Titles | Mapping[Any, str]
) -> str:
    """Return one value of a field in words, such as the one it had before; '' for none."""
    if value is None or value == "" or value == []:
        return ""
    match field.kind:
        case Kind.MONEY if isinstance(value, int):
            return money(Money(value, currency_of(field, values)))
        case Kind.INTEGER if isinstance(value, int):
            return figure(value) if abs(value) >= GROUPED_FROM else str(value)
        case Kind.DECIMAL:
            return _decimal(str(value))
        case Kind.PHONE:
            return shown_form(str(value))
        case Kind.PERCENT:
            return f"{_decimal(str(value))} %"
        case Kind.BOOLEAN:
            return tr("Yes") if value else tr("No")
        case Kind.DATE:
            return _day(str(value))
        case Kind.INSTANT if isinstance(value, int):
            return moment_text(local(value))
        case Kind.CHOICE:
            return tr(field.choice_label(str(value)))
        case Kind.REF:
            target = values.get(field.target_field or "") if field.target == "*" else field.target
            return show(titles.get((str(target), str(value))) or titles.get(field.name) or "")
        case Kind.TAGS if field.members:
            return _names(field, value, titles) or show(titles.get(field.name) or "")
        case Kind.TAGS if isinstance(value, list):
            return ", ".join(word_text(field, str(word)) for word in value)
        case Kind.JSON:
            return json.dumps(value, ensure_ascii=False)
        case _ if field.code_list is not None:
            return shown_name(field.code_list, str(value), row_of(values), translator().language)
        case _:
            return str(value)


def word_text(field: Field, word: str) -> str:
    """Return a word of a set as it is shown: of a set of choices what the choice is called."""
    return tr(field.choice_label(word)) if field.choices else word


def _names(field: Field, value: Any, titles: Titles | Mapping[Any, str]) -> str:
    named = {
        record_id: show(title)
        for entity, record_id in links_of(field, {field.name: value})
        if (title := titles.get((entity, record_id)))
    }
    return ", ".join(sorted(named.values()))


def moment_text(moment: datetime) -> str:
    """Return a day and its time, `24 Nov 09:30` or `11月24日 09:30`."""
    return f"{short_date(moment.date())} {clock(moment)}"


def _decimal(text: str) -> str:
    try:
        return figure(Decimal(text))
    except ArithmeticError:
        return text


def _day(text: str) -> str:
    try:
        return short_date(date.fromisoformat(text))
    except ValueError:
        return text
