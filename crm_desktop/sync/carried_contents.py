"""Contents of attached files that go along in a file for HQ, and come in its answer.

They are those a line would carry, in the same parts and the same queue: what a file began a line goes on
with, and the other way round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise, UserError
from crm_core.i18n import N_
from crm_core.sync import codec
from crm_core.sync.blobs import PART_BYTES, Piece, Standing
from crm_core.sync.sealed_file import ContentPart, Contents, Taken
from crm_desktop.models import blobs, state
from crm_desktop.models.device_tables import Blob, BlobQueue
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.sync.blobs import (
    DOWN,
    NOT_KNOWN,
    PUT_OFF,
    TOO_LARGE,
    UP,
    BlobReport,
    BlobRule,
    BlobTransfer,
    ignore_blob_step,
    plan,
)
from crm_desktop.sync.report import never

WANTED_MOST = 10_000
MAIL_BYTES = 20 * 1024 * 1024  # what mail servers take, sealed and in their coding
STICK_BYTES = 4 * 1024 * 1024 * 1024 - 1  # the largest file a stick as it is sold can hold

_attachment = SCHEMAS["attachment"].table
_PROBLEMS = {"not_found": NOT_KNOWN, "too_large": TOO_LARGE}


@dataclass(frozen=True, slots=True)
class Along:
    """What contents may go along with a file and its answer."""

    bytes_most: int = MAIL_BYTES
    """In each direction; 0: none."""
    automatic_bytes: int = BlobRule().automatic_bytes
    """Contents up to this size come without being asked for."""


@dataclass(slots=True)
class Packed:
    """What contents went into a file, as it is being written."""

    files: int = 0
    size: int = 0
    left: int = 0
    """Contents there was no room for, or for their end."""


class _PartsOver(Exception):
    """The file holds no more of the content that is asked for."""


def wanted(replica: Replica, along: Along) -> Contents:
    """Return what this laptop takes of contents with the answer."""
    plan(replica, BlobRule(automatic_bytes=along.automatic_bytes))
    due = (BlobQueue.direction == DOWN, BlobQueue.not_before_ms <= replica.clock.now_ms())
    order = (BlobQueue.asked.desc(), BlobQueue.size_bytes, BlobQueue.sha256)
    with replica.read() as session:
        names = session.scalars(
            select(BlobQueue.sha256).where(*due).order_by(*order).limit(WANTED_MOST)
        ).all()
        held = [(name, _held(replica, blobs.find(session, name))) for name in names]
    return Contents(along.bytes_most, along.automatic_bytes, held)


def packed(replica: Replica, most: int, told: Packed) -> Iterator[bytes]:
    """Yield parts of the contents HQ is not known to have, small ones first; `told` counts them."""
    with replica.read() as session:
        waiting = _to_send(session)
    for sha256 in waiting:
        with replica.read() as session:
            blob = blobs.find(session, sha256)
            begun = session.get(BlobQueue, (sha256, UP))
        if blob is None:
            continue
        number = (begun.offset if begun is not None else 0) // PART_BYTES
        offset = number * PART_BYTES
        parts = replica.blobs.read(blob, number) if blob.size_bytes else iter((b"",))
        for part in parts:
            if told.size + len(part) > most:
                told.left += 1
                break
            yield codec.encode(ContentPart(sha256, offset, blob.size_bytes, part))
            offset += len(part)
            told.size += len(part)
        else:
            told.files += 1


def take(replica: Replica, messages: Iterator[bytes]) -> BlobReport:
    """Apply what HQ's answer tells and brings of contents; what is broken off goes on with the next file."""
    sent = _settle(replica, codec.decode(next(messages), list[Taken]))
    line = _FileLine(messages)
    transfer = _FromFile(replica, line, BlobRule())
    received = 0
    while (part := line.next_part()) is not None:
        received += transfer.take(part)
        line.skip(part.sha256)
    return BlobReport(sent=sent, received=received)


