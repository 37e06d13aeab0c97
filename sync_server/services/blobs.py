"""Contents of attached files: who may have them, how they come in pieces, what is kept of them.

Everything is judged at every request, by the rights of now, and "there is none" and "you may not" are one
answer. A hash opens nothing: an attachment shows its content only where whoever made it proved to have that
content (`BlobHolder`), by sending it or by answering HQ's challenge.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import ClassRight, Person
from crm_core.sync.blobs import Piece, Standing, hash_of, part_of, proof_of
from sync_server.services import entitlements
from sync_server.services.auth import DeviceSession, now_ms
from sync_server.services.faults import Refusal
from sync_server.services.reading import Reader
from sync_server.settings import Settings
from sync_server.store.blobs import Blob, BlobHolder, BlobPart
from sync_server.store.database import Database
from sync_server.store.tables import table_of

WHOLE: Final = 0
"""`Blob.device` of a content that is whole and was found right."""
GRACE_MS: Final = (
    7 * 24 * 60 * 60 * 1000
)  # a mistaken deletion is undone within days, and a laptop is away for some
AT_ONCE: Final = 100  # contents looked at in one transaction, so that nobody waits for the housekeeping

_blob = table_of(Blob)
_part = table_of(BlobPart)
_holder = table_of(BlobHolder)
_attachment: Final[Table] = SCHEMAS["attachment"].table
_SHA256_CLASS: Final = SCHEMAS["attachment"].fields["sha256"].field_class


class Misplaced(Refusal):
    """What was sent does not go on where HQ stands; the laptop goes on from there."""

    def __init__(self, held: int) -> None:
        self.held = held
        super().__init__("offset", N_("HQ holds {held} bytes of this file; go on from there"), held=held)


class BlobService:
    """The contents of one HQ. Threads may share it."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], int] = now_ms) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._secret = bytes.fromhex(settings.secret)
        self._people: dict[str, tuple[int, str, Person]] = {}

    # Going out

    def read(self, session: DeviceSession, sha256: str, offset: int) -> Piece:
        """Return a content from `offset` on. `NotFound` unless an attachment the laptop sees shows it."""
        with self._database.read() as snapshot:
            person = self._person(snapshot, session.user_id)
            rights = person.rights.class_right("attachment", _SHA256_CLASS)
            found = None
            if rights >= ClassRight.READ:
                found = snapshot.connection.execute(_shown(snapshot.connection, person, sha256)).first()
            if found is None or (offset and offset >= found.size):
                raise _no_such_file()
            number, start, _end = part_of(offset, found.size)
            content = _read_part(snapshot.connection, found.id, number)
        return Piece(
            content=content[offset - start :],
            part_sha256=hashlib.sha256(content).hexdigest(),
            size=found.size,
        )

    def whole(self, user_id: str, sha256: str) -> bytes:
        """Return a whole content as a person may have it now. `NotFound` as for a laptop of his."""
        with self._database.read() as snapshot:
            person = self._person(snapshot, user_id)
            found = None
            if person.rights.class_right("attachment", _SHA256_CLASS) >= ClassRight.READ:
                found = snapshot.connection.execute(_shown(snapshot.connection, person, sha256)).first()
            content = b"".join(_contents(snapshot.connection, found.id)) if found is not None else b""
        if found is None or hashlib.sha256(content).hexdigest() != sha256:
            raise _no_such_file()
        return content

    def of_attachment(self, attachment_id: str) -> bytes:
        """Return the whole content of a file for HQ itself to hand on. `NotFound` where it is not here.

        As for people, only what whoever made the attachment proved to have.
        """
        row = select(_attachment.c.sha256, _attachment.c.created_by).where(
            _attachment.c.id == attachment_id, _attachment.c.life % 2 == 1
        )
        with self._database.read() as snapshot:
            file = snapshot.connection.execute(row).first()
            if file is None or not _holds(snapshot.connection, file.sha256 or "", file.created_by or ""):
                raise _no_such_file()
            return b"".join(_contents(snapshot.connection, _find(snapshot.connection, file.sha256, WHOLE).id))

    def keep(self, content: bytes, user_id: str) -> str:
        """Keep a content HQ made, as one its user has, and return its hash."""
        with self._database.note() as connection:
            return self.keep_in(connection, content, user_id)

    def keep_in(self, connection: Connection, content: bytes, user_id: str) -> str:
        """Do so within a transaction, with which it stands or falls."""
        sha256 = hashlib.sha256(content).hexdigest()
        if _find(connection, sha256, WHOLE) is None:
            here = {"sha256": sha256, "device": WHOLE, "source": WHOLE, "size": len(content)}
            connection.execute(insert(_blob).values(**here, held=len(content), touched_ms=self._clock()))
            blob = _find(connection, sha256, WHOLE)
            held = 0
            while held < len(content):
                number, start, end = part_of(held, len(content))
                connection.execute(
                    insert(_part).values(blob_id=blob.id, no=number, content=content[start:end])
                )
                held = end
        _note_holder(connection, sha256, user_id)
        return sha256

    # Coming in

    def standing(self, session: DeviceSession, sha256: str) -> Standing:
        """Return how far the laptop has sent a content its own attachment names."""
        with self._database.read() as snapshot:
            self._demand_own(snapshot.connection, session, sha256)
            held = _held(snapshot.connection, session, sha256)
        return Standing(held=held, challenge=self._challenge(session, sha256))

    def prove(self, session: DeviceSession, sha256: str, proof: str) -> int:
        """Spare the laptop the sending of what HQ has, if the proof is right; return how much HQ holds.

        Where HQ has none the answer is the same as to a wrong proof.
        """
        with self._database.note() as connection:
            self._demand_own(connection, session, sha256)
            whole = _find(connection, sha256, WHOLE)
            if whole is not None:
                right = proof_of(self._challenge(session, sha256), _contents(connection, whole.id))
                if hmac.compare_digest(right, proof):
                    _note_holder(connection, sha256, session.user_id)
                    self._forget_sent(connection, session, sha256)
            return _held(connection, session, sha256)

    def add(
        self, session: DeviceSession, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str
    ) -> int:
        """Take bytes of a content from `offset` on and return how many HQ then holds.

        A part is checked when it is complete, and the whole when its last part is. Raises `Misplaced` where
        the bytes do not go on where HQ stands, or a part arrived damaged, and `Refusal` for what is too large
        or turns out to be another content than its hash says.
        """
        for again in (False, True):
            try:
                held = self._add(session, sha256, offset, size, piece, part_sha256)
                break
            except IntegrityError:
                # Two laptops ended, or one began twice, in the same moment: look once more.
                if again:
                    raise
        if held is None:
            raise Refusal("bad_request", N_("The file that arrived is another one than announced"))
        if held < offset + len(piece):
            raise Misplaced(held)
        return held

    def _add(
        self, session: DeviceSession, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str
    ) -> int | None:
        """Do so; None where the whole turned out to be something else, and was dropped."""
        with self._database.note() as connection:
            self._demand_own(connection, session, sha256)
            if _holds(connection, sha256, session.user_id):
                return size
            blob = _find(connection, sha256, session.device_id, lock=True)
            if blob is not None and blob.size != size:
                _drop(connection, blob.id)
                blob = None
            if blob is None:
                if offset:
                    return 0
                blob = self._begin(connection, session, sha256, size)
            if offset != blob.held:
                return int(blob.held)
            held = self._append(connection, blob, piece, part_sha256)
            if held < size:
                return held
            return size if self._complete(connection, session, blob) else None

    def _begin(self, connection: Connection, session: DeviceSession, sha256: str, size: int) -> Any:
        limit, limit_in_all = self._settings.file_bytes_max, self._settings.device_files_bytes_max
        if size > limit:
            raise Refusal("too_large", N_("The file is larger than {bytes} bytes"), bytes=limit)
        used = connection.scalar(
            select(func.coalesce(func.sum(_blob.c.size), 0)).where(_blob.c.source == session.device_id)
        )
        if int(used or 0) + size > limit_in_all:
            raise Refusal(
                "too_large", N_("The files of this laptop are larger than {bytes} bytes"), bytes=limit_in_all
            )
        connection.execute(
            insert(_blob).values(
                sha256=sha256,
                device=session.device_id,
                source=session.device_id,
                size=size,
                held=0,
                touched_ms=self._clock(),
            )
        )
        return _find(connection, sha256, session.device_id)

    def _append(self, connection: Connection, blob: Any, piece: bytes, part_sha256: str) -> int:
        """Put bytes at the end of what is here; return how much that is then."""
        number, start, end = part_of(blob.held, blob.size)
        before = _read_part(connection, blob.id, number) if blob.held > start else b""
        content = before + piece
        held = start + len(content)
        if held > end:
            raise Refusal("bad_request", N_("The request could not be read"))
        here = (_part.c.blob_id == blob.id, _part.c.no == number)
        if held == end and end > start and hashlib.sha256(content).hexdigest() != part_sha256:
            connection.execute(delete(_part).where(*here))
            held = start
        elif before:
            connection.execute(update(_part).where(*here).values(content=content))
        elif content:
            connection.execute(insert(_part).values(blob_id=blob.id, no=number, content=content))
        connection.execute(
            update(_blob).where(_blob.c.id == blob.id).values(held=held, touched_ms=self._clock())
        )
        return held

    def _complete(self, connection: Connection, session: DeviceSession, blob: Any) -> bool:
        """Check a content that is here to its end and make it everybody's; False: it was another one."""
        if hash_of(_contents(connection, blob.id)) != blob.sha256:
            _drop(connection, blob.id)
            return False
        if _find(connection, blob.sha256, WHOLE) is None:
            connection.execute(update(_blob).where(_blob.c.id == blob.id).values(device=WHOLE))
        else:
            _drop(connection, blob.id)
        _note_holder(connection, blob.sha256, session.user_id)
        return True

    def _forget_sent(self, connection: Connection, session: DeviceSession, sha256: str) -> None:
        sent = _find(connection, sha256, session.device_id)
        if sent is not None:
            _drop(connection, sent.id)

    # Keeping house

    def collect(self) -> int:
        """Drop contents no attachment has named for `GRACE_MS`, and what was begun and left; return how many.

        An attachment that was deleted still names its content: it may be restored.
        """
        now, dropped, after = self._clock(), 0, 0
        while True:
            with self._database.note() as connection:
                some = connection.execute(
                    select(_blob).where(_blob.c.id > after).order_by(_blob.c.id).limit(AT_ONCE)
                ).all()
                for blob in some:
                    dropped += self._look_after(connection, blob, now)
            if not some:
                return dropped
            after = some[-1].id

    def _look_after(self, connection: Connection, blob: Any, now: int) -> bool:
        if blob.device != WHOLE:
            left = bool(now - blob.touched_ms > GRACE_MS)
            if left:
                _drop(connection, blob.id)
            return left
        named = connection.execute(select(_attachment.c.id).where(_names(blob.sha256)).limit(1)).first()
        if named is None and blob.unused_ms is not None and now - blob.unused_ms > GRACE_MS:
            _drop(connection, blob.id)
            connection.execute(delete(_holder).where(_holder.c.sha256 == blob.sha256))
            return True
        unused_ms = None if named is not None else (blob.unused_ms or now)
        if unused_ms != blob.unused_ms:
            connection.execute(update(_blob).where(_blob.c.id == blob.id).values(unused_ms=unused_ms))
        return False

    # Rights

    def _person(self, snapshot: Any, user_id: str) -> Person:
        """Return the person, worked out anew only after something rights follow from has changed."""
        known = self._people.get(user_id)
        if known is not None and known[:2] == (snapshot.policy_seq, snapshot.epoch):
            return known[2]
        person = entitlements.person_of(snapshot.connection, user_id)
        self._people[user_id] = (snapshot.policy_seq, snapshot.epoch, person)
        return person

    def _demand_own(self, connection: Connection, session: DeviceSession, sha256: str) -> None:
        """Raise `NotFound` unless the laptop's user made a living attachment that names the content."""
        own = and_(_names(sha256), _attachment.c.life % 2 == 1, _attachment.c.created_by == session.user_id)
        if connection.execute(select(_attachment.c.id).where(own).limit(1)).first() is None:
            raise _no_such_file()

    def _challenge(self, session: DeviceSession, sha256: str) -> bytes:
        """Return what a laptop is to prove a content with: its own for each laptop and content."""
        return hmac.digest(self._secret, f"blob:{session.device_id}:{sha256}".encode(), "sha256")


