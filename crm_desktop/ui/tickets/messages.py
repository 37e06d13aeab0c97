"""The conversation: each message with its author, notes among colleagues on a ground of their own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.services.attachments import FileState
from crm_desktop.services.tickets import MessageRow
from crm_desktop.ui.files.words import LOOKS, short_name
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.tickets.words import moment
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Avatar
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.ending_keys import EndingText
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.scrolling import ReadingArea


class MessageView(Live, QWidget):
    """One message. One that was not sent can be changed in its place."""

    changed = Signal(str, str)
    """Message id and its new text."""
    decided = Signal(str, bool)
    """Message id of an answer that was held, and whether it is sent all the same."""
    withdrawn = Signal(str)
    """Id of a question to a colleague that is taken back."""
    file_asked = Signal(object)
    """A file that goes along with it, to be opened."""

    def __init__(self, row: MessageRow, *, editable: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        name = row.author or tr("Unknown")
        self.body = Label(row.body, wrap=True)
        self.body.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        kind = message("from the customer") if row.from_customer else message("reply")
        if row.internal:
            kind = message("internal note")
        if row.asks:
            kind = message("asks {name}", name=row.asks)
        elif row.is_answer:
            kind = message("answer of a colleague")
        kind_color = "warn" if row.internal else "text-soft"
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(ElidedLabel(name, weight=600))
        head.addWidget(Label(kind, step="caption", color=kind_color))
        head.addStretch(1)
        self.when = Label(near_moment(moment(row.written_at)), step="caption", color=kind_color)
        head.addWidget(self.when)
        self._words = QVBoxLayout()
        self._words.setSpacing(4)
        self._words.addLayout(head)
        self._words.addWidget(self.body)
        self.files: list[Button] = []
        if row.files:
            self._add_files()
        self.edit: Button | None = None
        self._editor: MessageEditor | None = None
        self._foot = QWidget()
        self.send_held: Button | None = None
        self.drop_held: Button | None = None
        if row.is_held:
            self._add_held(editable)
        elif row.is_dropped:
            self._words.addWidget(Label(message("Not to be sent"), step="caption", color="text-soft"))
        elif row.outcome:
            self._add_outcome()
        elif row.question_id:
            self._add_question()
        elif row.not_sent:
            self._add_foot(editable and not row.asks and not row.is_answer)
        around = QHBoxLayout(self)
        keep_margins(around, PAGE_MARGIN, 12, PAGE_MARGIN, 12)
        around.setSpacing(12)
        around.addWidget(
            Avatar(name, own=not row.from_customer and not row.internal), 0, Qt.AlignmentFlag.AlignTop
        )
        around.addLayout(self._words, 1)
        self.setAccessibleName(tr("{label}: {value}", label=name, value=row.body))

    def _add_files(self) -> None:
        holder = QWidget()
        flow = FlowLayout(holder, gap=8, line_gap=2)
        for row in self.row.files:
            look = LOOKS[row.state]
            name = short_name(row.name)
            words = message("{name} · {state}", name=name, state=look.word) if look.icon else name
            button = Button(words, Kind.LINK, icon="clip", small=True)
            button.setToolTip(row.name)
            button.setEnabled(row.state is not FileState.EMPTY)
            button.clicked.connect(lambda _checked=False, row=row: self.file_asked.emit(row))
            flow.addWidget(button)
            self.files.append(button)
        self._words.addWidget(holder)

    def _add_outcome(self) -> None:
        failed = self.row.outcome == "failed"
        said = message("Reached the customer")
        if failed:
            said = message("Could not be delivered")
            if self.row.outcome_said:
                said = message("Could not be delivered: {reason}", reason=self.row.outcome_said)
        color = "bad" if failed else "text-soft"
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(IconLabel("overdue" if failed else "check", color=color, size=14))
        line.addWidget(Label(said, step="caption", color=color, wrap=True), 1)
        self._words.addLayout(line)

    def begin_edit(self) -> None:
        """Open the text for changing."""
        if self._editor is None:
            self._editor = MessageEditor(self.row.body)
            self._editor.saved.connect(self._on_saved)
            self._editor.cancelled.connect(self._end_edit)
            self._words.addWidget(self._editor)
        self.body.hide()
        self._foot.hide()
        self._editor.show()
        self._editor.input.setFocus()

    @property
    def editing(self) -> bool:
        """Whether the text is open for changing."""
        return self._editor is not None

    def retranslate(self) -> None:
        """Write the time in the language on screen."""
        self.when.say(near_moment(moment(self.row.written_at)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of a note."""
        if self.row.internal:
            painter = QPainter(self)
            painter.fillRect(self.rect(), theme().color("warn-soft"))
            painter.end()

    def _add_foot(self, editable: bool) -> None:
        line = QHBoxLayout(self._foot)
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(8)
        line.addWidget(IconLabel(Glyph.NOT_SENT.icon, color=Glyph.NOT_SENT.color))
        if editable:
            line.addWidget(Label(message("Not sent. You can still change it.")))
            self.edit = Button(message("Edit"), Kind.LINK)
            self.edit.clicked.connect(self.begin_edit)
            line.addWidget(self.edit)
        else:
            line.addWidget(Label(Glyph.NOT_SENT.word))
        line.addStretch(1)
        self._words.addWidget(self._foot)

    def _add_question(self) -> None:
        line = QHBoxLayout(self._foot)
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(8)
        line.addWidget(IconLabel("pause", color="warn"))
        line.addWidget(Label(message("Waits for {name}", name=self.row.asks)))
        self.withdraw = Button(message("Withdraw"), Kind.LINK)
        self.withdraw.clicked.connect(lambda: self.withdrawn.emit(self.row.question_id))
        line.addWidget(self.withdraw)
        line.addStretch(1)
        self._words.addWidget(self._foot)

    def _add_held(self, editable: bool) -> None:
        column = QVBoxLayout(self._foot)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(IconLabel("pause", color="warn"), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(Label(message("Held: a colleague answered first."), color="warn", wrap=True), 1)
        column.addLayout(line)
        if editable:
            buttons = QHBoxLayout()
            buttons.setSpacing(8)
            self.send_held = Button(message("Send all the same"), small=True)
            self.drop_held = Button(message("Do not send"), Kind.FLAT, small=True)
            self.send_held.clicked.connect(lambda: self.decided.emit(self.row.id, True))
            self.drop_held.clicked.connect(lambda: self.decided.emit(self.row.id, False))
            buttons.addWidget(self.send_held)
            buttons.addWidget(self.drop_held)
            buttons.addStretch(1)
            column.addLayout(buttons)
        self._words.addWidget(self._foot)

    def _on_saved(self, text: str) -> None:
        self.body.say(text)
        self._end_edit()
        self.changed.emit(self.row.id, text)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        self.body.show()
        self._foot.show()
        if self.edit is not None:
            self.edit.setFocus()


class MessageEditor(Live, QWidget):
    """A message's text under change: Ctrl+Enter saves, Esc leaves it as it was."""

    saved = Signal(str)
    cancelled = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.input = EndingText()
        self.input.setPlainText(text)
        self.input.accepted.connect(self._on_accepted)
        self.input.escaped.connect(self.cancelled)
        save = Button(message("Save"), hint="Ctrl+Enter", small=True)
        cancel = Button(message("Cancel"), Kind.FLAT, small=True)
        save.clicked.connect(self._on_accepted)
        cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(save)
        row.addWidget(cancel)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.input)
        column.addLayout(row)
        self.retranslate()
        self.retint()

    def retranslate(self) -> None:
        """Name the text in the language on screen."""
        self.input.setAccessibleName(tr("Text of the message"))

    def retint(self) -> None:
        """Give room for four lines."""
        self.input.setFixedHeight(theme().px(96))

    def _on_accepted(self) -> None:
        text = self.input.toPlainText().strip()
        if text:
            self.saved.emit(text)


