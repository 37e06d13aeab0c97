"""What went out of a document and what came back: mails, links and signatures, as a laptop shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.customer import Contact
from crm_core.i18n import N_, Message, message, sentence_of
from crm_core.rules import signing
from crm_core.rules.access import Action, decide
from crm_core.rules.mailing import Mailbox
from crm_core.rules.signing import Standing
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome

MOST = 100
_WITHDRAWABLE = ("queued", "at_hq")
_AGAIN = ("failed", "unknown", "withdrawn")
_WAITS_HERE = message(N_("Waits on this laptop; it goes to HQ with the next sync"))
_UNKNOWN = message(N_("Perhaps sent: the line to the mail server broke. Ask before you send it again"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A mail to be sent. `said` is what there is to say of its state; `sender` who wrote it."""

    mail: Record
    state: str
    """One of `crm_core.entities.outgoing.MAIL_STATES`."""
    said: Message | None
    sender: str
    not_sent: bool
    """HQ has not heard of it, or of its latest step."""
    may_withdraw: bool
    may_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """What a customer decided. `file_name` is of the document, `certificate_id` None until HQ sealed it."""

    signature: Record
    verdict: str
    name: str
    reason: str
    at_ms: int
    on_page: bool
    certificate_id: str | None
    sealed_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link and what may be done with it now."""

    link: Record
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Everything of one document, newest first."""

    mails: tuple[MailRow, ...]
    links: tuple[LinkRow, ...]
    signatures: tuple[SignatureRow, ...]


def outgoing_of(replica: Replica, entity: str, record_id: str) -> Outgoing:
    """Return what went out of a document and came back, as far as the person may see it."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None:
            return Outgoing(mails=(), links=(), signatures=())
        mails = _below(session, replica, "outgoing_mail", record)
        links = _below(session, replica, "acceptance", record)
        signatures = _below(session, replica, "signature", record)
        waiting = not_sent_of(session, "outgoing_mail", [each.id for each in mails])
        people = {str(each["created_by"]) for each in mails if each.get("created_by")}
        names = query.labels(session, "user", people)
        now_ms = replica.clock.now_ms()
        return Outgoing(
            mails=tuple(_mail_row(session, replica, each, names, waiting) for each in mails),
            links=tuple(
                LinkRow(link=each, standing=signing.standing(each.values, record.values, now_ms))
                for each in links
            ),
            signatures=tuple(_signature_row(each) for each in signatures),
        )


def mailboxes_of(replica: Replica, customer_id: str) -> tuple[Mailbox, ...]:
    """Return whom a mail to a customer may go to: its people, then its own address."""
    with replica.read() as session:
        people = session.scalars(
            select(Contact)
            .where(Contact.customer_id == customer_id, Contact.life % 2 == 1, Contact.email.is_not(None))
            .order_by(Contact.name, Contact.id)
        ).all()
        found = [
            Mailbox(name=_plain(str(each.name or "")), address=str(each.email))
            for each in people
            if each.email
        ]
        customer = repository.get(session, "customer", customer_id)
    if customer is not None and customer.get("email"):
        found.append(Mailbox(name=_plain(customer.title), address=str(customer["email"])))
    return tuple(found)


def withdraw(replica: Replica, mail_id: str) -> Outcome[Record]:
    """Take a mail back that has not gone out."""
    return records.update(replica, "outgoing_mail", mail_id, {"status": "withdrawn"})


def repeat(replica: Replica, mail_id: str) -> Outcome[Record]:
    """Have a mail sent once more that failed or was withdrawn."""
    return records.update(replica, "outgoing_mail", mail_id, {"status": "queued"})


def withdraw_link(replica: Replica, link_id: str) -> Outcome[Record]:
    """Close a link nobody has used."""
    return records.update(replica, "acceptance", link_id, {"status": "withdrawn"})


def _below(session: Session, replica: Replica, entity: str, record: Record) -> list[Record]:
    if not decide(replica.person, Action.READ, entity):
        return []
    model = SCHEMAS[entity].model
    columns = SCHEMAS[entity].table.c
    rows = session.scalars(
        select(model)
        .where(columns.record_entity == record.entity, columns.record_id == record.id, columns.life % 2 == 1)
        .order_by(columns.created_at.desc(), columns.id.desc())
        .limit(MOST)
    )
    return [record_of(row) for row in rows]


def _mail_row(
    session: Session,
    replica: Replica,
    mail: Record,
    names: Mapping[str, str],
    waiting: Any,
) -> MailRow:
    state = str(mail.get("status") or "queued")
    may = bool(rights.may(session, replica.person, Action.EDIT, "outgoing_mail", mail.values))
    return MailRow(
        mail=mail,
        state=state,
        said=_said(mail, state, waits_here=mail.id in waiting),
        sender=names.get(str(mail.get("created_by")), ""),
        not_sent=mail.id in waiting,
        may_withdraw=may and state in _WITHDRAWABLE,
        may_repeat=may and state in _AGAIN,
    )


def _said(mail: Record, state: str, *, waits_here: bool) -> Message | None:
    outcome = mail.get("outcome")
    if isinstance(outcome, list) and len(outcome) == 2:
        return sentence_of(str(outcome[0]), outcome[1])
    if state == "unknown":
        return _UNKNOWN
    return _WAITS_HERE if waits_here and state == "queued" else None


def _signature_row(signature: Record) -> SignatureRow:
    return SignatureRow(
        signature=signature,
        verdict=str(signature.get("verdict") or "accepted"),
        name=str(signature.get("name") or ""),
        reason=str(signature.get("reason") or ""),
        at_ms=int(signature.get("created_at") or 0),
        on_page=signature.get("place") == "page",
        certificate_id=signature.get("certificate_id"),
        sealed_ms=signature.get("sealed_at"),
    )


def _plain(name: str) -> str:
    """Return a name as it may stand before an address."""
    return "".join(each for each in name if each not in '<>",;，；、').strip()
