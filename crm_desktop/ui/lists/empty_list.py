"""What stands in the place of a table without rows: why there are none, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop.ui.record_words import NOTHING_FITS, icon_of, new_words, none_yet, words_of
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState


class EmptyList(QWidget):
    """The empty states of a list of one kind of record."""

    new_asked = Signal()
    clear_asked = Signal()
    import_asked = Signal()

    def __init__(self, entity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entity = entity
        self.new_button = Button(new_words(entity), Kind.PRIMARY, icon="plus")
        self.clear_button = Button(message("Clear filter"))
        self.import_button = Button(message("Import"), icon="dl")
        self.import_button.clicked.connect(self.import_asked)
        self.new_button.clicked.connect(self.new_asked)
        self.clear_button.clicked.connect(self.clear_asked)
        self.state = EmptyState(
            icon_of(entity),
            none_yet(entity),
            self._first,
            (self.new_button, self.import_button, self.clear_button),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)

    @property
    def _first(self) -> Message:
        return Message(words_of(self._entity).first)

    def explain(
        self, error: CrmError | None, *, filtered: bool, deleted: bool, may_create: bool, imports: bool
    ) -> None:
        """Say why there is nothing; `imports` offers to bring a file in where nothing was made yet."""
        self.clear_button.setVisible(error is None and filtered)
        first = error is None and may_create and not filtered and not deleted
        self.new_button.setVisible(first)
        self.import_button.setVisible(first and imports)
        if error is not None:
            self.state.say(error.message, icon="lock")
        elif filtered:
            self.state.say(NOTHING_FITS, message("Take a condition away, or search for less."), icon="filter")
        elif deleted:
            self.state.say(message("The bin is empty"), message("Deleted records wait here."), icon="trash")
        else:
            self.state.say(none_yet(self._entity), self._first, icon=icon_of(self._entity))
