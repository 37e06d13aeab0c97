"""A record with edits that came back, in the list at the left of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.sync.protocol import Code
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, XL, L, S
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel
from crm_desktop.ui.widgets.live import Live

LIST_WIDTH = 232
ROW = 76


class RecordRow(Live, QWidget):
    """A record of the list: its name, how many fields, who changed it at HQ."""

    chosen = Signal()

    def __init__(self, group: Sequence[ReturnedEdit]) -> None:
        super().__init__()
        self._present = False
        first = group[0]
        schema = SCHEMAS[first.entity]
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._title = ElidedLabel(first.title or Message(schema.meta.label), weight=600)
        fields = (
            message("{kind} · new", kind=Message(schema.meta.label))
            if first.typed is not None
            else message("{kind} · 1 field", kind=Message(schema.meta.label))
            if len(group) == 1
            else message("{kind} · {count} fields", kind=Message(schema.meta.label), count=len(group))
        )
        at = near_moment(moment(first.at_ms))
        who = (
            message("{who} at HQ, {time}", who=first.who, time=at)
            if first.who
            else message("At HQ, {time}", time=at)
        )
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(ElidedLabel(fields, step="caption", color="text-soft"))
        words.addWidget(ElidedLabel(who, step="caption", color="text-soft"))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(XL), theme().px(S), theme().px(L), theme().px(S))
        row.setSpacing(theme().px(S))
        row.addWidget(
            IconLabel("conflict" if first.code is Code.SUPERSEDED else "overdue", color="bad"),
            0,
            Qt.AlignmentFlag.AlignTop,
        )
        row.addLayout(words, 1)
        self.retranslate()

    def show_present(self, present: bool) -> None:
        """Show whether it is the one in front."""
        self._present = present
        self.update()

    def retranslate(self) -> None:
        """Name the record for those who listen."""
        self.setAccessibleName(self._title.text())

    def sizeHint(self) -> QSize:
        """Give three lines their room."""
        return QSize(theme().px(LIST_WIDTH), theme().px(ROW))

    def minimumSizeHint(self) -> QSize:
        """Never cut a line."""
        return QSize(0, theme().px(ROW))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose by a click."""
        super().mousePressEvent(event)
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, edge and hairline."""
        painter = QPainter(self)
        if self._present:
            painter.fillRect(self.rect(), theme().color("surface"))
            edge = LINES["selected-item-edge"]
            painter.fillRect(QRect(0, 0, edge, self.height()), theme().color("accent"))
        elif self.underMouse():
            painter.fillRect(self.rect(), theme().color("hover"))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        if self.hasFocus():
            paint.focus_frame(painter, self.rect(), 0)
        painter.end()
