"""A chart in the window: laid out once for its size, look and language, then painted."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from crm_core.charts import chart as values
from crm_core.charts import told
from crm_core.charts.drawing import Drawing, Mark
from crm_core.charts.layout import layout
from crm_desktop.ui.charts.chart import Chart, Part
from crm_desktop.ui.charts.drawn import ScreenMetrics, paint, path_of, words_on_screen
from crm_desktop.ui.theme import theme

_ROW = 32
_FOOT = 40
_METRICS = ScreenMetrics()


class ChartView(Chart):
    """Any chart of `crm_core.charts`; a part's key is that of its mark, see `mark_of`."""

    def __init__(self, chart: values.Chart, parent: QWidget | None = None) -> None:
        self._chart = chart
        self._drawing: Drawing | None = None
        self._drawn_for: object = None
        super().__init__(chart.title, empty=chart.empty, parent=parent)
        self.retranslate()

    @property
    def chart(self) -> values.Chart:
        """What is shown."""
        return self._chart

    def show_chart(self, chart: values.Chart) -> None:
        """Show another one; the keyboard stays on the part of the same key, where there is one."""
        here = self._parts[self._current].key if 0 <= self._current < len(self._parts) else ""
        self._chart = chart
        self._drawing = None
        self._name, self._empty = chart.title, chart.empty
        self.refresh()
        keys = [mark.key for mark in self.drawing(QRectF(self.rect())).marks]
        self._current = keys.index(here) if here in keys else 0

    def mark_of(self, key: str) -> Mark | None:
        """Return the mark of a part as last painted."""
        marks = self._drawing.marks if self._drawing is not None else ()
        return next((mark for mark in marks if mark.key == key), None)

    def is_empty(self) -> bool:
        """Say whether there is nothing to draw."""
        return self._chart.is_empty

    def as_table(self) -> list[tuple[str, ...]]:
        """Return the chart as rows of text, the head first."""
        return told.rows_of(self._chart, words_on_screen())

    def summary(self) -> str:
        """Return the chart in one line, for those who listen."""
        return told.summary(self._chart, words_on_screen())

    def sizeHint(self) -> QSize:
        """Ask for 32 px a row where rows lie below one another, else for the room of a tile."""
        chart = self._chart
        if chart.kind is values.Kind.FUNNEL or (chart.kind is values.Kind.BAR and chart.lying):
            foot = _FOOT if chart.kind is values.Kind.FUNNEL or len(chart.plain) > 1 else 0
            return QSize(theme().px(356), theme().px(_ROW * max(len(chart.categories), 1) + foot))
        return QSize(theme().px(356), theme().px(196))

    def drawing(self, area: QRectF) -> Drawing:
        """Return the chart laid out for an area, as kept where nothing changed."""
        words = words_on_screen()
        wanted = (area.width(), area.height(), theme().revision, words.language, id(self._chart))
        if self._drawing is None or self._drawn_for != wanted:
            size = (area.width(), area.height())
            self._drawing = layout(self._chart, *size, _METRICS, words, scale=theme().scale)
            self._drawn_for = wanted
        return self._drawing

    def draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        """Paint the chart, or what it says without values, and return its parts."""
        return self._draw(painter, area)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        drawing = self.drawing(area)
        painter.save()
        painter.translate(area.topLeft())
        paint(painter, drawing)
        painter.restore()
        parts = []
        for mark in drawing.marks:
            shape, ring = path_of(mark.area), path_of(mark.ring) if mark.ring else None
            shape.translate(area.topLeft())
            if ring is not None:
                ring.translate(area.topLeft())
            parts.append(Part(mark.key, mark.words, shape, ring))
        return parts
