"""The Word file of a template: chosen from the disk, saved back to it to be changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from crm_core.errors import CrmError, UserError, reason_of
from crm_core.i18n import N_, message
from crm_core.schema.field import Field, Plain
from crm_desktop.documents import word
from crm_desktop.documents.saving import save
from crm_desktop.ui.context import Context
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label


class WordFileEditor(QWidget):
    """Names the file; two buttons choose another and save it."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._field = context, field
        self._stored: Any = None
        self.name = Label("", color="text-soft")
        self.choose = Button(message("Choose a Word file…"), icon="file", small=True)
        self.keep = Button(message("Save it as…"), icon="dl", small=True)
        self.choose.clicked.connect(self._ask_file)
        self.keep.clicked.connect(self._ask_where)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(self.choose)
        row.addWidget(self.keep)
        self.setFocusProxy(self.choose)
        self._show()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the template's file."""
        self._stored = values.get(self._field.name)
        self._show()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the file as it is kept."""
        return {self._field.name: self._stored}

    def take(self, file: Path) -> None:
        """Read a file, off the main thread."""

        def read() -> dict[str, str]:
            try:
                return word.stored(file.name, file.read_bytes())
            except OSError as error:
                reason = reason_of(error)
                raise UserError(
                    N_("“{file}” cannot be read: {reason}"), file=file.name, reason=reason
                ) from error

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="word")

    def _on_read(self, stored: dict[str, str]) -> None:
        self._stored = stored
        self._show()
        self.edited.emit()

    def _ask_file(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(
            self, tr("Choose a Word file"), str(Path.home()), tr("Word files (*.docx)")
        )
        if chosen:
            self.take(Path(chosen))

    def _ask_where(self) -> None:
        start = str(Path.home() / str(self._stored["name"]))
        chosen, _kind = QFileDialog.getSaveFileName(
            self, tr("Save the Word file"), start, tr("Word files (*.docx)")
        )
        if chosen:
            try:
                save(word.content_of(self._stored), Path(chosen))
            except CrmError as error:
                self._context.show_error(error)

    def _show(self) -> None:
        named = self._stored.get("name") if isinstance(self._stored, Mapping) else None
        self.name.say(str(named) if named else message("No Word file yet"))
        self.keep.setVisible(bool(named))
