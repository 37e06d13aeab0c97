"""Beside a document: the mails it went out with, its links, and what the customer decided."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from crm_core.entities.outgoing import MAIL_STATES
from crm_core.i18n import N_, Message, message
from crm_core.rules.answers import ANSWERS
from crm_core.rules.signing import Standing
from crm_desktop.services import outgoing
from crm_desktop.services.outgoing import LinkRow, MailRow, Outgoing, SignatureRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.lists.details import clear
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

FOLLOWED = frozenset(("outgoing_mail", "acceptance", "signature"))
STATE_WORDS = {choice.value: choice.label for choice in MAIL_STATES}
_WIDTH = 760
_STANDINGS = {
    Standing.OPEN: N_("Open"),
    Standing.ACCEPTED: N_("Accepted"),
    Standing.DECLINED: N_("Declined"),
    Standing.WITHDRAWN: N_("Withdrawn"),
    Standing.EXPIRED: N_("Expired"),
    Standing.SUPERSEDED: N_("There is a newer version"),
    Standing.SETTLED: N_("Settled by another way"),
}


class OutgoingPanel(Live, QWidget):
    """Three cards, the newest first in each; what can still be done stands at the row."""

    def __init__(self, context: Context, entity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity = context, entity
        self._record_id = ""
        self._found: Outgoing | None = None
        self.signatures = Card(message("Customer's signatures"), flush=True)
        self.mails = Card(message("Mails"), flush=True)
        self.links = Card(message("Acceptance links"), flush=True)
        self.rows: list[InfoRow] = []
        """All rows, from top to bottom."""
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        inner = QWidget()
        inner.setMaximumWidth(theme().px(_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, M, 0, L)
        column.setSpacing(theme().px(L))
        for card in (self.signatures, self.mails, self.links):
            column.addWidget(card)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidgetResizable(True)
        self._area.setWidget(inner)
        self._area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        keep_margins(whole, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        whole.addWidget(self._area)
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()

    def show_record(self, record_id: str) -> None:
        """Show what went out of a document and came back."""
        self._record_id = record_id
        self._read()

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self._area.setAccessibleName(tr("Mails and signatures"))
        if self._found is not None:
            self._show(self._found)

    def _read(self) -> None:
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        if record_id:
            self._context.tasks.read(
                self,
                lambda: outgoing.outgoing_of(replica, entity, record_id),
                self._show,
                self._context.show_error,
                topic="outgoing",
            )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        own = (self._entity, self._record_id)
        if own in changed or not {entity for entity, _ in changed}.isdisjoint(FOLLOWED):
            self._changes.mark()

    def _show(self, found: Outgoing) -> None:
        self._found = found
        self.rows = []
        for card in (self.signatures, self.mails, self.links):
            clear(card.body)
        for signature in found.signatures:
            self._add(self.signatures, signature.name, _signed(signature), None)
        for mail in found.mails:
            to = str(mail.mail.get("recipients") or "")
            title = message("{state}: {to}", state=Message(STATE_WORDS[mail.state]), to=to)
            self._add(self.mails, title, _sent(mail), self._mail_button(mail))
        for link in found.links:
            versions = ANSWERS[self._entity].has_versions
            title = (
                message("Version {number}", number=link.link.get("version"))
                if versions
                else message("Link for the customer")
            )
            self._add(self.links, title, _open(link), self._link_button(link))
        empty = {
            self.signatures: message("The customer has not signed yet"),
            self.mails: message("No mail was written with it"),
            self.links: message("No link to the acceptance page was made"),
        }
        filled = {self.signatures: found.signatures, self.mails: found.mails, self.links: found.links}
        for card, said in empty.items():
            if not filled[card]:
                label = Label(said, color="text-soft", wrap=True)
                label.setContentsMargins(16, 12, 16, 12)
                card.body.addWidget(label)

    def _add(self, card: Card, title: Message | str, body: Message | str, button: Button | None) -> None:
        row = InfoRow(title, body, right=button)
        card.body.addWidget(row)
        self.rows.append(row)

    def _mail_button(self, mail: MailRow) -> Button | None:
        replica, mail_id = self._context.replica, mail.mail.id
        if mail.may_withdraw:
            button = Button(message("Withdraw"), small=True)
            button.clicked.connect(
                lambda: self._context.change(self, lambda: outgoing.withdraw(replica, mail_id))
            )
            return button
        if mail.may_repeat:
            button = Button(message("Send again"), small=True)
            button.clicked.connect(
                lambda: self._context.change(self, lambda: outgoing.repeat(replica, mail_id))
            )
            return button
        return None

    def _link_button(self, link: LinkRow) -> Button | None:
        if link.standing is not Standing.OPEN:
            return None
        replica, link_id = self._context.replica, link.link.id
        button = Button(message("Withdraw"), small=True)
        button.clicked.connect(
            lambda: self._context.change(self, lambda: outgoing.withdraw_link(replica, link_id))
        )
        return button


def _moment(ms: int) -> str:
    return near_moment(datetime.fromtimestamp(ms / 1000).astimezone())


def _signed(row: SignatureRow) -> str:
    parts = [
        tr("Accepted") if row.verdict == "accepted" else tr("Declined"),
        tr("On the acceptance page") if row.on_page else tr("On a laptop"),
        _moment(row.at_ms),
        tr("Sealed by headquarters; the certificate is under Files")
        if row.sealed_ms
        else tr("Not yet sealed by headquarters"),
    ]
    return " · ".join([*parts, row.reason] if row.reason else parts)


def _sent(row: MailRow) -> str:
    at = row.mail.get("sent_at") or row.mail.get("created_at") or 0
    parts = [str(row.mail.get("subject") or ""), row.sender, _moment(int(at))]
    if row.said is not None:
        parts.append(show(row.said))
    return " · ".join(part for part in parts if part)


def _open(row: LinkRow) -> str:
    until = tr("until {moment}", moment=_moment(int(row.link.get("expires_at") or 0)))
    return f"{tr(_STANDINGS[row.standing])} · {until}"