def broken_blobs(connection: Connection) -> tuple[int, list[str]]:
    """Return how many whole contents there are, and the hashes of those that are not what they should be."""
    count, broken = 0, []
    whole = select(_blob.c.id, _blob.c.sha256, _blob.c.size).where(_blob.c.device == WHOLE)
    for blob in connection.execute(whole.order_by(_blob.c.id)).all():
        count += 1
        held = connection.scalar(
            select(func.coalesce(func.sum(func.length(_part.c.content)), 0)).where(_part.c.blob_id == blob.id)
        )
        if held != blob.size or hash_of(_contents(connection, blob.id)) != blob.sha256:
            broken.append(blob.sha256)
    return count, broken


def _no_such_file() -> NotFound:
    return NotFound(N_("There is no such file at HQ, or you may not see it"))


def _names(sha256: str) -> Any:
    return or_(_attachment.c.sha256 == sha256, _attachment.c.preview_sha256 == sha256)


def _shown(connection: Connection, person: Person, sha256: str) -> Any:
    """Return the query for the content if an attachment in sight of the person shows it."""
    visible = Reader(connection, person).visible("attachment").subquery()
    proved = exists().where(
        visible.c.created_by == _holder.c.user_id,
        _holder.c.sha256 == sha256,
        or_(visible.c.sha256 == sha256, visible.c.preview_sha256 == sha256),
    )
    return select(_blob.c.id, _blob.c.size).where(_blob.c.sha256 == sha256, _blob.c.device == WHOLE, proved)


