"""Where a customer signs on the laptop's own screen, the very PDF beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_core.errors import CrmError, Invalid
from crm_core.i18n import message
from crm_core.rules.signing import MOST_NAME
from crm_desktop.documents import sent_file, signing_here
from crm_desktop.documents.sent_file import SentFile
from crm_desktop.documents.signing_here import Signed
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.mail_form import PREPARING
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.signature_pad import SignaturePad

_WIDTH = 480
AGREED = message("I have read the document and accept it")
COUNTS = message("The name counts as the signature, whether a signature is drawn or not.")


class SignForm(Live, QWidget):
    """Name, a typed or drawn signature, accept or decline. Works without a network and by keys alone."""

    closed = Signal()
    kept = Signal()
    """The file that was sent is there: what the preview shows is that very file from now on."""

    def __init__(self, context: Context, entity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity = context, entity
        self._record_id = ""
        self._file: SentFile | None = None
        self.title = Label("", step="title", wrap=True)
        self.document = Label("", color="text-soft", step="caption", wrap=True)
        self.name = QLineEdit()
        self.name.setMaxLength(MOST_NAME)
        self.typed, self.drawn = QRadioButton(), QRadioButton()
        self.pad = SignaturePad()
        self.clear = Button(message("Clear"), small=True)
        self.agreed = QCheckBox()
        self.reason = QLineEdit()
        self.accept = Button(message("Accept and sign"), Kind.PRIMARY)
        self.decline = Button(message("Decline"))
        self.cancel = Button(message("Cancel"))
        self.fields = {
            "name": Field(message("Name of who signs"), self.name, required=True),
            "strokes": Field(message("Signature"), self.pad),
            "reason": Field(message("Reason, to decline"), self.reason),
        }
        self.note = Label("", color="bad", wrap=True)
        self._lay_out()
        self.drawn.toggled.connect(self._on_way)
        self.clear.clicked.connect(self.pad.clear)
        self.accept.clicked.connect(lambda: self._decide(accepts=True))
        self.decline.clicked.connect(lambda: self._decide(accepts=False))
        self.cancel.clicked.connect(self.closed)
        self.retranslate()

    def begin(self, record_id: str, number: str, language: str) -> None:
        """Ask for a signature under a document that was sent; its file is made if none was kept."""
        self._record_id, self._file = record_id, None
        self.title.say(message("Sign {number} here", number=number))
        self.document.say(PREPARING)
        for line in (self.name, self.reason):
            line.clear()
        self.typed.setChecked(True)
        self.agreed.setChecked(False)
        self.pad.clear()
        self._forget_problems()
        self._on_way()
        self._ready(False)
        replica, entity = self._context.replica, self._entity

        def kept(file: SentFile) -> None:
            if record_id == self._record_id:
                self._file = file
                self.kept.emit()
                self.document.say(
                    message("The document: {name}, SHA-256 {sha256}", name=file.name, sha256=file.sha256)
                )
                self._ready(True)

        self._context.change(
            self, lambda: sent_file.keep(replica, entity, record_id, language), kept, self._on_failed
        )
        self.name.setFocus()

    def retranslate(self) -> None:
        """Name what has no label of its own."""
        self.typed.setText(tr("The typed name is the signature"))
        self.drawn.setText(tr("Drawn with mouse, pen or finger"))
        self.agreed.setText(show(AGREED))
        self.setAccessibleName(tr("Signature"))

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setMaximumWidth(theme().px(_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        told = message(
            "Hand over the laptop: the customer reads the document in the preview and signs. "
            "Headquarters seals it after the next sync; until then it is not sealed yet."
        )
        column.addWidget(self.title)
        column.addWidget(Label(told, color="text-soft", wrap=True))
        column.addWidget(self.document)
        column.addWidget(self.fields["name"])
        column.addWidget(self.typed)
        column.addWidget(self.drawn)
        column.addWidget(self.fields["strokes"])
        column.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.agreed)
        column.addWidget(Label(COUNTS, color="text-soft", step="caption", wrap=True))
        column.addWidget(self.note)
        column.addWidget(self.accept, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(12)
        column.addWidget(self.fields["reason"])
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.decline)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        outer = QVBoxLayout(self)
        keep_margins(outer, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, 12)
        outer.addWidget(area)

    def _on_way(self) -> None:
        for widget in (self.fields["strokes"], self.clear):
            widget.setVisible(self.drawn.isChecked())

    def _ready(self, is_ready: bool) -> None:
        for button in (self.accept, self.decline):
            button.setEnabled(is_ready)

    def _forget_problems(self) -> None:
        for field in self.fields.values():
            field.set_error("")
        self.note.hide()

    def _decide(self, *, accepts: bool) -> None:
        file, record_id, replica = self._file, self._record_id, self._context.replica
        entity = self._entity
        self._forget_problems()
        if file is None:
            return
        if accepts and not self.agreed.isChecked():
            self.note.say(message("Tick this to accept"))
            self.note.show()
            self.agreed.setFocus()
            return
        strokes = self.pad.strokes if accepts and self.drawn.isChecked() else None
        signed = Signed(accepts=accepts, name=self.name.text(), reason=self.reason.text(), strokes=strokes)
        self._ready(False)
        self._context.change(
            self,
            lambda: signing_here.sign(replica, entity, record_id, file, signed),
            lambda _signature: self.closed.emit(),
            self._on_failed,
            told=message("Signed; not yet sealed by headquarters") if accepts else message("Declined"),
        )

    def _on_failed(self, error: CrmError) -> None:
        self._ready(self._file is not None)
        if isinstance(error, Invalid):
            first = True
            for problem in error.problems:
                field = self.fields.get(problem.field or "")
                if field is None:
                    self.note.say(problem.message)
                    self.note.show()
                    continue
                field.set_error(problem.message)
                if first:
                    editors = {"name": self.name, "reason": self.reason, "strokes": self.pad}
                    editors[problem.field or ""].setFocus()
                    first = False
            return
        self.note.say(error.message)
        self.note.show()
