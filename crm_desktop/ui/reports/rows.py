"""Rows of one kind, each a part of a report: added, moved and taken away, all by keyboard too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_desktop.ui.forms.row_column import RowColumn
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

T = TypeVar("T")
UP_KEYS, DOWN_KEYS = "Ctrl+Shift+Up", "Ctrl+Shift+Down"
"""Alt and an arrow would open a box."""


class PartRow(Live, QWidget):
    """One row: its controls in `first`, what moves it and takes it away, and below it what is wrong."""

    edited = Signal()
    removed = Signal()
    moved = Signal(int)
    """By how many places it is to go down."""

    def __init__(self, name: Message, parent: QWidget) -> None:
        super().__init__(parent)
        self._row_name, self._number = name, 1
        self.first = QHBoxLayout()
        self.first.setContentsMargins(0, 0, 0, 0)
        self.up = IconButton("up", message("Put further up"), hint=UP_KEYS, small=True, parent=self)
        self.down = IconButton("down", message("Put further down"), hint=DOWN_KEYS, small=True, parent=self)
        self.remove = IconButton("x", message("Take away"), small=True, parent=self)
        self.fault = Label(step="caption", color="bad", wrap=True)
        self.fault.hide()
        self.up.clicked.connect(lambda: self.moved.emit(-1))
        self.down.clicked.connect(lambda: self.moved.emit(1))
        self.remove.clicked.connect(self.removed)
        for keys, by in ((UP_KEYS, -1), (DOWN_KEYS, 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda by=by: self.moved.emit(by))
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)
        head.addLayout(self.first, 1)
        for button in (self.up, self.down, self.remove):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.addLayout(head)
        self.column.addWidget(self.fault)

    def value(self) -> Any:
        """Return what the row says. `UserError` where it is not finished."""
        raise NotImplementedError

    def controls(self) -> Iterator[QWidget]:
        """Yield the row's own controls, in the order the Tab key takes."""
        raise NotImplementedError

    def stops(self) -> Iterator[QWidget]:
        """Yield what the Tab key stops at, in its order."""
        yield from self.controls()
        yield from (self.up, self.down, self.remove)

    def say_fault(self, text: Text) -> None:
        """Say what is wrong with it; '' for nothing."""
        self.fault.say(text)
        self.fault.setVisible(bool(show(text)))

    def say_place(self, number: int, of: int) -> None:
        """Take another place among the rows, from one."""
        self._number = number
        self.up.setEnabled(number > 1)
        self.down.setEnabled(number < of)
        self.retranslate()

    def name_control(self, widget: QWidget, what: str) -> None:
        """Name a control after its row, for those who listen."""
        place = f"{show(self._row_name)} {self._number}"
        widget.setAccessibleName(tr("{field}: {value}", field=place, value=what))

    def retranslate(self) -> None:
        """Name the buttons after the row."""
        for button, what in (
            (self.up, tr("Put further up")),
            (self.down, tr("Put further down")),
            (self.remove, tr("Take away")),
        ):
            self.name_control(button, what)

    def retint(self) -> None:
        """Take the measures of the theme."""
        self.first.setSpacing(theme().px(S))
        self.column.setSpacing(theme().px(S))


class RowsEditor(RowColumn[PartRow], Generic[T]):
    """The rows, and the button that adds one. `edited` says that a person changed something."""

    grown = Signal()
    """It holds other controls than before."""

    def __init__(self, add: Message, name: Message, most: int, parent: QWidget | None = None) -> None:
        super().__init__(add, most, parent)
        self._add_words, self._name = add, name
        self._column.setSpacing(theme().px(S))

    def make_row(self, value: T | None) -> PartRow:
        """Return a row that says a value; None: a new one."""
        raise NotImplementedError

    def new_row(self) -> PartRow:
        """Return a new one."""
        return self.make_row(None)

    def first_of(self, row: PartRow) -> QWidget:
        """Return the first control of a row."""
        return next(row.controls())

    def place_row(self, row: PartRow, number: int, many: int) -> None:
        """Name its controls after its place."""
        row.say_place(number, many)

    def show_values(self, values: Sequence[T]) -> None:
        """Show these instead of what there is."""
        self.empty()
        for value in values:
            self.put(self.make_row(value))
        self.renumber()

    def values(self) -> tuple[T, ...]:
        """Return what the rows say. `UserError` where one is not finished; the row says why too."""
        found = []
        wrong: UserError | None = None
        for row in self.rows:
            try:
                found.append(row.value())
                row.say_fault("")
            except UserError as error:
                row.say_fault(error.message)
                wrong = wrong or error
        if wrong is not None:
            raise wrong
        return tuple(found)

    def say_fault(self, number: int, text: Text) -> None:
        """Say beside one row what is wrong with it."""
        if number < len(self.rows):
            self.rows[number].say_fault(text)

    def stops(self) -> Iterator[QWidget]:
        """Yield what the Tab key stops at, in its order."""
        for row in self.rows:
            yield from row.stops()
        yield self.add_button

    def chain(self) -> None:
        """Put the controls into the order of the rows."""
        for before, after in pairwise(self.stops()):
            QWidget.setTabOrder(before, after)
        self.grown.emit()

    def renumber(self) -> None:
        """Tell each row its place, and put the controls into their order."""
        super().renumber()
        self.chain()

    def go_after_removal(self, place: int) -> None:
        """Give the keyboard to what takes the next row away."""
        (self.rows[min(place, len(self.rows) - 1)].remove if self.rows else self.add_button).setFocus()

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._rows.setSpacing(theme().px(S))