def _to_send(session: Session) -> list[str]:
    """Return the contents of one's own attachments HQ is not known to hold; of some it hears only now."""
    me, epoch = state.read(session, Key.USER_ID), state.read(session, Key.EPOCH)
    own = exists().where(
        or_(_attachment.c.sha256 == Blob.sha256, _attachment.c.preview_sha256 == Blob.sha256),
        _attachment.c.life % 2 == 1,
        _attachment.c.created_by == me,
    )
    unsent = or_(Blob.sent_epoch.is_(None), Blob.sent_epoch != epoch)
    query = select(Blob.sha256).where(Blob.is_whole.is_(True), unsent, own)
    return list(session.scalars(query.order_by(Blob.size_bytes, Blob.sha256)))


def _settle(replica: Replica, found: list[Taken]) -> int:
    """Write down what HQ has of the contents it was brought; return how many it has whole."""
    whole = 0
    with replica.applying() as session:
        epoch = state.read(session, Key.EPOCH)
        for each in found:
            blob = blobs.find(session, each.sha256)
            if blob is None or not blob.is_whole:
                continue
            queued = session.get(BlobQueue, (each.sha256, UP))
            if not each.problem and each.held >= blob.size_bytes:
                session.execute(update(Blob).where(Blob.sha256 == each.sha256).values(sent_epoch=epoch))
                if queued is not None:
                    session.delete(queued)
                whole += 1
            else:
                if queued is None:
                    queued = BlobQueue(sha256=each.sha256, direction=UP, size_bytes=blob.size_bytes)
                    session.add(queued)
                queued.offset = each.held
                queued.error = _PROBLEMS.get(each.problem, PUT_OFF) if each.problem else None
            session.flush()
            session.touch("attachment", blobs.naming(session, each.sha256))
    return whole


def _held(replica: Replica, blob: Blob | None) -> int:
    return 0 if blob is None or blob.is_whole else replica.blobs.held(blob)


class _FileLine:
    """The parts of a file, as `blobs.BlobLine` gives them."""

    def __init__(self, messages: Iterator[bytes]) -> None:
        self._messages = messages
        self._part: ContentPart | None = None

    def next_part(self) -> ContentPart | None:
        """Return the part that stands next; None at the end."""
        if self._part is None and (raw := next(self._messages, None)) is not None:
            self._part = codec.decode(raw, ContentPart)
        return self._part

    def skip(self, sha256: str) -> None:
        """Pass by what is left of a content."""
        while (part := self.next_part()) is not None and part.sha256 == sha256:
            self._part = None

    def read_blob(self, sha256: str, offset: int) -> Piece:
        """Return a content from a byte to the end of its part."""
        while (part := self.next_part()) is not None and part.sha256 == sha256:
            end = part.offset + len(part.content)
            if part.offset <= offset < end or part.size == 0:
                self._part = None
                return Piece(
                    content=part.content[offset - part.offset :],
                    part_sha256=hashlib.sha256(part.content).hexdigest(),
                    size=part.size,
                )
            if part.offset > offset:
                break
            self._part = None  # it is here already
        raise _PartsOver

    def blob_standing(self, sha256: str) -> Standing:
        """Never."""
        raise BrokenPromise(N_("A file has no line to HQ"))

    def prove_blob(self, sha256: str, proof: str) -> int:
        """Never."""
        raise BrokenPromise(N_("A file has no line to HQ"))

    def add_to_blob(self, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str) -> int:
        """Never."""
        raise BrokenPromise(N_("A file has no line to HQ"))


class _FromFile(BlobTransfer):
    """Takes contents in the order a file has them."""

    def take(self, part: ContentPart) -> bool:
        """Take a content as far as the file has it; whether it came to its end."""
        with self._replica.applying() as session:
            blob = blobs.find(session, part.sha256)
            if (blob is not None and blob.is_whole) or not blobs.naming(session, part.sha256):
                return False
            job = session.get(BlobQueue, (part.sha256, DOWN))
            if job is None:
                job = BlobQueue(sha256=part.sha256, direction=DOWN, size_bytes=part.size)
                session.add(job)
                session.flush()
            session.expunge(job)
        before = self._report.received
        try:
            self._fetch(job, ignore_blob_step, never)
        except _PartsOver:
            return False
        except UserError as error:
            self._put_off(job, error)
            return False
        return self._report.received > before

    def _gives_way(self, job: BlobQueue) -> bool:
        return False
