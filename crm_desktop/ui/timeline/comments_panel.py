"""Comments on a record: what was said, and a place to say something; @ and a name tells that person."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_core.rules.access import Action as Right
from crm_desktop.services import comments, records, rights
from crm_desktop.services.comments import COMMENT, CommentRow
from crm_desktop.services.timeline import comment_item
from crm_desktop.ui.context import Context
from crm_desktop.ui.theme import theme
from crm_desktop.ui.timeline.timeline_list import TimelineList
from crm_desktop.ui.timeline.timeline_model import Entry, TimelineModel
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.ending_keys import is_taking
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

LINES = 3


class CommentsPanel(Live, QWidget):
    """Ctrl+Enter says it. On one's own comment F2 changes it and Delete takes it away, with Undo."""

    counted = Signal(int)

    def __init__(self, context: Context, entity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity, self._record_id = context, entity, ""
        self._rows: dict[str, CommentRow] = {}
        self._changing: str | None = None
        self.model = TimelineModel(self)
        self.list = TimelineList(self.model)
        self.text = _Text()
        self.field = Field(message("Comment; @ and a name tells that person"), self.text)
        self.say = Button(message("Comment"), Kind.PRIMARY, hint="Ctrl+Enter")
        self.cancel = Button(message("Cancel"))
        self.change_button = Button(message("Change"), icon="pen", small=True)
        self.delete_button = Button(message("Delete"), icon="trash", small=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(
            EmptyState("reply", message("No comments yet"), message("What you write here, others read too."))
        )
        self._lay_out()
        self._connect()
        self._show_choice()

    def show_record(self, record_id: str) -> None:
        """Show the comments on a record."""
        if record_id != self._record_id:
            self._record_id = record_id
            self._end_change()
            self.text.clear()
        self.read()

    def read(self) -> None:
        """Read the comments anew."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id

        def read() -> tuple[tuple[CommentRow, ...], bool]:
            may = bool(rights.may_do(replica, Right.CREATE, COMMENT))
            return comments.comments_of(replica, entity, record_id), may

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="comments")

    def send(self) -> None:
        """Say what is written, or change what is being changed."""
        body, replica = self.text.toPlainText().strip(), self._context.replica
        if not body:
            self.field.set_error(message("Write something first"))
            return
        entity, record_id, changing = self._entity, self._record_id, self._changing
        self._context.change(
            self,
            lambda: (
                comments.change(replica, changing, body)
                if changing
                else comments.add(replica, entity, record_id, body)
            ),
            lambda _record: self._on_said(),
            self._on_refused,
        )

    def change(self) -> None:
        """Put one's own comment into the place to write."""
        row = self._chosen()
        if row is not None and row.is_own:
            self._changing = row.id
            self.text.setPlainText(row.body)
            self.say.say(message("Save"))
            self.cancel.show()
            self.text.setFocus()

    def delete(self) -> None:
        """Take one's own comment away, with Undo."""
        row, replica = self._chosen(), self._context.replica
        if row is not None and row.is_own:
            self._context.change(
                self,
                lambda: comments.take_away(replica, row.id),
                told=message("Comment deleted"),
                undo=lambda: records.restore(replica, COMMENT, row.id),
            )

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.model.retranslate()
        self.text.setAccessibleName(tr("Comment"))
        self.list.setAccessibleName(tr("Comments"))

    def retint(self) -> None:
        """Keep the height of the place to write."""
        self.text.setFixedHeight(LINES * theme().line_height() + theme().px(16))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of lists."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface"))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Change by F2, take away by Delete, leave a change by Esc."""
        if event.key() == Qt.Key.Key_F2:
            self.change()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete()
        elif event.key() == Qt.Key.Key_Escape and self._changing:
            self._end_change()
            self.text.clear()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.say)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        buttons.addWidget(self.change_button)
        buttons.addWidget(self.delete_button)
        self.cancel.hide()
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, 12, PAGE_MARGIN, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addLayout(buttons)
        column.addWidget(self._stack, 1)
        self.retint()
        self.retranslate()

    def _connect(self) -> None:
        self.say.clicked.connect(self.send)
        self.text.sent.connect(self.send)
        self.text.textChanged.connect(lambda: self.field.set_error(""))
        self.cancel.clicked.connect(self._on_cancel)
        self.change_button.clicked.connect(self.change)
        self.delete_button.clicked.connect(self.delete)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_choice())
        self.model.modelReset.connect(self._show_choice)
        self._context.records_changed.connect(self._on_records_changed)

    def _chosen(self) -> CommentRow | None:
        index = self.list.currentIndex()
        row = self.model.row(index.row()) if index.isValid() else None
        return self._rows.get(row.item.record_id) if isinstance(row, Entry) else None

    def _show_choice(self) -> None:
        row = self._chosen()
        for button in (self.change_button, self.delete_button):
            button.setEnabled(row is not None and row.is_own)

    def _on_read(self, read: tuple[tuple[CommentRow, ...], bool]) -> None:
        rows, may_add = read
        self._rows = {row.id: row for row in rows}
        self.model.show_items([comment_item(row) for row in rows], {}, more=False)
        self._stack.setCurrentIndex(0 if rows else 1)
        self.field.setVisible(may_add)
        self.say.setVisible(may_add)
        self.counted.emit(len(rows))

    def _on_said(self) -> None:
        self._end_change()
        self.text.clear()

    def _on_refused(self, error: CrmError) -> None:
        self.field.set_error(error.message)

    def _on_cancel(self) -> None:
        self._end_change()
        self.text.clear()

    def _end_change(self) -> None:
        self._changing = None
        self.say.say(message("Comment"))
        self.cancel.hide()

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity == COMMENT for entity, _ in changed):
            self.read()


class _Text(QPlainTextEdit):
    """Several lines; Ctrl+Enter sends, Tab goes on."""

    sent = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+Enter from the form around it, which would save itself and close."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and is_taking(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send by Ctrl+Enter."""
        if is_taking(event):
            self.sent.emit()
        else:
            super().keyPressEvent(event)
