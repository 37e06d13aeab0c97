"""The file a document was sent as: kept with its record when it goes out, and shown ever after.

It is known among the record's files by its role and version; with it, where HQ has a public address, goes a
link to the acceptance page, printed in the very file. A document that waits for approval goes out when HQ
grants it: the laptop that asked keeps its file after the sync that says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from crm_core.entities.attachment import SENT, Attachment
from crm_core.errors import CrmError, NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules import signing
from crm_core.rules.access import Action
from crm_core.rules.answers import ANSWERS, version_of
from crm_core.rules.quote_state import WAITING, is_draft
from crm_desktop.documents import printing, quote_records
from crm_desktop.models import blobs, repository, state
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import attachments, links, records, rights
from crm_desktop.services.outcome import Outcome

NOT_OUT = N_("It has not gone out: send or confirm it first")
NOT_HERE = N_("The file that was sent is not on this laptop yet; fetch it under Files")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A PDF that was sent. `content` is None where it is not on this laptop."""

    id: str
    name: str
    sha256: str
    size: int
    """In bytes."""
    content: bytes | None


def send(replica: Replica, entity: str, record_id: str, language: str) -> Outcome[Record]:
    """Say that a document goes out, and keep the file it goes out as. Raises `UserError` where it cannot be.

    A person who may add no files sends without one kept. What went out before goes on as it is.
    """
    if not is_draft(records.get(replica, entity, record_id).values):
        return records.update(replica, entity, record_id, {"status": ANSWERS[entity].out})
    link, content = _made(replica, entity, record_id, language)
    outcome = records.update(replica, entity, record_id, {"status": ANSWERS[entity].out})
    if outcome.value.get("status") == WAITING:
        keep_when_granted(replica, outcome.value, language)
        return outcome
    return Outcome(outcome.value, outcome.changed | _keep(replica, outcome.value, link, content, language))


def keep(replica: Replica, entity: str, record_id: str, language: str) -> Outcome[SentFile]:
    """Return the file a document was sent as, made now where none was kept: by a command, or as HQ sent it.

    One at a time, as every change: two at once would make two.

    `UserError` for a draft, where the person may add no files, and where the content is not here.
    """
    found, changed = sent_file(replica, entity, record_id), frozenset[tuple[str, str]]()
    if found is None:
        record = records.get(replica, entity, record_id)
        if not ANSWERS[entity].is_out(record.values):
            raise UserError(NOT_OUT)
        if not attachments.may_add(replica):
            raise UserError(N_("Your role adds no files, and none was kept when it was sent"))
        link, content = _made(replica, entity, record_id, language)
        changed = _keep(replica, record, link, content, language)
        found = sent_file(replica, entity, record_id)
    if found is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return Outcome(found, changed)


def link_to(replica: Replica, entity: str, record_id: str, language: str) -> Outcome[str]:
    """Return the address of the page on which the customer answers; file and link are made if there are none.

    `UserError` where nothing is to be answered, or customers cannot reach HQ.
    """
    kept = keep(replica, entity, record_id, language)
    record = records.get(replica, entity, record_id)
    if not ANSWERS[entity].is_open(record.values) or links.expiry(replica, record) <= replica.clock.now_ms():
        raise UserError(signing.NOT_OPEN.text)
    with replica.read() as session:
        url = links.known_url(session, record, replica.clock.now_ms())
    if url is not None:
        return Outcome(url, kept.changed)
    link = links.mint(replica)
    if link is None:
        raise UserError(N_("HQ has no address customers reach it by (public_url), so there is no link"))
    file = kept.value
    made = links.open_for(replica, record, link, attachment_id=file.id, sha256=file.sha256, language=language)
    return Outcome(link.url, kept.changed | made.changed)


def keep_when_granted(replica: Replica, record: Record, language: str) -> None:
    """Remember that this laptop keeps the file of a document once its approval sends it."""
    with replica.applying() as session:
        noted = {**state.read(session, Key.TO_KEEP)}
        noted[f"{record.entity}/{record.id}"] = [version_of(record.values), language]
        state.write(session, {Key.TO_KEEP: noted})


