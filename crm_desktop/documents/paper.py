"""Paper and the marks on it: what a page says before anything is drawn.

Lengths are millimetres from the top left corner, downwards; type sizes are points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from resources.face import Face

PAGE_WIDTH = 210.0
PAGE_HEIGHT = 297.0
LEFT = 18.0
RIGHT = PAGE_WIDTH - LEFT
TEXT_WIDTH = RIGHT - LEFT
POINT = 25.4 / 72


class Ink(Enum):
    """The colours of printed documents, as red, green and blue in hexadecimal."""

    TEXT = "1A2327"
    SOFT = "566266"
    ACCENT = "0F6078"
    LINE = "DCE2E4"
    WATERMARK = "EEF1F2"


class Align(Enum):
    """Which end of a text stands at its x."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    face: Face = Face.REGULAR
    ink: Ink = Ink.TEXT
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A horizontal line from `x` to `x + width`, centred on `y`."""

    x: float
    y: float
    width: float
    thickness: float
    ink: Ink = Ink.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A filled box."""

    x: float
    y: float
    width: float
    height: float
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The hairline outline of a box with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    ink: Ink = Ink.SOFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG or JPEG that fills a box."""

    x: float
    y: float
    width: float
    height: float
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A square code that opens an address; in a viewer it can be clicked."""

    x: float
    y: float
    size: float
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """Large, pale, slanting text across the page, below everything else, centred on `x`, `y`."""

    x: float
    y: float
    text: str
    size: float
    degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """An entry of the document's outline that leads to a height of the page; nothing is drawn.

    Levels count from 0; one is never more than one deeper than the entry before it.
    """

    y: float
    title: str
    level: int = 0


Mark = Text | Rule | Bar | Outline | Picture | QrCode | Watermark | Bookmark


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Marks that keep together, with y counted from the block's own top, and the height they take."""

    height: float
    marks: tuple[Mark, ...]

    def at(self, y: float) -> tuple[Mark, ...]:
        """Return the marks with the block's top at `y` of the page."""
        return tuple(replace(mark, y=mark.y + y) for mark in self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, its marks in the order they are drawn and read."""

    marks: tuple[Mark, ...]


def stack(blocks: Sequence[Block], gap: float = 0.0) -> Block:
    """Return one block of the blocks below each other."""
    marks: list[Mark] = []
    y = 0.0
    for index, block in enumerate(blocks):
        y += gap if index else 0.0
        marks += block.at(y)
        y += block.height
    return Block(height=y, marks=tuple(marks))


def beside(blocks: Iterable[Block]) -> Block:
    """Return one block of blocks that share a top."""
    parts = tuple(blocks)
    return Block(
        height=max((block.height for block in parts), default=0.0),
        marks=tuple(mark for block in parts for mark in block.marks),
    )
