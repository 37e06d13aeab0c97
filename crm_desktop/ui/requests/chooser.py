"""Choosing by which form one asks: a row each with what it is for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.service_requests import OfferedForm
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, at_the_left, keep_margins
from crm_desktop.ui.widgets.scrolling import scrolled

WIDEST = 640


class FormChooser(Live, QWidget):
    """The forms a person may ask by. Up and Down walk, Enter chooses, Esc leaves."""

    chosen = Signal(object)
    """The `OfferedForm`."""
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[InfoRow] = []
        self.cancel = Button(message("Close"), hint="Esc")
        self.cancel.clicked.connect(self.left)
        self.card = Card(flush=True)
        self.nothing = EmptyState(
            "note",
            message("There is no form for you yet"),
            message("Whoever administers makes them in Settings, Service."),
        )
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        head.addWidget(Label(message("What do you ask for?"), step="title"), 1)
        head.addWidget(self.cancel)
        inner = QWidget()
        column = QVBoxLayout(inner)
        keep_margins(column, PAGE_MARGIN, 8, PAGE_MARGIN, PAGE_MARGIN)
        column.addLayout(at_the_left(self.card))
        column.addWidget(self.nothing)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(scrolled(inner), 1)
        self.retint()
        self.retranslate()

    def show_forms(self, found: Sequence[OfferedForm]) -> None:
        """Offer these forms."""
        clear(self.card.body)
        self.rows = []
        for place, form in enumerate(found):
            row = InfoRow(
                Message(form.name), Message(form.description), icon=form.icon, lined=place + 1 < len(found)
            )
            row.opened.connect(lambda form=form: self.chosen.emit(form))
            self.card.body.addWidget(row)
            self.rows.append(row)
        self.card.setVisible(bool(found))
        self.nothing.setVisible(not found)
        (self.rows[0] if self.rows else self.cancel).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk by Up and Down, leave by Esc."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        at = next((place for place, row in enumerate(self.rows) if row.hasFocus()), None)
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif step is not None and at is not None:
            self.rows[max(0, min(at + step, len(self.rows) - 1))].setFocus()
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name the whole in the language on screen."""
        self.setAccessibleName(tr("What do you ask for?"))

    def retint(self) -> None:
        """Keep the rows as wide as one reads."""
        self.card.setMaximumWidth(theme().px(WIDEST))
        self.card.setMinimumWidth(theme().px(WIDEST // 2))
