"""Whom a record is shared with: chips to take out, a line to find further people and teams in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.chip_row import ChipRow


class MemberEditor(QWidget):
    """The users and teams of a set; one found is added, Backspace in the empty line takes the last out."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._named: dict[str, str] = {}
        self.line = _Line(context, field)
        self.line.edited.connect(self._on_edited)
        self.line.erased.connect(self._on_erased)
        self.row = ChipRow()
        self.row.closed.connect(self._take_out)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.line)
        column.addWidget(self.row)
        self.setFocusProxy(self.line)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show whom the row names."""
        self.line.link(None, "")
        ids = [str(each) for each in values.get(self.field.name) or ()]
        self._named = {each: show(titles.get(each) or message("Not on this laptop")) for each in ids}
        self._show()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the ids. `UserError` where a name is typed and nobody chosen."""
        if self.line.text().strip():
            raise UserError(N_("Choose one of those found for “{text}”"), text=self.line.text().strip())
        ids: list[Plain] = [*sorted(self._named)]
        return {self.field.name: ids}

    def setAccessibleName(self, name: str) -> None:
        """Name the line after the field."""
        super().setAccessibleName(name)
        self.line.setAccessibleName(name)

    def _show(self) -> None:
        self.row.show_chips(sorted(self._named.items(), key=lambda item: item[1]))

    def _on_edited(self) -> None:
        if self.line.record_id is not None:
            self._named[self.line.record_id] = self.line.text()
            self.line.link(None, "")
            self._show()
        self.edited.emit()

    def _on_erased(self) -> None:
        if self._named:
            self._take_out(max(self._named, key=lambda each: self._named[each]))

    def _take_out(self, record_id: str) -> None:
        self._named.pop(record_id, None)
        self._show()
        self.edited.emit()


class _Line(LinkEditor):
    """A line that also tells of Backspace where there is nothing to erase."""

    erased = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take out the last by Backspace."""
        if event.key() == Qt.Key.Key_Backspace and not self.text():
            self.erased.emit()
            return
        super().keyPressEvent(event)
