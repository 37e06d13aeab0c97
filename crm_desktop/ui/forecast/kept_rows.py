"""The scenarios somebody kept, each with what it changes, to be tried again or deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import N_, Message, message
from crm_core.rules.what_if import Changes
from crm_desktop.services.scenarios import ScenarioRow
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import ElidedLabel

_WORDS = (
    ("price", N_("price {value} %")),
    ("win_rate", N_("win rate {value} points")),
    ("volume", N_("new deals {value} %")),
    ("cycle", N_("cycle {value} %")),
)
OnRow = Callable[[ScenarioRow], None]


class KeptRows(QWidget):
    """`load` tries a scenario, `delete` takes it away; another's can be tried alone."""

    def __init__(self, load: OnRow, delete: OnRow) -> None:
        super().__init__()
        self._load, self._delete = load, delete
        self._shown: tuple[ScenarioRow, ...] | None = None
        self.buttons: list[Button] = []
        self.delete_buttons: list[IconButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme().px(S))

    def show_rows(self, rows: Sequence[ScenarioRow]) -> None:
        """Show other scenarios."""
        if tuple(rows) == self._shown:
            return
        self._shown = tuple(rows)
        clear(self._column)
        self.buttons, self.delete_buttons = [], []
        for row in rows:
            self._column.addWidget(self._row(row))
        self.setVisible(bool(rows))

    def _row(self, row: ScenarioRow) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme().px(M))
        name = Button(row.name, Kind.LINK, weight=400)
        name.setEnabled(row.fault is None)
        name.clicked.connect(lambda: self._load(row))
        self.buttons.append(name)
        line.addWidget(name)
        told: Text = row.fault or changes_words(row.changes)
        line.addWidget(ElidedLabel(told, step="caption", color="text-soft"), 1)
        if row.own:
            gone = IconButton("trash", message("Delete “{name}”", name=row.name), small=True)
            gone.clicked.connect(lambda: self._delete(row))
            self.delete_buttons.append(gone)
            line.addWidget(gone)
        return holder


def changes_words(changes: Changes) -> Message:
    """Return what a scenario changes in words."""
    parts = [
        message(words, value=f"{getattr(changes, key):+f}") for key, words in _WORDS if getattr(changes, key)
    ]
    if changes.stages:
        parts.append(message("{count} stages", count=str(len(changes.stages))))
    if not parts:
        return message("Nothing different")
    said = parts[0]
    for more in parts[1:]:
        said = message("{first} · {second}", first=said, second=more)
    return said
