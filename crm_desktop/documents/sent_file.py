"""The file a quote was sent as: kept with the quote when it leaves the drafts, and shown ever after.

It is known among the quote's files by its name, which begins with number and version: the first of that name
is the one sending kept, for no quote is sent twice in one version.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from crm_core.entities.attachment import Attachment
from crm_core.i18n import N_
from crm_core.rules.quote_state import DRAFT
from crm_desktop.documents import quote_records
from crm_desktop.models import blobs, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, quotes, records
from crm_desktop.services.outcome import Outcome

_PDF = "application/pdf"
NOT_HERE = N_("The file that was sent is not on this laptop yet; fetch it under Files")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A quote's PDF that was sent. `content` is None where it is not on this laptop."""

    name: str
    sha256: str
    content: bytes | None


def send(replica: Replica, quote_id: str, language: str) -> Outcome[Record]:
    """Say that a quote was sent, and keep the file it was sent as. Raises `UserError` where it cannot be.

    A person who may add no files sends without one kept.
    """
    content = quote_records.pdf_bytes(replica, quote_id, language)
    name = quote_records.file_name(replica, quote_id)
    outcome = quotes.set_status(replica, quote_id, "sent")
    if not attachments.may_add(replica):
        return outcome
    for each in attachments.files_of(replica, "quote", quote_id):
        if each.name == name:  # of a sending HQ did not take; from the trash it can be had again
            records.delete(replica, "attachment", each.id)
    added = attachments.add(replica, "quote", quote_id, content, name=name)
    return Outcome(outcome.value, outcome.changed | added.changed)


def sent_file(replica: Replica, quote_id: str) -> SentFile | None:
    """Return the file a quote was sent as; None for a draft, and for one sent without a file."""
    with replica.read() as session:
        quote = repository.get(session, "quote", quote_id)
        if quote is None or (quote.get("status") or DRAFT) == DRAFT or not quote.get("number"):
            return None
        begins = f"{quote['number']}-v{quote.get('version') or 1}"
        rows = session.scalars(
            select(Attachment)
            .where(
                Attachment.record_entity == "quote",
                Attachment.record_id == quote_id,
                Attachment.media_type == _PDF,
                Attachment.life % 2 == 1,
            )
            .order_by(Attachment.created_at, Attachment.id)
        )
        found = next((row for row in rows if (row.name or "").startswith((f"{begins}_", f"{begins}."))), None)
        if found is None:
            return None
        name, sha256 = str(found.name), str(found.sha256 or "")
        blob = blobs.find(session, sha256)
        here = blob is not None and blob.is_whole and replica.blobs.exists(blob)
    content = b"".join(replica.blobs.read(blob)) if here and blob is not None else None
    return SentFile(name=name, sha256=sha256, content=content)
