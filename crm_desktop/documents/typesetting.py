"""Line breaking for Chinese, English and both in one line, with widths from the real font."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from crm_desktop.documents.paper import POINT
from resources.face import Face

MeasureText = Callable[[str, Face], float]
"""Gives a text's width for a type size of 1."""

# What may not begin a line and what may not end one (GB/T 15834 and the usual English marks).
_CLOSING = frozenset("，。、；：！？）》」』】〕〉”’％‰℃°·…—,.;:!?)]}%")
_OPENING = frozenset("（《「『【〔〈“‘([{￥¥$€£#")
_BREAK_AFTER = frozenset("-/_@&=–—…")

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_COMBINING = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True, slots=True)
class Typesetter:
    """Breaks and fits text for a column."""

    measure: MeasureText

    def width(self, text: str, face: Face, size: float) -> float:
        """Return a line's width in millimetres for a type size in points."""
        return self.measure(text, face) * size * POINT

    def fit(self, text: str, width: float, face: Face, size: float) -> float:
        """Return the type size, at most `size`, at which the text is no wider than `width` millimetres."""
        needed = self.width(text, face, size)
        return size if needed <= width else size * width / needed

    def wrap(self, text: str, width: float, face: Face, size: float) -> list[str]:
        """Return the lines of a text no wider than `width` millimetres; line ends in the text are kept.

        A word wider than a whole line is broken where it reaches the edge. Nothing is left out but the
        spaces at a break.
        """
        room = width / (size * POINT)
        lines: list[str] = []
        for paragraph in printable(text).split("\n"):
            lines += self._wrap_paragraph(paragraph, room, face)
        return lines

    def _wrap_paragraph(self, paragraph: str, room: float, face: Face) -> list[str]:
        lines: list[str] = []
        line, used = "", 0.0
        for piece in _pieces(paragraph):
            solid = self.measure(piece.rstrip(" "), face)
            if line and used + solid > room:
                lines.append(line.rstrip(" "))
                line, used = "", 0.0
            if solid > room:
                *full, piece = self._broken(piece, room, face)
                lines += full
            line += piece
            used += self.measure(piece, face)
        return [*lines, line.rstrip(" ")]

    def _broken(self, piece: str, room: float, face: Face) -> list[str]:
        """Return a too wide piece in parts that fit, at least one character each."""
        parts, part, used = [], "", 0.0
        for character in piece:
            advance = self.measure(character, face)
            if part and character != " " and used + advance > room:
                parts.append(part)
                part, used = "", 0.0
            part += character
            used += advance
        return [*parts, part]


def printable(text: str) -> str:
    """Return the text without what has no ink: control and format characters; tabs become spaces.

    Letters followed by combining accents are composed, since the face has the composed letters.
    """
    if text.isprintable() and not _COMBINING.search(text):
        return text
    if _COMBINING.search(text):
        text = unicodedata.normalize("NFC", _VARIANTS.sub("", text))
    text = _LINE_ENDS.sub("\n", text)
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Zs") and character not in "\n\u3000":
        return " " if category == "Zs" or character == "\t" else ""
    return character


def _pieces(paragraph: str) -> list[str]:
    """Return the paragraph cut wherever a line may end; spaces stay with the piece before them."""
    pieces: list[str] = []
    previous = ""
    for character in paragraph:
        if pieces and not _may_break(previous, character):
            pieces[-1] += character
        else:
            pieces.append(character)
        previous = character
    return pieces


def _may_break(before: str, after: str) -> bool:
    if after == " " or before in _OPENING:
        return False
    if after in _CLOSING:
        return False
    if before == " ":
        return True
    if before in _BREAK_AFTER:
        return not after.isdigit() or before != "-"
    return _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")
