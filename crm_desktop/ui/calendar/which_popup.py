"""Which times of a series a change means: this one, this and the following, or all."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.planning import Which
from crm_desktop.ui.calendar.plan_popup import place_inside
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 280
_KEYS = {Qt.Key.Key_1: Which.THIS, Qt.Key.Key_2: Which.FOLLOWING, Qt.Key.Key_3: Which.ALL}


class WhichPopup(Live, QFrame):
    """Three buttons; 1, 2 and 3 press them, Esc leaves everything as it was."""

    chosen = Signal(object)
    """A `Which`."""

    def __init__(self, title: Message, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        lift(self)
        self._title = Label(title, weight=600, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, 12, L, L)
        column.setSpacing(S)
        column.addWidget(self._title)
        texts = (
            (Which.THIS, message("Only this time"), "1"),
            (Which.FOLLOWING, message("This and the following"), "2"),
            (Which.ALL, message("The whole series"), "3"),
        )
        self.buttons: dict[Which, Button] = {}
        for which, text, hint in texts:
            button = Button(text, Kind.STANDARD, hint=hint)
            button.clicked.connect(lambda _checked=False, each=which: self._end(each))
            self.buttons[which] = button
            column.addWidget(button)
        cancel = Button(message("Cancel"), Kind.FLAT, hint="Esc")
        cancel.clicked.connect(lambda: self._end(None))
        column.addWidget(cancel)
        self.retranslate()
        self.retint()

    def open_at(self, anchor: QRect) -> None:
        """Show the popup beside the item and take the focus."""
        place_inside(self, anchor)
        self.buttons[Which.THIS].setFocus(Qt.FocusReason.PopupFocusReason)

    def retranslate(self) -> None:
        """Name the popup in the language on screen."""
        self.setAccessibleName(self._title.text())

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self.setFixedWidth(theme().px(WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press a button by its number; Esc leaves."""
        which = _KEYS.get(Qt.Key(event.key()))
        if which is not None:
            self._end(which)
        elif event.key() == Qt.Key.Key_Escape:
            self._end(None)
        else:
            super().keyPressEvent(event)

    def _end(self, which: Which | None) -> None:
        self.hide()
        self.deleteLater()
        if which is not None:
            self.chosen.emit(which)
