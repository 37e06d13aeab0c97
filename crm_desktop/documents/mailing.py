"""Sending a document by mail: the text a template gives, the very file that is kept, the record HQ sends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm_core.entities.attachment import SENT
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.mailing import Mailbox
from crm_core.rules.template_kinds import MAIL
from crm_core.rules.template_values import DocumentLanguage
from crm_desktop.documents import sent_file, template_records
from crm_desktop.documents.sent_file import SentFile
from crm_desktop.documents.template_records import Template
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, outgoing, records
from crm_desktop.services.files_along import demand_mailable
from crm_desktop.services.outcome import Outcome

_SUBJECT = re.compile(r"\A\s*(?:Subject|主题|主旨)\s*[:：][ \t]*(?P<subject>[^\n]*)\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail before it is sent, to be changed."""

    to: str
    subject: str
    body: str
    file: SentFile
    known: tuple[Mailbox, ...]
    """People at the customer it may go to."""
    templates: tuple[str, ...]
    """Names of the texts there are."""
    template: str
    blanks: tuple[str, ...]
    """Places of the template the record has nothing for."""


def draft(
    replica: Replica,
    entity: str,
    record_id: str,
    language: DocumentLanguage,
    template_name: str | None = None,
) -> Draft:
    """Return the mail a template makes of a document that was sent; its file is made if none was kept.

    The first template in the language is taken unless one is named; one of the company's before those that
    come with the program. `UserError` for a draft, and what `template_records.make` raises.
    """
    record = records.get(replica, entity, record_id)
    file = sent_file.keep(replica, entity, record_id, language).value
    there = [each for each in template_records.templates(replica, entity) if each.engine == MAIL]
    chosen = _chosen(there, "en" if language == "en" else "zh", template_name)
    spoken = chosen.language if chosen.language != "both" else language
    made = template_records.make(replica, chosen, record_id, spoken)
    subject, body = split(made.content.decode("utf-8"))
    known = outgoing.mailboxes_of(replica, str(record.get("customer_id") or ""))
    return Draft(
        to=str(_first(replica, record, known) or ""),
        subject=subject or file.name.removesuffix(".pdf"),
        body=body,
        file=file,
        known=known,
        templates=tuple(each.name for each in there),
        template=chosen.name,
        blanks=made.blanks,
    )


def send(
    replica: Replica,
    entity: str,
    record_id: str,
    file: SentFile,
    *,
    to: str,
    cc: str,
    subject: str,
    body: str,
) -> Outcome[Record]:
    """Write down a mail HQ is to send with a file of a record. `Invalid` names every field that is wrong."""
    with replica.read() as session:
        demand_mailable(session, [file.id])
    values = {
        "record_entity": entity,
        "record_id": record_id,
        "recipients": to.strip(),
        "cc": cc.strip() or None,
        "subject": subject.strip(),
        "body": body.strip(),
        "attachment_id": file.id,
        "sha256": file.sha256,
    }
    return records.create(replica, "outgoing_mail", values)


def kept_file(replica: Replica, entity: str, record_id: str, attachment_id: str | None = None) -> SentFile:
    """Return a file of a record that may go by mail: the one named, else the newest it was sent as.

    `UserError` where there is none.
    """
    files = attachments.files_of(replica, entity, record_id)
    chosen = [
        each for each in files if (each.role == SENT if attachment_id is None else each.id == attachment_id)
    ]
    if not chosen:
        raise UserError(N_("It has no such file; see “crm attachment of”, and name one by its id"))
    file = chosen[0]
    return SentFile(id=file.id, name=file.name, sha256=file.sha256, size=file.size, content=None)


def split(text: str) -> tuple[str, str]:
    """Return the subject a text begins with, '' without one, and the rest."""
    found = _SUBJECT.match(text)
    return (found["subject"].strip(), text[found.end() :].strip()) if found else ("", text.strip())


def _chosen(there: list[Template], language: str, name: str | None) -> Template:
    for each in there:
        if name is not None and each.name.casefold() == name.strip().casefold():
            return each
    if name is not None or not there:
        names = ", ".join(each.name for each in there) or "–"
        raise UserError(
            N_("There is no template called “{name}”; there are: {names}"), name=name or MAIL, names=names
        )
    fits = [each for each in there if each.language in (language, "both")]
    return next((each for each in fits if each.standard), fits[0] if fits else there[0])


def _first(replica: Replica, record: Record, known: tuple[Mailbox, ...]) -> Mailbox | None:
    """Return the person a document is addressed to, or the first there is."""
    contact_id = record.get("contact_id")
    if contact_id:
        address = str(records.get(replica, "contact", str(contact_id)).get("email") or "")
        for each in known:
            if each.address == address:
                return each
    return known[0] if known else None
