"""Saving a whole HQ to one file, and making one from it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table, func, select

from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server import settings as settings_module
from sync_server.services import archive, numbers
from sync_server.services.auth import now_ms
from sync_server.services.version import VERSION
from sync_server.settings import Settings
from sync_server.store import serving, upgrading
from sync_server.store.blobs import Blob
from sync_server.store.database import Database, renew_epoch
from sync_server.store.tables import FeedHead, table_of

FILES: Final = "files"
"""Folder of attached files below the data folder."""
ROWS_AT_ONCE: Final = 500

_head = table_of(FeedHead)
_blob = table_of(Blob)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a backup holds."""

    file: str
    rows: int
    files: int
    bytes: int


def back_up(settings: Settings, database: Database, file: Path, passphrase: str | None = None) -> Saved:
    """Write the whole HQ as it is at one moment to `file`; servers may go on meanwhile.

    Raises `UserError` where the database waits for `crm-server migrate`. What was at `file` stays until
    the new backup is complete.
    """
    partial = file.with_name(f"{file.name}.partial")
    rows = files = 0
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        with database.read() as snapshot:
            revision = upgrading.revision_of(snapshot.connection)
            if revision != upgrading.newest_revision():
                raise UserError(N_("Run “crm-server migrate” first"))
            heading = archive.Heading(
                format=archive.FORMAT,
                revision=revision,
                epoch=snapshot.epoch,
                seq=snapshot.head,
                made_at_ms=now_ms(),
                version=VERSION,
            )
            writer = archive.ArchiveWriter(stream, heading, passphrase)
            writer.settings(settings.file.read_text(encoding="utf-8"))
            rows = writer.tables(snapshot.connection)
            files = _contents(snapshot.connection)
        # Files are never changed once written, so those the rows name are all there.
        for found in _files(settings.data / FILES):
            writer.file(found.relative_to(settings.data).as_posix(), found)
            files += 1
        writer.end()
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)
    return Saved(file=str(file), rows=rows, files=files, bytes=file.stat().st_size)


def restore(
    data: Path,
    file: Path,
    *,
    passphrase: str | None = None,
    database_url: str | None = None,
    overwrite_newer: bool = False,
) -> Saved:
    """Make the HQ in `data` what the backup holds.

    It becomes another HQ to every laptop: each finds out at its next contact and makes again what it had
    handed in after the backup. Numbers given out since are set apart for that.

    Raises `UserError` where the file is not whole, where a server runs on the database, where the
    database holds more than the backup (unless `overwrite_newer`), or another company's records.
    """
    heading = archive.read_heading(file, passphrase)
    if heading.format > archive.FORMAT or heading.revision not in upgrading.known_revisions():
        raise UserError(N_("{file} was written by a newer version of this program"), file=file)
    archive.demand_whole(file, passphrase)
    lines = archive.read_lines(file, passphrase)
    next(lines)
    settings = _settings_for(data, next(lines)["settings"], database_url)
    database = Database(settings.database_url)
    try:
        with serving.alone_with(database):
            saved = _replace(settings, database, heading, lines, file, overwrite_newer=overwrite_newer)
    finally:
        database.close()
    settings_module.write_settings(settings)
    return saved


