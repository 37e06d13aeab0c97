"""What a table cell may hold besides text, and how each kind is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QPainter

from crm_core.money import Money
from crm_desktop.ui.format import NOTHING, figure, money
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import ICON_INLINE
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.glyphs import Glyph, NextStep
from crm_desktop.ui.widgets.paint import Tone


class Role(IntEnum):
    """What a model gives besides Qt's own roles."""

    VALUE = Qt.ItemDataRole.UserRole + 1
    """The cell's value as its kind wants it; the display text where it is missing."""
    DELETED = Qt.ItemDataRole.UserRole + 2
    """Whether the row is in the bin."""
    TONE = Qt.ItemDataRole.UserRole + 3
    """A `Tone` for the text of this cell, where it is good or bad news."""


class CellKind(Enum):
    """What a column holds, which says how its cells are painted and aligned.

    Values by kind. GLYPH: `Glyph` or None. LEVEL: one letter. TAGS: strings. NEXT_STEP: `NextStep`.
    MONEY: `Money` or None, without its unit. FIGURE: int, Decimal or None. ICON: an icon's name.
    STATUS: `CellStatus`. BAR: a Decimal from 0 to 1. TEXT, STRONG, SOFT and RIGHT show the display text.
    """

    TEXT = "text"
    STRONG = "strong"
    SOFT = "soft"
    RIGHT = "right"
    FIGURE = "figure"
    MONEY = "money"
    GLYPH = "glyph"
    LEVEL = "level"
    TAGS = "tags"
    NEXT_STEP = "next-step"
    ICON = "icon"
    STATUS = "status"
    BAR = "bar"


