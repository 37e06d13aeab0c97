"""The queue at the left: open tickets, the most pressing first, three lines each."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import Message, message
from crm_desktop.services.ticket_hands import TeamQueue
from crm_desktop.services.tickets import Queue, QueueRow
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import ICON_INLINE, LINES, RADII
from crm_desktop.ui.tickets.team_chips import TeamChips
from crm_desktop.ui.tickets.words import STATES, deadline
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.tabs import Tab, TabRow

Index = QModelIndex | QPersistentModelIndex
_WORDS_FROM = 300
TABS = {
    Queue.MINE: message("Mine"),
    Queue.UNASSIGNED: message("Unassigned"),
    Queue.NEAR: message("Due soon"),
    Queue.ALL: message("All"),
}
NOTHING: dict[Queue, Message] = {
    Queue.MINE: message("No ticket waits for you"),
    Queue.UNASSIGNED: message("Every ticket has somebody"),
    Queue.NEAR: message("No deadline is near"),
    Queue.UNKNOWN: message("Everybody who wrote is known"),
    Queue.ALL: message("No open tickets"),
}
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_PAD = 16
ROW = Qt.ItemDataRole.UserRole + 1


class QueueModel(QAbstractListModel):
    """Tickets in the order they were given."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[QueueRow, ...] = ()

    def show_rows(self, rows: Sequence[QueueRow]) -> None:
        """Show other tickets; those in the same places are only painted anew."""
        same = [row.id for row in rows] == [row.id for row in self._rows]
        if same:
            self._rows = tuple(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def row_of(self, ticket_id: str) -> int:
        """Return the place of a ticket; -1 where it is not among them."""
        return next((place for place, row in enumerate(self._rows) if row.id == ticket_id), -1)

    def at(self, place: int) -> QueueRow | None:
        """Return the ticket in a place."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many tickets there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a ticket, or its words for those who listen."""
        row = self.at(index.row())
        if row is None:
            return None
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.subject
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            due = deadline(row.clock, row.due_at, now_ms())
            parts = [row.number, row.subject, row.customer_name, show(due.promise), show(due.left)]
            if row.waits_for:
                parts.append(tr("Waits for {name}", name=row.waits_for))
            parts += [show(mark.word) for mark in _marks(row)]
            return ". ".join(part for part in parts if part)
        return None


class QueuePane(Live, QWidget):
    """Title, tabs with counts, rows. `chosen` carries a ticket's id, `opened` that Enter was pressed."""

    chosen = Signal(str)
    opened = Signal()
    tab_chosen = Signal(object)
    """A `Queue`."""
    new_asked = Signal()
    request_asked = Signal()
    """A service request is to be made by a form."""
    take_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QueueModel()
        self.title = Label(message("Tickets"), step="title")
        self.new = _NewButton("", icon="plus")
        self.request = IconButton("note", message("New service request"))
        self.tabs = TabRow(
            [Tab(key=key.value, text=text) for key, text in TABS.items()],
            name=message("Views of the queue"),
            apart=_PAD,
            trailing=False,
        )
        self.take = Button(message("Take next"), hint="T")
        self.teams = TeamChips()
        self.rows = _Rows()
        self.rows.setModel(self.model)
        self.rows.setItemDelegate(_QueueDelegate(self.rows))
        self.empty = EmptyState("ticket", NOTHING[Queue.MINE])
        self._stack = QStackedWidget(self)
        head = QHBoxLayout()
        head.setContentsMargins(_PAD, 12, _PAD, 8)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.request)
        head.addWidget(self.take)
        head.addWidget(self.new)
        self.strangers = Chip("", checkable=True)
        self.strangers.clicked.connect(self._on_strangers_clicked)
        strangers = QHBoxLayout()
        strangers.setContentsMargins(_PAD, 6, _PAD, 6)
        strangers.addWidget(self.strangers)
        strangers.addStretch(1)
        tabs = QHBoxLayout()
        tabs.setContentsMargins(_PAD, 0, 0, 0)
        tabs.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(tabs)
        column.addWidget(self.teams)
        column.addLayout(strangers)
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self.rows)
        self._stack.addWidget(self.empty)
        self.new.clicked.connect(self.new_asked)
        self.request.clicked.connect(self.request_asked)
        self.take.clicked.connect(self.take_asked)
        self.teams.chosen.connect(lambda: self.tab_chosen.emit(self.queue))
        self.tabs.chosen.connect(self._on_tab_chosen)
        self.rows.selectionModel().currentChanged.connect(self._on_current_changed)
        self.rows.entered_row.connect(self.opened)
        self._quiet = False
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say in words what taking does only where there is room beside the title."""
        super().resizeEvent(event)
        words = self.width() >= theme().px(_WORDS_FROM)
        self.take.set_icon(None if words else "user")
        self.take.show_words(words)

    def choose(self, queue: Queue) -> None:
        """Bring a view to the front."""
        self._show_strangers(queue is Queue.UNKNOWN)
        if queue in TABS:
            self.tabs.choose(queue.value)

    @property
    def team_id(self) -> str:
        """The team whose queue is in front; '' for all."""
        return self.teams.team_id if self.queue is Queue.UNASSIGNED else ""

    def show_teams(self, teams: Sequence[TeamQueue]) -> None:
        """Offer the queues of one's teams, where tickets nobody has are shown."""
        self.teams.show_teams(teams if self.queue is Queue.UNASSIGNED else ())

    @property
    def queue(self) -> Queue:
        """The view in front."""
        return Queue.UNKNOWN if self.strangers.isChecked() else Queue(self.tabs.key)

    def show_rows(self, rows: Sequence[QueueRow], ticket_id: str | None) -> None:
        """Show the tickets of the view in front, one of them chosen.

        That there are none is said here where a conversation stands beside it, else by the page alone.
        """
        self._quiet = True
        self.model.show_rows(rows)
        self._quiet = False
        self.select(ticket_id)
        self.empty.say(NOTHING[self.queue])
        self._stack.setCurrentWidget(self.empty if not rows and ticket_id else self.rows)

    def show_counts(self, counts: dict[Queue, int]) -> None:
        """Show how many tickets each view holds; the way to those of unknown senders while there are some."""
        count = counts.get(Queue.UNKNOWN, 0)
        self.strangers.say(
            message("1 ticket of an unknown sender")
            if count == 1
            else message("{count} tickets of unknown senders", count=count)
        )
        self.strangers.setVisible(bool(count) or self.strangers.isChecked())
        self.tabs.set_counts({queue.value: counts[queue] for queue in TABS})

    def select(self, ticket_id: str | None) -> None:
        """Mark a ticket as the one shown, without telling anybody."""
        place = self.model.row_of(ticket_id) if ticket_id else -1
        self._quiet = True
        index = self.model.index(place) if place >= 0 else QModelIndex()
        flags = QItemSelectionModel.SelectionFlag
        self.rows.selectionModel().setCurrentIndex(index, flags.ClearAndSelect if place >= 0 else flags.Clear)
        self._quiet = False

    def tick(self) -> None:
        """Paint the clocks anew."""
        self.rows.viewport().update()

    def retranslate(self) -> None:
        """Name the rows in the language on screen."""
        self.rows.setAccessibleName(tr("Ticket queue"))

    def _show_strangers(self, shown: bool) -> None:
        self.strangers.setChecked(shown)
        self.tabs.setVisible(not shown)

    def _on_strangers_clicked(self) -> None:
        self._show_strangers(self.strangers.isChecked())
        self.tab_chosen.emit(self.queue)

    def _on_tab_chosen(self, key: str) -> None:
        self.tab_chosen.emit(Queue(key))

    def _on_current_changed(self, current: QModelIndex) -> None:
        row = self.model.at(current.row())
        if row is not None and not self._quiet:
            self.chosen.emit(row.id)