def _settings_for(data: Path, text: str, database_url: str | None) -> Settings:
    """Return the settings to restore with: those of this folder if it has some, else those saved."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (data / settings_module.FILE_NAME).exists():
        kept = settings_module.read_settings(data, {})
    else:
        kept = settings_module.parse_settings(text, data)
        if not database_url and kept.database_url.startswith("sqlite"):
            database_url = settings_module.sqlite_url(data.absolute() / settings_module.SQLITE_NAME)
    return settings_module.with_database(kept, database_url) if database_url else kept


def _replace(
    settings: Settings,
    database: Database,
    heading: archive.Heading,
    lines: Iterator[Any],
    file: Path,
    *,
    overwrite_newer: bool,
) -> Saved:
    incoming = settings.data / f"{FILES}.restoring"
    shutil.rmtree(incoming, ignore_errors=True)
    with database.note() as connection:
        _demand_replaceable(connection, heading, overwrite_newer=overwrite_newer)
        upgrading.drop_everything(connection)
        upgrading.upgrade_on(connection, heading.revision)
        rows, files = _load(connection, lines, incoming)
        upgrading.upgrade_on(connection)
        files += _contents(connection)
        renew_epoch(connection)
        numbers.set_lost_apart(connection, now_ms())
    _swap_files(settings.data / FILES, incoming)
    return Saved(file=str(file), rows=rows, files=files, bytes=file.stat().st_size)


def _demand_replaceable(connection: Connection, heading: archive.Heading, *, overwrite_newer: bool) -> None:
    stands_at = upgrading.revision_of(connection)
    if stands_at is None:
        if sa.inspect(connection).get_table_names():
            raise UserError(N_("This database holds something else than a headquarters"))
        return
    if stands_at not in upgrading.known_revisions():
        raise UserError(N_("The database belongs to a newer version of this program"))
    head = connection.execute(select(_head.c.epoch, _head.c.seq)).one_or_none()
    if head is None or overwrite_newer:
        return
    if head.epoch != heading.epoch:
        raise UserError(
            N_("The database holds another headquarters; give --overwrite-newer to replace it all the same")
        )
    if head.seq > heading.seq:
        raise UserError(
            N_("The database is newer than the backup; give --overwrite-newer to go back all the same")
        )


def _contents(connection: Connection) -> int:
    """Return how many contents of files lie in the database."""
    query = select(func.count()).select_from(_blob).where(_blob.c.device == 0)
    return connection.execute(query).scalar_one()


def _load(connection: Connection, lines: Iterator[Any], incoming: Path) -> tuple[int, int]:
    """Fill the tables and write the files of an archive's lines; return how many of each."""
    there = MetaData()
    there.reflect(connection)
    rows = files = 0
    for line in _grouped(lines):
        if "table" in line:
            rows += _fill(connection, there.tables[line["table"]], line)
        elif "file" in line:
            _write_file(incoming, line["file"], line["rows"])
            files += 1
    return rows, files


def _grouped(lines: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Yield each heading line with an iterator over what follows it, under `rows`."""
    line = next(lines, None)
    while line is not None:
        held: list[Any] = [None]

        def below(held: list[Any] = held) -> Iterator[Any]:
            for following in lines:
                if isinstance(following, dict):
                    held[0] = following
                    return
                yield following

        rows = below()
        yield {**line, "rows": rows}
        for _unread in rows:
            pass
        line = held[0]


def _fill(connection: Connection, table: Table, line: dict[str, Any]) -> int:
    read = archive.row_reader(line)
    for column in table.columns:
        if isinstance(column.type, sa.JSON):
            column.type = sa.JSON(none_as_null=column.nullable is True)
    waiting: list[dict[str, Any]] = []
    count = 0
    for row in line["rows"]:
        waiting.append(read(row))
        if len(waiting) == ROWS_AT_ONCE:
            count += _insert(connection, table, waiting)
            waiting.clear()
    count += _insert(connection, table, waiting)
    _continue_numbering(connection, table)
    return count


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    if rows:
        connection.execute(table.insert(), rows)
    return len(rows)


def _continue_numbering(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number further rows after the highest loaded; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        sequence = func.pg_get_serial_sequence(f'"{table.name}"', column.name)
        if connection.execute(select(sequence)).scalar() is not None:
            highest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            connection.execute(select(func.setval(sequence, highest, False)))


def _write_file(incoming: Path, name: str, pieces: Iterator[str]) -> None:
    parts = PurePosixPath(name).parts
    if parts[:1] != (FILES,) or len(parts) < 2 or ".." in parts:
        raise UserError(N_("The backup names a file outside its folder"))
    target = incoming.joinpath(*parts[1:])
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("wb") as stream:
        for piece in pieces:
            stream.write(archive.piece_bytes(piece))


def _swap_files(folder: Path, incoming: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    if incoming.exists():
        incoming.rename(folder)


def _files(folder: Path) -> Iterator[Path]:
    yield from (found for found in sorted(folder.rglob("*")) if found.is_file())
