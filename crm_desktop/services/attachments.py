"""Files on records: add, look, open, save, fetch, free. What is in them lies in `models.blobs`."""

from __future__ import annotations

import io
import mimetypes
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.entities.attachment import Attachment
from crm_core.errors import NotFound, UserError, reason_of
from crm_core.i18n import N_
from crm_core.rules.access import Action, ClassRight
from crm_core.schema.field import FieldClass
from crm_desktop.models import blobs, repository, state
from crm_desktop.models.device_tables import Blob, BlobQueue
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.platform.disk import demand_space
from crm_desktop.services import records, rights
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.previews import ReadPdf, look_at
from crm_desktop.sync import blobs as transfer
from crm_desktop.sync.report import Cancelled, never

FILE_BYTES_MAX = 25_000_000
"""Largest file where HQ has not said otherwise, or there is none."""
SHOWN_MOST = 500
NAME_LENGTH_MAX = 150  # characters; Windows takes 255, with folders before it
PIECE_BYTES = 256 * 1024

# What runs when it is opened, on any of the systems: such a file can be saved, and is not opened from here.
# fmt: off
RUNS = frozenset((
    "apk", "app", "appimage", "appref-ms", "bat", "bin", "chm", "cmd", "com", "command", "cpl", "deb",
    "desktop", "dll", "dmg", "exe", "gadget", "hta", "inf", "iso", "jar", "js", "jse", "lnk", "mht", "msc",
    "msi", "msix", "msp", "mst", "pif", "pkg", "ps1", "ps1xml", "ps2", "psc1", "py", "pyw", "reg", "rpm",
    "run", "scf", "scr", "sh", "url", "vb", "vbe", "vbs", "ws", "wsc", "wsf", "wsh", "xll",
))
# fmt: on
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)


OnBytes = Callable[[int, int], None]
"""Told how many bytes are through, and of how many."""


def ignore_bytes(_done: int, _total: int) -> None:
    """Tell nobody."""


class FileState(StrEnum):
    """Where the content of a file is."""

    HERE = "here"
    """On this laptop, and at HQ where there is one."""
    WAITING = "waiting"
    """On this laptop alone; it goes to HQ after the next round."""
    AT_HQ = "at_hq"
    FETCHING = "fetching"
    """It was asked for or comes by itself."""
    MISSING = "missing"
    """HQ does not have it yet, or something else is in the way: `FileRow.problem`."""
    REFUSED = "refused"
    """On this laptop, and HQ does not take it: `FileRow.problem`."""
    EMPTY = "empty"
    """A name without a content, as imports make."""


_NOT_SENT = N_("HQ does not have “{name}” yet, so its content stays on this laptop")
_MAY_BE_LOST = N_("HQ was restored and may have lost “{name}”, so its content stays on this laptop")

ON_LAPTOP = frozenset((FileState.HERE, FileState.WAITING, FileState.REFUSED))
"""States in which a file can be opened without a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file of a record as a list shows it."""

    id: str
    name: str
    caption: str
    media_type: str
    size: int
    """In bytes; 0 where nobody said."""
    pages: int
    """Of a document; 0 for what has none, or where nobody looked."""
    state: FileState
    done: int
    """Bytes that are through, while it travels."""
    problem: str | None
    """English source of why it does not go on."""
    sha256: str
    preview_sha256: str
    """'' where there is no small picture."""
    has_preview: bool
    """Whether that picture is on this laptop."""
    added_ms: int
    added_by: str | None
    role: str = ""
    """Which file of its record it is, where it is one of `FILE_ROLES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What HQ takes, in bytes."""

    one: int
    all: int | None
    """Of one person's files together; None where nobody set one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What contents come to on this laptop."""

    files: int
    size: int
    """In bytes, small pictures among them."""
    waiting: int
    """Files HQ is not known to have."""


