"""What lists remember without being asked: how a person left one, and how close the rows of all stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer

from crm_desktop.settings import DENSITY
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.state import ListState, keep_state, read_state
from crm_desktop.ui.lists.table import RecordTable
from crm_desktop.ui.widgets.buttons import IconButton

STATE_MS = 400  # while a column is drawn wider nothing is written


class ListMemory(QObject):
    """The state of one list; what is kept is written a moment later, off the main thread."""

    def __init__(self, context: Context, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._name = context, name
        self.state: ListState = read_state(context.app.settings, name)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STATE_MS)
        self._timer.timeout.connect(self._write)

    def keep(self, **changes: Any) -> None:
        """Remember fields of `ListState`."""
        self.state = replace(self.state, **changes)
        self._timer.start()

    def _write(self) -> None:
        settings, name, state = self._context.app.settings, self._name, self.state
        self._context.tasks.write(self, lambda: keep_state(settings, name, state))


class Density(QObject):
    """Rows lower or as high as usual, in all lists alike."""

    def __init__(self, context: Context, table: RecordTable, button: IconButton) -> None:
        super().__init__(table)
        self._context, self._table, self._button = context, table, button
        button.setChecked(context.app.settings.get(DENSITY) == "compact")
        button.clicked.connect(self._on_clicked)
        self.show()

    def show(self) -> None:
        """Give the rows their height, at the present font scale too."""
        self._table.set_compact(self._button.isChecked())

    def _on_clicked(self) -> None:
        self.show()
        settings = self._context.app.settings
        chosen = "compact" if self._button.isChecked() else "comfortable"
        self._context.tasks.write(self, lambda: settings.set(DENSITY, chosen))
