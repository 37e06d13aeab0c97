"""Lines of text of several weights: broken as plain text is, each part drawn in its own face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from crm_desktop.documents.columns import BELOW_BASELINE, Style
from crm_desktop.documents.paper import Align, Block, Ink, Mark, Text
from crm_desktop.documents.typesetting import Typesetter, printable
from resources.face import Face


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one look."""

    text: str
    face: Face = Face.REGULAR
    ink: Ink = Ink.TEXT


Line = tuple[Run, ...]


def rich_lines(runs: Sequence[Run], typesetter: Typesetter, width: float, size: float) -> list[Line]:
    """Return the runs in lines no wider than `width` millimetres; only spaces at a break are left out."""
    letters = [(letter, run.face, run.ink) for run in runs for letter in printable(run.text)]
    plain = "".join(letter for letter, _, _ in letters)
    if printable(plain) != plain:  # an accent in one run belongs to a letter in the run before it
        letters = [(letter, runs[0].face, runs[0].ink) for letter in printable(plain)]
    widest = Face.STRONG if any(face is Face.STRONG for _, face, _ in letters) else Face.REGULAR
    lines: list[Line] = []
    place = 0
    for text in typesetter.wrap(plain, width, widest, size):
        taken = []
        for letter in text:
            while letters[place][0] != letter:
                place += 1
            taken.append(letters[place])
            place += 1
        lines.append(
            tuple(
                Run("".join(each[0] for each in part), *look)
                for look, part in groupby(taken, lambda each: each[1:])
            )
        )
    return lines


def line_width(line: Line, typesetter: Typesetter, size: float) -> float:
    """Return a line's width in millimetres."""
    return sum(typesetter.width(run.text, run.face, size) for run in line)


def line_block(
    lines: Sequence[Line],
    typesetter: Typesetter,
    style: Style,
    *,
    x: float,
    width: float,
    align: Align = Align.LEFT,
) -> Block:
    """Return lines below each other, at the left or the right of their column."""
    marks: list[Mark] = []
    for number, line in enumerate(lines, start=1):
        at = x if align is Align.LEFT else x + width - line_width(line, typesetter, style.size)
        for run in line:
            ink = style.ink if run.ink is Ink.TEXT else run.ink
            face = style.face if run.face is Face.REGULAR else run.face
            y = number * style.leading - BELOW_BASELINE
            marks.append(Text(x=at, y=y, text=run.text, size=style.size, face=face, ink=ink))
            at += typesetter.width(run.text, face, style.size)
    return Block(height=len(lines) * style.leading, marks=tuple(marks))
