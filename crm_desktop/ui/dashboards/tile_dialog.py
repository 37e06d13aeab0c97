"""Adding a tile, and changing one: which report, which chart, what it is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.charts.chart import Kind as ChartKind
from crm_core.charts.looks import KIND_LABELS, Look, look_of, plain_look, usual_look
from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.rules.dashboards import Tile
from crm_desktop.services.dashboards import Offered
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.text_table import TextTable

WIDTH, HEIGHT = 640, 260
SMALL = (ChartKind.FIGURE,)
"""Kinds that need no more than the height of a figure."""
WIDTHS = {ChartKind.FIGURE: 3, ChartKind.LINE: 8, ChartKind.MAP: 6, ChartKind.HEAT_MAP: 6, ChartKind.TABLE: 6}


class TileDialog(Live, QDialog):
    """`chosen` carries the tile wanted. With a `tile` it is that one that is changed."""

    chosen = Signal(object)

    def __init__(
        self, offered: Sequence[Offered], tile: Tile | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._offered, self._tile = tuple(offered), tile
        self.reports = TextTable(
            [(message("Report"), CellKind.TEXT, 220), (message("What it tells"), CellKind.SOFT, 0)],
            message("Reports"),
        )
        self.reports.show_rows([(Message(each.title), Message(each.tells)) for each in self._offered])
        self.reports.selectionModel().currentRowChanged.connect(lambda *_: self._on_report())
        self.reports.opened.connect(lambda _row: self._on_done())
        self.title = QLineEdit()
        self.kind = QComboBox()
        for each, text in KIND_LABELS.items():
            self.kind.addItem(tr(text), each.value)
        self.goal = QLineEdit()
        self.less = QCheckBox(tr("Less is better"))
        self.fault = Label(color="bad", wrap=True)
        self.fault.hide()
        self.done_button = Button(message("Add tile") if tile is None else message("Save"), Kind.PRIMARY)
        self.done_button.clicked.connect(self._on_done)
        self.cancel_button = Button(message("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self._lay_out()
        self._fill()

    def retranslate(self) -> None:
        """Speak the language on screen."""
        self.setWindowTitle(tr("Add tile") if self._tile is None else tr("Change tile"))
        self.less.setText(tr("Less is better"))
        for place, text in enumerate(KIND_LABELS.values()):
            self.kind.setItemText(place, tr(text))

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setMinimumWidth(theme().px(WIDTH))
        self.reports.setMinimumHeight(theme().px(HEIGHT))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(theme().px(12))
        said = message("Add tile") if self._tile is None else message("Change tile")
        column.addWidget(Label(said, step="title"))
        column.addWidget(self.reports, 1)
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        row.addWidget(Field(message("Name of the tile"), self.title), 2)
        row.addWidget(Field(message("Chart"), self.kind), 1)
        row.addWidget(Field(message("Target"), self.goal), 1)
        column.addLayout(row)
        column.addWidget(self.less)
        column.addWidget(self.fault)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.done_button)
        column.addLayout(foot)
        self.retint()
        self.retranslate()

    def _fill(self) -> None:
        if self._tile is None:
            if self._offered:
                self.reports.selectRow(0)
            self.reports.setFocus()
            return
        self.reports.hide()
        self.title.setText(self._tile.title)
        try:
            look = look_of(dict(self._tile.look) or None)
        except UserError as error:
            self._say(error.message)
            look = look_of(None)
        self.kind.setCurrentIndex(self.kind.findData(look.kind.value))
        self.goal.setText("" if look.goal is None else f"{look.goal:f}")
        self.less.setChecked(look.less_is_better)
        self.title.setFocus()

    def _on_report(self) -> None:
        """Offer the chart the report is best seen as."""
        offered = self._current()
        if offered is not None:
            self.kind.setCurrentIndex(self.kind.findData(offered.kind.value))
            self.title.setPlaceholderText(tr(offered.title))

    def _current(self) -> Offered | None:
        row = self.reports.currentIndex().row()
        return self._offered[row] if 0 <= row < len(self._offered) else None

    def _on_done(self) -> None:
        kind = ChartKind(self.kind.currentData())
        text = self.goal.text().strip().replace(",", "")
        try:
            goal = Decimal(text) if text else None
        except InvalidOperation:
            goal = Decimal(0)
        if goal is not None and (not goal.is_finite() or goal <= 0):
            self._say(message("A target is a number above 0, such as 100,000"))
            self.goal.setFocus()
            return
        tile = self._tile
        if tile is None:
            offered = self._current()
            if offered is None:
                self._say(message("Choose a report"))
                return
            look = replace(usual_look(offered.report, kind), goal=goal, less_is_better=self.less.isChecked())
            tile = replace(offered.tile, width=WIDTHS.get(kind, 4))
        else:
            look = replace(self._look_of(tile, kind), goal=goal, less_is_better=self.less.isChecked())
        made = replace(tile, title=self.title.text().strip(), look=plain_look(look), tall=kind not in SMALL)
        self.chosen.emit(made)
        self.accept()

    def _look_of(self, tile: Tile, kind: ChartKind) -> Look:
        """Return how a changed tile is drawn: as before where its kind stays, else as is usual."""
        try:
            before = look_of(dict(tile.look) or None)
        except UserError:
            before = look_of(None)
        found = [each.report for each in self._offered if each.tile.standard == tile.standard != ""]
        report = tile.report or next(iter(found), None)
        if before.kind is kind or report is None:
            return replace(before, kind=kind)
        return usual_look(report, kind)

    def _say(self, text: Message) -> None:
        self.fault.say(text)
        self.fault.setVisible(bool(show(text)))