RIGHT_ALIGNED = frozenset({CellKind.RIGHT, CellKind.FIGURE, CellKind.MONEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStatus:
    """A state in a cell: word, tone, and an icon where the tone's own does not fit."""

    text: Text
    tone: Tone
    icon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell to paint: its area without padding, its text and value, the state of its row."""

    area: QRect
    text: str
    value: object
    selected: bool = False
    deleted: bool = False
    tone: Tone | None = None

    def ink(self, usual: str = "text") -> str:
        """Return the colour token of the cell's words."""
        if self.deleted:
            return "text-soft"
        return self.tone.ink if self.tone is not None else usual


def paint_cell(painter: QPainter, kind: CellKind, cell: Cell) -> None:
    """Paint a cell as its kind asks."""
    _PAINTERS[kind](painter, cell)


def alignment(kind: CellKind) -> Qt.AlignmentFlag:
    """Return how a column of a kind and its head are aligned."""
    side = Qt.AlignmentFlag.AlignRight if kind in RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def head_of(orientation: Qt.Orientation, role: int, title: str, kind: CellKind) -> Any:
    """Return what a column's head gives of a title for a role; rows have none."""
    if orientation is not Qt.Orientation.Horizontal:
        return None
    if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
        return title
    return alignment(kind) if role == Qt.ItemDataRole.TextAlignmentRole else None


def said_of(title: str, text: str) -> str:
    """Return how a cell is read out: with the head of its column."""
    return tr("{label}: {value}", label=title, value=text)


def flags_of(*, editable: bool) -> Qt.ItemFlag:
    """Return the flags of a cell that may be chosen, and perhaps typed into."""
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
    return flags | Qt.ItemFlag.ItemIsEditable if editable else flags


def _font(cell: Cell, weight: int = 400) -> QFont:
    font = theme().font("body", weight)
    if cell.deleted:
        font.setStrikeOut(True)
    return font


def _text(painter: QPainter, cell: Cell) -> None:
    paint.words(painter, cell.text, _font(cell), cell.ink(), cell.area)


def _strong(painter: QPainter, cell: Cell) -> None:
    paint.words(painter, cell.text, _font(cell, 600), cell.ink(), cell.area)


def _soft(painter: QPainter, cell: Cell) -> None:
    # A remark on the row ("deleted, 30 days") is not itself struck through.
    paint.words(painter, cell.text, theme().font("body"), cell.ink("text-soft"), cell.area)


def _right(painter: QPainter, cell: Cell) -> None:
    missing = cell.text in ("", NOTHING)
    color = "text-soft" if missing else cell.ink()
    font = theme().font("body") if missing else _font(cell)
    paint.words(painter, cell.text or NOTHING, font, color, cell.area, int(alignment(CellKind.RIGHT)))


def _figure(painter: QPainter, cell: Cell) -> None:
    value = cell.value
    text = figure(value) if isinstance(value, int | Decimal) else cell.text
    _right(painter, _with_text(cell, text))


def _money(painter: QPainter, cell: Cell) -> None:
    value = cell.value
    text = money(value, symbol=False) if isinstance(value, Money) else cell.text
    _right(painter, _with_text(cell, text))


def _with_text(cell: Cell, text: str) -> Cell:
    return Cell(
        area=cell.area,
        text=text,
        value=cell.value,
        selected=cell.selected,
        deleted=cell.deleted,
        tone=cell.tone,
    )


def _glyph(painter: QPainter, cell: Cell) -> None:
    if isinstance(cell.value, Glyph):
        side = theme().px(16)
        x = cell.area.left() + max(0, (cell.area.width() - side) // 2)
        paint.icon(painter, cell.value.icon, cell.value.color, x, cell.area, 16)


def _icon(painter: QPainter, cell: Cell) -> None:
    if isinstance(cell.value, str) and cell.value:
        paint.icon(painter, cell.value, "text-soft", cell.area.left(), cell.area, 16)


def _level(painter: QPainter, cell: Cell) -> None:
    if cell.text:
        paint.level(painter, cell.text, cell.area)


def _tags(painter: QPainter, cell: Cell) -> None:
    if isinstance(cell.value, Sequence) and not isinstance(cell.value, str):
        paint.tags(painter, cell.value, cell.area, "surface" if cell.selected else "hover")


def _next_step(painter: QPainter, cell: Cell) -> None:
    step = cell.value
    if not isinstance(step, NextStep):
        return
    x = cell.area.left()
    paint.icon(painter, step.glyph.icon, step.glyph.color, x, cell.area, ICON_INLINE)
    room = cell.area.adjusted(theme().px(ICON_INLINE + 8), 0, 0, 0)
    paint.words(painter, show(step.text), _font(cell), cell.ink(step.color), room)


def _status(painter: QPainter, cell: Cell) -> None:
    value = cell.value
    if isinstance(value, CellStatus):
        paint.status(painter, show(value.text), value.tone, value.icon or value.tone.icon, cell.area)


def _bar(painter: QPainter, cell: Cell) -> None:
    if not isinstance(cell.value, Decimal):
        return
    thick = theme().size("progress")
    track = QRect(
        cell.area.left(), cell.area.top() + (cell.area.height() - thick) // 2, cell.area.width(), thick
    )
    paint.rounded(painter, track, theme().color("line"), None, thick / 2)
    share = float(min(max(cell.value, Decimal(0)), Decimal(1)))
    if share > 0:
        done = QRect(track.left(), track.top(), max(round(track.width() * share), thick), thick)
        paint.rounded(painter, done, theme().color("accent"), None, thick / 2)


_PAINTERS: dict[CellKind, Callable[[QPainter, Cell], None]] = {
    CellKind.TEXT: _text,
    CellKind.STRONG: _strong,
    CellKind.SOFT: _soft,
    CellKind.RIGHT: _right,
    CellKind.FIGURE: _figure,
    CellKind.MONEY: _money,
    CellKind.GLYPH: _glyph,
    CellKind.LEVEL: _level,
    CellKind.TAGS: _tags,
    CellKind.NEXT_STEP: _next_step,
    CellKind.ICON: _icon,
    CellKind.STATUS: _status,
    CellKind.BAR: _bar,
}
