"""Taking in the files of a drop folder: each once, also when HQ is ended in the middle of one.

A file is known by its content. Which of its lines are written is noted in the transactions that write them,
so whoever goes on with it leaves those out. `done/` holds the files all of whose rows were taken; `failed/`
the others, each with the rows that were not and why.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import Connection, insert, select, update

from crm_core.errors import CrmError, UserError
from crm_core.exchange.plan import ImportReport
from crm_core.exchange.source import SourceTable
from crm_core.exchange.tables import MAX_BYTES, read_table
from crm_core.exchange.writing import BOM, rejects_csv
from crm_core.i18n import N_
from resources import CHINESE, translation
from sync_server.services import drops, importing, keys
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Writing
from sync_server.services.importing import ImportWish
from sync_server.store.drops import DropFile
from sync_server.store.tables import table_of

SETTLED_S: Final = 5.0
"""A file nobody wrote to for so long is whole. Whoever is slower gives it its name when it is."""
UNFINISHED: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")
DONE, FAILED = "done", "failed"
REJECTS: Final = ".rejects.csv"
REASON: Final = ".reason.txt"

_file = table_of(DropFile)
log = structlog.get_logger("satchel.drops")


def take_in(hq: Headquarters, drop: Any, clock: Callable[[], float] = time.time) -> int:
    """Take in the whole files of a folder, oldest first; return how many. Raises `CrmError` and `OSError`."""
    keys.demand_works(hq, drop.user_id)
    folder, taken = Path(drop.folder), 0
    for name in (DONE, FAILED):
        (folder / name).mkdir(exist_ok=True)
    for path in _whole_files(folder, clock()):
        before = path.stat()
        raw = path.read_bytes()
        after = path.stat()
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            _take(hq, drop, path, raw)
            taken += 1
    if taken:
        drops.note(hq, drop.id, worked_ms=now_ms())
    return taken


def _whole_files(folder: Path, now_s: float) -> list[Path]:
    found = []
    for entry in os.scandir(folder):
        if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
            continue
        if not entry.is_file(follow_symlinks=False):
            continue
        held = entry.stat(follow_symlinks=False)
        if now_s - held.st_mtime >= SETTLED_S and held.st_size <= MAX_BYTES:
            found.append((held.st_mtime_ns, Path(entry.path)))
    return [path for _, path in sorted(found)]


def _take(hq: Headquarters, drop: Any, path: Path, raw: bytes) -> None:
    """Take in one file, or go on with it, and put it where it belongs."""
    sha = hashlib.sha256(raw).hexdigest()
    lines, state = _begin(hq, drop.id, sha, path.name)
    if state == DONE:
        log.info("file again", drop=drop.name, sha=sha[:12])
        _move(path, DONE, sha)
        return
    try:
        report = _import(hq, drop, path, raw, sha, lines)
    except CrmError as error:
        _beside(path, FAILED, REASON, sha, (BOM, f"{error.message}\r\n".encode()))
        _end(hq, drop.id, sha, FAILED, {})
        _move(path, FAILED, sha)
        log.warning("file failed", drop=drop.name, sha=sha[:12], reason=error.message.text)
        return
    ends = FAILED if report.rejected else DONE
    if report.rejected:
        _beside(path, FAILED, REJECTS, sha, rejects_csv(report, translation(hq.settings.language)))
    _end(hq, drop.id, sha, ends, {**report.counts(), "before": len(lines)})
    _move(path, ends, sha)
    log.info("file taken", drop=drop.name, sha=sha[:12], **report.counts())


def _import(
    hq: Headquarters, drop: Any, path: Path, raw: bytes, sha: str, lines: Sequence[int]
) -> ImportReport:
    table = _without(read_table(raw, path.name), lines)
    wish = msgspec.convert(drop.how, ImportWish)
    languages = (translation(CHINESE),)
    plan = importing.plan_table(hq, table, drop.entity, wish, path.stem, languages, drop.user_id)
    written = list(lines)

    def keep(writing: Writing, done: Sequence[int]) -> None:
        written.extend(done)
        _keep_lines(writing.connection, drop.id, sha, written)

    return importing.run_plan(hq, plan, path.name, author_id=drop.user_id, beside=keep)


def _without(table: SourceTable, lines: Sequence[int]) -> SourceTable:
    """Return the table less the rows that are written already."""
    done = frozenset(lines)
    return replace(table, rows=tuple(row for row in table.rows if row.line not in done))


def _begin(hq: Headquarters, drop_id: int, sha: str, name: str) -> tuple[list[int], str]:
    """Return which lines of a file are written, and how it stands; write it down where it is new."""
    of_file = (_file.c.drop_id == drop_id, _file.c.sha256 == sha)
    with hq.database.note() as connection:
        row = connection.execute(select(_file).where(*of_file)).one_or_none()
        if row is not None:
            return list(row.lines), str(row.state)
        new = {"drop_id": drop_id, "sha256": sha, "name": name, "state": "begun", "lines": [], "counts": {}}
        connection.execute(insert(_file).values(**new, at_ms=now_ms()))
    return [], "begun"


def _keep_lines(connection: Connection, drop_id: int, sha: str, lines: Sequence[int]) -> None:
    of_file = (_file.c.drop_id == drop_id, _file.c.sha256 == sha)
    connection.execute(update(_file).where(*of_file).values(lines=sorted(lines)))


def _end(hq: Headquarters, drop_id: int, sha: str, state: str, counts: dict[str, int]) -> None:
    of_file = (_file.c.drop_id == drop_id, _file.c.sha256 == sha)
    with hq.database.note() as connection:
        ended = {"state": state, "counts": counts, "at_ms": now_ms()}
        connection.execute(update(_file).where(*of_file).values(**ended))


def _beside(path: Path, folder: str, ending: str, sha: str, pieces: Any) -> None:
    """Write what is to lie beside a file where it will be, wholly or not at all."""
    write_whole(
        _place(path, folder, sha).with_name(_place(path, folder, sha).name + ending), b"".join(pieces)
    )


def _move(path: Path, folder: str, sha: str) -> None:
    try:
        path.replace(_place(path, folder, sha))
    except OSError as error:
        raise UserError(N_("{file} cannot be moved"), file=path.name) from error


def _place(path: Path, folder: str, sha: str) -> Path:
    """Return where a file goes: under its name, or where another one has that, with what tells them apart."""
    wanted = path.parent / folder / path.name
    return wanted.with_name(f"{path.stem}-{sha[:8]}{path.suffix}") if wanted.exists() else wanted


def write_whole(path: Path, raw: bytes) -> None:
    """Write a file so that whoever looks sees all of it or nothing."""
    partial = path.with_name(f".{path.name}.tmp")
    with partial.open("wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
