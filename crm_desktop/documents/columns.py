"""Columns of wrapped text: the part every document is put together from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_desktop.documents.labels import DocumentLanguage
from crm_desktop.documents.paper import Align, Block, Ink, Text
from crm_desktop.documents.typesetting import Typesetter
from resources.face import Face

# From the baseline to the foot of a line, at every size documents use.
BELOW_BASELINE = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How lines of text look; `leading` is a line's height in millimetres."""

    size: float
    leading: float = 3.95
    face: Face = Face.REGULAR
    ink: Ink = Ink.TEXT


BODY = Style(size=8.25)
STRONG = Style(size=8.25, face=Face.STRONG)
SECOND = Style(size=7.5, ink=Ink.SOFT)


def column(
    parts: Iterable[tuple[str, Style]],
    typesetter: Typesetter,
    *,
    x: float,
    width: float,
    align: Align = Align.LEFT,
) -> Block:
    """Return the parts below each other, each wrapped to the width; empty ones take no room."""
    marks: list[Text] = []
    y = 0.0
    for text, style in parts:
        if not text:
            continue
        for line in typesetter.wrap(text, width, style.face, style.size):
            y += style.leading
            marks.append(
                Text(
                    x=x,
                    y=y - BELOW_BASELINE,
                    text=line,
                    size=style.size,
                    face=style.face,
                    ink=style.ink,
                    align=align,
                )
            )
    return Block(height=y, marks=tuple(marks))


def choose(zh: str, en: str, language: DocumentLanguage) -> str:
    """Return the text in the document's leading language, or in the only one there is."""
    return (en or zh) if language == "en" else (zh or en)


def second(zh: str, en: str, language: DocumentLanguage) -> str:
    """Return the English text below a Chinese one: empty unless both are printed and there are two."""
    return en if language == "both" and zh and en != zh else ""
