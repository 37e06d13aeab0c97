"""Tasks nobody has planned, at the side of the calendar: carried onto a day, or planned by typing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.services.calendar_period import UndatedTask
from crm_desktop.ui.calendar.calendar_chart import ACTIVITY_MIME
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 240
_KEY = Qt.ItemDataRole.UserRole


class UndatedList(Live, QWidget):
    """The side list. `opened` carries the id of a task."""

    opened = Signal(str)
    current_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks: tuple[UndatedTask, ...] = ()
        self.title = Label(message("Without a day"), weight=600)
        self.count = Label("", color="text-soft")
        self.list = _Tasks()
        self.list.itemActivated.connect(lambda row: self.opened.emit(str(row.data(_KEY))))
        self.list.currentItemChanged.connect(lambda *_rows: self.current_changed.emit(self.current_key()))
        self._nothing = Label(
            message("Tasks without a day stand here. Drag one onto the calendar, or press P."),
            color="text-soft",
            wrap=True,
        )
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(S, S, S, S)
        column.setSpacing(S)
        column.addWidget(self.title)
        column.addWidget(self._stack, 1)
        self.retranslate()
        self.retint()

    def show_tasks(self, tasks: Sequence[UndatedTask]) -> None:
        """Show other tasks; the chosen one stays chosen while it is there."""
        chosen = self.current_key()
        self._tasks = tuple(tasks)
        self.list.clear()
        for task in self._tasks:
            words = f"{task.subject}\n{task.customer_name}" if task.customer_name else task.subject
            row = QListWidgetItem(words)
            row.setData(_KEY, task.id)
            row.setToolTip(words)
            self.list.addItem(row)
            if task.id == chosen:
                self.list.setCurrentItem(row)
        self._stack.setCurrentWidget(self.list if self._tasks else self._nothing)
        self.retranslate()

    def current_key(self) -> str:
        """Return the id of the chosen task; '' for none."""
        row = self.list.currentItem()
        return str(row.data(_KEY)) if row is not None else ""

    def retranslate(self) -> None:
        """Count the tasks in the title."""
        number = len(self._tasks)
        self.title.say(
            message("Without a day · {count}", count=figure(number)) if number else message("Without a day")
        )
        self.list.setAccessibleName(show(message("Tasks without a day")))

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self.setFixedWidth(theme().px(WIDTH))


class _Tasks(QListWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setDragEnabled(True)
        self.setDragDropMode(QListWidget.DragDropMode.DragOnly)
        self.setWordWrap(True)
        self.setSpacing(2)
        self.setFrameShape(QListWidget.Shape.NoFrame)

    def mimeTypes(self) -> list[str]:
        return [ACTIVITY_MIME]

    def mimeData(self, rows: Sequence[QListWidgetItem]) -> QMimeData:
        carried = QMimeData()
        if rows:
            carried.setData(ACTIVITY_MIME, str(rows[0].data(_KEY)).encode("ascii"))
        return carried

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Letters are the calendar's actions here, not a search among the tasks.
        if event.text().isalnum() and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)
