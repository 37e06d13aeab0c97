"""The rows of every table: hairline, hover, selection, the frame of focus, cells by kind."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, S
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cells import RIGHT_ALIGNED, Cell, CellKind, Role, paint_cell
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.paint import Tone

Index = QModelIndex | QPersistentModelIndex
_TONES = frozenset(tone.value for tone in Tone)


class RowDelegate(QStyledItemDelegate):
    """Paints the rows of one table view; `kinds` says what each of the model's columns holds."""

    def __init__(self, view: QTableView, kinds: Sequence[CellKind]) -> None:
        super().__init__(view)
        self._view, self._kinds = view, list(kinds)
        self._hovered = -1
        self._framed = -1
        view.setMouseTracking(True)
        view.viewport().installEventFilter(self)
        theme().changed.connect(self._on_theme_changed)

    @property
    def hovered_row(self) -> int:
        """The row under the mouse; -1 for none."""
        return self._hovered

    def set_kinds(self, kinds: Sequence[CellKind]) -> None:
        """Say anew what the columns hold, after columns were chosen."""
        self._kinds = list(kinds)
        self._view.viewport().update()

    def kind(self, column: int) -> CellKind:
        """Return what a column of the model holds."""
        return self._kinds[column] if column < len(self._kinds) else CellKind.TEXT

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give the row its height; the width is the header's business."""
        return QSize(super().sizeHint(option, index).width(), theme().size("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint ground, hairline and frame of the row, then the cell."""
        area: QRect = option.rect
        row, column = index.row(), index.column()
        text, value, tone, deleted = self._shown(index, row, column)
        selected = self._view.selectionModel().isSelected(index)  # a third of what the option's flags take
        # Not saved and restored: what paints a cell says all it paints with, and the next has its own clip.
        painter.setClipRect(area)
        painter.fillRect(area, self._ground(row, selected, tone))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, theme().color("line"))
        kind = self.kind(column)
        if text or value is not None or kind in RIGHT_ALIGNED:
            pad = theme().px(6 if kind is CellKind.GLYPH else S)
            cell = Cell(
                area=area.adjusted(pad, 0, -pad, -1),
                text=text,
                value=text if value is None else value,
                selected=selected,
                deleted=deleted,
                tone=tone,
            )
            paint_cell(painter, kind, cell)
        current = self._view.currentIndex().row()
        self._follow_current(current)
        if row == current and self._view.hasFocus():
            self._frame(painter, area, column)

    def helpEvent(
        self, event: QEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Say what a glyph means, and the whole of a text that was cut."""
        if event.type() == QEvent.Type.ToolTip and index.data(Qt.ItemDataRole.ToolTipRole) is None:
            words = self._tip(index, option.rect)
            view.viewport().setToolTip(words)
        return super().helpEvent(event, view, option, index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the mouse from row to row; everything else is between Qt and an open editor."""
        if isinstance(watched, QWidget) and watched.parent() is self.parent():
            # By type first: while a view is torn down, events arrive that must not touch it any more.
            if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
                self._hover(self._view.indexAt(event.position().toPoint()).row())
            elif event.type() in (QEvent.Type.Leave, QEvent.Type.Wheel) and watched.isVisible():
                self._hover(-1)
            return False
        return super().eventFilter(watched, event)

    def _tip(self, index: Index, area: QRect) -> str:
        value = index.data(Role.VALUE)
        if isinstance(value, Glyph):
            return show(value.word)
        if self.kind(index.column()) is CellKind.TAGS and isinstance(value, Sequence):
            return ", ".join(value)
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        fits = self._view.fontMetrics().horizontalAdvance(text) <= area.width() - 2 * theme().px(S)
        return "" if fits else text

    def _shown(self, index: Index, row: int, column: int) -> tuple[str, object, Tone | None, bool]:
        """Return text, value and tone of a cell, and whether its row is deleted."""
        painted = getattr(index.model(), "painted", None)
        if painted is not None:
            (text, value, tone), deleted = painted(row, column)
            return text, value, tone, deleted
        text = index.data(Qt.ItemDataRole.DisplayRole)
        tone = index.data(Role.TONE)
        return (
            "" if text is None else str(text),
            index.data(Role.VALUE),
            Tone(tone) if tone in _TONES else None,  # Qt makes plain text of it on the way
            bool(index.data(Role.DELETED)),
        )

    def _ground(self, row: int, selected: bool, tone: Tone | None) -> QColor:
        if selected:
            return theme().color("accent-soft")
        return theme().color("hover" if row == self._hovered else "surface")

    def _frame(self, painter: QPainter, area: QRect, column: int) -> None:
        """Paint a cell's part of the 2 px frame around the current row."""
        header = self._view.horizontalHeader()
        edge, accent = LINES["focus"], theme().color("accent")
        painter.fillRect(QRect(area.left(), area.top(), area.width(), edge), accent)
        painter.fillRect(QRect(area.left(), area.bottom() - edge + 1, area.width(), edge), accent)
        shown = [
            place for place in range(header.count()) if not header.isSectionHidden(header.logicalIndex(place))
        ]
        place = header.visualIndex(column)
        if shown and place == shown[0]:
            painter.fillRect(QRect(area.left(), area.top(), edge, area.height()), accent)
        if shown and place == shown[-1]:
            painter.fillRect(QRect(area.right() - edge + 1, area.top(), edge, area.height()), accent)

    def _follow_current(self, row: int) -> None:
        """Have the whole rows painted when the current one changed: Qt repaints only the two cells."""
        if row != self._framed:
            before, self._framed = self._framed, row
            QTimer.singleShot(0, self._view.viewport(), lambda: self._paint_anew(before, row))

    def _hover(self, row: int) -> None:
        if row == self._hovered:
            return
        before, self._hovered = self._hovered, row
        self._paint_anew(before, row)

    def _paint_anew(self, *rows: int) -> None:
        """Have rows painted, and no others."""
        view, viewport = self._view, self._view.viewport()
        for row in rows:
            if row >= 0:
                viewport.update(0, view.rowViewportPosition(row), viewport.width(), view.rowHeight(row))

    def _on_theme_changed(self) -> None:
        self._view.viewport().update()


def dress(
    view: QTableView,
    kinds: Sequence[CellKind],
    *,
    compact: bool = False,
    delegate_class: type[RowDelegate] = RowDelegate,
) -> RowDelegate:
    """Give a table view the look of all tables and return its delegate."""
    view.setShowGrid(False)
    view.setAlternatingRowColors(False)
    view.setFrameShape(QTableView.Shape.NoFrame)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    view.setCornerButtonEnabled(False)
    view.verticalHeader().hide()
    set_density(view, compact=compact)
    header = view.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setMinimumSectionSize(theme().px(24))
    header.setFixedHeight(theme().size("table-header"))
    delegate = delegate_class(view, kinds)
    view.setItemDelegate(delegate)
    return delegate


def set_density(view: QTableView, *, compact: bool) -> None:
    """Make the rows 32 or 26 px high, at the person's font scale."""
    rows = view.verticalHeader()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setMinimumSectionSize(1)
    rows.setDefaultSectionSize(theme().size("row-compact" if compact else "row"))
