"""The pane at the right of a list: the current record in reading mode."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.schema.field import Kind
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.field_texts import field_text
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_LEAST_LABEL, _MOST_LABEL = 88, 112
_UNSHOWN = frozenset((Kind.JSON, Kind.POSITION, Kind.CURRENCY))


class DetailsPane(Live, QWidget):
    """The fields of the current record that hold something. Subclasses fill `body` with more."""

    closed = Signal()
    opened = Signal(str)
    """The record's id: a person wants to see all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: Row | None = None
        self._fields: tuple[ShownField, ...] = ()
        self._selected = 0
        self.remark = Label(step="caption", color="text-soft")
        self.cross = IconButton("x", message("Close"), hint="F4", small=True)
        self.cross.clicked.connect(self.closed)
        self.title = Label(step="section", wrap=True)
        self.open_button = Button(message("Show"), small=True)
        self.open_button.clicked.connect(self._on_open_clicked)
        self._scroll = QScrollArea(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.addWidget(self._scroll)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(L, 8, L, L)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(self.remark, 1)
        head.addWidget(self.cross)
        column.addLayout(head)
        self.head_row = QHBoxLayout()
        self.head_row.addWidget(self.title, 1)
        self.head_row.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(self.head_row)
        column.addSpacing(8)
        column.addLayout(self.body)
        column.addStretch(1)
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.show_row(None)
        self.retranslate()

    def set_fields(self, fields: Sequence[ShownField]) -> None:
        """Say which fields there are."""
        linked = {each.field.label for each in fields if not each.field.read_only}
        # What a link leads to is not said a second time by the name that is kept for older programs.
        self._fields = tuple(
            each for each in fields if not (each.field.read_only and each.field.label in linked)
        )
        self.show_row(self.row, self._selected)

    def show_row(self, row: Row | None, selected: int = 0) -> None:
        """Show a record; `selected` is how many are."""
        other = self.row is None or row is None or self.row.id != row.id
        self.row, self._selected = row, selected
        self.open_button.setVisible(row is not None)
        if row is None:
            self.title.say("")
        else:
            self.title.say(row.record.title)
        self._say_selected()
        if other:
            self._scroll.verticalScrollBar().setValue(0)
        self.fill(row)

    def fill(self, row: Row | None) -> None:
        """Fill the body from a record."""
        clear(self.body)
        if row is None:
            return
        facts = []
        for shown in self._fields:
            field = shown.field
            if (
                field.kind in (Kind.JSON, Kind.POSITION, Kind.CURRENCY)
                or field.name == row.record.schema.meta.title
            ):
                continue
            words = field_text(field, row.record.values, row.titles)
            if words:
                facts.append(Fact(Message(field.label), words))
                self.body.addWidget(facts[-1])
        line_up(facts, least=_LEAST_LABEL, most=_MOST_LABEL)

    def retranslate(self) -> None:
        """Say how many are selected, in the language on screen."""
        self.setAccessibleName(tr("Details"))
        self._say_selected()

    def _say_selected(self) -> None:
        several = self._selected > 1
        self.remark.say(message("Showing 1 of {count} selected", count=self._selected) if several else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and, over a list, the hairline at the left edge; beside one it is there."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("canvas"))
        if not isinstance(self.parentWidget(), QSplitter):
            painter.fillRect(0, 0, 1, self.height(), theme().color("line"))
        painter.end()

    def _on_open_clicked(self) -> None:
        if self.row is not None:
            self.opened.emit(self.row.id)
