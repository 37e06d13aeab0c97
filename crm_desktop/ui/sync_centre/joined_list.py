"""Fields of a record that came through without asking, under those to decide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.schema.field import Kind
from crm_desktop.services.joined import JoinedField
from crm_desktop.ui.sync_centre.values import Titles, register_of, value_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.chips import Tags
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live

LABEL_WIDTH = 92
ROW = 32


class JoinedList(Live, QWidget):
    """A heading over one line for each field; takes no room without any."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme().px(S), 0, theme().px(S))
        column.setSpacing(theme().px(4))
        column.addWidget(Label(message("Joined without asking"), weight=600))
        column.addLayout(self._lines)
        self.hide()

    @property
    def lines(self) -> list[QWidget]:
        """The lines, from top to bottom."""
        return [self._lines.itemAt(place).widget() for place in range(self._lines.count())]

    def show_fields(self, fields: Sequence[JoinedField], titles: Titles) -> None:
        """Show other fields."""
        while self._lines.count():
            widget = self._lines.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        for place, field in enumerate(fields):
            self._lines.addWidget(_Line(field, titles, lined=place < len(fields) - 1))
        self.setVisible(bool(fields))


class _Line(Live, QWidget):
    """A field: its name, its value, and whose it is."""

    def __init__(self, field: JoinedField, titles: Titles, *, lined: bool) -> None:
        super().__init__()
        self._lined = lined
        name = Label(Message(field.label))
        name.setMinimumWidth(theme().px(LABEL_WIDTH))
        words = value_words(field, field.value, titles)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 1)
        row.setSpacing(theme().px(S))
        row.addWidget(IconLabel("check", color="good"))
        row.addWidget(name)
        declared = register_of(field)
        are_words = declared and declared[0].kind is Kind.TAGS and not declared[0].members
        if are_words and isinstance(field.value, list) and field.value:
            row.addWidget(Tags([str(word) for word in field.value]), 1)
        else:
            row.addWidget(ElidedLabel(words), 1)
        row.addWidget(Label(_side_words(field), step="caption", color="text-soft"))
        self.setMinimumHeight(theme().px(ROW))
        self._spoken: tuple[Text, ...] = (Message(field.label), words, _side_words(field))
        self.retranslate()

    def retranslate(self) -> None:
        """Say the whole line to those who listen."""
        self.setAccessibleName(", ".join(show(text) for text in self._spoken))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline under the line."""
        painter = QPainter(self)
        if self._lined:
            painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()


def _side_words(field: JoinedField) -> Message:
    if field.from_here and field.from_hq:
        return message("yours and HQ")
    return message("yours") if field.from_here else message("from HQ")
