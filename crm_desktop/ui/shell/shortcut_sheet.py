"""The sheet of shortcuts: made from the actions there are, so that it never says what is not so."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.actions import ActionSpec
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import SearchField
from crm_desktop.ui.widgets.key_words import key_words
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH, HEIGHT = 720, 560


class ShortcutSheet(Live, QDialog):
    """Every action with a key, by group; typing narrows it."""

    def __init__(self, specs: Iterable[ActionSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._specs = [spec for spec in specs if spec.shortcut]
        self._search = SearchField(message("Search shortcuts"))
        self._search.textChanged.connect(self._fill)
        close = Button(message("Close"), Kind.STANDARD)
        close.clicked.connect(self.accept)
        head = QHBoxLayout()
        head.addWidget(Label(message("Shortcuts"), step="title"))
        head.addStretch(1)
        head.addWidget(self._search)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, L, XL, L)
        column.setSpacing(L)
        column.addLayout(head)
        column.addWidget(self._area, 1)
        column.addLayout(foot)
        self.resize(theme().px(WIDTH), theme().px(HEIGHT))
        self.retranslate()
        self._search.setFocus()

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.setWindowTitle(tr("Shortcuts"))
        self._fill()

    def _fill(self) -> None:
        wanted = self._search.text().casefold()
        shown = [s for s in self._specs if wanted in tr(s.text).casefold() or wanted in s.shortcut.casefold()]
        sheet = QWidget()
        columns = QHBoxLayout(sheet)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(theme().px(2 * XL))
        groups: dict[str, list[ActionSpec]] = {}
        for spec in shown:
            groups.setdefault(spec.group, []).append(spec)
        sides: list[list[str]] = [[], []]
        lengths = [0, 0]
        for name, members in groups.items():
            shorter = lengths.index(min(lengths))
            sides[shorter].append(name)
            lengths[shorter] += len(members) + 2
        for side in sides:
            half = QVBoxLayout()
            half.setSpacing(theme().px(L))
            for name in side:
                half.addLayout(_group(name, groups[name]))
            half.addStretch(1)
            columns.addLayout(half, 1)
        self._area.setWidget(sheet)


def _group(name: str, specs: list[ActionSpec]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(L)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    grid.addWidget(Label(Message(name), weight=600), 0, 0, 1, 2)
    keys: dict[str, list[str]] = {}
    for spec in specs:
        keys.setdefault(spec.text, []).append(key_words(spec.shortcut))
    for row, (text, pressed) in enumerate(keys.items(), start=1):
        grid.addWidget(Label(Message(text), wrap=True), row, 0)
        grid.addWidget(Label(", ".join(pressed), color="text-soft"), row, 1, Qt.AlignmentFlag.AlignRight)
    return grid
