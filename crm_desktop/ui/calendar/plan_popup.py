"""Planning by typing: “tomorrow 9”, “周五 14:00-15:30”; below the line stands what was understood."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.rules.typed_moment import TypedMoment, read_moment
from crm_desktop.services.calendar import local
from crm_desktop.ui.format import clock, long_date
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 340
_EDGE = 8
NOT_UNDERSTOOD = message("Not understood. Try “tomorrow 9”, “fri 14:00-15:30” or “3 dec”")


class PlanPopup(Live, QFrame):
    """Asks for a day and a time. Goes by itself once it is answered."""

    given = Signal(object)
    """The `TypedMoment`."""
    unplanned = Signal()
    """The day is to be taken from it."""

    def __init__(self, title: str, now_ms: Callable[[], int], parent: QWidget, *, has_day: bool) -> None:
        super().__init__(parent)
        self._now_ms = now_ms
        self.setProperty("role", "popup")
        lift(self)
        self._title = Label(message("Plan: {subject}", subject=title), weight=600, wrap=True)
        self.line = QLineEdit()
        self.field = Field(message("Day and time"), self.line)
        self._clear = Button(message("No day"), small=True)
        self._save = Button(message("Plan"), Kind.PRIMARY, small=True)
        cancel = Button(message("Cancel"), small=True, hint="Esc")
        self.line.textChanged.connect(self._on_typed)
        self._save.clicked.connect(self.answer)
        cancel.clicked.connect(self.leave)
        self._clear.clicked.connect(self._on_cleared)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self._clear)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, 12, L, L)
        column.setSpacing(12)
        column.addWidget(self._title)
        column.addWidget(self.field)
        column.addLayout(row)
        self._clear.setVisible(has_day)  # shown before it has a place it would be a window
        self.retranslate()
        self.retint()
        self._on_typed("")

    def open_at(self, anchor: QRect) -> None:
        """Show the popup beside what is planned, wholly inside its parent, and take the focus."""
        place_inside(self, anchor)
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def understood(self) -> TypedMoment | None:
        """Return what is typed as a moment."""
        return read_moment(self.line.text(), local(self._now_ms()))

    def answer(self) -> None:
        """Hand over what was typed; say so where it is not understood."""
        found = self.understood()
        if found is None:
            self.field.set_error(NOT_UNDERSTOOD)
            self.line.setFocus()
            self.adjustSize()
            return
        self._end()
        self.given.emit(found)

    def leave(self) -> None:
        """Go without planning anything."""
        self._end()

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.setAccessibleName(show(message("Plan…")))
        self.line.setPlaceholderText(tr("tomorrow 9, fri 14:00-15:30, in 3 days"))

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self.setFixedWidth(theme().px(WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter answers, Esc leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.answer()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _on_typed(self, text: str) -> None:
        self.field.set_error("")
        found = self.understood()
        if found is not None:
            self.field.set_note(moment_words(found))
        else:
            self.field.set_note(message("Without a time it takes the whole day") if not text.strip() else " ")

    def _on_cleared(self) -> None:
        self._end()
        self.unplanned.emit()

    def _end(self) -> None:
        self.hide()
        self.deleteLater()


def moment_words(typed: TypedMoment) -> Message:
    """Return a typed moment as it was understood."""
    day = long_date(typed.day)
    if typed.at is None:
        return message("{day}, all day", day=day)
    if typed.minutes:
        ends = (typed.at.hour * 60 + typed.at.minute + typed.minutes) % (24 * 60)
        span = f"{clock(typed.at)}–{ends // 60:02}:{ends % 60:02}"
        return message("{day}, {time}", day=day, time=span)
    return message("{day}, {time}", day=day, time=clock(typed.at))


def place_inside(popup: QWidget, anchor: QRect) -> None:
    """Show a popup below a place of its parent, wholly inside that."""
    popup.adjustSize()
    room = popup.parentWidget().rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    corner = QPoint(anchor.left(), anchor.bottom() + 6)
    if corner.y() + popup.height() > room.bottom():
        corner.setY(anchor.top() - popup.height() - 6)
    corner.setX(max(room.left(), min(corner.x(), room.right() - popup.width())))
    corner.setY(max(room.top(), min(corner.y(), room.bottom() - popup.height())))
    popup.move(corner)
    popup.show()
    popup.raise_()
