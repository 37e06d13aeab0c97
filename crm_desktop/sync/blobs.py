"""Carrying contents of files, when rounds are even: small ones first, one request at a time.

No Qt, no HTTP: the line is handed in. What is under way can be broken off between any two parts and goes on
where it stood, in both directions to the byte. Nothing here raises for what concerns one file alone: that is
written beside the file and tried again later.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import and_, delete, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, Unreachable, UserError
from crm_core.i18n import N_, Message
from crm_core.sync.blobs import PART_BYTES, Piece, Standing, hash_of, part_of, proof_of
from crm_desktop.models import blobs, state
from crm_desktop.models.device_tables import Blob, BlobQueue, RowMeta
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.sync.report import Cancelled, never

UP, DOWN = "up", "down"
PREVIEW_BYTES_MAX = 64 * 1024  # of what comes by itself as a small picture: it is made with a tenth of that
PLANNED_AT_ONCE = 500
STALLS_MOST = 3  # attempts in which not a byte gets through
RETRY_MS = 10 * 60 * 1000
RETRY_MOST_MS = 24 * 60 * 60 * 1000
UNTIL_ASKED_MS = 2**62
"""`BlobQueue.not_before_ms` of a content a person took away or broke off: it comes when somebody asks."""

NOT_AT_HQ = N_("HQ does not have this file yet. It comes when the laptop it was added on has sent it")
NOT_KNOWN = N_("HQ does not know the record of this file yet. It is tried again later")
TOO_LARGE = N_("HQ takes no file this large, or no more files of this laptop")
PUT_OFF = N_("This file could not be carried. It is tried again later")
OTHER_CONTENT = N_("What HQ sent is not this file. It is tried again later")

_attachment = SCHEMAS["attachment"].table
_log = logging.getLogger(__name__)


class CutOff(Unreachable):
    """The line broke in the middle of a part; `received` is its beginning, as far as it came.

    `size` is that of the whole content, 0 where it was not told.
    """

    def __init__(self, error: Unreachable, received: bytes, size: int = 0) -> None:
        self.received = received
        self.size = size
        super().__init__(error.message)


class TooLarge(UserError):
    """HQ does not take a file of this size, or no more of this laptop."""


class BlobLine(Protocol):
    """HQ as contents travel to and from it.

    Raises `Unreachable`, `CutOff` among it, `NotFound`, `TooLarge` or another `UserError`.
    """

    def read_blob(self, sha256: str, offset: int) -> Piece:
        """Return a content from a byte to the end of its part."""

    def blob_standing(self, sha256: str) -> Standing:
        """Return how far a content was sent."""

    def prove_blob(self, sha256: str, proof: str) -> int:
        """Prove to have a content; return how many bytes HQ holds."""

    def add_to_blob(self, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str) -> int:
        """Send bytes of a part; return how many bytes HQ holds, wherever that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRule:
    """What comes without being asked for."""

    automatic_bytes: int = 100 * 1024
    """Contents up to this size; 0: none, and no small pictures either."""
    only_asked: bool = False
    """Nothing moves but what a person waits for, as on a paid network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobStep:
    """How far one content is."""

    sha256: str
    direction: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobReport:
    """What came of it."""

    sent: int = 0
    received: int = 0
    waiting: int = 0
    """Contents that are still to go or come, those put off left out."""
    problem: Message | None = None
    """Why it ended early."""


OnBlobStep = Callable[[BlobStep], None]


def ignore_blob_step(_step: BlobStep) -> None:
    """Tell nobody."""


class BlobTransfer:
    """Carries what waits. Not for two threads at once."""

    def __init__(self, replica: Replica, line: BlobLine, rule: BlobRule) -> None:
        self._replica = replica
        self._line = line
        self._rule = rule
        self._report = BlobReport()

    def run(self, on_step: OnBlobStep = ignore_blob_step, cancelled: Cancelled = never) -> BlobReport:
        """Carry content by content until none is left or `cancelled` says stop between two parts."""
        self._report = BlobReport()
        plan(self._replica, self._rule)
        while not cancelled() and self._report.problem is None:
            job = self._next()
            if job is None:
                break
            carry = self._send if job.direction == UP else self._fetch
            try:
                carry(job, on_step, cancelled)
            except Unreachable as error:
                if not cancelled():  # else it was broken off here
                    self._report = replace(self._report, problem=error.message)
            except UserError as error:
                self._put_off(job, error)
        with self._replica.read() as session:
            left = session.scalar(select(func.count()).select_from(BlobQueue).where(*self._due()))
        return replace(self._report, waiting=left or 0)

    def _due(self) -> tuple[Any, ...]:
        due: tuple[Any, ...] = (BlobQueue.not_before_ms <= self._replica.clock.now_ms(),)
        return (*due, BlobQueue.asked.is_(True)) if self._rule.only_asked else due

    def _next(self) -> BlobQueue | None:
        # Small pictures are small: the order by size brings them first.
        order = (BlobQueue.asked.desc(), BlobQueue.size_bytes, BlobQueue.direction.desc(), BlobQueue.sha256)
        with self._replica.read() as session:
            return session.scalars(select(BlobQueue).where(*self._due()).order_by(*order).limit(1)).first()

    def _gives_way(self, job: BlobQueue) -> bool:
        """Tell whether somebody paused this content, or waits for another one meanwhile."""
        asked = select(BlobQueue.sha256).where(*self._due(), BlobQueue.asked.is_(True)).limit(1)
        now_ms = self._replica.clock.now_ms()
        with self._replica.read() as session:
            waiting = session.get(BlobQueue, (job.sha256, job.direction))
            if waiting is None or waiting.not_before_ms > now_ms:
                return True
            return not waiting.asked and session.scalar(asked) is not None

    # Up

    def _send(self, job: BlobQueue, on_step: OnBlobStep, cancelled: Cancelled) -> None:
        with self._replica.read() as session:
            blob = blobs.find(session, job.sha256)
            epoch = state.read(session, Key.EPOCH)
        if blob is None or not blob.is_whole:
            self._drop(job)
            return
        folder, held, stalls = self._replica.blobs, 0, 0
        if blob.size_bytes > PART_BYTES:
            held = self._stand(blob)
        try:
            while held < blob.size_bytes or not blob.size_bytes:
                if cancelled() or self._gives_way(job):
                    return
                on_step(BlobStep(sha256=job.sha256, direction=UP, done=held, total=blob.size_bytes))
                number, start, _end = part_of(held, blob.size_bytes)
                part = next(folder.read(blob, number), b"")
                before = held
                held = self._line.add_to_blob(
                    job.sha256,
                    held,
                    blob.size_bytes,
                    part[held - start :],
                    hashlib.sha256(part).hexdigest(),
                )
                stalls = stalls + 1 if held <= before else 0
                if stalls >= STALLS_MOST:
                    raise Unreachable(N_("HQ does not take this file at the moment. It is tried again later"))
                if not blob.size_bytes:
                    break
        finally:
            self._note(job, held)
        with self._replica.applying() as session:
            session.execute(update(Blob).where(Blob.sha256 == job.sha256).values(sent_epoch=epoch))
            session.execute(_of(job))
            session.touch("attachment", blobs.naming(session, job.sha256))
        self._report = replace(self._report, sent=self._report.sent + 1)

    def _stand(self, blob: Blob) -> int:
        """Return how much of a content HQ holds; what it has from elsewhere is proved instead of sent."""
        standing = self._line.blob_standing(blob.sha256)
        if standing.held or not blob.size_bytes:
            return standing.held
        return self._line.prove_blob(
            blob.sha256, proof_of(standing.challenge, self._replica.blobs.read(blob))
        )

    # Down

    def _fetch(self, job: BlobQueue, on_step: OnBlobStep, cancelled: Cancelled) -> None:
        blob = self._begin(job)
        if blob is None or blob.is_whole:
            self._drop(job)
            return
        folder = self._replica.blobs
        held, rest, stalls = folder.held(blob), job.rest or b"", 0
        if job.offset != held + len(rest):
            rest = b""  # of a part that has come whole since
        while True:
            if cancelled() or self._gives_way(job):
                self._note(job, held, rest)
                return
            on_step(BlobStep(sha256=job.sha256, direction=DOWN, done=held + len(rest), total=job.size_bytes))
            try:
                piece = self._line.read_blob(job.sha256, held + len(rest))
            except CutOff as cut:
                stalls = 0 if cut.received else stalls + 1
                if cut.size and cut.size != blob.size_bytes:
                    blob = self._sized(blob, job, cut.size)
                # The last byte of a part is asked for again: with it comes what the part is checked by.
                _number, start, end = part_of(held, blob.size_bytes or held + PART_BYTES)
                rest = (rest + cut.received)[: max(end - start - 1, 0)]
                self._note(job, held, rest)
                if stalls >= STALLS_MOST:
                    raise
                continue
            if piece.size != blob.size_bytes:
                blob = self._sized(blob, job, piece.size)
            part, rest = rest + piece.content, b""
            _number, start, end = part_of(held, blob.size_bytes)
            if len(part) != end - start or hashlib.sha256(part).hexdigest() != piece.part_sha256:
                stalls += 1
                if stalls >= STALLS_MOST:
                    raise UserError(OTHER_CONTENT)
                continue
            held = folder.append(blob, held, part) if part else held
            if held >= blob.size_bytes:
                break
        self._complete(job, blob)

    def _begin(self, job: BlobQueue) -> Blob | None:
        """Return what is here of a content that somebody names, an empty file where that is nothing."""
        with self._replica.applying() as session:
            if not blobs.naming(session, job.sha256):
                return None
            blob = blobs.find(session, job.sha256)
            if blob is not None and self._replica.blobs.exists(blob):
                return blob
            if blob is not None:
                session.delete(blob)
                session.flush()
            name, key = self._replica.blobs.begin()
            made = Blob(sha256=job.sha256, file=name, key=key, size_bytes=job.size_bytes)
            session.add(made)
            session.flush()
            return made

    def _sized(self, blob: Blob, job: BlobQueue, size: int) -> Blob:
        """Go by the size HQ tells. `UserError` for a small picture that is none."""
        if not job.asked and job.size_bytes == 0 and size > PREVIEW_BYTES_MAX:
            raise UserError(OTHER_CONTENT)
        with self._replica.applying() as session:
            session.execute(update(Blob).where(Blob.sha256 == blob.sha256).values(size_bytes=size))
            session.execute(
                update(BlobQueue)
                .where(BlobQueue.sha256 == blob.sha256, BlobQueue.direction == DOWN)
                .values(size_bytes=size)
            )
            job.size_bytes = size
            return Blob(sha256=blob.sha256, file=blob.file, key=blob.key, size_bytes=size, is_whole=False)

    def _complete(self, job: BlobQueue, blob: Blob) -> None:
        is_right = hash_of(self._replica.blobs.read(blob)) == job.sha256
        with self._replica.applying() as session:
            if is_right:
                values = {
                    "is_whole": True,
                    "sent_epoch": state.read(session, Key.EPOCH),
                    "used_ms": self._replica.clock.now_ms(),
                }
                session.execute(update(Blob).where(Blob.sha256 == job.sha256).values(values))
                session.execute(_of(job))
            else:
                session.execute(delete(Blob).where(Blob.sha256 == job.sha256))
            session.touch("attachment", blobs.naming(session, job.sha256))
        if not is_right:
            self._replica.blobs.remove(blob.file)
            raise UserError(OTHER_CONTENT)
        self._report = replace(self._report, received=self._report.received + 1)

    # What is written down

    def _note(self, job: BlobQueue, done: int, rest: bytes = b"") -> None:
        with self._replica.applying() as session:
            session.execute(
                update(BlobQueue)
                .where(BlobQueue.sha256 == job.sha256, BlobQueue.direction == job.direction)
                .values(offset=done + len(rest), rest=rest or None)
            )

    def _put_off(self, job: BlobQueue, error: UserError) -> None:
        """Write down why a content does not go on, and when it is tried again."""
        _log.info("A file was put off: %s", error.message.text)
        why = error.message.text if not error.message.places else PUT_OFF
        if isinstance(error, NotFound):
            why = NOT_AT_HQ if job.direction == DOWN else NOT_KNOWN
        wait_ms = RETRY_MOST_MS if isinstance(error, TooLarge) else RETRY_MS * 2 ** min(job.tries, 8)
        with self._replica.applying() as session:
            session.execute(
                update(BlobQueue)
                .where(BlobQueue.sha256 == job.sha256, BlobQueue.direction == job.direction)
                .values(
                    error=TOO_LARGE if isinstance(error, TooLarge) else why,
                    tries=BlobQueue.tries + 1,
                    asked=False,
                    rest=None,
                    not_before_ms=self._replica.clock.now_ms() + min(wait_ms, RETRY_MOST_MS),
                )
            )
            session.touch("attachment", blobs.naming(session, job.sha256))

    def _drop(self, job: BlobQueue) -> None:
        with self._replica.applying() as session:
            session.execute(_of(job))


def plan(replica: Replica, rule: BlobRule) -> None:
    """Write down what is to be sent and, by the rule, what is to be fetched without being asked for."""
    with replica.read() as session:
        found = [*_to_send(session), *_to_fetch(session, rule)]
    if not found:
        return
    with replica.applying() as session:
        for sha256, direction, size in found:
            if session.get(BlobQueue, (sha256, direction)) is None:
                session.add(BlobQueue(sha256=sha256, direction=direction, size_bytes=size))
                session.flush()


def ask(session: Session, sha256: str, size: int) -> None:
    """Have a content fetched before all others."""
    waiting = session.get(BlobQueue, (sha256, DOWN))
    if waiting is None:
        waiting = BlobQueue(sha256=sha256, direction=DOWN, size_bytes=size)
        session.add(waiting)
    waiting.asked, waiting.not_before_ms, waiting.tries, waiting.error = True, 0, 0, None
    session.flush()


def leave(session: Session, sha256: str, size: int) -> None:
    """Have a content not fetched until somebody asks for it."""
    waiting = session.get(BlobQueue, (sha256, DOWN))
    if waiting is None:
        waiting = BlobQueue(sha256=sha256, direction=DOWN, size_bytes=size)
        session.add(waiting)
    waiting.asked, waiting.not_before_ms, waiting.error = False, UNTIL_ASKED_MS, None
    session.flush()


def _of(job: BlobQueue) -> Any:
    return delete(BlobQueue).where(BlobQueue.sha256 == job.sha256, BlobQueue.direction == job.direction)


def _to_send(session: Session) -> list[tuple[str, str, int]]:
    """Return the contents of one's own attachments that HQ knows of and is not known to hold."""
    me, epoch = state.read(session, Key.USER_ID), state.read(session, Key.EPOCH)
    own = exists().where(
        or_(_attachment.c.sha256 == Blob.sha256, _attachment.c.preview_sha256 == Blob.sha256),
        _attachment.c.life % 2 == 1,
        _attachment.c.created_by == me,
        exists().where(
            RowMeta.entity == "attachment", RowMeta.row_id == _attachment.c.id, RowMeta.local.is_(False)
        ),
    )
    waits = exists().where(BlobQueue.sha256 == Blob.sha256, BlobQueue.direction == UP)
    query = (
        select(Blob.sha256, Blob.size_bytes)
        .where(
            Blob.is_whole.is_(True),
            or_(Blob.sent_epoch.is_(None), Blob.sent_epoch != epoch),
            own,
            ~waits,
        )
        .limit(PLANNED_AT_ONCE)
    )
    return [(sha256, UP, size) for sha256, size in session.execute(query)]


def _to_fetch(session: Session, rule: BlobRule) -> list[tuple[str, str, int]]:
    if rule.only_asked or not rule.automatic_bytes:
        return []
    found: list[tuple[str, str, int]] = []
    small = and_(_attachment.c.size_bytes > 0, _attachment.c.size_bytes <= rule.automatic_bytes)
    for column, size, wanted in (
        (_attachment.c.preview_sha256, literal(0), _attachment.c.preview_sha256.is_not(None)),
        (_attachment.c.sha256, _attachment.c.size_bytes, small),
    ):
        here = exists().where(Blob.sha256 == column, Blob.is_whole.is_(True))
        waits = exists().where(BlobQueue.sha256 == column, BlobQueue.direction == DOWN)
        query = (
            select(column, func.max(size))
            .where(wanted, column.is_not(None), _attachment.c.life % 2 == 1, ~here, ~waits)
            .group_by(column)
            .limit(PLANNED_AT_ONCE)
        )
        found += [(sha256, DOWN, int(size_bytes or 0)) for sha256, size_bytes in session.execute(query)]
    return found
