"""Beside the conflicts: the outbox in short, and what HQ refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.services.waiting import Waiting
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.sync_centre.compare import grouped, label_of
from crm_desktop.ui.sync_centre.outbox import open_record, short_line, size_and_age, title_of
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, S
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 324
MOST = 6
"""Records shown; the Outbox tab has all of them."""


class SidePane(Live, QWidget):
    """The first records of the outbox over the records HQ refused an edit of."""

    open_all = Signal()
    fix_wanted = Signal(str, str)
    """Entity and id of a record with refused edits."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._waiting, self._refused = Waiting(), tuple[ReturnedEdit, ...]()
        self._head = Label(weight=600)
        self.all = Button(message("Open all"), Kind.LINK)
        self.all.clicked.connect(self.open_all)
        self._more = Label(color="text-soft", step="caption", wrap=True)
        self._rows, self._refusals = QVBoxLayout(), QVBoxLayout()
        for column in (self._rows, self._refusals):
            column.setSpacing(0)
        self._refused_head = Label(message("Refused by HQ"), weight=600)
        head = QHBoxLayout()
        head.addWidget(self._head, 1)
        head.addWidget(self.all)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme().px(XL - L), theme().px(16), theme().px(XL - L), theme().px(XL))
        column.setSpacing(theme().px(S))
        for widget, indented in ((head, True), (self._rows, False), (self._more, True)):
            _add(column, widget, indented=indented)
        column.addSpacing(theme().px(12))
        _add(column, self._refused_head, indented=True)
        column.addLayout(self._refusals)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 0, 0, 0)
        whole.addWidget(area)
        self.retint()

    def show_facts(self, waiting: Waiting, refused: Sequence[ReturnedEdit]) -> None:
        """Show another outbox and other refusals."""
        if (waiting, tuple(refused)) != (self._waiting, self._refused) or not self._head.text():
            self._waiting, self._refused = waiting, tuple(refused)
            self._show()

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        if self._head.text():
            self._show()

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setFixedWidth(theme().px(WIDTH))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline at the left."""
        painter = QPainter(self)
        painter.fillRect(QRect(0, 0, 1, self.height()), theme().color("line"))
        painter.end()

    def _show(self) -> None:
        known = self._waiting
        self._head.say(
            message("Outbox, 1 record")
            if known.count == 1
            else message("Outbox, {count} records", count=figure(known.count))
        )
        self.all.setVisible(known.count > 0)
        _clear(self._rows)
        for record in known.records[:MOST]:
            right = QWidget()
            right.setLayout(size_and_age(record))
            row = InfoRow(
                title_of(record), short_line(record), icon=SCHEMAS[record.entity].meta.icon, right=right
            )
            row.opened.connect(lambda r=record: open_record(self._context, r))
            self._rows.addWidget(row)
        left = known.count - min(MOST, len(known.records))
        self._more.say(
            message("and {count} more, sent in this order.", count=figure(left))
            if left
            else message("Nothing waits to be sent")
        )
        self._more.setVisible(left > 0 or not known.count)
        _clear(self._refusals)
        groups = grouped(self._refused)
        self._refused_head.setVisible(bool(groups))
        for group in groups:
            self._refusals.addWidget(_Refusal(group, self.fix_wanted.emit))


class _Refusal(QWidget):
    """A record HQ refused an edit of: which field, why, and a way to put it right."""

    def __init__(self, group: Sequence[ReturnedEdit], fix: Callable[[str, str], None]) -> None:
        super().__init__()
        first = group[0]
        named = first.title or Message(SCHEMAS[first.entity].meta.label)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(ElidedLabel(message("{label} of {title}", label=label_of(first), title=named)))
        words.addWidget(Label(first.reason, step="caption", color="text-soft", wrap=True))
        self.fix = Button(message("Fix"), Kind.STANDARD, small=True)
        self.fix.clicked.connect(lambda: fix(first.entity, first.record_id))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(L), theme().px(4), theme().px(L), theme().px(4))
        row.setSpacing(theme().px(12))
        row.addWidget(IconLabel("overdue", color="bad"), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignTop)


def _add(column: QVBoxLayout, part: QWidget | QHBoxLayout | QVBoxLayout, *, indented: bool) -> None:
    row = QHBoxLayout()
    margin = theme().px(L) if indented else 0
    row.setContentsMargins(margin, 0, margin, 0)
    if isinstance(part, QWidget):
        row.addWidget(part)
    else:
        row.addLayout(part)
    column.addLayout(row)


def _clear(column: QVBoxLayout) -> None:
    while column.count():
        widget = column.takeAt(0).widget()
        widget.hide()
        widget.deleteLater()
