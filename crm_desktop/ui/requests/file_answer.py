"""The answer that is a file: one that is there, or one to be put on the request when it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.ids import is_id
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.labels import ElidedLabel
from crm_desktop.ui.widgets.live import Live


class FileAnswer(Live, QWidget):
    """A button that asks for the file, its name, and a way to leave it out again."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.path: Path | None = None
        """The file to be put on the request."""
        self._held: str | None = None
        self._title = ""
        self.choose = Button(message("Choose a file…"), icon="clip")
        self.name = ElidedLabel("", color="text-soft")
        self.clear = IconButton("x", message("Leave the file out"), small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.choose)
        row.addWidget(self.name, 1)
        row.addWidget(self.clear)
        self.setFocusProxy(self.choose)
        self.choose.clicked.connect(self._ask)
        self.clear.clicked.connect(lambda: self.take(None))
        self._show()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the file the request has."""
        held = values.get(self.field.name)
        if isinstance(held, str) and not is_id(held):  # of a draft: chosen, and not put there yet
            self.path = Path(held)
        else:
            self._held, self._title = held, titles.get(self.field.name, "")
            self.path = None
        self._show()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the file that is there, or the path of the one to be put there."""
        return {self.field.name: str(self.path) if self.path is not None else self._held}

    def take(self, path: Path | None) -> None:
        """Answer by another file, or by none."""
        self.path = path
        if path is None:
            self._held = None
        self._show()
        self.edited.emit()

    def setAccessibleName(self, name: str) -> None:
        """Name the button after the question."""
        super().setAccessibleName(name)
        self.choose.setAccessibleName(tr("{question}: choose a file", question=name))
        self.clear.setAccessibleName(tr("{question}: leave the file out", question=name))

    def _ask(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(self, tr("Choose a file"), str(Path.home()))
        if chosen:
            self.take(Path(chosen))

    def _show(self) -> None:
        there = self.path is not None or bool(self._held)
        told = self.path.name if self.path is not None else self._title
        self.name.say((told or message("A file")) if there else message("No file yet"))
        self.clear.setVisible(there)
