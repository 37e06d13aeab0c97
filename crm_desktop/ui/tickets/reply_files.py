"""The files that go along with what is written in a ticket: put on the ticket first, then named here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.models.records import Record
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.adding import add_file, choose_files
from crm_desktop.ui.files.words import short_name
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.chip_row import ChipRow
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import keep_margins

Chosen = tuple[str, str]
"""Id and name of a file."""


class ReplyFiles(Live, QWidget):
    """Chips, each with an x: the file then stays on the ticket alone. Hidden while there are none."""

    changed = Signal()
    """Others go along now."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ticket_id = ""
        self._chosen: dict[str, list[Chosen]] = {}
        """By ticket, as drafts are kept."""
        self.row = ChipRow()
        self.row.closed.connect(self._let_go)
        column = QVBoxLayout(self)
        keep_margins(column, 16, 0, 16, 4)
        column.addWidget(self.row)
        self.hide()

    def show_ticket(self, ticket_id: str) -> None:
        """Show what was chosen for a ticket."""
        self._ticket_id = ticket_id
        self._show()

    def choose(self) -> None:
        """Ask for files of this computer."""
        self.add(choose_files(self._context, self))

    def add(self, paths: Sequence[Path]) -> None:
        """Put files on the ticket and have them go along, one after the other."""
        for path in paths:
            added = partial(self._on_added, self._ticket_id)
            add_file(self._context, self, "ticket", self._ticket_id, path, path.name, added)

    def take(self, ticket_id: str) -> tuple[Chosen, ...]:
        """Return the files chosen for a ticket, which then has none."""
        taken = tuple(self._chosen.pop(ticket_id, ()))
        self._show()
        return taken

    def put_back(self, ticket_id: str, files: Sequence[Chosen]) -> None:
        """Choose files anew that did not go."""
        self._chosen[ticket_id] = [*files, *self._chosen.get(ticket_id, ())]
        self._show()

    def retranslate(self) -> None:
        """Name the row in the language on screen."""
        self.setAccessibleName(tr("Files that go along"))

    def _on_added(self, ticket_id: str, file: Record) -> None:
        self._chosen.setdefault(ticket_id, []).append((file.id, str(file.get("name") or "")))
        self._show()

    def _let_go(self, file_id: str) -> None:
        held = self._chosen.get(self._ticket_id, [])
        self._chosen[self._ticket_id] = [each for each in held if each[0] != file_id]
        self._show()

    def _show(self) -> None:
        shown = self._chosen.get(self._ticket_id, [])
        self.row.show_chips((key, short_name(name)) for key, name in shown)
        self.setVisible(bool(shown))
        self.changed.emit()
