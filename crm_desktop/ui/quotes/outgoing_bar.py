"""On a document: the newest thing to know of what went out, or of what the customer said."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.rules.answers import version_of
from crm_desktop.models.records import Record
from crm_desktop.services import outgoing
from crm_desktop.services.outgoing import MailRow, Outgoing, SignatureRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.outgoing_panel import FOLLOWED, STATE_WORDS
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.paint import Tone

_TONES = {"failed": Tone.BAD, "unknown": Tone.WARN, "sent": Tone.GOOD}


class OutgoingBar(QWidget):
    """One line: how the customer decided about the version on screen; else where its newest mail is."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._record: Record | None = None
        self.bar = InfoBar("", Tone.INFO, icon="mail")
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 24, 0)
        row.addWidget(self.bar)
        context.records_changed.connect(self._on_records_changed)
        self.hide()

    def show_record(self, record: Record) -> None:
        """Show what there is to know of a document; it is read off the main thread."""
        if self._record is None or self._record.id != record.id:
            self.hide()
        self._record = record
        self._read()

    def _read(self) -> None:
        record, replica = self._record, self._context.replica
        if record is None:
            return

        def show(found: Outgoing) -> None:
            if self._record is not None and self._record.id == record.id:
                self._show(found, version_of(record.values))

        self._context.tasks.read(
            self,
            lambda: outgoing.outgoing_of(replica, record.entity, record.id),
            show,
            self._context.show_error,
            topic="outgoing",
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if not {entity for entity, _ in changed}.isdisjoint(FOLLOWED):
            self._changes.mark()

    def _show(self, found: Outgoing, version: int) -> None:
        signed = [each for each in found.signatures if each.signature.get("version") == version]
        if signed:
            self._say_signed(signed[0])
        elif found.mails:
            self._say_mail(found.mails[0])
        self.setVisible(bool(signed or found.mails))

    def _say_signed(self, row: SignatureRow) -> None:
        accepted = row.verdict == "accepted"
        by = message("Accepted by {name}", name=row.name)
        lead = by if accepted else message("Declined by {name}", name=row.name)
        sealed = (
            message("Sealed by headquarters; the certificate is under Files")
            if row.sealed_ms
            else message("Not yet sealed by headquarters")
        )
        said = sealed if accepted or not row.reason else row.reason
        self.bar.say(said, Tone.GOOD if accepted else Tone.WARN, lead=lead, icon="pen")

    def _say_mail(self, row: MailRow) -> None:
        to = str(row.mail.get("recipients") or "")
        said = row.said or message("To {addresses}", addresses=to)
        lead = Message(STATE_WORDS[row.state])
        self.bar.say(said, _TONES.get(row.state, Tone.INFO), lead=lead, icon="mail")
