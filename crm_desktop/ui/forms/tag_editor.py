"""A set of words: chips to take out, a line to type further ones in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from crm_core.schema.field import Field, Plain
from crm_core.schema.values import parse_text
from crm_desktop.services import lists
from crm_desktop.ui.context import Context
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.chip_row import ChipRow
from crm_desktop.ui.widgets.live import Live


class TagEditor(Live, QWidget):
    """The words of a set; Enter or a comma adds what is typed, Backspace in the empty line takes the last."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._words: list[str] = []
        self.line = _Line()
        self.line.entered.connect(self._on_entered)
        self.line.erased.connect(self._on_erased)
        self.line.textEdited.connect(self.edited)
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(self._on_word_chosen)
        self.line.setCompleter(completer)
        self._row = ChipRow()
        self._row.closed.connect(self._take_out)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.line)
        column.addWidget(self._row)
        self.setFocusProxy(self.line)
        replica = context.replica
        context.tasks.read(self, lambda: lists.known_tags(replica), self._on_known_read, lambda _error: None)
        self._show_words([])
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's words."""
        self.line.clear()
        self._show_words(list(values.get(self.field.name) or []))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the words, with what is typed and not yet entered."""
        typed = parse_text(self.field, self.line.text())[self.field.name]
        words = {*self._words, *(typed if isinstance(typed, list) else ())}
        merged: list[Plain] = [str(word) for word in sorted(words, key=str)]
        return {self.field.name: merged}

    def retranslate(self) -> None:
        """Say how a word is added."""
        self.line.setPlaceholderText(tr("Type a tag and press Enter"))

    def setAccessibleName(self, name: str) -> None:
        """Name the line after the field."""
        super().setAccessibleName(name)
        self.line.setAccessibleName(name)

    def _show_words(self, words: list[str]) -> None:
        self._words = words
        self._row.show_chips((word, word) for word in words)

    def _take_out(self, word: str) -> None:
        self._show_words([kept for kept in self._words if kept != word])
        self.edited.emit()

    def _on_entered(self) -> None:
        words = self.read({})[self.field.name]
        self.line.clear()
        self._show_words([str(word) for word in words] if isinstance(words, list) else [])
        self.edited.emit()

    def _on_erased(self) -> None:
        if self._words:
            self._take_out(self._words[-1])

    def _on_word_chosen(self, _word: str) -> None:
        # The completer writes the word into the line after this.
        self.line.returned_later()

    def _on_known_read(self, words: tuple[str, ...]) -> None:
        self._known.setStringList(list(words))


class _Line(QLineEdit):
    """A line that tells of Enter and of Backspace where there is nothing to erase."""

    entered = Signal()
    erased = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Add by Enter or a comma."""
        adds = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or event.text() in (",", "，", "、")
        if adds and self.text().strip():
            self.entered.emit()
            return
        if event.key() == Qt.Key.Key_Backspace and not self.text():
            self.erased.emit()
            return
        super().keyPressEvent(event)

    def returned_later(self) -> None:
        """Enter what the completer is about to write."""
        QTimer.singleShot(0, self, self.entered.emit)
