"""Text that is translated at the moment it is shown.

Code below the programs never translates. It marks English source text with `N_` and hands out
`Message`, and whoever shows it asks a `Translate` function. Catalogues are loaded by `resources`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

Translate = Callable[[str], str]
"""Gives the text of an English source string in the reader's language."""


class Worded(str):
    """A text somebody wrote in both languages: the English one, with the Chinese one beside it.

    Labels of custom fields, names of records that have two: no catalogue knows them. Shown by `translation`
    like any other source text.
    """

    __slots__ = ("chinese",)

    chinese: str

    def __new__(cls, english: str, chinese: str | None = None) -> Self:
        """Return the text; without a Chinese one it is looked up like any other."""
        made = super().__new__(cls, english)
        made.chinese = chinese or ""
        return made


def worded(english: object, chinese: object) -> str:
    """Return a text with its Chinese one beside it, where there is one; '' for none."""
    return Worded(str(english or ""), str(chinese)) if chinese else str(english or "")


def in_chinese(text: str, catalogue: Mapping[str, str]) -> str:
    """Return a source text in Chinese: as its writer worded it, else as the catalogue has it."""
    return (isinstance(text, Worded) and text.chinese) or catalogue.get(text, text)


def N_(text: str) -> str:
    """Mark an English source string for translation and return it unchanged."""
    return text


def untranslated(text: str) -> str:
    """Return the English source itself: the translation used in logs and by default."""
    return text


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to show later: English source with `{named}` places, and what goes into them.

    A place may hold another `Message`, which is translated with it.
    """

    text: str
    places: Mapping[str, object] = field(default_factory=dict)

    def show(self, translate: Translate = untranslated) -> str:
        """Return the sentence in the language of `translate`."""
        filled = {
            name: value.show(translate)
            if isinstance(value, Message)
            else translate(value)
            if isinstance(value, Worded) and value.chinese
            else value
            for name, value in self.places.items()
        }
        return translate(self.text).format(**filled) if filled else translate(self.text)

    def __str__(self) -> str:
        return self.show()


def message(text: str, /, **places: object) -> Message:
    """Return a `Message`; write the text as a literal so that extraction finds it."""
    return Message(text, places)


def plural(number: int, one: Message, many: Message) -> Message:
    """Return `one` where the number is 1, else `many`; both stand whole, so that each can be translated."""
    return one if number == 1 else many


def plain_places(sentence: Message) -> dict[str, str]:
    """Return what goes into a sentence, as text that travels or is kept: English source, where it is one."""
    return {
        name: str(value.text) if isinstance(value, Message) and not value.places else str(value)
        for name, value in sentence.places.items()
    }


def sentence_of(text: str, places: Mapping[str, object]) -> Message:
    """Return a sentence that came as text and `plain_places`: what goes into it is translated too."""
    return Message(text, {name: Message(str(value)) for name, value in places.items()})
