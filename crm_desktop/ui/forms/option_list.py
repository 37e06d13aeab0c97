"""A line that offers what fits what is typed, in a list that opens below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from crm_desktop.services.lists import Option
from crm_desktop.ui.away_words import away_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.live import Live

MOST_SHOWN = 8
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class OptionList(QListWidget):
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

    def show_options(self, options: Sequence[Option]) -> None:
        """Show what was found; where nothing was, say so."""
        self.clear()
        self.setAccessibleName(tr("Found"))
        for option in options:
            told = show(away_words(option.away)) if option.away is not None else ""
            words = " · ".join(part for part in (show(option.title), option.line, told) if part)
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

    @property
    def chosen(self) -> Option | None:
        """What the choice stands on."""
        item = self.currentItem()
        option = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return option if isinstance(option, Option) else None

    def _size(self, item: QListWidgetItem) -> None:
        item.setSizeHint(QSize(0, theme().px(30)))


class OptionLine(Live, QLineEdit):
    """Down opens the list and walks it, Enter takes, Esc closes. Subclasses say what is offered."""

    edited = Signal()
    pause_ms = 60
    """Between a key and the list, so that quick typing asks once."""
    takes_by_tab = False
    """Whether Tab takes what the choice stands on before it goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = OptionList(self)
        self._options.itemClicked.connect(lambda item: self._take(item.data(Qt.ItemDataRole.UserRole)))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(self.pause_ms)
        self._pause.timeout.connect(self.offer)
        self.textEdited.connect(self.on_text_edited)

    def offer(self) -> None:
        """Open the list of what fits what is typed."""
        raise NotImplementedError

    def take(self, option: Option) -> None:
        """Show and keep what was chosen."""
        raise NotImplementedError

    def on_text_edited(self, _text: str) -> None:
        """Say that somebody typed, and offer what fits in a moment."""
        self.edited.emit()
        self._pause.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the list, take from it, open or close it."""
        key = event.key()
        if self._options.isVisible():
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._options.step(1 if key == Qt.Key.Key_Down else -1)
                return
            if key in _ENTER and self._take(self._options.chosen):
                return
            if key == Qt.Key.Key_Tab and self.takes_by_tab:
                self._take(self._options.chosen)
            if key == Qt.Key.Key_Escape:
                self._options.hide()
                return
        elif key == Qt.Key.Key_Down:
            self.offer()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep Esc and Enter for the list while it is open."""
        over = event.type() == QEvent.Type.ShortcutOverride and self._options.isVisible()
        if over and event.key() in (Qt.Key.Key_Escape, *_ENTER):
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Close the list."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._options.hide()
            self._pause.stop()

    def _take(self, option: object) -> bool:
        if not isinstance(option, Option):
            return False
        self._pause.stop()
        self.take(option)
        self.edited.emit()
        return True
