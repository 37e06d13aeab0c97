"""A link to another record: type a part of its name, choose among those found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidgetItem, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_
from crm_core.schema.field import Field, Plain
from crm_desktop.services import lists
from crm_desktop.services.lists import Option
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.option_list import OptionList
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.live import Live

PAUSE_MS = 120  # between a key and the search, so that quick typing asks once


class LinkEditor(Live, QLineEdit):
    """Shows a record's title and keeps its id. Down or typing opens the list of what fits."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._context = context
        self._targets = field.members or (str(field.target),)
        self._id: str | None = None
        self._title = ""
        self._options = OptionList(self)
        self._options.itemClicked.connect(self._on_item_clicked)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self.textEdited.connect(self._on_text_edited)
        self.retranslate()

    @property
    def record_id(self) -> str | None:
        """The record linked to; None for none."""
        return self._id

    def link(self, record_id: str | None, title: str) -> None:
        """Show a record."""
        self._id, self._title = record_id, title
        self.setText(title)
        self._options.hide()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the record the row links to."""
        record_id = values.get(self.field.name)
        title = titles.get(self.field.name) or (tr("Not on this laptop") if record_id else "")
        self.link(record_id, title)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the id of the record chosen."""
        if self.text().strip() and self.text() != self._title:
            raise UserError(N_("Choose one of those found for “{text}”"), text=self.text().strip())
        return {self.field.name: self._id if self.text().strip() else None}

    def retranslate(self) -> None:
        """Say what is linked to."""
        named = " / ".join(tr(SCHEMAS[target].meta.plural) for target in self._targets if target in SCHEMAS)
        self.setPlaceholderText(tr("Search: {entity}", entity=named) if named else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the list by Up and Down, take by Enter, close by Esc."""
        key = event.key()
        if self._options.isVisible():
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._options.step(1 if key == Qt.Key.Key_Down else -1)
                return
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
                taken = self._take(self._options.currentItem())
                if taken and key != Qt.Key.Key_Tab:
                    return
            if key == Qt.Key.Key_Escape:
                self._options.hide()
                return
        elif key == Qt.Key.Key_Down:
            self._ask()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep Tab for the list while it is open, and Esc from the form's own shortcut."""
        over = event.type() == QEvent.Type.ShortcutOverride and self._options.isVisible()
        if over and event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Close the list."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._options.hide()
            self._pause.stop()

    def _on_text_edited(self, text: str) -> None:
        if not text.strip():
            self._id, self._title = None, ""
        self.edited.emit()
        self._pause.start()

    def _ask(self) -> None:
        text = self.text() if self.text() != self._title else ""
        replica = self._context.replica
        targets = [target for target in self._targets if target in SCHEMAS]
        if targets:
            self._context.tasks.read(
                self,
                lambda: tuple(
                    option for target in targets for option in lists.options(replica, target, text)
                ),
                self._on_found,
                self._on_failed,
                topic="find",
            )

    def _on_found(self, options: tuple[Option, ...]) -> None:
        if self.hasFocus():
            self._options.show_options(options)

    def _on_failed(self, _error: CrmError) -> None:
        self._options.show_options(())

    def _on_item_clicked(self, item: QListWidgetItem) -> None:
        self._take(item)

    def _take(self, item: QListWidgetItem | None) -> bool:
        option = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if not isinstance(option, Option):
            return False
        self.link(option.id, option.title)
        self.edited.emit()
        return True