def keep_granted(replica: Replica) -> frozenset[tuple[str, str]]:
    """Keep the files of what was sent since this laptop asked for approval; return what changed.

    What was not approved, or revised since, is forgotten. What cannot be printed is tried again next time.
    """
    with replica.read() as session:
        noted = state.read(session, Key.TO_KEEP)
    changed: set[tuple[str, str]] = set()
    for key, (version, language) in noted.items():
        entity, _, record_id = key.partition("/")
        with replica.read() as session:
            record = repository.get(session, entity, record_id)
        if record is not None and record.get("status") == WAITING and version_of(record.values) == version:
            continue
        try:
            if record is not None and record.alive and record.get("status") == ANSWERS[entity].out:
                changed |= keep(replica, entity, record_id, language).changed
        except CrmError as error:
            log.warning("the file of %s was not kept: %s", key, error)
            continue
        except Exception:
            # The round it belongs to went well; a bug of ours must not end this one and every one after it.
            log.exception("keeping the file of %s broke", key)
            continue
        with replica.applying() as session:
            left = {each: said for each, said in state.read(session, Key.TO_KEEP).items() if each != key}
            state.write(session, {Key.TO_KEEP: left})
    return frozenset(changed)


def sent_file(replica: Replica, entity: str, record_id: str) -> SentFile | None:
    """Return the file a document was sent as; None for a draft, and for one sent without a file."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None or is_draft(record.values):
            return None
        found = session.scalars(_sent_files(record)).first()
        return as_kept(session, replica, found) if found is not None else None


def as_kept(session: Session, replica: Replica, file: Attachment) -> SentFile:
    """Return a file of a record with its content, where that is here."""
    blob = blobs.find(session, file.sha256 or "")
    is_here = blob is not None and blob.is_whole and replica.blobs.exists(blob)
    return SentFile(
        id=file.id,
        name=str(file.name),
        sha256=str(file.sha256 or ""),
        size=file.size_bytes or 0,
        content=b"".join(replica.blobs.read(blob)) if is_here and blob is not None else None,
    )


def _made(replica: Replica, entity: str, record_id: str, language: str) -> tuple[links.Minted | None, bytes]:
    """Return a new link, and the PDF that shows it."""
    may_link = attachments.may_add(replica) and rights.may_do(replica, Action.CREATE, "acceptance")
    link = links.mint(replica) if may_link else None
    return link, printing.pdf_of(replica, entity, record_id, language, link.url if link else None)


def _keep(
    replica: Replica, record: Record, link: links.Minted | None, content: bytes, language: str
) -> frozenset[tuple[str, str]]:
    """Keep the file of a document that has just gone out, with its link; return what changed."""
    if not attachments.may_add(replica):
        return frozenset()
    changed: set[tuple[str, str]] = set()
    with replica.read() as session:
        stale = [row.id for row in session.scalars(_sent_files(record))]
    for attachment_id in stale:  # of a sending HQ did not take; from the trash it can be had again
        changed |= records.delete(replica, "attachment", attachment_id).changed
    name, version = quote_records.file_name(replica, record.id, record.entity), version_of(record.values)
    added = attachments.add(replica, record.entity, record.id, content, name=name, role=SENT, version=version)
    changed |= added.changed
    if link is not None:
        sha256 = str(added.value["sha256"])
        changed |= links.open_for(
            replica, record, link, attachment_id=added.value.id, sha256=sha256, language=language
        ).changed
    return frozenset(changed)


def _sent_files(record: Record) -> Select[Attachment]:
    return (
        select(Attachment)
        .where(
            Attachment.record_entity == record.entity,
            Attachment.record_id == record.id,
            Attachment.role == SENT,
            Attachment.version == version_of(record.values),
            Attachment.life % 2 == 1,
        )
        .order_by(Attachment.created_at, Attachment.id)
    )
