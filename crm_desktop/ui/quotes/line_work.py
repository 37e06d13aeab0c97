"""What is done to lines by the table and the line below it: each shown, saved, undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from PySide6.QtCore import QObject

from crm_core.i18n import Message, message
from crm_core.ids import new_id
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import quotes, records
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.picking import ProductChoice
from crm_desktop.ui.quotes.entry import EntryLine
from crm_desktop.ui.quotes.grid import LineGrid
from crm_desktop.ui.quotes.lines import Col, QuoteLines
from crm_desktop.ui.translate import tr


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How lines of a kind are written."""

    line: str
    """Their kind of record."""
    add: Callable[[Replica, str, Mapping[str, Plain], str], Outcome[Record]]
    """Adds one to a record, under an id."""
    duplicate: Callable[[Replica, str], Outcome[Record]]
    move: Callable[[Replica, str, int], Outcome[Record]]
    grouped: bool = False
    """Whether they stand in groups, and may be optional and alternatives."""


def _add_to_quote(
    replica: Replica, quote_id: str, values: Mapping[str, Plain], line_id: str
) -> Outcome[Record]:
    return quotes.add_line(replica, quote_id, values, line_id=line_id)


OF_QUOTES: Final = Writing(
    line="quote_line",
    add=_add_to_quote,
    duplicate=quotes.duplicate_line,
    move=quotes.move_line,
    grouped=True,
)