def _find(connection: Connection, sha256: str, device: int, *, lock: bool = False) -> Any:
    query = select(_blob).where(_blob.c.sha256 == sha256, _blob.c.device == device)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _holds(connection: Connection, sha256: str, user_id: str) -> bool:
    """Tell whether HQ has a content whole and the user proved to have it."""
    query = select(_holder.c.user_id).where(
        _holder.c.sha256 == sha256,
        _holder.c.user_id == user_id,
        exists().where(_blob.c.sha256 == sha256, _blob.c.device == WHOLE),
    )
    return connection.execute(query).first() is not None


def _held(connection: Connection, session: DeviceSession, sha256: str) -> int:
    if _holds(connection, sha256, session.user_id):
        return int(_find(connection, sha256, WHOLE).size)
    sent = _find(connection, sha256, session.device_id)
    return 0 if sent is None else int(sent.held)


def _note_holder(connection: Connection, sha256: str, user_id: str) -> None:
    known = select(_holder.c.user_id).where(_holder.c.sha256 == sha256, _holder.c.user_id == user_id)
    if connection.execute(known).first() is None:
        connection.execute(insert(_holder).values(sha256=sha256, user_id=user_id))


def _read_part(connection: Connection, blob_id: int, number: int) -> bytes:
    query = select(_part.c.content).where(_part.c.blob_id == blob_id, _part.c.no == number)
    return bytes(connection.execute(query).scalar_one_or_none() or b"")


def _contents(connection: Connection, blob_id: int) -> Iterator[bytes]:
    """Yield a content part by part: no more than one is in memory."""
    number = 0
    while content := _read_part(connection, blob_id, number):
        yield content
        number += 1


def _drop(connection: Connection, blob_id: int) -> None:
    connection.execute(delete(_part).where(_part.c.blob_id == blob_id))
    connection.execute(delete(_blob).where(_blob.c.id == blob_id))
