"""What a list shows: rows with their cells, and columns that say how a cell is made of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm_core.schema.field import Field
from crm_desktop.models.records import Record
from crm_desktop.services.lists import Titles
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.paint import Tone


class CellText(NamedTuple):
    """What a cell shows: its words, its value where its kind wants one, its tone."""

    text: str
    value: object = None
    tone: Tone | None = None


EMPTY_CELL = CellText("")
WAITING_CELL = CellText("…")


@dataclass(slots=True, kw_only=True)
class Row:
    """A record as a list shows it. `extra` is what the list read beside the fields."""

    record: Record
    titles: Titles
    glyph: Glyph | None = None
    extra: Any = None
    cells: dict[str, CellText] = field(default_factory=dict)
    """Cells made so far, by column; emptied when the language is switched."""

    @property
    def id(self) -> str:
        """The record's id."""
        return self.record.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a list. `width` is in pixels before the font scale."""

    key: str
    title: Text
    kind: CellKind
    width: int
    cell: Callable[[Row], CellText]
    sort: str | None = None
    """Field the list is sorted by at a click on the head; None: it cannot be."""
    field: Field | None = None
    """Field of the record it shows; None where it shows something else."""
    editable: bool = False
    """The field can be changed in its cell."""
    stretch: bool = False
    """Takes the room the others leave."""
    shown: bool = True
    """Shown until the person chooses columns."""
    fixed: bool = False
    """Always there, first, without a head to take hold of."""
    longest: Callable[[], str] | None = None
    """Returns a text as long as any of its cells holds; None where they are as long as they are."""


def cell_of(row: Row | None, column: Column) -> CellText:
    """Return a row's cell, made once; None: the row is not read yet."""
    if row is None:
        return WAITING_CELL if column.stretch else EMPTY_CELL
    cell = row.cells.get(column.key)
    if cell is None:
        cell = row.cells[column.key] = column.cell(row)
    return cell


def spoken_words(cell: CellText, column: Column) -> str:
    """Return what a screen reader says of a cell."""
    if isinstance(cell.value, Glyph):
        return show(cell.value.word)
    return f"{show(column.title)}: {cell.text}" if cell.text else show(column.title)
