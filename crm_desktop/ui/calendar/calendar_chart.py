"""What the drawn calendars share: one item is selected, carried by the mouse, or dropped from outside."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QApplication, QWidget

from crm_core.rules.lanes import clashes
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.ui.calendar.blocks import item_words
from crm_desktop.ui.charts.chart import Chart, Part
from crm_desktop.ui.home.words import kind_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, tr

ACTIVITY_MIME = "application/x-satchel-activity"
_EDGE = 6
"""So near to its lower edge a block is taken by it, and made longer or shorter."""


class Grip(StrEnum):
    """How an item is held by the mouse."""

    MOVE = "move"
    RESIZE = "resize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place in the calendar: a moment, or the whole day it lies in."""

    at_ms: int
    all_day: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the mouse carries. `part` is where it was taken, `from_top` how far below its top."""

    item: CalendarItem
    part: Part
    grip: Grip
    from_top: float
    start: QPointF


class CalendarChart(Chart):
    """A view of the calendar. Up and Down walk what stands in it, Enter opens; the page turns the days."""

    moved = Signal(str, object)
    """An item was carried to a `Slot`."""
    resized = Signal(str, int)
    """An item was made so many minutes long."""
    slot_opened = Signal(object)
    """An empty `Slot` was double-clicked."""
    task_dropped = Signal(str, object)
    """A task from the side was dropped on a `Slot`."""
    selected = Signal(str)
    """Another item is selected."""
    focus_color = "accent"

    def __init__(self, name: Text, empty: Text, parent: QWidget | None = None) -> None:
        super().__init__(name, empty=empty, parent=parent)
        self._items: tuple[CalendarItem, ...] = ()
        self._clashing: frozenset[str] = frozenset()
        self._now_ms = 0
        self.me = ""
        """Whose items are his own; others' are drawn as such."""
        self._selected = ""
        self._held: Held | None = None
        self._carried_to: QPointF | None = None
        self._dropping_at: QPointF | None = None
        self.may_change = True
        self.setAcceptDrops(True)

    @property
    def items(self) -> tuple[CalendarItem, ...]:
        """What stands in the calendar."""
        return self._items

    def current_key(self) -> str:
        """Return the key of the selected item; '' for none."""
        return self._selected if any(item.key == self._selected for item in self._items) else ""

    def framed_key(self) -> str:
        """Return the key of the item the frame of the focus is around; '' for none."""
        if not self.hasFocus() or not 0 <= self._current < len(self._parts):
            return ""
        key = self._parts[self._current].key
        return key if self._item(key) is not None else ""

    def select(self, key: str) -> None:
        """Select an item without telling anybody."""
        self._selected = key
        self.update()

    def is_empty(self) -> bool:
        """Say that the days are shown whether something stands in them or not."""
        return False

    def as_table(self) -> list[tuple[str, ...]]:
        """Return what stands in the calendar as rows of text."""
        head = (tr("Time"), tr("Kind"), tr("Customer"), tr("Subject"))
        rows = [
            (
                item_words(item, self._now_ms).split(",")[0],
                kind_words(item.kind),
                item.customer_name,
                item.subject,
            )
            for item in self._items
        ]
        return [head, *rows]

    def summary(self) -> str:
        """Return what stands in the calendar in one line."""
        said = [self._words(item) for item in self._items]
        return ". ".join(said) or tr("Nothing planned")

    def take(self, items: Sequence[CalendarItem], now_ms: int) -> None:
        """Keep other items; who draws them calls `refresh`."""
        self._items, self._now_ms = tuple(items), now_ms
        timed = [item for item in self._items if not item.all_day and not item.done]
        of_owner: dict[str | None, list[CalendarItem]] = {}
        for item in timed:
            of_owner.setdefault(item.owner_id, []).append(item)
        self._clashing = frozenset(
            several[at].key
            for several in of_owner.values()
            for at in clashes([(item.begins_ms, item.ends_ms) for item in several])
        )

    def draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        """Paint, and find the selected item again among the parts."""
        parts = super().draw(painter, area)
        found = next((at for at, part in enumerate(parts) if part.key == self._selected), None)
        self._current = found if found is not None else min(self._current, max(len(parts) - 1, 0))
        return parts

    @abstractmethod
    def slot_at(self, point: QPointF) -> Slot | None:
        """Return the place under a point."""

    def _is_foreign(self, item: CalendarItem) -> bool:
        return bool(self.me) and item.owner_id != self.me

    def _words(self, item: CalendarItem) -> str:
        return item_words(item, self._now_ms, item.key in self._clashing)

    def _item(self, key: str) -> CalendarItem | None:
        return next((item for item in self._items if item.key == key), None)

    def _go_to(self, place: int) -> None:
        super()._go_to(place)
        self._selected = self._parts[place].key
        self.selected.emit(self._selected)
        self.reveal(self._parts[place].shape.boundingRect())

    def reveal(self, area: QRectF) -> None:
        """Bring a part into sight, where this is scrolled."""

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk by Up and Down; Left and Right turn the page and are none of a part's."""
        modified = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modified or event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape and self._held is not None:
            self._let_go()
        else:
            super().keyPressEvent(event)

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select and take hold of what is under the mouse."""
        part = self.part_at(event.position())
        item = self._item(part.key) if part is not None else None
        if part is None or item is None:
            return
        self._go_to(self._parts.index(part))
        if event.button() == Qt.MouseButton.LeftButton and self.may_change and item.planned:
            box = part.shape.boundingRect()
            grip = Grip.RESIZE if self._resizes(item, box, event.position()) else Grip.MOVE
            from_top = event.position().y() - box.top()
            self._held = Held(item=item, part=part, grip=grip, from_top=from_top, start=event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry what is held; else show by the pointer what can be done."""
        held = self._held
        if held is None:
            part = self.part_at(event.position())
            item = self._item(part.key) if part is not None else None
            resizes = part is not None and item is not None and self.may_change
            if resizes and self._resizes(item, part.shape.boundingRect(), event.position()):
                self.setCursor(Qt.CursorShape.SizeVerCursor)
            else:
                super().mouseMoveEvent(event)
            return
        far = (event.position() - held.start).manhattanLength() >= QApplication.startDragDistance()
        if far or self._carried_to is not None:
            self._carried_to = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Put down what was carried."""
        held, carried_to = self._held, self._carried_to
        self._let_go()
        if held is None or carried_to is None:
            part = self.part_at(event.position())
            if part is not None and self._item(part.key) is None:  # “3 more”
                self.part_clicked.emit(part.key)
            return
        if held.grip is Grip.RESIZE:
            minutes = self.minutes_at(held, carried_to)
            if minutes:
                self.resized.emit(held.item.key, minutes)
            return
        slot = self.slot_for(held, carried_to)
        same = slot is not None and slot.at_ms == held.item.begins_ms and slot.all_day == held.item.all_day
        if slot is not None and not same:
            self.moved.emit(held.item.key, slot)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open an item; on an empty place begin a new one there."""
        self._let_go()
        part = self.part_at(event.position())
        if part is not None and self._item(part.key) is not None:
            self.part_clicked.emit(part.key)
        elif part is None:
            slot = self.slot_at(event.position())
            if slot is not None:
                self.slot_opened.emit(slot)

    def slot_for(self, held: Held, point: QPointF) -> Slot | None:
        """Return where a carried item would begin."""
        return self.slot_at(QPointF(point.x(), point.y() - held.from_top))

    def minutes_at(self, held: Held, point: QPointF) -> int | None:
        """Return how long an item would be whose lower edge is carried to a point."""
        return None

    def _resizes(self, item: CalendarItem | None, box: QRectF, point: QPointF) -> bool:
        return False

    def _near_foot(self, box: QRectF, point: QPointF) -> bool:
        return box.height() > 2 * theme().px(_EDGE) and point.y() > box.bottom() - theme().px(_EDGE)

    def _let_go(self) -> None:
        self._held = self._carried_to = None
        self.update()

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a task of the side list."""
        if event.mimeData().hasFormat(ACTIVITY_MIME) and self.may_change:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the task would be put."""
        self._dropping_at = event.position()
        self.update()
        event.setAccepted(self.slot_at(event.position()) is not None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Forget where the task would have been put."""
        self._dropping_at = None
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell where a task was put."""
        self._dropping_at = None
        self.update()
        slot = self.slot_at(event.position())
        if slot is not None and event.mimeData().hasFormat(ACTIVITY_MIME):
            event.acceptProposedAction()
            key = bytes(event.mimeData().data(ACTIVITY_MIME).data()).decode("ascii")
            self.task_dropped.emit(key, slot)
