"""The file a quote was sent as: kept with the quote when it leaves the drafts, and shown ever after.

It is known among the quote's files by its role and version; with it, where HQ has a public address, goes a
link to the acceptance page, printed in the very file.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select

from crm_core.entities.attachment import SENT, Attachment
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_core.rules.quote_state import is_draft
from crm_desktop.documents import quote_records
from crm_desktop.models import blobs, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, links, quotes, records, rights
from crm_desktop.services.outcome import Outcome

NOT_HERE = N_("The file that was sent is not on this laptop yet; fetch it under Files")
_WAITS = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A quote's PDF that was sent. `content` is None where it is not on this laptop."""

    id: str
    name: str
    sha256: str
    size: int
    """In bytes."""
    content: bytes | None


def send(replica: Replica, quote_id: str, language: str) -> Outcome[Record]:
    """Say that a quote was sent, and keep the file it was sent as. Raises `UserError` where it cannot be.

    A person who may add no files sends without one kept.
    """
    link, content = _made(replica, quote_id, language)
    outcome = quotes.set_status(replica, quote_id, "sent")
    if outcome.value.get("status") == _WAITS:
        return outcome  # it goes out when it is approved
    return Outcome(outcome.value, outcome.changed | _keep(replica, outcome.value, link, content, language))


def keep(replica: Replica, quote_id: str, language: str) -> Outcome[SentFile]:
    """Return the file a quote was sent as, made now where none was kept: by a command, or as HQ sent it.

    One at a time, as every change: two at once would make two.

    `UserError` for a draft, where the person may add no files, and where the content is not here.
    """
    found, changed = sent_file(replica, quote_id), frozenset[tuple[str, str]]()
    if found is None:
        quote = records.get(replica, "quote", quote_id)
        if is_draft(quote.values) or quote.get("status") == _WAITS:
            raise UserError(N_("The quote is a draft yet; send it first"))
        if not attachments.may_add(replica):
            raise UserError(N_("Your role adds no files, and none was kept when the quote was sent"))
        link, content = _made(replica, quote_id, language)
        changed = _keep(replica, quote, link, content, language)
        found = sent_file(replica, quote_id)
    if found is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return Outcome(found, changed)


def _made(replica: Replica, quote_id: str, language: str) -> tuple[links.Minted | None, bytes]:
    """Return a new link, and the PDF that shows it."""
    may_link = attachments.may_add(replica) and rights.may_do(replica, Action.CREATE, "acceptance")
    link = links.mint(replica) if may_link else None
    return link, quote_records.pdf_bytes(replica, quote_id, language, link.url if link else None)


def _keep(
    replica: Replica, quote: Record, link: links.Minted | None, content: bytes, language: str
) -> frozenset[tuple[str, str]]:
    """Keep the file of a quote that has just been sent, with its link; return what changed."""
    if not attachments.may_add(replica):
        return frozenset()
    changed: set[tuple[str, str]] = set()
    version = quote.get("version") or 1
    with replica.read() as session:
        stale = [row.id for row in session.scalars(_sent_files(quote.id, version))]
    for attachment_id in stale:  # of a sending HQ did not take; from the trash it can be had again
        changed |= records.delete(replica, "attachment", attachment_id).changed
    name = quote_records.file_name(replica, quote.id)
    added = attachments.add(replica, "quote", quote.id, content, name=name, role=SENT, version=version)
    changed |= added.changed
    if link is not None:
        sha256 = str(added.value["sha256"])
        changed |= links.open_for(
            replica, quote, link, attachment_id=added.value.id, sha256=sha256, language=language
        ).changed
    return frozenset(changed)


def _sent_files(quote_id: str, version: int) -> Select[Attachment]:
    return (
        select(Attachment)
        .where(
            Attachment.record_entity == "quote",
            Attachment.record_id == quote_id,
            Attachment.role == SENT,
            Attachment.version == version,
            Attachment.life % 2 == 1,
        )
        .order_by(Attachment.created_at, Attachment.id)
    )


def sent_file(replica: Replica, quote_id: str) -> SentFile | None:
    """Return the file a quote was sent as; None for a draft, and for one sent without a file."""
    with replica.read() as session:
        quote = repository.get(session, "quote", quote_id)
        if quote is None or is_draft(quote.values):
            return None
        found = session.scalars(_sent_files(quote_id, quote.get("version") or 1)).first()
        if found is None:
            return None
        attachment_id, name, sha256 = found.id, str(found.name), str(found.sha256 or "")
        size = found.size_bytes or 0
        blob = blobs.find(session, sha256)
        here = blob is not None and blob.is_whole and replica.blobs.exists(blob)
    content = b"".join(replica.blobs.read(blob)) if here and blob is not None else None
    return SentFile(id=attachment_id, name=name, sha256=sha256, size=size, content=content)
