"""A chart with its table: Alt+T turns the one into the other and back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from crm_core.charts import chart as values
from crm_core.charts.drawing import Mark
from crm_desktop.ui.charts.chart_view import ChartView
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.text_table import TextTable

TABLE_KEY = "Alt+T"


class ChartPane(QStackedWidget):
    """`opened` carries the mark that was clicked, or that of the table's row; `turned` whether it is one."""

    opened = Signal(object)
    turned = Signal(bool)

    def __init__(self, chart: values.Chart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ChartView(chart)
        self.view.part_clicked.connect(self._on_part_clicked)
        self.table: TextTable | None = None
        self.addWidget(self.view)
        shortcut = QShortcut(QKeySequence(TABLE_KEY), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.turn)

    @property
    def is_table(self) -> bool:
        """Whether the table is in front."""
        return self.table is not None and self.currentWidget() is self.table

    def show_chart(self, chart: values.Chart) -> None:
        """Show another chart; what was a table stays one."""
        self.view.show_chart(chart)
        if self.is_table:
            self._make_table()

    def turn(self) -> None:
        """Turn the chart into its table, or back, and keep the keyboard there."""
        held = self.currentWidget().hasFocus()
        if self.is_table:
            self.setCurrentWidget(self.view)
        else:
            self._make_table()
        if held:
            self.currentWidget().setFocus()
        self.turned.emit(self.is_table)

    def retranslate(self) -> None:
        """Write the table in the language on screen."""
        if self.is_table:
            self._make_table()

    def _make_table(self) -> None:
        whole = self.view.as_table()
        first = 0 if any(row[0] for row in whole) else 1  # a figure of one category has no name for it
        head, *rows = [row[first:] for row in whole]
        held = self.table is not None and self.table.hasFocus()
        if self.table is not None:
            self.removeWidget(self.table)
            self.table.deleteLater()
        kinds = [CellKind.RIGHT if place + first else CellKind.TEXT for place in range(len(head))]
        columns = [(text, kind, 0) for text, kind in zip(head, kinds, strict=True)]
        self.table = TextTable(columns, self.view.chart.title)
        self.table.show_rows(rows)
        self.table.opened.connect(self._on_row_opened)
        self.addWidget(self.table)
        self.setCurrentWidget(self.table)
        if held:
            self.table.setFocus()

    def _on_part_clicked(self, key: str) -> None:
        mark = self.view.mark_of(key)
        if mark is not None:
            self.opened.emit(mark)

    def _on_row_opened(self, row: int) -> None:
        chart = self.view.chart
        key = chart.plain[row].key if chart.kind is values.Kind.HEAT_MAP else chart.categories[row].key
        of_cells = chart.kind is values.Kind.HEAT_MAP
        place = chart.series.index(chart.plain[row]) if of_cells else None
        self.opened.emit(Mark(key=key, words="", area=(), series=place, category=None if of_cells else row))
