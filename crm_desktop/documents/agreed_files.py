"""The documents of contracts and orders: shown, kept as they went out and as they came back signed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from crm_core.entities.attachment import SENT, SIGNED, Attachment
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.quote_state import is_draft
from crm_desktop.documents import quote_records, sent_file, template_records
from crm_desktop.documents.quote_records import QUOTE
from crm_desktop.models import blobs, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, records
from crm_desktop.services.outcome import Outcome

CONTRACT = "contract"


def shown_file(replica: Replica, entity: str, record_id: str, language: str) -> tuple[str, bytes, str]:
    """Return the name, content and, of one that is kept, the SHA-256 of the file a record is shown as.

    Of what went out or was signed that very file; else the document as it would be now. `UserError` where
    there is none, or a kept one is not on this laptop.
    """
    if entity == QUOTE:
        sent = sent_file.sent_file(replica, record_id)
        if sent is None:
            content = quote_records.pdf_bytes(replica, record_id, language)
            return quote_records.file_name(replica, record_id), content, ""
        if sent.content is None:
            raise UserError(sent_file.NOT_HERE)
        return sent.name, sent.content, sent.sha256
    kept = _kept(replica, entity, record_id)
    if kept is not None:
        return kept
    return (
        quote_records.file_name(replica, record_id, entity),
        pdf_of(replica, entity, record_id, language),
        "",
    )


def pdf_of(replica: Replica, entity: str, record_id: str, language: str) -> bytes:
    """Return a contract or order as a PDF, from the standard template of its kind in a language."""
    template = template_records.standard(replica, entity, language)
    if template is None or template.engine != "pdf":
        raise UserError(N_("There is no standard PDF template for this kind of record"))
    return template_records.make(replica, template, record_id).content


def send_contract(replica: Replica, contract_id: str, language: str) -> Outcome[Record]:
    """Say that a contract was sent, and keep the file it was sent as; where it waits, none is kept yet."""
    content = pdf_of(replica, CONTRACT, contract_id, language)  # what cannot be printed is not sent either
    outcome = records.update(replica, CONTRACT, contract_id, {"status": "sent"})
    if outcome.value.get("status") != "sent" or not attachments.may_add(replica):
        return outcome
    return Outcome(outcome.value, outcome.changed | _keep_sent(replica, contract_id, content))


def keep_sent(replica: Replica, contract_id: str, language: str) -> frozenset[tuple[str, str]]:
    """Keep the file of a contract that was just sent; return what changed."""
    return _keep_sent(replica, contract_id, pdf_of(replica, CONTRACT, contract_id, language))


def _keep_sent(replica: Replica, contract_id: str, content: bytes) -> frozenset[tuple[str, str]]:
    name = quote_records.file_name(replica, contract_id, CONTRACT)
    return attachments.add(replica, CONTRACT, contract_id, content, name=name, role=SENT).changed


def keep_signed(replica: Replica, contract_id: str, file: Path) -> Outcome[Record]:
    """Keep the file of a contract that came back signed, by its hash; return the attachment.

    `UserError` for a draft, or a file that cannot be read.
    """
    contract = records.get(replica, CONTRACT, contract_id)
    if is_draft(contract.values):
        raise UserError(N_("A draft is not signed; send the contract first"))
    return attachments.add(replica, CONTRACT, contract_id, file, role=SIGNED)


def _kept(replica: Replica, entity: str, record_id: str) -> tuple[str, bytes, str] | None:
    """Return the newest PDF kept of a record: a signed copy before one that was sent."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None or is_draft(record.values):
            return None
        rows = session.scalars(
            select(Attachment)
            .where(
                Attachment.record_entity == entity,
                Attachment.record_id == record_id,
                Attachment.role.in_((SENT, SIGNED)),
                Attachment.media_type == "application/pdf",
                Attachment.life % 2 == 1,
            )
            .order_by((Attachment.role == SIGNED).desc(), Attachment.created_at.desc(), Attachment.id)
        )
        for row in rows:
            blob = blobs.find(session, row.sha256 or "")
            if blob is None or not blob.is_whole or not replica.blobs.exists(blob):
                raise UserError(sent_file.NOT_HERE)
            return str(row.name), b"".join(replica.blobs.read(blob)), str(row.sha256)
    return None
