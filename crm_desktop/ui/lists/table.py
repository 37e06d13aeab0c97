"""The table of a list: head, keys, editing in place, the free room given to one column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Kind, Plain
from crm_core.schema.validate import problem_with
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import LineEditor, accessible, make_editor
from crm_desktop.ui.itemmodels.keyset import Index, KeysetModel
from crm_desktop.ui.itemmodels.rows import Column, Row
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.cells import RIGHT_ALIGNED, CellKind, alignment
from crm_desktop.ui.widgets.rows import RowDelegate, dress, set_density

_ARROW = 12
SHOWN_MS = 8_000  # what is wrong with a cell
_GO_ON = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_LEAST_WIDTH = 44
_CHANGING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
_ENOUGH = 1.5
"""The column that stretches takes so many times its usual width before others get of the free room."""


class RecordTable(QTableView):
    """Rows of a `KeysetModel`. Tells what a person wants done with them and does none of it."""

    opened = Signal(int)
    """The row to open: Enter or a double click."""
    cell_edited = Signal(object, object)
    """(`Row`, {field: value}) a person set in a cell."""
    edit_failed = Signal(object)
    """The `UserError` that says why a cell could not be read."""
    menu_asked = Signal(QPoint)
    """A context menu is wanted at a place on the screen."""
    sort_asked = Signal(str)
    """A click on the head of a column that can be sorted, by its key."""
    head_menu_asked = Signal(QPoint)
    widths_changed = Signal()
    all_asked = Signal()
    """Ctrl+A: every record of the filter."""
    refresh_asked = Signal()

    def __init__(self, context: Context, model: KeysetModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._fitting = False
        self._chosen: set[str] = set()
        """Columns whose width was chosen rather than found."""
        self._picking = self._walking = False
        """Rows are being picked by Space: arrows walk between them and leave them selected."""
        self._grows: dict[int, int] = {}
        """Columns that may take of the free room, with what they need at least."""
        self.setHorizontalHeader(ListHeader(model, self))
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setCornerWidget(QWidget())
        # All of it is painted here, so that what was scrolled is moved and only what comes up is painted.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        kinds = [column.kind for column in model.columns]
        self.rows = dress(self, kinds, delegate_class=_CellDelegate)
        head = self.horizontalHeader()
        head.setSectionsMovable(True)
        head.setFirstSectionMovable(False)
        head.setSectionsClickable(True)
        head.setMinimumSectionSize(theme().px(24))
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(lambda at: self.head_menu_asked.emit(head.mapToGlobal(at)))
        head.sectionClicked.connect(self._on_section_clicked)
        head.sectionResized.connect(self._on_section_resized)
        head.sectionMoved.connect(lambda *_: self.widths_changed.emit())
        for there in (model.asked, model.reloaded, model.page_read):
            there.connect(self._widen_figures)
        self.doubleClicked.connect(self._on_double_clicked)

    @property
    def keyset(self) -> KeysetModel:
        """The model."""
        model = self.model()
        assert isinstance(model, KeysetModel)
        return model

    def show_columns(self, chosen: Mapping[str, int], usual: Mapping[str, int]) -> None:
        """Take up the model's columns, each as wide as a person has chosen (before the font scale).

        Else it is as wide as `usual` says or the column itself, but shows the whole of its head; one neither
        of them names has more where there is room.
        """
        columns = self.keyset.columns
        self.rows.set_kinds([column.kind for column in columns])
        head = self.horizontalHeader()
        self._fitting = True
        self._grows, self._chosen = {}, set(chosen)
        widths = {**usual, **chosen}
        for place, column in enumerate(columns):
            head.moveSection(head.visualIndex(place), place)
            width = theme().px(widths.get(column.key, column.width))
            if not column.fixed:
                width = max(width, theme().px(_LEAST_WIDTH))
            if not column.fixed and column.key not in chosen:
                head_needs = self._head_needs(column, sorts=column.key not in usual)
                width = max(width, head_needs, self._cells_need(column))
                if column.kind is CellKind.TEXT and not column.stretch and column.key not in usual:
                    self._grows[place] = width
            head.resizeSection(place, width)
            fixed = QHeaderView.ResizeMode.Fixed if column.fixed else QHeaderView.ResizeMode.Interactive
            head.setSectionResizeMode(place, fixed)
        self._widen_figures()

    def shown_keys(self) -> list[str]:
        """Return the columns in the order on screen."""
        head = self.horizontalHeader()
        columns = self.keyset.columns
        return [columns[head.logicalIndex(place)].key for place in range(head.count())]

    def widths(self) -> dict[str, int]:
        """Return how wide a person made columns, before the font scale, without the one that stretches."""
        return {
            column.key: round(self.columnWidth(place) / theme().scale)
            for place, column in enumerate(self.keyset.columns)
            if column.key in self._chosen and not column.stretch and not column.fixed
        }

    def widen(self, key: str, by: int) -> None:
        """Make a column wider by so many px before the font scale, or narrower."""
        place = next((n for n, column in enumerate(self.keyset.columns) if column.key == key), None)
        if place is not None:
            least = theme().px(_LEAST_WIDTH)
            self.setColumnWidth(place, max(least, self.columnWidth(place) + theme().px(by)))

    def set_compact(self, compact: bool) -> None:
        """Make the rows lower or as high as usual."""
        set_density(self, compact=compact)

    def edit_current(self) -> bool:
        """Open the editor in the current cell, or in the first of its row that can be changed."""
        index = self.currentIndex()
        model = self.keyset
        editable = Qt.ItemFlag.ItemIsEditable
        if not index.isValid():
            return False
        if not model.flags(index) & editable:
            head = self.horizontalHeader()
            order = [head.logicalIndex(place) for place in range(head.count())]
            found = [c for c in order if model.flags(model.index(index.row(), c)) & editable]
            if not found:
                return False
            index = model.index(index.row(), found[0])
            self.setCurrentIndex(index)
        self.scrollTo(index)
        return self.edit(index, QAbstractItemView.EditTrigger.AllEditTriggers, None)

    def edit_on(self, index: Index, key: Qt.Key) -> None:
        """Go on editing: below after Enter, in the next cell that can be changed after Tab."""
        model, head = self.keyset, self.horizontalHeader()
        order = [head.logicalIndex(place) for place in range(head.count())]
        row, place = index.row(), order.index(index.column())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            row += 1
        else:
            by = -1 if key == Qt.Key.Key_Backtab else 1
            changes = [
                n
                for n, c in enumerate(order)
                if model.flags(model.index(row, c)) & Qt.ItemFlag.ItemIsEditable
            ]
            beside = [n for n in changes if (n - place) * by > 0]
            row += 0 if beside else by
            place = (min if by > 0 else max)(beside or changes)
        if not 0 <= row < model.known:
            return
        self.setCurrentIndex(model.index(row, order[place]))
        self.edit_current()

    def show_problem(self, record_id: str, name: str, problem: Text) -> None:
        """Say at its cell why a value was not taken; nothing where the cell is not on screen."""
        place = self.keyset.places((record_id,)).get(record_id)
        column = next((n for n, column in enumerate(self.keyset.columns) if column.key == name), None)
        if place is None or column is None:
            return
        area = self.visualRect(self.keyset.index(place, column))
        at = self.viewport().mapToGlobal(area.bottomLeft())
        QToolTip.showText(at, show(problem), self.viewport(), area, SHOWN_MS)

    def selectAll(self) -> None:
        """Ask for every record of the filter, not only for those read so far."""
        self.all_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Space picks, Esc picks none, Shift+F10 shows the menu, F5 reads anew."""
        key, row = event.key(), self.currentIndex().row()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if row >= 0:
                self.opened.emit(row)
        elif key == Qt.Key.Key_Space and not event.modifiers():
            self._pick()
        elif key == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        elif key == Qt.Key.Key_Menu or (
            key == Qt.Key.Key_F10 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            area = self.visualRect(self.currentIndex())
            self.menu_asked.emit(self.viewport().mapToGlobal(QPoint(area.left() + 24, area.bottom())))
        elif key == Qt.Key.Key_F5:
            self.refresh_asked.emit()
        else:
            self._walk(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select by the mouse: what was picked by Space is picked no more."""
        self._picking = False
        super().mousePressEvent(event)

    def selectionCommand(
        self, index: Index, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Leave what was picked by Space selected while arrows alone walk; the rest is Qt's."""
        if self._walking:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def _pick(self) -> None:
        """Select the current row or take it out again; the first one picked was selected by walking to it."""
        selection, index = self.selectionModel(), self.currentIndex()
        picking = self._picking and selection.hasSelection()
        walked_to = not picking and [each.row() for each in selection.selectedRows()] == [index.row()]
        self._picking = True
        if not walked_to:
            selection.select(index, selection.SelectionFlag.Toggle | selection.SelectionFlag.Rows)

    def _walk(self, event: QKeyEvent) -> None:
        """Go where a key leads."""
        changes = event.modifiers() & _CHANGING
        self._picking = self._picking and self.selectionModel().hasSelection()
        self._walking = self._picking and not changes
        super().keyPressEvent(event)
        self._walking = False

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are keys here, and the rows are not all read."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu where the mouse is."""
        self.menu_asked.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground, then the rows."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), theme().color("surface"))
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the free room to the column that takes it."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._fitting:
            return
        columns = self.keyset.columns
        stretch = next((place for place, column in enumerate(columns) if column.stretch), None)
        if stretch is None:
            return
        self._fitting = True
        self._grow(stretch)
        others = sum(self.columnWidth(place) for place in range(len(columns)) if place != stretch)
        least = theme().px(columns[stretch].width * 2 // 3)
        self.setColumnWidth(stretch, max(least, self.viewport().width() - others))
        self._fitting = False

    def _grow(self, stretch: int) -> None:
        """Let columns of words have what the one that stretches has no use for."""
        columns = self.keyset.columns
        others = (self._grows.get(i, self.columnWidth(i)) for i in range(len(columns)) if i != stretch)
        spare = self.viewport().width() - sum(others) - theme().px(columns[stretch].width) * _ENOUGH
        each = max(round(spare), 0) // max(len(self._grows), 1)
        for place, needed in self._grows.items():
            self.setColumnWidth(place, needed + min(each, needed // 2))

    def _head_needs(self, column: Column, *, sorts: bool) -> int:
        words = QFontMetrics(theme().font("caption")).horizontalAdvance(show(column.title))
        arrow = _ARROW + 4 if sorts and column.sort is not None else 0
        return words + theme().px(2 * S + arrow) + 1

    def _cells_need(self, column: Column) -> int:
        if column.longest is None:
            return 0
        return QFontMetrics(theme().font()).horizontalAdvance(column.longest()) + theme().px(2 * S) + 1

    def _widen_figures(self) -> None:
        """Give the figures on screen the width they need: an amount that is cut off reads as another one."""
        metrics, last = QFontMetrics(theme().font()), self.rowAt(self.viewport().height() - 1)
        rows = range(max(self.rowAt(0), 0), (last if last >= 0 else self.keyset.rowCount() - 1) + 1)
        self._fitting = True
        for place, column in enumerate(self.keyset.columns):
            if column.kind in RIGHT_ALIGNED and not column.fixed and column.key not in self._chosen:
                texts = (self.keyset.painted(row, place)[0].text for row in rows)
                needed = metrics.horizontalAdvance(max(texts, key=len, default="")) + theme().px(2 * S) + 1
                self.setColumnWidth(place, max(needed, self.columnWidth(place)))
        self._fitting = False
        self._fit()

    def _on_section_clicked(self, place: int) -> None:
        column = self.keyset.columns[place]
        if column.sort is not None:
            self.sort_asked.emit(column.sort)

    def _on_section_resized(self, place: int, _old: int, _new: int) -> None:
        if not self._fitting:
            self._grows.pop(place, None)
            self._chosen.add(self.keyset.columns[place].key)
            self._fit()
            self.widths_changed.emit()

    def _on_double_clicked(self, index: Index) -> None:
        self.opened.emit(index.row())


class ListHeader(QHeaderView):
    """Heads in small soft type; the arrow stands right behind the word of the column sorted by."""

    def __init__(self, model: KeysetModel, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._keyset = model
        self._sorted: tuple[str, bool] | None = None
        self._hovered = -1
        self.setMouseTracking(True)

    def show_sort(self, sort: tuple[str, bool] | None) -> None:
        """Show by which field the list is sorted, and whether descending."""
        self._sorted = sort
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Give the head the height of the design."""
        return QSize(super().sizeHint().width(), theme().size("table-header"))

    def paintSection(self, painter: QPainter, area: QRect, place: int) -> None:
        """Paint ground, hairline, word and arrow."""
        if not area.isValid() or place >= len(self._keyset.columns):
            return
        column: Column = self._keyset.columns[place]
        painter.save()
        painter.fillRect(area, theme().color("sunken"))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), theme().color("line"))
        pad = theme().px(S)
        inner = area.adjusted(pad, 0, -pad, -1)
        text = str(self._keyset.headerData(place, Qt.Orientation.Horizontal) or "")
        sorted_by = self._sorted is not None and column.sort == self._sorted[0]
        hovered = place == self._hovered and column.sort is not None
        ink = "text" if sorted_by or hovered else "text-soft"
        font = theme().font("caption")
        arrow = theme().px(_ARROW + 4) if sorted_by else 0
        if column.kind in RIGHT_ALIGNED:
            words = inner.adjusted(0, 0, -arrow, 0)
            x = inner.right() + 1 - theme().px(_ARROW)
        else:
            width = min(QFontMetrics(font).horizontalAdvance(text), inner.width() - arrow)
            words = QRect(inner.left(), inner.top(), width + 1, inner.height())
            x = words.right() + theme().px(4)
        paint.words(painter, text, font, ink, words, int(alignment(column.kind)))
        if sorted_by and self._sorted is not None:
            paint.icon(painter, "down" if self._sorted[1] else "up", ink, x, area, _ARROW)
        painter.restore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show which head a click would sort by."""
        super().mouseMoveEvent(event)
        self._hover(self.logicalIndexAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Show none."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            self.viewport().update()


class _CellDelegate(RowDelegate):
    """Rows whose cells can be changed in place."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget | None:
        """Return the editor of the cell's field."""
        table = self._view
        assert isinstance(table, RecordTable)
        field = table.keyset.columns[index.column()].field
        if field is None:
            return None
        editor = LineEditor(field) if field.kind is Kind.MONEY else make_editor(table._context, field)
        editor.setParent(parent)
        editor.setAutoFillBackground(True)
        accessible(editor, field)
        return editor

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Save by Enter and Tab and go on to the next cell; what is wrong is said at the cell, and stays."""
        table = self._view
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if not pressed or event.key() not in _GO_ON or not isinstance(table, RecordTable):
            return super().eventFilter(editor, event)
        assert isinstance(editor, QWidget)
        index = table.currentIndex()
        wrong = self._problem(editor, index)
        if wrong is not None:
            editor.setProperty("error", "true")
            editor.style().unpolish(editor)
            editor.style().polish(editor)
            editor.setAccessibleDescription(show(wrong))
            QToolTip.showText(editor.mapToGlobal(QPoint(0, editor.height())), show(wrong), editor)
            return True
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
        table.edit_on(index, Qt.Key(event.key()))
        return True

    def _problem(self, editor: Any, index: Index) -> Message | None:
        row = self._row(index)
        if row is None:
            return None
        try:
            value = editor.read(row.record.values).get(editor.field.name)
        except UserError as error:
            return error.message
        if value in (None, "", []):
            held = row.record.values.get(editor.field.name)
            return message("This is required") if editor.field.required and held else None
        return problem_with(editor.field, value)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Fill the editor from the row."""
        row = self._row(index)
        if row is not None:
            editor.fill(row.record.values, {})

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Tell what was set; the row itself follows when it is saved."""
        row = self._row(index)
        table = self._view
        assert isinstance(table, RecordTable)
        if row is None:
            return
        try:
            changes: dict[str, Plain] = editor.read(row.record.values)
        except UserError as error:
            table.edit_failed.emit(error)
            return
        present = row.record.values
        changed = {name: value for name, value in changes.items() if _other(present.get(name), value)}
        if changed:
            table.cell_edited.emit(row, changed)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Let the editor fill the cell."""
        editor.setGeometry(option.rect.adjusted(1, 1, -1, -2))

    def _row(self, index: Index) -> Row | None:
        table = self._view
        return table.keyset.row_at(index.row()) if isinstance(table, RecordTable) else None


def _other(present: Plain, value: Plain) -> bool:
    return (present or None) != (value or None)
