"""The table of a quote's lines: editing in place, moving by keys and by the grip."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from crm_core.entities import schema_of
from crm_core.i18n import N_
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.quotes.lines import EDITED, KINDS, TWO_PRICES, WIDTHS, Col, QuoteLines
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.amount_room import amount_room
from crm_desktop.ui.widgets.cells import RIGHT_ALIGNED, CellKind
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.rows import RowDelegate, dress, set_density

Index = QModelIndex | QPersistentModelIndex
_Hint = QAbstractItemDelegate.EndEditHint
_Action = tuple[str, str, str, Callable[[], None]]
_LEAST_ROWS = 1
_MARKER = 2


class _LineDelegate(RowDelegate):
    """Opens a line to type in, over the whole cell; the heading of a group stands out."""

    _is_heading = False

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell as its row is."""
        model = index.model()
        self._is_heading = isinstance(model, QuoteLines) and model.group_at(index.row()) is not None
        super().paint(painter, option, index)

    def kind(self, column: int) -> CellKind:
        """Return what a column holds in the row being painted."""
        strong = self._is_heading and column == Col.NAME
        return CellKind.STRONG if strong else super().kind(column)

    def _ground(self, row: int, selected: bool, tone: Tone | None) -> QColor:
        if self._is_heading and not selected:
            return theme().color("sunken")
        return super()._ground(row, selected, tone)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return the line for one cell; figures stand at the right."""
        editor = QLineEdit(parent)
        kind = KINDS[Col(index.column())]
        side = Qt.AlignmentFlag.AlignRight if kind in RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
        editor.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        model = index.model()
        editor.setAccessibleName(
            str(model.headerData(index.column(), Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole))
        )
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the exact value, all of it selected; leave alone what is being typed."""
        if isinstance(editor, QLineEdit) and not editor.isModified():
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole) or ""))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: object, index: Index) -> None:
        """Hand what was typed to the model."""
        if isinstance(editor, QLineEdit) and isinstance(model, QuoteLines):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Fill the cell."""
        editor.setGeometry(option.rect)


class LineGrid(Live, QTableView):
    """Shows `QuoteLines`. As high as its rows while there is room, then it scrolls under its head."""

    entry_wanted = Signal()
    """The person is through with a line and wants the next."""
    duplicate_asked = Signal(str)
    delete_asked = Signal(str)
    move_asked = Signal(str, int)
    """Line id and how many places down; negative up."""
    group_move_asked = Signal(str, int)
    group_delete_asked = Signal(str)
    group_asked = Signal()
    alternative_asked = Signal(str)
    """An alternative to the line is to be typed."""
    choice_asked = Signal(str)
    """The line is to be the one of its alternatives that counts."""
    option_asked = Signal(str)
    """The line is to be optional, or no longer so."""
    price_settled = Signal(object, bool)
    """Ids of lines, and whether they take the other price they are offered."""

    def __init__(
        self,
        model: QuoteLines,
        actions: ActionRegistry,
        entity: str = "quote",
        parent: QWidget | None = None,
    ) -> None:
        """`entity`: whose lines they are; of those of quotes alone there are groups and alternatives."""
        super().__init__(parent)
        self._entity = entity
        self.lines = model
        self.setModel(model)
        dress(self, [KINDS[column] for column in Col], delegate_class=_LineDelegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(
            triggers.AnyKeyPressed
            | triggers.EditKeyPressed
            | triggers.DoubleClicked
            | triggers.SelectedClicked
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(Col.NAME, QHeaderView.ResizeMode.Stretch)
        self._dragged: str | None = None
        self._drop = -1
        for changed in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            changed.connect(self._fit)
            changed.connect(lambda *_: self._widen())
        model.dataChanged.connect(lambda top, _bottom: self._grow(top.row()))
        model.offers_changed.connect(self._widen)
        self._add_actions(actions)
        self.retranslate()
        self.retint()

    def begin_edit(self, line_id: str, column: Col) -> None:
        """Go to a cell and open it."""
        row = self.lines.row_of(line_id)
        if row >= 0:
            index = self.lines.index(row, column)
            self.setFocus()
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.edit(index)

    def select_line(self, line_id: str) -> None:
        """Make a line the current one."""
        row = self.lines.row_of(line_id)
        if row >= 0:
            column = max(self.currentIndex().column(), Col.NAME)
            self.setCurrentIndex(self.lines.index(row, column))

    def current_line(self) -> str | None:
        """Return the id of the current line."""
        return self.lines.id_at(self.currentIndex().row())

    def leave(self) -> None:
        """Take the selection away when the focus goes to the line below."""
        self.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.Clear)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Go on from cell to cell by Tab, and to the next line by Enter."""
        index = QPersistentModelIndex(self.currentIndex())
        super().closeEditor(editor, _Hint.NoHint)
        if hint is _Hint.EditNextItem or hint is _Hint.EditPreviousItem:
            self._step(index, 1 if hint is _Hint.EditNextItem else -1)
        elif hint is _Hint.SubmitModelCache:
            self.entry_wanted.emit()
        elif hint is _Hint.RevertModelCache and index.column() == Col.PRICE:
            self._settle_price(takes=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter asks for a further line; Down from the last line goes there too."""
        if self.state() is QAbstractItemView.State.EditingState:
            # A key the open editor left alone: the delegate sees to it.
            super().keyPressEvent(event)
            return
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if (enters or event.key() == Qt.Key.Key_Escape) and self._settle_price(takes=enters):
            return
        if enters:
            self.entry_wanted.emit()
            return
        at_end = self.currentIndex().row() == self.lines.rowCount() - 1
        if event.key() == Qt.Key.Key_Down and at_end and not event.modifiers():
            self.entry_wanted.emit()
            return
        super().keyPressEvent(event)

    def _settle_price(self, *, takes: bool) -> bool:
        """Take or leave the price the current line is offered; tell whether it is offered one."""
        line_id = self.current_line()
        if self.lines.offer(line_id) is None:
            return False
        self.price_settled.emit((line_id,), takes)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a line by its grip."""
        index = self.indexAt(event.position().toPoint())
        if self.lines.editable and index.isValid() and index.column() == Col.GRIP:
            self._dragged = self.lines.id_at(index.row())
            self.setCurrentIndex(index.siblingAtColumn(Col.NAME))
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show where the line taken would go."""
        if self._dragged is None:
            super().mouseMoveEvent(event)
            return
        height = self.verticalHeader().defaultSectionSize()
        y = int(event.position().y()) + self.verticalOffset()
        self._drop = max(0, min(self.lines.rowCount(), (y + height // 2) // height))
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Put the line taken where it was let go."""
        if self._dragged is None:
            super().mouseReleaseEvent(event)
            return
        row = self.lines.row_of(self._dragged)
        if self._drop >= 0:
            steps = self._drop - row - (1 if self._drop > row else 0)
            if steps:
                self.move_asked.emit(self._dragged, steps)
        self._dragged, self._drop = None, -1
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and the mark where a line would be dropped."""
        super().paintEvent(event)
        if self._dragged is not None and self._drop >= 0:
            painter = QPainter(self.viewport())
            y = self._drop * self.verticalHeader().defaultSectionSize() - self.verticalOffset()
            mark = QRect(0, max(0, y - _MARKER // 2), self.viewport().width(), _MARKER)
            painter.fillRect(mark, theme().color("accent"))
            painter.end()

    def sizeHint(self) -> QSize:
        """Ask for room for every row."""
        return QSize(theme().px(640), self._height_of(self.lines.rowCount()))

    def retranslate(self) -> None:
        """Name the table in the language on screen."""
        quotes = self._entity == "quote"
        self.setAccessibleName(tr("Lines of the quote") if quotes else tr("Lines"))
        self.lines.retranslate()

    def retint(self) -> None:
        """Take widths and row height from the theme."""
        set_density(self, compact=False)
        self.horizontalHeader().setFixedHeight(theme().size("table-header"))
        self.horizontalHeader().setMinimumSectionSize(theme().px(WIDTHS[Col.END]))
        for column, width in WIDTHS.items():
            if column is not Col.NAME:
                self.setColumnWidth(column, theme().px(width))
        self._widen()
        self._fit()

    def _add_actions(self, actions: ActionRegistry) -> None:
        group = schema_of(self._entity).meta.plural
        for key, text, shortcut, run in (*self._own_actions(), *self._quotes_actions()):
            spec = ActionSpec(id=f"{self._entity}_line.{key}", text=text, group=group, shortcut=shortcut)
            actions.add(spec, run, self)

    def _own_actions(self) -> tuple[_Action, ...]:
        return (
            ("duplicate", N_("Duplicate line"), "Ctrl+D", self._duplicate),
            ("up", N_("Move line up"), "Alt+Up", lambda: self._move(-1)),
            ("down", N_("Move line down"), "Alt+Down", lambda: self._move(1)),
            ("delete", N_("Delete line"), "Del", self._delete),
        )

    def _quotes_actions(self) -> tuple[_Action, ...]:
        if self._entity != "quote":
            return ()
        return (
            ("group", N_("New group of lines"), "Alt+G", self._ask_group),
            ("alternative", N_("Add an alternative"), "Alt+A", lambda: self._ask(self.alternative_asked)),
            ("choose", N_("Choose this alternative"), "Alt+C", lambda: self._ask(self.choice_asked)),
            ("optional", N_("Optional or not"), "Alt+O", lambda: self._ask(self.option_asked)),
        )

    def _duplicate(self) -> None:
        line_id = self.current_line()
        if line_id is not None and self.lines.editable:
            self._end_editing()
            self.duplicate_asked.emit(line_id)

    def _move(self, steps: int) -> None:
        row = self.currentIndex().row()
        line_id, group_id = self.lines.id_at(row), self.lines.group_at(row)
        if not self.lines.editable or (line_id is None and group_id is None):
            return
        self._end_editing()
        if group_id is not None:
            self.group_move_asked.emit(group_id, steps)
        else:
            self.move_asked.emit(line_id, steps)

    def _delete(self) -> None:
        row = self.currentIndex().row()
        line_id, group_id = self.lines.id_at(row), self.lines.group_at(row)
        if line_id is not None and self.lines.editable:
            self.delete_asked.emit(line_id)
        elif group_id is not None and self.lines.editable:
            self.group_delete_asked.emit(group_id)

    def _ask_group(self) -> None:
        if self.lines.editable:
            self._end_editing()
            self.group_asked.emit()

    def _ask(self, asked: SignalInstance) -> None:
        line_id = self.current_line()
        if line_id is not None and self.lines.editable:
            self._end_editing()
            asked.emit(line_id)

    def _end_editing(self) -> None:
        editor = self.focusWidget()
        if self.state() is not QAbstractItemView.State.EditingState:
            return  # one that was closed a moment ago may still be there
        if isinstance(editor, QLineEdit) and editor.parent() is self.viewport():
            self.commitData(editor)
            super().closeEditor(editor, _Hint.NoHint)

    def _step(self, index: QPersistentModelIndex, by: int) -> None:
        """Open the next or the previous cell that can be edited; past the last one ask for a line."""
        row, place = index.row(), EDITED.index(Col(index.column())) + by
        if place >= len(EDITED):
            row, place = row + 1, 0
        elif place < 0:
            row, place = row - 1, len(EDITED) - 1
        if row >= self.lines.rowCount():
            self.entry_wanted.emit()
        elif row >= 0:
            heads = self.lines.group_at(row) is not None  # of a heading its words alone are typed
            target = self.lines.index(row, Col.NAME if heads else EDITED[place])
            self.setCurrentIndex(target)
            self.edit(target)

    def _widen(self) -> None:
        """Give amounts room, and two prices side by side."""
        for column in (Col.PRICE, Col.AMOUNT):
            two = column is Col.PRICE and self.lines.has_offers
            self.setColumnWidth(
                column, amount_room(self.lines, column, TWO_PRICES if two else WIDTHS[column])
            )

    def _grow(self, row: int) -> None:
        """Give the amounts of a row that changed room; the other rows keep theirs."""
        for column in (Col.PRICE, Col.AMOUNT):
            needed = amount_room(self.lines, column, 0, range(row, row + 1))
            if needed > self.columnWidth(column):
                self.setColumnWidth(column, needed)

    def _height_of(self, rows: int) -> int:
        return theme().size("table-header") + rows * self.verticalHeader().defaultSectionSize()

    def _fit(self) -> None:
        rows = self.lines.rowCount()
        self.setMaximumHeight(self._height_of(rows))
        self.setMinimumHeight(self._height_of(min(rows, _LEAST_ROWS)))
        self.updateGeometry()