def add(
    replica: Replica,
    entity: str,
    record_id: str,
    source: Path | bytes,
    *,
    name: str | None = None,
    caption: str | None = None,
    role: str | None = None,
    version: int | None = None,
    read_pdf: ReadPdf | None = None,
    on_step: OnBytes = ignore_bytes,
    cancelled: Cancelled = never,
) -> Outcome[Record]:
    """Put a file on a record and return its attachment; the content is copied and sealed on this laptop.

    `source` is a file, or a content such as a pasted picture; `role` and `version` say which file of its
    record it is, where it is one of those (`crm_core.entities.attachment.FILE_ROLES`).
    Slow for large files, so not for the main thread; nobody who saves meanwhile waits. `UserError` where it
    cannot be read, is too large, or the role does not allow it.
    """
    schema_of(entity)
    named = clean_name(name or (source.name if isinstance(source, Path) else ""))
    values: dict[str, Any] = {
        "name": named,
        "record_entity": entity,
        "record_id": record_id,
        "caption": caption,
        "role": role,
        "version": version,
        "media_type": mimetypes.guess_type(named)[0] or "application/octet-stream",
    }
    with replica.read() as session:
        parent = repository.get(session, entity, record_id)
        if parent is None or not parent.alive:
            raise NotFound(N_("There is no such record on this laptop"))
        rights.may(
            session, replica.person, Action.CREATE, "attachment", _with_owner(replica, values)
        ).demand()
    _demand_fits(replica, named, _size_of(source))
    sealed = [replica.blobs.seal(_pieces(source, on_step, cancelled))]
    try:
        _demand_fits(replica, named, sealed[0].size)  # it may have grown since
        with _opened(source) as stream:
            looked = look_at(stream, read_pdf)
        if looked.preview is not None:
            sealed.append(replica.blobs.seal([looked.preview]))
        values |= {
            "sha256": sealed[0].sha256,
            "size_bytes": sealed[0].size,
            "width": looked.width,
            "height": looked.height,
            "pages": looked.pages,
            "preview_sha256": sealed[1].sha256 if looked.preview is not None else None,
        }
        with replica.write() as session:
            kept = [each for each in sealed if blobs.keep(session, each, replica.clock.now_ms())]
            record = records.create_in(session, replica, "attachment", values)
    except BaseException:
        kept = []
        raise
    finally:
        for each in sealed:
            if each not in kept:
                replica.blobs.remove(each.file)
    return Outcome(record, frozenset(session.changed))


def files_of(replica: Replica, entity: str, record_id: str) -> tuple[FileRow, ...]:
    """Return the files of a record, newest first; none where the role may not see them."""
    with replica.read() as session:
        return files_in(session, replica, entity, record_id)


def files_in(session: Session, replica: Replica, entity: str, record_id: str) -> tuple[FileRow, ...]:
    """Return the files of a record in an open session, as `files_of` does."""
    if not rights.may_do(replica, Action.READ, "attachment"):
        return ()
    found = session.scalars(
        select(Attachment)
        .where(
            Attachment.record_entity == entity,
            Attachment.record_id == record_id,
            Attachment.life % 2 == 1,
        )
        .order_by(Attachment.created_at.desc(), Attachment.id.desc())
        .limit(SHOWN_MOST)
    ).all()
    return file_rows(session, replica, found)


def file(replica: Replica, attachment_id: str) -> FileRow:
    """Return one file. `NotFound` where there is none on this laptop."""
    with replica.read() as session:
        return file_rows(session, replica, [_living(session, attachment_id)])[0]


def kept(replica: Replica) -> Kept:
    """Return how many contents are on this laptop, how large they are, and how many wait to be sent."""
    with replica.read() as session:
        epoch, has_hq = state.read(session, Key.EPOCH), bool(state.read(session, Key.DEVICE))
        held = session.execute(
            select(Blob.sha256, Blob.size_bytes, Blob.sent_epoch).where(Blob.is_whole.is_(True))
        ).all()
        living = (Attachment.life % 2 == 1, Attachment.sha256.in_(select(Blob.sha256)))
        named = set(session.scalars(select(Attachment.sha256).where(*living)))
        mine = Attachment.created_by == replica.person.user_id
        own = set(session.scalars(select(Attachment.sha256).where(*living, mine)))
    waiting = [each for each in held if each.sha256 in own and has_hq and each.sent_epoch != epoch]
    return Kept(
        files=sum(each.sha256 in named for each in held),
        size=sum(each.size_bytes for each in held),
        waiting=len(waiting),
    )


def limits(replica: Replica) -> Limits:
    """Return how large files may be."""
    with replica.read() as session:
        told = state.read(session, Key.SETTINGS)
    one, in_all = told.get("file_bytes_max"), told.get("device_files_bytes_max")
    return Limits(
        one=one if isinstance(one, int) else FILE_BYTES_MAX, all=in_all if isinstance(in_all, int) else None
    )


