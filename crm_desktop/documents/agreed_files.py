"""The file a record is shown as, and contracts as they came back signed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from crm_core.entities.attachment import SIGNED, Attachment
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.answers import version_of
from crm_core.rules.quote_state import is_draft
from crm_desktop.documents import printing, quote_records, sent_file
from crm_desktop.documents.sent_file import SentFile
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, records
from crm_desktop.services.outcome import Outcome

CONTRACT = "contract"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The file a record is shown as. `sha256` is '' for one that is not kept; `pages` 0 where not known."""

    name: str
    content: bytes
    sha256: str = ""
    pages: int = 0


def shown_file(replica: Replica, entity: str, record_id: str, language: str) -> Shown:
    """Return the file a record is shown as.

    Of what came back signed or went out that very file; else the document as it would be now. `UserError`
    where there is none, or a kept one is not on this laptop.
    """
    kept = _signed(replica, entity, record_id) or sent_file.sent_file(replica, entity, record_id)
    if kept is None:
        content, pages = printing.printed(replica, entity, record_id, language)
        name = quote_records.file_name(replica, record_id, entity)
        return Shown(name=name, content=content, pages=pages)
    if kept.content is None:
        raise UserError(sent_file.NOT_HERE)
    return Shown(name=kept.name, content=kept.content, sha256=kept.sha256)


def keep_signed(replica: Replica, contract_id: str, file: Path) -> Outcome[Record]:
    """Keep the file of a contract that came back signed, by its hash; return the attachment.

    `UserError` for a draft, or a file that cannot be read.
    """
    contract = records.get(replica, CONTRACT, contract_id)
    if is_draft(contract.values):
        raise UserError(N_("A draft is not signed; send the contract first"))
    version = version_of(contract.values)
    return attachments.add(replica, CONTRACT, contract_id, file, role=SIGNED, version=version)


def _signed(replica: Replica, entity: str, record_id: str) -> SentFile | None:
    """Return the newest PDF of the present version that came back signed."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None or is_draft(record.values):
            return None
        found = session.scalars(
            select(Attachment)
            .where(
                Attachment.record_entity == entity,
                Attachment.record_id == record_id,
                Attachment.role == SIGNED,
                func.coalesce(Attachment.version, 1) == version_of(record.values),
                Attachment.media_type == "application/pdf",
                Attachment.life % 2 == 1,
            )
            .order_by(Attachment.created_at.desc(), Attachment.id)
        ).first()
        return sent_file.as_kept(session, replica, found) if found is not None else None
