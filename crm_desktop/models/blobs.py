"""Contents of files on this laptop: sealed beside the database, known by their hash, each with its key.

A content is cut into the parts it travels in, each sealed by AES-256-GCM under a key of chance that lies in
the encrypted database (`device_tables.Blob`). The name of the file is chance too. So the folder tells little,
reading and writing take the memory of one part, and where the row goes nobody can read the file any more,
wherever a disk may keep its old blocks.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_
from crm_core.sync.blobs import PART_BYTES
from crm_core.sync.protocol import OpKind
from crm_desktop.models.device_tables import Blob, BlobQueue, Returned

KEY_BYTES, NAME_BYTES, NONCE_BYTES, TAG_BYTES = 32, 16, 12, 16
SEALED_BYTES = NONCE_BYTES + PART_BYTES + TAG_BYTES
# A file without a row may be one that another program is just adding; after a day it is what a crash left.
LEFT_BEHIND_S = 24 * 60 * 60

DAMAGED = N_("The content of this file is damaged on this laptop; fetch it again from HQ")

_attachment = SCHEMAS["attachment"].table
_CONTENT_NAMES = ("sha256", "preview_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A content that was sealed into a file nobody knows yet."""

    file: str
    key: bytes
    sha256: str
    size: int


class BlobFolder:
    """The folder of sealed contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seal(self, pieces: Iterable[bytes]) -> Sealed:
        """Write a content, in whatever pieces it comes, into a new file.

        `UserError` where the disk refuses.
        """
        name, key = _new_name(), secrets.token_bytes(KEY_BYTES)
        found, size = hashlib.sha256(), 0
        try:
            with self._open_new(name) as stream:
                for number, part in enumerate(_in_parts(pieces)):
                    found.update(part)
                    size += len(part)
                    stream.write(_seal(key, number, part))
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException as error:
            self.remove(name)
            if isinstance(error, OSError):
                raise _unwritable(error) from error
            raise
        return Sealed(file=name, key=key, sha256=found.hexdigest(), size=size)

    def begin(self) -> tuple[str, bytes]:
        """Make an empty file for a content that is to arrive; return its name and key."""
        name = _new_name()
        try:
            self._open_new(name).close()
        except OSError as error:
            raise _unwritable(error) from error
        return name, secrets.token_bytes(KEY_BYTES)

    def append(self, blob: Blob, held: int, part: bytes) -> int:
        """Seal one more part at the end of the `held` bytes of a content; return how many are here then.

        The part is whole, and shorter than others only where it is the last. What a crash left behind the
        parts that are whole is overwritten.
        """
        number = held // PART_BYTES
        try:
            with (self._folder / blob.file).open("r+b") as stream:
                stream.seek(number * SEALED_BYTES)
                stream.write(_seal(blob.key, number, part))
                stream.truncate()
                if held + len(part) == blob.size_bytes:
                    stream.flush()
                    os.fsync(stream.fileno())
        except OSError as error:
            raise _unwritable(error) from error
        return held + len(part)

    def held(self, blob: Blob) -> int:
        """Return how many bytes of a content are here, in whole parts; 0 where its file is gone."""
        try:
            length = (self._folder / blob.file).stat().st_size
        except FileNotFoundError:
            return 0
        whole, rest = divmod(length, SEALED_BYTES)
        held = whole * PART_BYTES
        last = rest - NONCE_BYTES - TAG_BYTES
        return blob.size_bytes if last > 0 and held + last == blob.size_bytes else held

    def exists(self, blob: Blob) -> bool:
        """Tell whether the file of a content is there."""
        return (self._folder / blob.file).exists()

    def read(self, blob: Blob, first_part: int = 0) -> Iterator[bytes]:
        """Yield a content part by part. `UserError` where it is damaged or gone."""
        number, left = first_part, blob.size_bytes - first_part * PART_BYTES
        try:
            with (self._folder / blob.file).open("rb") as stream:
                stream.seek(number * SEALED_BYTES)
                while left > 0:
                    part = _unseal(blob.key, number, stream.read(SEALED_BYTES))
                    yield part
                    number, left = number + 1, left - len(part)
        except (OSError, InvalidTag, ValueError) as error:
            raise UserError(DAMAGED) from error

    def remove(self, name: str) -> None:
        """Take a file away; one that is gone already is no mistake."""
        (self._folder / name).unlink(missing_ok=True)

    def remove_left_behind(self, known: set[str]) -> None:
        """Take away files no row knows that no program can be writing any more."""
        before = time.time() - LEFT_BEHIND_S
        for file in self._folder.iterdir():
            if file.name not in known and file.is_file() and file.stat().st_mtime < before:
                file.unlink(missing_ok=True)

    def _open_new(self, name: str) -> IO[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def find(session: Session, sha256: str) -> Blob | None:
    """Return what this laptop has of a content; None for nothing."""
    return session.get(Blob, sha256)


def keep(session: Session, sealed: Sealed, now_ms: int) -> bool:
    """Make a sealed content known; False where this laptop has it already, and the new file is not needed."""
    present = find(session, sealed.sha256)
    if present is not None and present.is_whole:
        return False
    if present is not None:  # it was just being fetched
        session.delete(present)
        session.flush()
    session.add(
        Blob(
            sha256=sealed.sha256,
            file=sealed.file,
            key=sealed.key,
            size_bytes=sealed.size,
            is_whole=True,
            used_ms=now_ms,
        )
    )
    session.flush()
    return True


def naming(session: Session, sha256: str) -> Sequence[str]:
    """Return the ids of the attachments that name a content."""
    return session.scalars(select(_attachment.c.id).where(_names(sha256))).all()


def unnamed(session: Session) -> Sequence[Blob]:
    """Return the contents no attachment here names, deleted ones counting, nor an edit that came back."""
    named = (
        select(_attachment.c.id)
        .where(or_(*(_attachment.c[name] == Blob.sha256 for name in _CONTENT_NAMES)))
        .exists()
    )
    found = session.scalars(select(Blob).where(~named)).all()
    kept = _returned(session) if found else frozenset()
    return [blob for blob in found if blob.sha256 not in kept]


def forget(session: Session, gone: Iterable[Blob]) -> None:
    """Drop the rows of contents, and with them their keys."""
    for blob in gone:
        session.execute(delete(BlobQueue).where(BlobQueue.sha256 == blob.sha256))
        session.execute(delete(Blob).where(Blob.sha256 == blob.sha256))


def forget_unnamed_queue(session: Session) -> None:
    """Drop what waits for contents no attachment here names any more."""
    named = (
        select(_attachment.c.id)
        .where(or_(*(_attachment.c[name] == BlobQueue.sha256 for name in _CONTENT_NAMES)))
        .exists()
    )
    session.execute(delete(BlobQueue).where(~named))


def _names(sha256: str) -> Any:
    return or_(*(_attachment.c[name] == sha256 for name in _CONTENT_NAMES))


def _returned(session: Session) -> frozenset[str]:
    """Return the contents of attachments HQ refused and nobody has let go of: they can be made again."""
    schema = SCHEMAS["attachment"]
    numbers = {schema.fields[name].no for name in _CONTENT_NAMES}
    made = session.scalars(
        select(Returned.mine).where(
            Returned.entity == schema.name, Returned.kind == OpKind.CREATE, Returned.state == "open"
        )
    )
    return frozenset(
        value
        for fields, values in made
        for number, value in zip(fields, values, strict=True)
        if number in numbers
    )


def _in_parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def _seal(key: bytes, number: int, part: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, part, number.to_bytes(8))  # no part in another's place


def _unseal(key: bytes, number: int, sealed: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], number.to_bytes(8))


def _new_name() -> str:
    return secrets.token_hex(NAME_BYTES)


def _unwritable(error: OSError) -> UserError:
    return UserError(N_("The file could not be kept on this laptop: {reason}"), reason=reason_of(error))
