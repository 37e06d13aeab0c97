"""Where an answer or a note is written, at the foot of the conversation."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QMimeData, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from crm_core.i18n import N_, message
from crm_core.schema.field import Field
from crm_core.schema.field import Kind as FieldKind
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.adding import local_files
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.tickets.reply_files import ReplyFiles
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.ending_keys import EndingText
from crm_desktop.ui.widgets.labels import ElidedLabel
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.tabs import Tab, TabRow

_HEIGHT, _LEAST, _LOW = 170, 126, 450
"""px before the font scale: how high the box is, how high in a low window, and below what a window is low."""
REPLY, NOTE, ASK = "reply", "note", "ask"
_COLLEAGUE = Field(no=0, name="colleague", label=N_("Colleague"), kind=FieldKind.REF, target="user")


class ReplyBox(Live, QWidget):
    """Tabs, text, buttons. Ctrl+Enter sends and closes; a note is kept, a question goes to a colleague."""

    send_asked = Signal(str, bool, bool)
    """Text, whether it is an internal note, whether the ticket is closed with it."""
    question_asked = Signal(str, str)
    """Text, and the id of the colleague; '' where it answers what one is asked oneself."""
    deed_asked = Signal(str)
    """`answer`, `macro`, or what the head of the ticket asks for."""
    article_asked = Signal()
    """An article is to be put into the text."""
    left = Signal()
    """Esc: back to the queue."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queues = True
        self._asker = ""
        """Who waits for one's own answer; '' where nobody does."""
        self._only_answers = False
        self.tabs = TabRow(
            self._tabs(), name=message("Kind of message"), lined=False, apart=12, trailing=False
        )
        self.colleague = LinkEditor(context, _COLLEAGUE)
        self.colleague.edited.connect(self._on_colleague)
        self.input = _Input()
        self.files = ReplyFiles(context)
        self.where = ElidedLabel("", color="text-soft", step="caption")
        self.article = Button(message("Insert article"), Kind.PLAIN, icon="book", small=True)
        self.deeds = {
            deed: IconButton(icon, text, small=True, hint=key)
            for deed, icon, text, key in (
                ("answer", "note", message("Canned answer"), "C"),
                ("macro", "play", message("Macro"), "M"),
                ("attach", "clip", message("Attach files"), ""),
            )
        }
        self.close_too = Button("", hint="Ctrl+Enter")
        self.send = Button("", Kind.PRIMARY)
        self.tools = QWidget()
        tools = QHBoxLayout(self.tools)
        tools.setContentsMargins(0, 0, 0, 0)
        for button in (*self.deeds.values(), self.article):
            tools.addWidget(button)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(16, 0, 16, 0)
        self._head.addWidget(self.tabs, 1)
        self._below = QHBoxLayout()
        self._below.setContentsMargins(16, 0, 16, 0)
        self._below.addStretch(1)
        self._head.addWidget(self.tools)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 12, 12)
        foot.setSpacing(8)
        foot.addWidget(self.colleague, 1)
        foot.addWidget(self.where)
        foot.addStretch(1)
        foot.addWidget(self.close_too)
        foot.addWidget(self.send)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addSpacing(1)
        column.addLayout(self._below)
        column.addWidget(self.input, 1)
        column.addWidget(self.files)
        column.addLayout(foot)
        self.tabs.chosen.connect(self._on_tab_chosen)
        self.input.textChanged.connect(self._show_buttons)
        self.input.accepted.connect(self._on_accepted)
        self.input.escaped.connect(self.left)
        self.input.focused.connect(self.update)
        self.article.clicked.connect(self.article_asked)
        for deed, button in self.deeds.items():
            button.clicked.connect(partial(self.begin_deed, deed))
        self.input.dropped.connect(self.files.add)
        self.files.changed.connect(self._fit)
        self.send.clicked.connect(lambda: self._send(close=False))
        self.close_too.clicked.connect(lambda: self._send(close=True))
        self.retranslate()
        self.retint()
        self._show_buttons()

    @property
    def beside_articles(self) -> QWidget:
        """What articles are offered beside."""
        return self.article if self.article.isVisible() else self.input

    @property
    def internal(self) -> bool:
        """Whether a note among colleagues is written."""
        return self.tabs.key == NOTE

    @property
    def asks(self) -> bool:
        """Whether a colleague is asked, or answered."""
        return self.tabs.key == ASK

    def show_asker(self, name: str, *, only: bool) -> None:
        """Say who waits for one's own answer, '' for nobody; `only`: that is all one may write here."""
        if (name, only) == (self._asker, self._only_answers):
            return
        self._asker, self._only_answers = name, only
        key = ASK if name and only else self.tabs.key
        self.tabs.show_tabs(self._tabs(), key)
        self._on_tab_chosen()

    def ask(self) -> None:
        """Give the keyboard to whom to ask, or to the answer one owes."""
        self.tabs.choose(ASK)
        self._on_tab_chosen()
        (self.input if self._asker or self.colleague.record_id else self.colleague).setFocus()

    @property
    def text(self) -> str:
        """What is written so far."""
        return self.input.toPlainText()

    def begin(self, *, internal: bool) -> None:
        """Give the text the focus, for a reply or a note."""
        self.tabs.choose(NOTE if internal else REPLY)
        self._on_tab_chosen()
        self.input.setFocus()

    def begin_deed(self, deed: str, _checked: bool = False) -> None:
        """Begin what one of the tools does, or what is done with the whole ticket."""
        if deed == "attach":
            self.files.choose()
        elif deed == "article":
            self.article_asked.emit()
        else:
            self.deed_asked.emit(deed)

    def insert(self, text: str) -> None:
        """Put a text where the cursor stands and give it the focus."""
        self.input.textCursor().insertText(text)
        self.input.setFocus()

    def insert_lines(self, text: str) -> None:
        """Put lines where the cursor stands, on lines of their own."""
        before = self.text[: self.input.textCursor().position()]
        self.insert(("\n" if before and not before.endswith("\n") else "") + text + "\n")

    def show_draft(self, text: str) -> None:
        """Show what was begun for a ticket; empty for nothing."""
        self.input.setPlainText(text)
        self._show_buttons()

    def set_queues(self, queues: bool) -> None:
        """Say whether an answer waits for the network, or goes out now."""
        if queues != self._queues:
            self._queues = queues
            self.retranslate()

    def retranslate(self) -> None:
        """Write buttons and remarks in the language on screen."""
        note = self.internal
        asks = self.asks
        if asks:
            self.send.say(message("Answer") if self._asker else message("Ask"))
        elif note:
            self.send.say(message("Add note"))
        else:
            self.send.say(message("Queue reply") if self._queues else message("Send"))
        self.close_too.say(message("Queue and close") if self._queues else message("Send and close"))
        if note or asks:
            self.where.say(message("Seen by colleagues only"))
        else:
            self.where.say(message("Goes to the outbox") if self._queues else "")
        self.close_too.setVisible(not note and not asks)
        self.files.setVisible(not asks and bool(self.files.row.chips))
        self._fit()
        self.colleague.setVisible(asks and not self._asker)
        self.colleague.setAccessibleName(tr("Colleague to ask"))
        self.colleague.setPlaceholderText(tr("Whom to ask"))
        self._make_room()
        name, hint = tr("Reply"), tr("Write to the customer")
        if note:
            name, hint = tr("Internal note"), tr("Write a note for your colleagues")
        elif asks:
            name, hint = (
                tr("Question to a colleague"),
                tr("What you want to know; your colleague sees the ticket"),
            )
            if self._asker:
                name = hint = tr("Your answer to {name}", name=self._asker)
        self.input.setAccessibleName(name)
        self.input.setPlaceholderText(hint)

    def retint(self) -> None:
        """Take the height from the theme."""
        self._fit()
        # Below the keys' letters the box is as wide as the conversation lets it be.
        self.update()

    def _fit(self) -> None:
        """Be higher by a line of tools and by the files that go along: they take no room from the text."""
        own = self._head.indexOf(self.tools) < 0 and not self.tools.isHidden()
        line = self.tools.sizeHint().height() if own else 0
        files = 0 if self.files.isHidden() else max(self.files.heightForWidth(self.width() - 2), 0)
        self.setMinimumHeight(theme().px(_LEAST) + line + files)
        self.setMaximumHeight(theme().px(_HEIGHT) + line + files)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out where it goes where that would be three dots: the button says it too."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        # Tabs are never cut: tools that find no room beside them stand in a line of their own, and where
        # that would leave no room to write, in the ticket's menu alone.
        left = self.width() - 34 - self.tabs.sizeHint().width()
        self.article.show_words(True)
        if self.tools.sizeHint().width() > left:
            self.article.show_words(False)
        beside = self.tools.sizeHint().width() <= left
        low = self.window().height() < theme().px(_LOW)
        self.tools.setHidden(self.asks or (low and not beside))
        if not beside:
            self.article.show_words(True)
        if beside is not (self._head.indexOf(self.tools) >= 0):
            to, of = (self._head, self._below) if beside else (self._below, self._head)
            of.removeWidget(self.tools)
            to.insertWidget(1 if beside else 0, self.tools)
        self._fit()
        buttons = [button for button in (self.close_too, self.send) if not button.isHidden()]
        taken = sum(button.sizeHint().width() + 8 for button in buttons) + 30
        room = self.width() - taken - (self.colleague.minimumSizeHint().width() if self.asks else 0)
        self.where.setVisible(self.where.sizeHint().width() <= room and self.colleague.isHidden())

    def sizeHint(self) -> QSize:
        """Be content with the width there is."""
        return QSize(theme().px(420), self.maximumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, in the accent while one writes, and the line under the tabs."""
        painter = QPainter(self)
        ground = theme().color("warn-soft" if self.internal or self.asks else "surface")
        paint.rounded(painter, self.rect(), ground, theme().color("line-strong"), RADII["card"])
        y = self.tabs.geometry().bottom() + 1
        painter.fillRect(1, y, self.width() - 2, 1, theme().color("line"))
        if self.input.hasFocus():
            paint.focus_frame(painter, self.rect(), RADII["card"])
        painter.end()

    def _on_tab_chosen(self, _key: str = "") -> None:
        self.retranslate()
        self._show_buttons()
        self.update()

    def _on_colleague(self) -> None:
        self._show_buttons()
        if self.colleague.record_id and self.asks:
            self.input.setFocus()

    def _on_accepted(self) -> None:
        self._send(close=not self.internal)

    def _send(self, *, close: bool) -> None:
        text = self.text.strip()
        if not text:
            return
        if not self.asks:
            self.send_asked.emit(text, self.internal, close)
        elif self._asker or self.colleague.record_id:
            self.question_asked.emit(text, "" if self._asker else str(self.colleague.record_id))
        else:
            self.colleague.setFocus()

    def _tabs(self) -> list[Tab]:
        asks = message("Answer {name}", name=self._asker) if self._asker else message("Ask a colleague")
        own = [
            Tab(key=REPLY, text=message("Reply"), hint="R"),
            Tab(key=NOTE, text=message("Internal note"), hint="N"),
        ]
        return [*([] if self._only_answers else own), Tab(key=ASK, text=asks, hint="A")]

    def _show_buttons(self) -> None:
        written = bool(self.text.strip())
        may = written and (not self.asks or bool(self._asker or self.colleague.record_id))
        self.send.setEnabled(may)
        self.close_too.setEnabled(written)


class _Input(EndingText):
    focused = Signal()
    dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("frameless", "true")
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        # The box around it shows the focus.
        self.setStyleSheet(
            "QPlainTextEdit, QPlainTextEdit:focus, QPlainTextEdit:hover"
            " { border: 0; background: transparent; padding: 8px 12px }"
        )

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Take files beside text."""
        return bool(local_files(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Attach files that are dropped or pasted; insert text."""
        paths = local_files(source)
        if paths:
            self.dropped.emit(paths)
        else:
            super().insertFromMimeData(source)

    def focusInEvent(self, event: object) -> None:
        """Tell the box."""
        super().focusInEvent(event)
        self.focused.emit()

    def focusOutEvent(self, event: object) -> None:
        """Tell the box."""
        super().focusOutEvent(event)
        self.focused.emit()