def size_of_own(replica: Replica) -> int:
    """Return what the files a person added come to in bytes, each content once."""
    table = SCHEMAS["attachment"].table
    own = (table.c.created_by == replica.person.user_id, table.c.sha256.is_not(None))
    each = select(func.max(table.c.size_bytes).label("size")).where(*own).group_by(table.c.sha256).subquery()
    with replica.read() as session:
        return int(session.scalar(select(func.coalesce(func.sum(each.c.size), 0))) or 0)


def may_add(replica: Replica) -> bool:
    """Tell whether the role may add files at all."""
    person = replica.person
    writes = person.rights.class_right("attachment", FieldClass.CORE) >= ClassRight.WRITE
    return writes and bool(rights.may_do(replica, Action.CREATE, "attachment"))


def content(replica: Replica, attachment_id: str) -> Iterator[bytes]:
    """Yield what is in a file. `UserError` where it is not on this laptop or damaged."""
    with replica.read() as session:
        row = _living(session, attachment_id)
        blob = blobs.find(session, row.sha256 or "")
    if blob is None or not blob.is_whole or not replica.blobs.exists(blob):
        raise UserError(
            N_("The content of “{name}” is not on this laptop. Fetch it from HQ first"), name=row.name
        )
    return replica.blobs.read(blob)


def preview(replica: Replica, preview_sha256: str) -> bytes | None:
    """Return a small picture as JPEG; None where it is not on this laptop."""
    with replica.read() as session:
        blob = blobs.find(session, preview_sha256)
    if blob is None or not blob.is_whole or blob.size_bytes > transfer.PREVIEW_BYTES_MAX:
        return None
    try:
        return b"".join(replica.blobs.read(blob))
    except UserError:
        return None  # the list shows its sign instead; `tidy_blobs` sees to it


def open_copy(replica: Replica, attachment_id: str) -> Path:
    """Write a copy for another program to open, readable by its owner alone, and return where.

    It is erased when the window closes. `UserError` for a program: that is never opened from here.
    """
    pieces = content(replica, attachment_id)
    with replica.read() as session:
        name = clean_name(_living(session, attachment_id).name or "")
    if runs(name):
        raise UserError(
            N_("“{name}” is a program, so it is not opened from here. Save it if you trust it"), name=name
        )
    return replica.opened.put(attachment_id, name, pieces)


def runs(name: str) -> bool:
    """Tell whether a file of this name runs when it is opened."""
    return name.rpartition(".")[2].strip(" .").lower() in RUNS


def rename(replica: Replica, attachment_id: str, name: str) -> Outcome[Record]:
    """Call a file otherwise."""
    return records.update(replica, "attachment", attachment_id, {"name": clean_name(name)})


def fetch(replica: Replica, attachment_id: str) -> None:
    """Have a file fetched before all others; what carries files must be told to look."""
    with replica.applying() as session:
        row = _living(session, attachment_id)
        if not row.sha256:
            raise UserError(N_("“{name}” has no content"), name=row.name)
        blob = blobs.find(session, row.sha256)
        if blob is None or not blob.is_whole:
            transfer.ask(session, row.sha256, row.size_bytes or 0)
        session.touch("attachment", [attachment_id])


def leave_at_hq(replica: Replica, attachment_id: str) -> None:
    """Stop fetching a file, or free the room it takes here; it comes again when somebody asks.

    `UserError` where HQ does not have it: then it is nowhere else.
    """
    with replica.applying() as session:
        row = _living(session, attachment_id)
        blob = blobs.find(session, row.sha256 or "")
        if blob is not None and blob.is_whole and blob.sent_epoch != state.read(session, Key.EPOCH):
            why = _NOT_SENT if row.created_by == replica.person.user_id else _MAY_BE_LOST
            raise UserError(why, name=row.name)
        transfer.leave(session, row.sha256 or "", row.size_bytes or 0)
        if blob is not None:
            session.delete(blob)
        session.touch("attachment", blobs.naming(session, row.sha256 or ""))
    if blob is not None:
        replica.blobs.remove(blob.file)


