"""A link to another record: type a part of its name, choose among those found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_
from crm_core.schema.field import Field, Plain
from crm_desktop.services import lists
from crm_desktop.services.lists import Option
from crm_desktop.ui.context import Context
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.live import Live

PAUSE_MS = 120  # between a key and the search, so that quick typing asks once
MOST_SHOWN = 8


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
        self._options = _Options(self)
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


class _Options(QListWidget):
    """What was found, under the field; never takes the focus from it."""

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        self._field = field
        self.setWindowFlags(Qt.WindowType.ToolTip)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(field)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("role", "options")
        field.installEventFilter(self)

    def show_options(self, options: tuple[Option, ...]) -> None:
        """Show what was found; where nothing was, say so."""
        self.clear()
        self.setAccessibleName(tr("Found"))
        for option in options:
            words = f"{option.title} · {option.line}" if option.line else option.title
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, option)
            self._size(item)
            self.addItem(item)
        if not options:
            nothing = QListWidgetItem(tr("Nothing found"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self._size(nothing)
            self.addItem(nothing)
        self.setCurrentRow(0 if options else -1)
        shown = min(self.count(), MOST_SHOWN)
        self.resize(max(self._field.width(), theme().px(200)), shown * theme().px(30) + 4)
        self.move(self._field.mapToGlobal(QPoint(0, self._field.height() + 2)))
        self.show()

    def step(self, by: int) -> None:
        """Move the choice up or down."""
        if self.count():
            self.setCurrentRow(max(0, min(self.count() - 1, self.currentRow() + by)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go where the field goes."""
        if event.type() in (QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Resize):
            self.hide()
        return False

    def _size(self, item: QListWidgetItem) -> None:
        item.setSizeHint(QSize(0, theme().px(30)))
