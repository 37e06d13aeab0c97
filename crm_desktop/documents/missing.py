"""Characters no bundled font has, and where in a document somebody typed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import reduce
from typing import Any

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message

_MOST_NAMED = 12
_MOST_PLACES = 3
_PARTS = {
    "letterhead": N_("Company"),
    "number": N_("Number"),
    "customer": N_("Customer"),
    "prepared_by": N_("Prepared by"),
    "terms": N_("Terms"),
}
_FIELDS = {
    "name": N_("Name"),
    "title": N_("Title"),
    "address": N_("Address"),
    "contact": N_("Contact"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "website": N_("Website"),
    "code": N_("Code"),
    "description": N_("Description"),
    "unit": N_("Unit"),
}


def refuse(characters: Sequence[str], texts: Iterable[tuple[Message, str]]) -> None:
    """Raise `UserError` naming the characters, their code points and which of the texts hold them.

    `texts` are what was typed, each with the name of its place.
    """
    if not characters:
        return
    typed = list(texts)
    named: list[Message | str] = [_named(character, typed) for character in characters[:_MOST_NAMED]]
    if len(characters) > _MOST_NAMED:
        named.append("…")
    raise UserError(
        N_("The fonts cannot print these characters, please replace them: {characters}"),
        characters=reduce(_then, named),
    )


def texts_of(document: Any) -> Iterator[tuple[Message, str]]:
    """Return every text of a document made of dataclasses, each with what people call its place."""
    for each in fields(document):
        value = getattr(document, each.name)
        if each.name in ("lines", "groups"):
            said = N_("Line {number}") if each.name == "lines" else N_("Group {number}")
            for number, row in enumerate(value, start=1):
                yield from _texts_within(row, message(said, number=number))
        elif is_dataclass(value):
            yield from _texts_within(value, Message(_PARTS.get(each.name, each.name)))
        else:
            part = Message(_PARTS.get(_plain(each.name), each.name))
            for text in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
                yield part, str(text)


def _texts_within(part: Any, name: Message) -> Iterator[tuple[Message, str]]:
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, str) and value:
            field = Message(_FIELDS.get(_plain(each.name), each.name))
            yield message("{part}, {field}", part=name, field=field), value


def _plain(name: str) -> str:
    """Return a field's name without the language it is in."""
    return name.removesuffix("_zh").removesuffix("_en")


def _named(character: str, typed: Sequence[tuple[Message, str]]) -> Message | str:
    """Return a character with its code point, without its shape if it may have none, and its places."""
    point = f"U+{ord(character):04X}"
    shown = f"{character} ({point})" if character.isprintable() else point
    places = list({str(place): place for place, text in typed if character in text}.values())
    if not places:
        return shown
    where: list[Message | str] = [
        *places[:_MOST_PLACES],
        *("…" for _ in places[_MOST_PLACES : _MOST_PLACES + 1]),
    ]
    return message("{character} in {places}", character=shown, places=reduce(_then, where))


def _then(first: Message | str, second: Message | str) -> Message | str:
    return message("{first}; {second}", first=first, second=second)