def clean_name(name: str) -> str:
    """Return a name every system takes for a file, as like the given one as can be."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = _FORBIDDEN.sub("_", plain).strip(" .")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > NAME_LENGTH_MAX and dot and len(ending) < NAME_LENGTH_MAX // 4:
        return f"{stem[: NAME_LENGTH_MAX - len(ending) - 1]}.{ending}"
    return plain[:NAME_LENGTH_MAX] or "file"


def file_rows(session: Session, replica: Replica, found: Sequence[Attachment]) -> tuple[FileRow, ...]:
    """Return files as a list shows them, in the order given."""
    hashes = {each for row in found for each in (row.sha256, row.preview_sha256) if each}
    here = {
        blob.sha256: blob
        for blob in session.scalars(select(Blob).where(Blob.sha256.in_(hashes)))
        if blob.is_whole
    }
    queue = {
        (each.sha256, each.direction): each
        for each in session.scalars(select(BlobQueue).where(BlobQueue.sha256.in_(hashes)))
    }
    epoch = state.read(session, Key.EPOCH) if state.read(session, Key.DEVICE) else None
    me, now_ms = replica.person.user_id, replica.clock.now_ms()
    return tuple(_row(row, here, queue, epoch if row.created_by == me else None, now_ms) for row in found)


def _row(
    row: Attachment,
    here: Mapping[str, Blob],
    queue: Mapping[tuple[str, str], BlobQueue],
    epoch: bytes | None,
    now_ms: int,
) -> FileRow:
    """`epoch`: of HQ, where what is here is this person's to send; None for files of others."""
    blob = here.get(row.sha256 or "")
    up, down = queue.get((row.sha256 or "", transfer.UP)), queue.get((row.sha256 or "", transfer.DOWN))
    done, problem = 0, None
    if not row.sha256:
        where = FileState.EMPTY
    elif blob is not None and (epoch is None or blob.sent_epoch == epoch):
        where = FileState.HERE
    elif blob is not None:
        where, done = FileState.WAITING, up.offset if up else 0
        if up is not None and up.error:
            where, problem = FileState.REFUSED, up.error
    elif down is not None and down.error:
        where, problem = FileState.MISSING, down.error
    elif down is not None and down.not_before_ms <= now_ms:
        where, done = FileState.FETCHING, down.offset
    else:
        where = FileState.AT_HQ
    return FileRow(
        id=row.id,
        name=row.name or "",
        caption=row.caption or "",
        media_type=row.media_type or "",
        size=row.size_bytes or 0,
        pages=row.pages or 0,
        state=where,
        done=done,
        problem=problem,
        sha256=row.sha256 or "",
        preview_sha256=row.preview_sha256 or "",
        has_preview=row.preview_sha256 in here,
        added_ms=row.created_at or 0,
        added_by=row.created_by,
        role=row.role or "",
    )


def _living(session: Session, attachment_id: str) -> Attachment:
    row = session.get(Attachment, attachment_id)
    if row is None or row.life % 2 == 0:
        raise NotFound(N_("There is no such record on this laptop"))
    return row


def _with_owner(replica: Replica, values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "owner_id": replica.person.user_id}


def _demand_fits(replica: Replica, name: str, size: int) -> None:
    """Raise `UserError` for a file over HQ's limits or the room on the disk."""
    allowed = limits(replica)
    if size > allowed.one:
        raise UserError(
            N_("“{name}” has {size} MB. HQ takes files up to {limit} MB"),
            name=name,
            size=_megabytes(size),
            limit=_megabytes(allowed.one),
        )
    if allowed.all is not None and size_of_own(replica) + size > allowed.all:
        raise UserError(
            N_("Your files together would be larger than {limit} MB, and HQ takes no more"),
            limit=_megabytes(allowed.all),
        )
    demand_space(replica.profile.root, size)


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0")


def _size_of(source: Path | bytes) -> int:
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.stat().st_size
    except OSError as error:
        raise _unreadable(source, error) from error


def _opened(source: Path | bytes) -> AbstractContextManager[IO[bytes]]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return source.open("rb")
    except OSError as error:
        raise _unreadable(source, error) from error


def _pieces(source: Path | bytes, on_step: OnBytes, cancelled: Cancelled) -> Iterator[bytes]:
    done, total = 0, _size_of(source)
    with _opened(source) as stream:
        try:
            while piece := stream.read(PIECE_BYTES):
                if cancelled():
                    raise UserError(N_("Stopped. The file was not added"))
                yield piece
                done += len(piece)
                on_step(done, total)
        except OSError as error:
            if isinstance(source, Path):
                raise _unreadable(source, error) from error
            raise


def _unreadable(source: Path, error: OSError) -> UserError:
    return UserError(N_("{file} cannot be read: {reason}"), file=source, reason=reason_of(error))
