"""A mail with a document: whom it goes to, what it says, and the very file; written here, sent by HQ."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError, Invalid
from crm_core.i18n import message
from crm_core.rules.template_values import DocumentLanguage
from crm_desktop.documents import mailing, sent_file, template_records
from crm_desktop.documents.mailing import Draft
from crm_desktop.documents.sent_file import SentFile
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.template_names import shown_name
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.scrolling import scrolled

PREPARING = message("Preparing the document…")
_LINES = 6
"""Of the text, at least."""
_LANGUAGES: dict[str, DocumentLanguage] = {"zh": "zh", "en": "en", "both": "both"}


class MailForm(Live, QWidget):
    """The form; Ctrl+Enter sends."""

    closed = Signal()
    kept = Signal()
    """The file that was sent is there: what the preview shows is that very file from now on."""

    def __init__(self, context: Context, entity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity = context, entity
        self._record_id, self._language = "", "zh"
        self._draft: Draft | None = None
        self.title = Label("", step="title", wrap=True)
        self.to, self.cc, self.subject = QLineEdit(), QLineEdit(), QLineEdit()
        self.known, self.template = QComboBox(), QComboBox()
        self.body = QPlainTextEdit()
        self.body.setTabChangesFocus(True)
        self.file = Label("", color="text-soft", step="caption", wrap=True)
        self.blanks = Label("", color="text-soft", step="caption", wrap=True)
        """What of the template the record has nothing for."""
        self.note = Label("", color="bad", wrap=True)
        self.send = Button(message("Send by e-mail"), Kind.PRIMARY, icon="mail", hint="Ctrl+Enter")
        self.cancel = Button(message("Cancel"))
        self.fields = {
            "recipients": Field(message("To"), self.to, required=True),
            "cc": Field(message("Copy to"), self.cc),
            "subject": Field(message("Subject"), self.subject, required=True),
            "body": Field(message("Text"), self.body, required=True),
        }
        self._lay_out()
        self.known.activated.connect(self._add_known)
        self.template.activated.connect(lambda _place: self._read(self.template.currentData()))
        self.send.clicked.connect(self._send)
        self.cancel.clicked.connect(self.closed)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._send)
        self.retranslate()

    def begin(self, record_id: str, number: str, language: str) -> None:
        """Write a mail with a document that was sent, with a text of the language's template."""
        self._record_id, self._language, self._draft = record_id, language, None
        self.title.say(message("Send {number} by e-mail", number=number))
        for line in (self.to, self.cc, self.subject):
            line.clear()
        self.body.clear()
        self.blanks.hide()
        self.file.say(PREPARING)
        self._forget_problems()
        self.send.setEnabled(False)
        replica, entity = self._context.replica, self._entity

        def kept(_file: SentFile) -> None:
            if record_id == self._record_id:
                self.kept.emit()
                self._read(None)

        self._context.change(
            self, lambda: sent_file.keep(replica, entity, record_id, language), kept, self._on_failed
        )
        self.to.setFocus()

    def retranslate(self) -> None:
        """Name what has no label of its own."""
        self.setAccessibleName(tr("Send by e-mail"))
        self.known.setAccessibleName(tr("People at the customer"))
        self.template.setAccessibleName(tr("Text from a template"))
        self._show_choices()

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        keep_margins(whole, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, 12)
        whole.setSpacing(12)
        whole.addWidget(self.title)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        whole.addWidget(scrolled(inner), 1)
        self.body.setMinimumHeight(_LINES * theme().line_height("body"))
        choices = QHBoxLayout()
        choices.setSpacing(16)
        choices.addWidget(Field(message("People at the customer"), self.known), 1)
        choices.addWidget(Field(message("Text from a template"), self.template), 1)
        column.addWidget(self.fields["recipients"])
        column.addWidget(self.fields["cc"])
        column.addLayout(choices)
        column.addWidget(self.fields["subject"])
        column.addWidget(self.fields["body"], 1)
        whole.addWidget(self.blanks)
        whole.addWidget(self.file)
        whole.addWidget(self.note)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.send)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        whole.addLayout(buttons)

    def _read(self, template: str | None) -> None:
        record_id, replica, entity = self._record_id, self._context.replica, self._entity
        language = _LANGUAGES.get(self._language, "zh")
        self._forget_problems()
        self.send.setEnabled(False)

        def made(draft: Draft) -> None:
            if record_id != self._record_id:
                return
            if self._draft is None:
                self.to.setText(draft.to)
            self._draft = draft
            self.subject.setText(draft.subject)
            self.body.setPlainText(draft.body)
            self.file.say(
                message("File: {name}, SHA-256 {sha256}", name=draft.file.name, sha256=draft.file.sha256)
            )
            self.blanks.setVisible(bool(draft.blanks))
            for said in template_records.blanks_said(draft.blanks):
                self.blanks.say(said)
            self._show_choices()
            self.send.setEnabled(True)

        self._context.tasks.read(
            self,
            lambda: mailing.draft(replica, entity, record_id, language, template),
            made,
            self._on_failed,
            topic="mail",
        )

    def _show_choices(self) -> None:
        draft = self._draft
        with QSignalBlocker(self.known):
            self.known.clear()
            self.known.addItem(tr("Add a person…"), None)
            for mailbox in draft.known if draft is not None else ():
                self.known.addItem(str(mailbox), str(mailbox))
        with QSignalBlocker(self.template):
            self.template.clear()
            for name in draft.templates if draft is not None else ():
                self.template.addItem(shown_name(name), name)
            if draft is not None:
                self.template.setCurrentIndex(max(0, self.template.findData(draft.template)))

    def _add_known(self, place: int) -> None:
        chosen = self.known.itemData(place)
        there = self.to.text().strip().rstrip(",;，；")
        if chosen and chosen not in there:
            self.to.setText(f"{there}, {chosen}" if there else chosen)
        self.known.setCurrentIndex(0)

    def _forget_problems(self) -> None:
        for field in self.fields.values():
            field.set_error("")
        self.note.hide()

    def _send(self) -> None:
        draft, record_id, replica = self._draft, self._record_id, self._context.replica
        entity = self._entity
        if draft is None or not self.send.isEnabled():
            return
        self._forget_problems()
        self.send.setEnabled(False)
        written = {
            "to": self.to.text(),
            "cc": self.cc.text(),
            "subject": self.subject.text(),
            "body": self.body.toPlainText(),
        }
        self._context.change(
            self,
            lambda: mailing.send(replica, entity, record_id, draft.file, **written),
            lambda _mail: self.closed.emit(),
            self._on_failed,
            told=message("The mail goes to headquarters with the next sync, which sends it"),
        )

    def _on_failed(self, error: CrmError) -> None:
        self.send.setEnabled(self._draft is not None)
        problems = error.problems if isinstance(error, Invalid) else []
        left = []
        editors = {"recipients": self.to, "cc": self.cc, "subject": self.subject, "body": self.body}
        for problem in reversed(problems):
            field = self.fields.get(problem.field or "")
            if field is None:
                left.append(problem.message)
            else:
                field.set_error(problem.message)
                editors[problem.field or ""].setFocus()
        if left or not problems:
            self.note.say(left[0] if left else error.message)
            self.note.show()
