"""Values of returned edits in the reader's words: by the kind of field, links by what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.schema.values import currency_of, links_of
from crm_desktop.services.joined import JoinedField
from crm_desktop.services.offers import OfferedEdit
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.ui.format import NOTHING, figure, money, near_moment, percent, short_date
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.translate import Text, tr

Shown = ReturnedEdit | OfferedEdit | JoinedField
Titles = Mapping[tuple[str, str], str]


def register_of(edit: Shown) -> tuple[Field, ...]:
    """Return the fields an edit is of; empty for a custom field that is gone and the record as a whole."""
    schema = SCHEMAS[edit.entity]
    if (custom := edit.customs.get(edit.field or "")) is not None:
        return (custom,)
    field = schema.fields.get(edit.field or "")
    return schema.register(field) if field else ()


def links_in(edit: Shown) -> Iterable[tuple[str, str]]:
    """Yield (entity, id) of every record the values of an edit link to."""
    fields = register_of(edit)
    if isinstance(edit, ReturnedEdit) and edit.typed is not None:
        for field in SCHEMAS[edit.entity].fields.values():
            yield from links_of(field, edit.typed)
        return
    match edit:
        case ReturnedEdit():
            values: tuple[Any, ...] = (edit.base, edit.mine, edit.theirs)
        case OfferedEdit():
            values = (edit.present, edit.value)
        case _:
            values = (edit.value,)
    for value in values:
        for field, each in zip(fields, _members(fields, value), strict=False):
            if field.kind is Kind.REF and field.target in SCHEMAS and isinstance(each, str):
                yield str(field.target), each
            if field.members:
                yield from links_of(field, {field.name: _words_in(each)})


def value_words(edit: Shown, value: Any, titles: Titles) -> Text:
    """Return a value of an edit as a reader of the language on screen writes it."""
    fields = register_of(edit)
    if edit.field is None:
        return _record_words(value)
    if not fields:
        return NOTHING if value in (None, "", []) else str(value)
    named = dict(zip((field.name for field in fields), _members(fields, value), strict=False))
    words = [_words(field, named, titles) for field in fields if field.kind is not Kind.CURRENCY]
    if fields[0].group == "stage":
        words = [
            _words(field, named, titles) for field in fields if field.name in ("stage_id", "loss_reason")
        ]
    return ", ".join(filter(None, words)) or NOTHING


def typed_words(edit: ReturnedEdit, titles: Titles) -> list[tuple[Text, Text]]:
    """Return what was typed into a record HQ did not take, as (field, value) in the order of its form."""
    typed = edit.typed or {}
    lines: list[tuple[Text, Text]] = []
    for field in SCHEMAS[edit.entity].fields.values():
        if field.name in typed and field.kind not in (Kind.CURRENCY, Kind.POSITION, Kind.JSON):
            lines.append((Message(field.label), _words(field, typed, titles)))
    custom = {name: value for name, value in typed.items() if name.startswith(CUSTOM_PREFIX)}
    for name, value in sorted(custom.items()):
        known = edit.customs.get(name)
        if known is not None:
            lines.append((Message(known.label), _words(known, typed, titles)))
        else:
            lines.append((name.removeprefix(CUSTOM_PREFIX), str(value)))
    return lines


def _members(fields: Sequence[Field], value: Any) -> Sequence[Any]:
    if len(fields) > 1:
        return value if isinstance(value, list) else [None] * len(fields)
    return [value]


def _record_words(value: Any) -> Text:
    if isinstance(value, list):
        return message("New record")
    if isinstance(value, int):
        return message("Deleted") if value % 2 else message("Restored")
    return NOTHING


def _words(field: Field, named: Mapping[str, Any], titles: Titles) -> str:
    value = named.get(field.name)
    if value is None or value in ("", []):
        return ""
    match field.kind:
        case Kind.MONEY:
            return money(Money(int(value), currency_of(field, named)))
        case Kind.INTEGER | Kind.DECIMAL:
            return figure(Decimal(str(value)))
        case Kind.PERCENT:
            return percent(Decimal(str(value)))
        case Kind.BOOLEAN:
            return tr("Yes") if value else tr("No")
        case Kind.DATE:
            return short_date(date.fromisoformat(value))
        case Kind.INSTANT:
            return near_moment(moment(value))
        case Kind.CHOICE:
            return Message(field.choice_label(value)).show(tr)
        case Kind.REF:
            return titles.get((str(field.target), value), tr("a record not on this laptop"))
        case Kind.TAGS:
            return _tag_words(value, _names_of(field, value, titles))
        case _:
            return str(value)


def _tag_words(value: Any, names: Mapping[str, str]) -> str:
    def named(word: str) -> str:
        return names.get(word, word)

    if isinstance(value, str):
        return tr("with {tag}", tag=named(value))
    if _is_removal(value):
        return tr("without {tag}", tag=named(value[0]))
    return ", ".join(sorted({named(word) for word in _words_in(value)}))


def _is_removal(value: Any) -> bool:
    return bool(value) and isinstance(value[0], str) and len(value) == 2 and isinstance(value[1], list)


def _words_in(value: Any) -> list[str]:
    """Return the words of a set, of an addition to it or of a removal."""
    if not value:
        return []
    if isinstance(value, str):
        return [value]
    if _is_removal(value):
        return [value[0]]
    return [pair[0] if isinstance(pair, list) else str(pair) for pair in value]


def _names_of(field: Field, value: Any, titles: Titles) -> dict[str, str]:
    links = links_of(field, {field.name: _words_in(value)}) if field.members else ()
    return {link[1]: titles[link] for link in links if link in titles}
