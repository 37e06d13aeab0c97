"""What was typed into a record HQ did not take, field by field."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.ui.sync_centre.values import Titles, typed_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

LABEL_WIDTH = 120


class TypedValues(Live, QWidget):
    """A name and a value a line, in the order of the form; takes no room without any."""

    def __init__(self, edit: ReturnedEdit, titles: Titles) -> None:
        super().__init__()
        self._lines = typed_words(edit, titles)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme().px(S), theme().px(6), theme().px(S), 0)
        grid.setHorizontalSpacing(theme().px(S))
        grid.setVerticalSpacing(theme().px(4))
        grid.setColumnStretch(1, 1)
        for place, (label, words) in enumerate(self._lines):
            name = Label(label, step="caption", color="text-soft")
            name.setMinimumWidth(theme().px(LABEL_WIDTH))
            grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
            value = Label(words, wrap=True)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            grid.addWidget(value, place, 1)
        self.setVisible(bool(self._lines))
        self.retranslate()

    def spoken(self) -> str:
        """Return every line as text, to be copied or heard."""
        return "\n".join(f"{show(label)}: {show(words)}" for label, words in self._lines)

    def retranslate(self) -> None:
        """Say every line to those who listen."""
        self.setAccessibleName(self.spoken())