class Conversation(Live, ReadingArea):
    """The messages of a ticket, the newest in sight."""

    changed = Signal(str, str)
    decided = Signal(str, bool)
    withdrawn = Signal(str)
    file_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: list[MessageView] = []
        self._rows: tuple[MessageRow, ...] = ()
        self._editable = False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._holder = QWidget()
        self._column = QVBoxLayout(self._holder)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        self.empty = EmptyState(
            "reply", message("No messages yet"), message("Press R to write the first one.")
        )
        self._column.addWidget(self.empty)
        self._column.addStretch(1)
        self._holder.setBackgroundRole(QPalette.ColorRole.Base)
        self._holder.setAutoFillBackground(True)
        self.setWidget(self._holder)
        self.retranslate()

    def show_messages(self, rows: Sequence[MessageRow], *, editable: bool, ticket_changed: bool) -> None:
        """Show these messages; one being changed stays open."""
        known = tuple(rows)
        if not ticket_changed and any(view.editing for view in self.views):
            return
        if known == self._rows and editable == self._editable and not ticket_changed:
            return
        grown = ticket_changed or len(known) > len(self._rows)
        self._rows, self._editable = known, editable
        for view in self.views:
            self._column.removeWidget(view)
            view.hide()
            view.deleteLater()
        self.views = [MessageView(row, editable=editable) for row in known]
        for place, view in enumerate(self.views):
            view.changed.connect(self.changed)
            view.decided.connect(self.decided)
            view.withdrawn.connect(self.withdrawn)
            view.file_asked.connect(self.file_asked)
            self._column.insertWidget(place, view)
        self.empty.setVisible(not known)
        if grown:
            QTimer.singleShot(0, self, self._to_end)

    def editable_view(self) -> MessageView | None:
        """Return the newest message that was not sent and may be changed."""
        return next((view for view in reversed(self.views) if view.edit is not None), None)

    def retranslate(self) -> None:
        """Name the conversation in the language on screen."""
        self.setAccessibleName(tr("Conversation"))

    def _to_end(self) -> None:
        self._holder.layout().activate()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