class Sheet(Protocol):
    """What of the editor the work needs."""

    lines: QuoteLines
    grid: LineGrid
    entry: EntryLine
    select_after: str | None
    """Row that is to be current when the quote was read anew."""

    @property
    def replica(self) -> Replica:
        """The database."""

    @property
    def quote_id(self) -> str | None:
        """The quote, contract or order on screen."""

    def save(
        self,
        work: Callable[[], Outcome[Any]],
        done: Callable[[Any], None] | None = None,
        *,
        told: Message | None = None,
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Do a change off the main thread and read the quote anew."""


class LineWork(QObject):
    """Adds, copies, moves and takes out lines and groups; belongs to one editor."""

    def __init__(self, sheet: Sheet, parent: QObject, writing: Writing = OF_QUOTES) -> None:
        super().__init__(parent)
        self._sheet, self._writing = sheet, writing
        self._alternative_to: str | None = None
        grid, entry = sheet.grid, sheet.entry
        sheet.lines.line_edited.connect(self._on_line_edited)
        grid.duplicate_asked.connect(self._duplicate)
        grid.delete_asked.connect(self._delete)
        grid.move_asked.connect(self._move)
        entry.product_taken.connect(self._add_product)
        entry.text_taken.connect(self._add_text)
        if not writing.grouped:
            return
        sheet.lines.group_edited.connect(self._on_group_edited)
        grid.group_asked.connect(self._add_group)
        grid.group_move_asked.connect(self._move_group)
        grid.group_delete_asked.connect(self._delete_group)
        grid.alternative_asked.connect(self._begin_alternative)
        grid.choice_asked.connect(self._choose)
        grid.option_asked.connect(self._turn_optional)
        entry.answered.connect(lambda takes: None if takes else self.forget_alternative())

    def forget_alternative(self) -> None:
        """Let the next line be a line of its own."""
        self._alternative_to = None
        self._sheet.entry.say_purpose("")

    def _on_line_edited(self, line_id: str, changes: Mapping[str, Plain]) -> None:
        replica = self._sheet.replica
        self._sheet.save(lambda: records.update(replica, self._writing.line, line_id, changes))

    def _on_group_edited(self, group_id: str, changes: Mapping[str, Plain]) -> None:
        replica = self._sheet.replica
        self._sheet.save(lambda: records.update(replica, "quote_group", group_id, changes))

    def _add_product(self, choice: ProductChoice) -> None:
        values = {
            "product_id": choice.id,
            "description": choice.name,
            "quantity": "1",
            "unit": choice.unit,
            "unit_price": choice.unit_price or 0,
            "tax_rate": choice.tax_rate,
        }
        self._add({"product_id": choice.id}, values, choice.code)

    def _add_text(self, text: str) -> None:
        lines = self._sheet.lines
        last = lines.id_at(lines.rowCount() - 1)
        tax = lines.line(last).get("tax_rate") if last is not None else None
        values: dict[str, Plain] = {
            "description": text,
            "quantity": "1",
            "unit_price": 0,
            "tax_rate": tax or "0",
        }
        self._add(values, values, "")

    def _add(self, saved: Mapping[str, Plain], shown: Mapping[str, Plain], code: str) -> None:
        """Show a new last line at once, with its quantity open, and save it behind that.

        An alternative stands where it belongs, once it is saved.
        """
        sheet = self._sheet
        replica, quote_id, line_id, other = sheet.replica, sheet.quote_id, new_id(), self._alternative_to
        if quote_id is None:
            return
        if other is not None:
            self.forget_alternative()
            sheet.save(lambda: quotes.add_alternative(replica, other, saved), self._select)
            return
        grouped, add = self._writing.grouped, self._writing.add
        place: dict[str, Plain] = {"group_id": sheet.lines.last_group} if grouped else {}
        sheet.lines.add_line(line_id, {**shown, **place}, code)
        sheet.save(lambda: add(replica, quote_id, {**saved, **place}, line_id))
        sheet.grid.begin_edit(line_id, Col.QUANTITY)

    def _duplicate(self, line_id: str) -> None:
        replica = self._sheet.replica
        self._sheet.save(lambda: self._writing.duplicate(replica, line_id), self._select)

    def _move(self, line_id: str, steps: int) -> None:
        replica = self._sheet.replica
        self._sheet.save(lambda: self._writing.move(replica, line_id, steps), self._select)

    def _delete(self, line_id: str) -> None:
        sheet, replica = self._sheet, self._sheet.replica
        row = sheet.lines.row_of(line_id)
        sheet.select_after = sheet.lines.id_at(row + 1) or sheet.lines.id_at(row - 1)
        name = str(sheet.lines.line(line_id).get("description") or "")
        sheet.save(
            lambda: records.delete(replica, self._writing.line, line_id),
            told=message("Line “{name}” deleted", name=name),
            undo=lambda: records.restore(replica, self._writing.line, line_id),
        )

    def _add_group(self) -> None:
        sheet, replica, quote_id = self._sheet, self._sheet.replica, self._sheet.quote_id
        title = tr("New group")

        def made(group: Record) -> None:
            sheet.select_after = group.id

        if quote_id is not None:
            sheet.save(lambda: quotes.add_group(replica, quote_id, title), made)

    def _move_group(self, group_id: str, steps: int) -> None:
        replica = self._sheet.replica
        self._sheet.save(lambda: quotes.move_group(replica, group_id, steps), self._select)

    def _delete_group(self, group_id: str) -> None:
        replica = self._sheet.replica
        self._sheet.save(
            lambda: records.delete(replica, "quote_group", group_id),
            told=message("Group taken out; its lines stay"),
            undo=lambda: records.restore(replica, "quote_group", group_id),
        )

    def _begin_alternative(self, line_id: str) -> None:
        sheet = self._sheet
        self._alternative_to = line_id
        name = str(sheet.lines.line(line_id).get("description") or "")
        sheet.entry.say_purpose(message("Alternative to “{name}”", name=name))
        sheet.grid.leave()
        sheet.entry.focus()

    def _choose(self, line_id: str) -> None:
        replica = self._sheet.replica
        if self._sheet.lines.line(line_id).get("alternatives"):
            self._sheet.save(lambda: quotes.choose(replica, line_id), self._select)

    def _turn_optional(self, line_id: str) -> None:
        replica = self._sheet.replica
        optional = not self._sheet.lines.line(line_id).get("optional")
        self._sheet.save(
            lambda: records.update(replica, self._writing.line, line_id, {"optional": optional}),
            self._select,
        )

    def _select(self, made: Record) -> None:
        self._sheet.select_after = made.id
