"""The queues of one's teams as chips over the tickets nobody has: all of them, or one team's."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.services.ticket_hands import TeamQueue
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.live import Live

ALL = ""


class TeamChips(Live, QWidget):
    """One chip is chosen; hidden where there is no team."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.team_id = ALL
        self.chips: dict[str, Chip] = {}
        self._teams: tuple[TeamQueue, ...] = ()
        self._holder = QWidget()
        self._flow = FlowLayout(self._holder, gap=6, line_gap=6)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._holder)
        self.retint()
        self.hide()

    def show_teams(self, teams: Sequence[TeamQueue]) -> None:
        """Show other queues; the chosen one stays where it is among them."""
        if tuple(teams) == self._teams and self.isHidden() == (not teams):
            return
        focused = next((key for key, chip in self.chips.items() if chip.hasFocus()), None)
        self._teams = tuple(teams)
        if self.team_id not in {each.team_id for each in teams}:
            self.team_id = ALL
        for chip in self.chips.values():
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = {}
        if teams:
            self._add(ALL, Chip(message("All"), checkable=True))
        for each in teams:
            words = message("{team} {count}", team=each.name, count=each.waiting)
            self._add(each.team_id, Chip(words, checkable=True))
        self.setVisible(bool(teams))
        if focused in self.chips:
            self.chips[focused].setFocus()
        self.updateGeometry()

    def retranslate(self) -> None:
        """Name the row in the language on screen."""
        self.setAccessibleName(tr("Queues of your teams"))

    def retint(self) -> None:
        """Take the margins of the theme."""
        self._column.setContentsMargins(theme().px(16), theme().px(8), theme().px(16), theme().px(8))

    def _add(self, key: str, chip: Chip) -> None:
        chip.setChecked(key == self.team_id)
        chip.clicked.connect(lambda _checked=False, key=key: self._choose(key))
        self._flow.addWidget(chip)
        chip.show()
        self.chips[key] = chip

    def _choose(self, key: str) -> None:
        self.team_id = key
        for each, chip in self.chips.items():
            chip.setChecked(each == key)
        self.chosen.emit()