class _NewButton(Button):
    """A framed plus; its name is spoken and its tooltip."""

    def retranslate(self) -> None:
        """Name the button in the language on screen."""
        super().retranslate()
        self.setAccessibleName(tr("New ticket"))
        self.setToolTip(tr("New ticket"))


class _Rows(QListView):
    """The list; Enter opens, J and K walk as the arrows do."""

    entered_row = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet("QListView { background: transparent }")

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Choose nothing by the keyboard's coming alone: the ticket shown may be of another view."""
        chosen = self.selectionModel()
        if chosen is None or self.currentIndex().isValid():
            super().focusInEvent(event)
            return
        chosen.blockSignals(True)
        super().focusInEvent(event)
        chosen.clear()
        chosen.blockSignals(False)

    def keyPressEvent(self, event: object) -> None:
        """Walk and open; letters are no search here."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_row.emit()
        elif key in (Qt.Key.Key_J, Qt.Key.Key_K) and not event.modifiers():
            place = self.currentIndex().row() + (1 if key == Qt.Key.Key_J else -1)
            if 0 <= place < self.model().rowCount():
                self.setCurrentIndex(self.model().index(place, 0))
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Leave letters to the page's keys."""


class _QueueDelegate(QStyledItemDelegate):
    """Paints number and clock, subject, customer and promise."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give three lines their height."""
        return QSize(theme().px(200), theme().size("queue-item-3-line"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one ticket."""
        row = index.data(ROW)
        if not isinstance(row, QueueRow):
            return
        painter.save()
        area: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(area, theme().color("surface"))
            edge = QRect(area.left(), area.top(), LINES["selected-item-edge"], area.height())
            painter.fillRect(edge, theme().color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme().color("hover"))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), theme().color("line"))
        pad, line = theme().px(_PAD), theme().line_height()
        top = area.top() + (area.height() - 3 * line) // 2
        inner = QRect(area.left() + pad, top, area.width() - 2 * pad, line)
        due = deadline(row.clock, row.due_at, now_ms())
        caption, body = theme().font("caption"), theme().font("body")
        end = inner.right() + 1
        left = show(due.left)
        if left:
            width = QFontMetrics(body).horizontalAdvance(left)
            paint.words(painter, left, body, due.color, QRect(end - width, top, width + 1, line), _RIGHT)
            end -= width + theme().px(6 + ICON_INLINE)
            paint.icon(painter, due.icon, due.color, end, inner, ICON_INLINE)
        for mark in _marks(row):
            end -= theme().px(8 + 16)
            paint.icon(painter, mark.icon, mark.color, end, inner, 16)
        room = QRect(inner.left(), top, max(0, end - inner.left() - theme().px(8)), line)
        paint.words(painter, row.number, caption, "text-soft", room)
        subject = inner.translated(0, line)
        paint.words(painter, row.subject, theme().font("body", 600 if chosen else 400), "text", subject)
        foot = inner.translated(0, 2 * line)
        promise = show(due.promise if row.due_at or row.status == "waiting" else STATES[row.status])
        if row.waits_for:
            promise = tr("Waits for {name}", name=row.waits_for)
        width = QFontMetrics(caption).horizontalAdvance(promise)
        paint.words(painter, promise, caption, "text-soft", foot, _RIGHT)
        paint.words(
            painter, row.customer_name, caption, "text-soft", foot.adjusted(0, 0, -width - theme().px(8), 0)
        )
        if self._view.hasFocus() and index.row() == self._view.currentIndex().row():
            paint.focus_frame(painter, area.adjusted(0, 0, 0, -1), RADII["bar"])
        painter.restore()


def _marks(row: QueueRow) -> list[Glyph]:
    """Return the shapes beside a ticket's number, from the right."""
    shapes = {Glyph.NOT_SENT: row.not_sent, Glyph.ANSWERED_TWICE: row.answered_twice}
    return [shape for shape, holds in shapes.items() if holds]


def now_ms() -> int:
    """Return the laptop's time, which the clocks on screen count down by."""
    return time.time_ns() // 1_000_000
