"""What comes out of a report: chart above, numbers below, and what is to be known beside them."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.charts.chart import Kind as ChartKind
from crm_core.charts.of_report import Drawn
from crm_core.i18n import message
from crm_core.reporting import texts
from crm_core.rules.reports import ReportTable, Unit
from crm_desktop.ui.charts.chart_pane import ChartPane
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.text_table import TextTable

CHART_HEIGHT, TABLE_HEIGHT = 200, 150
NARROWEST, WIDEST = 64, 260
"""px of a column before the font scale; longer words end in “…”, and stand whole in the tip."""
SLOW_MS = 250  # a count that takes longer is announced, with a button that stops it
_PADDING, _OF_HEAD = 22, 128
_ROWS_MEASURED = 200
_ANY_HEIGHT = 16_777_215


class ReportResult(Live, QWidget):
    """`opened` carries a mark of the chart, `row_opened` a row of the table: the records of it are wanted."""

    opened = Signal(object)
    row_opened = Signal(int)
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawn: Drawn | None = None
        self.pane: ChartPane | None = None
        self.table: TextTable | None = None
        self._widths: list[int] = []
        self.fault = Label(color="bad", wrap=True)
        self.remark = Label(step="caption", color="text-soft", wrap=True)
        self.busy = QWidget()
        row = QHBoxLayout(self.busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Label(message("Counting…"), color="text-soft"))
        self.stop_button = Button(message("Stop"), Kind.LINK)
        self.stop_button.clicked.connect(self.stopped)
        row.addWidget(self.stop_button)
        row.addStretch(1)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(SLOW_MS)
        self._slow.timeout.connect(self.busy.show)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme().px(M))
        for widget in (self.busy, self.fault, self.remark):
            self._column.addWidget(widget)
        self._column.addStretch(0)
        self.fault.hide()
        self.busy.hide()

    def begin(self) -> None:
        """Say soon that it is being counted."""
        self._slow.start()

    def end(self) -> None:
        """Say that nothing is being counted."""
        self._slow.stop()
        self.busy.hide()

    def show_drawn(self, drawn: Drawn) -> None:
        """Show what was counted."""
        self.end()
        self.drawn = drawn
        self.fault.hide()
        self.remark.show()
        table = drawn.table
        said = [show(message("{count} records counted", count=figure(table.counted)))]
        self.remark.say(" · ".join([*said, *texts.notes(table, tr)]))
        # The numbers stand below as a table already.
        if drawn.chart.kind is ChartKind.TABLE:
            if self.pane is not None:
                self.pane.hide()
        else:
            self._show_chart(drawn)
        self._show_table(table)

    def show_waiting(self) -> None:
        """Say that the report waits for its questions."""
        self._say(message("Answer the questions, or leave them open, then count"), "text-soft")

    def show_fault(self, text: Text) -> None:
        """Say why there is nothing to show."""
        self._say(text, "bad")

    def _say(self, text: Text, color: str) -> None:
        self.end()
        self.drawn = None
        self.remark.hide()
        for shown in (self.pane, self.table):
            if shown is not None:
                shown.hide()
        self.fault.set_color(color)
        self.fault.say(text)
        self.fault.show()

    def retranslate(self) -> None:
        """Write the numbers in the language on screen."""
        if self.drawn is not None:
            self.show_drawn(self.drawn)

    def resizeEvent(self, event: QEvent) -> None:
        """Give the first column what is left."""
        super().resizeEvent(event)
        self._fit()

    def _show_chart(self, drawn: Drawn) -> None:
        if self.pane is None:
            self.pane = ChartPane(drawn.chart)
            self.pane.setMinimumHeight(theme().px(CHART_HEIGHT))
            self.pane.opened.connect(self.opened)
            self._column.insertWidget(2, self.pane, 3)
        else:
            self.pane.show_chart(drawn.chart)
        # Rows below one another need no more room than they are; everything else takes what there is.
        rows = drawn.chart.lying or drawn.chart.kind is ChartKind.FUNNEL
        most = max(theme().px(CHART_HEIGHT), self.pane.view.sizeHint().height()) if rows else _ANY_HEIGHT
        self.pane.setMaximumHeight(most)
        self.pane.show()

    def _show_table(self, table: ReportTable) -> None:
        """Put the numbers below the chart; other reports have other columns."""
        held = self.table is not None and self.table.hasFocus()
        if self.table is not None:
            self._column.removeWidget(self.table)
            self.table.hide()
            self.table.deleteLater()
        heads = texts.heads(table, tr)
        units = texts.units(table)
        first = len(heads) - len(units)
        rows = [
            [*map(texts.text, cells[:first]), *map(_shown, cells[first:], units)]
            for _, cells in texts.rows(table, tr)
        ]
        self._widths = _widths(heads, rows)
        kinds = [CellKind.TEXT if place < first else CellKind.RIGHT for place in range(len(heads))]
        scale = theme().px(100) / 100
        self.table = TextTable(
            [
                (head, kind, round(width / scale))
                for head, kind, width in zip(heads, kinds, self._widths, strict=True)
            ],
            message("Numbers of the report"),
        )
        self.table.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.show_rows(rows)
        self.table.setMinimumHeight(theme().px(TABLE_HEIGHT))
        self.table.opened.connect(self.row_opened)
        self._column.insertWidget(self._column.indexOf(self.remark), self.table, 2)
        self.table.show()
        self._fit()
        if held:
            self.table.setFocus()

    def _fit(self) -> None:
        """Let the first column take what the others leave."""
        if self.table is None or not self._widths:
            return
        room = self.table.viewport().width() - sum(self._widths[1:])
        self.table.setColumnWidth(0, max(self._widths[0], room))


def _shown(cell: str | Decimal | None, unit: Unit) -> str:
    """Return a figure as people read it: of a share one decimal, the rest of which a file has."""
    if not isinstance(cell, Decimal):
        return cell or ""
    whole = cell == cell.to_integral_value()
    return figure(cell, 1 if unit is Unit.SHARE and not whole else None)


def _widths(heads: list[str], rows: list[list[str]]) -> list[int]:
    """Return the room each column takes, in pixels: for its values, as far as they are looked at, and most of
    its head."""
    metrics = QFontMetrics(theme().font("body"))
    narrow, wide, padding, of_head = (theme().px(each) for each in (NARROWEST, WIDEST, _PADDING, _OF_HEAD))
    found = []
    for place, head in enumerate(heads):
        values = [metrics.horizontalAdvance(row[place]) for row in rows[:_ROWS_MEASURED]]
        length = max(min(of_head, metrics.horizontalAdvance(head)), *values, 0)
        found.append(min(wide, max(narrow, length + padding)))
    return found
