"""Files under way between this laptop and HQ: which, how far, what is in the way; paused, gone on with.

Small pictures travel too, but nobody thinks of them as files: they are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, and_, func, or_, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_desktop.models import blobs, state
from crm_desktop.models.device_tables import Blob, BlobQueue
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import attachments
from crm_desktop.services.attachments import Limits
from crm_desktop.sync.blobs import DOWN, UNTIL_ASKED_MS, UP

SHOWN_MOST = 200

_attachment = SCHEMAS["attachment"].table


class TransferState(StrEnum):
    """What holds for a file that is under way."""

    WAITING = "waiting"
    """It goes or comes after the next round, or is just doing so."""
    PAUSED = "paused"
    """Until somebody lets it go on."""
    LATER = "later"
    """Something is in the way: `problem` says what, `next_try_ms` when it is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A file that is still to go or to come."""

    attachment_id: str
    name: str
    record_entity: str
    record_id: str
    sha256: str
    direction: str
    """`UP` or `DOWN` of `sync.blobs`."""
    size: int
    done: int
    """Bytes that are through."""
    state: TransferState
    problem: str | None
    """English source of why it does not go on."""
    next_try_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """All that is under way, in the order in which it travels."""

    rows: tuple[Transfer, ...] = ()
    """The first of them."""
    count: int = 0
    left_bytes: int = 0
    """What all of them still have to carry."""
    limits: Limits
    own_bytes: int = 0
    """What the person's own files come to, each content once: `limits.all` is of these."""


def under_way(replica: Replica) -> UnderWay:
    """Return what is to be sent and fetched; nothing where no HQ is known."""
    own_bytes, allowed = attachments.size_of_own(replica), attachments.limits(replica)
    with replica.read() as session:
        if not state.read(session, Key.DEVICE):
            return UnderWay(limits=allowed, own_bytes=own_bytes)
        found = [*_going(session, replica), *_coming(session)]
        held = {row["sha256"]: _held(session, replica, row) for row in found}
    now_ms = replica.clock.now_ms()
    found.sort(key=lambda row: (not row["asked"], row["size"] or 0, row["sha256"]))
    rows = [_transfer(row, held[row["sha256"]], now_ms) for row in found]
    rows.sort(key=lambda row: row.state is not TransferState.WAITING)
    return UnderWay(
        rows=tuple(rows[:SHOWN_MOST]),
        count=len(rows),
        left_bytes=sum(max(row.size - row.done, 0) for row in rows),
        limits=allowed,
        own_bytes=own_bytes,
    )


def pause(replica: Replica, attachment_id: str) -> None:
    """Let a file lie as far as it is until somebody lets it go on."""
    with replica.applying() as session:
        waiting = _queued(session, replica, attachment_id)
        waiting.asked, waiting.not_before_ms = True, UNTIL_ASKED_MS
        session.touch("attachment", [attachment_id])


def go_on(replica: Replica, attachment_id: str) -> None:
    """Let a file go on from where it is, before all others; what carries files must be told to look."""
    with replica.applying() as session:
        waiting = _queued(session, replica, attachment_id)
        waiting.asked, waiting.not_before_ms = True, 0
        waiting.tries, waiting.error = 0, None
        session.touch("attachment", [attachment_id])


def _queued(session: Session, replica: Replica, attachment_id: str) -> BlobQueue:
    """Return where a file waits. `UserError` for one that is not under way."""
    query = select(_attachment.c.sha256).where(_attachment.c.id == attachment_id, _attachment.c.life % 2 == 1)
    sha256 = session.scalar(query)
    if sha256 is None:
        raise NotFound(N_("There is no such record on this laptop"))
    for row in _going(session, replica, sha256):
        waiting = session.get(BlobQueue, (sha256, UP))
        if waiting is None:
            waiting = BlobQueue(sha256=sha256, direction=UP, size_bytes=row["size"])
            session.add(waiting)
        return waiting
    waiting = session.get(BlobQueue, (sha256, DOWN)) if _coming(session, sha256) else None
    if waiting is None:
        raise UserError(N_("This file is not under way"))
    return waiting


def _going(session: Session, replica: Replica, sha256: str | None = None) -> list[Mapping[str, Any]]:
    """Return the contents of one's own files that HQ is not known to hold."""
    epoch = state.read(session, Key.EPOCH)
    query = (
        select(*_columns(Blob.size_bytes))
        .select_from(_attachment)
        .join(Blob, Blob.sha256 == _attachment.c.sha256)
        .outerjoin(BlobQueue, and_(BlobQueue.sha256 == Blob.sha256, BlobQueue.direction == UP))
        .where(
            _attachment.c.life % 2 == 1,
            _attachment.c.created_by == replica.person.user_id,
            Blob.is_whole.is_(True),
            or_(Blob.sent_epoch.is_(None), Blob.sent_epoch != epoch),
        )
        .group_by(_attachment.c.sha256)
    )
    return _found(session, query, sha256, UP)


def _coming(session: Session, sha256: str | None = None) -> list[Mapping[str, Any]]:
    """Return the contents that are to come, and those somebody paused; not those left at HQ."""
    query = (
        select(*_columns(BlobQueue.size_bytes))
        .select_from(_attachment)
        .join(BlobQueue, and_(BlobQueue.sha256 == _attachment.c.sha256, BlobQueue.direction == DOWN))
        .where(
            _attachment.c.life % 2 == 1,
            or_(BlobQueue.not_before_ms < UNTIL_ASKED_MS, BlobQueue.asked.is_(True)),
        )
        .group_by(_attachment.c.sha256)
    )
    return _found(session, query, sha256, DOWN)


def _columns(size: Any) -> tuple[Any, ...]:
    return (
        func.min(_attachment.c.id).label("attachment_id"),  # and with it the columns of that row
        _attachment.c.name,
        _attachment.c.record_entity,
        _attachment.c.record_id,
        _attachment.c.sha256,
        size.label("size"),
        BlobQueue.offset.label("done"),
        BlobQueue.error,
        BlobQueue.asked,
        BlobQueue.not_before_ms,
    )


def _found(session: Session, query: Any, sha256: str | None, direction: str) -> list[Mapping[str, Any]]:
    if sha256 is not None:
        query = query.where(_attachment.c.sha256 == sha256)
    rows: list[RowMapping] = list(session.execute(query).mappings())
    return [{**row, "direction": direction} for row in rows]


def _held(session: Session, replica: Replica, row: Mapping[str, Any]) -> int:
    """Return how many bytes are through; of what comes also those a program that was ended had not noted."""
    blob = blobs.find(session, row["sha256"]) if row["direction"] == DOWN else None
    return max(row["done"] or 0, replica.blobs.held(blob) if blob is not None else 0)


def _transfer(row: Mapping[str, Any], done: int, now_ms: int) -> Transfer:
    not_before_ms = row["not_before_ms"] or 0
    where = TransferState.WAITING
    if not_before_ms >= UNTIL_ASKED_MS:
        where = TransferState.PAUSED
    elif not_before_ms > now_ms:
        where = TransferState.LATER
    return Transfer(
        attachment_id=row["attachment_id"],
        name=row["name"] or "",
        record_entity=row["record_entity"] or "",
        record_id=row["record_id"] or "",
        sha256=row["sha256"],
        direction=row["direction"],
        size=row["size"] or 0,
        done=done,
        state=where,
        problem=row["error"],
        next_try_ms=not_before_ms if where is TransferState.LATER else None,
    )
