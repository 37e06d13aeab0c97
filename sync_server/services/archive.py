"""A whole HQ in one file, the same for SQLite and PostgreSQL.

zstd around lines of JSON. The first line says what it is; then come the settings, every table (a line with
its name and columns, then a line a row) and every file in pieces; the last line counts the lines and holds
their SHA-256, so that a file cut short or damaged is known before anything is replaced. With a passphrase
the whole is sealed (`sync_server.services.sealing`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec
import zstandard
from sqlalchemy import Connection, LargeBinary, Table, select

from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server.services.sealing import Opener, Sealer, is_sealed
from sync_server.store.blobs import BlobPart
from sync_server.store.tables import HqBase, table_of

FORMAT: Final = 1
ROWS_AT_ONCE: Final = 1000
PARTS_AT_ONCE: Final = (
    32  # of files: rows of 32 kB, a thousand of which are more than a small server should hold
)
PIECE_BYTES: Final = 256 * 1024
ZSTD_LEVEL: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The first line of an archive."""

    format: int
    revision: str
    """Step of the migrations its tables have."""
    epoch: str
    seq: int
    """Last feed position in it."""
    made_at_ms: int
    version: str
    """Of the program that wrote it."""


class Damaged(UserError):
    """The file is no archive, or not whole."""

    def __init__(self, file: Path) -> None:
        super().__init__(N_("{file} is not a whole backup of a headquarters"), file=file)


class ArchiveWriter:
    """Writes an archive from its beginning to its end."""

    def __init__(self, stream: IO[bytes], heading: Heading, passphrase: str | None) -> None:
        self._sealer = Sealer(stream, passphrase) if passphrase else None
        target = cast("IO[bytes]", self._sealer or stream)
        self._out = zstandard.ZstdCompressor(level=ZSTD_LEVEL).stream_writer(target, closefd=False)
        self._sum = hashlib.sha256()
        self._lines = 0
        self._write({"satchel": msgspec.to_builtins(heading)})

    def settings(self, text: str) -> None:
        """Add the settings file."""
        self._write({"settings": text})

    def tables(self, connection: Connection) -> int:
        """Add every table as the connection's transaction sees it; return how many rows that were."""
        rows = 0
        for table in HqBase.metadata.sorted_tables:
            names = [str(column.name) for column in table.columns]
            self._write({"table": str(table.name), "columns": names, "binary": _binary_columns(table)})
            wanted = select(table).order_by(*table.primary_key.columns)
            at_once = PARTS_AT_ONCE if table is table_of(BlobPart) else ROWS_AT_ONCE
            for row in connection.execute(wanted, execution_options={"yield_per": at_once}):
                self._write(list(row))
                rows += 1
        return rows

    def file(self, name: str, file: Path) -> None:
        """Add a file; `name` is its path below the data folder with `/`."""
        self._write({"file": name})
        with file.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                self._write(piece)

    def end(self) -> None:
        """Write the last line and finish the stream."""
        self._write({"end": self._lines, "sha256": self._sum.hexdigest()})
        self._out.close()  # type: ignore[no-untyped-call]
        if self._sealer:
            self._sealer.finish()

    def _write(self, value: Any) -> None:
        line = msgspec.json.encode(value) + b"\n"  # bytes become base64
        self._sum.update(line)
        self._lines += 1
        self._out.write(line)


def read_heading(file: Path, passphrase: str | None) -> Heading:
    """Return an archive's first line. Raises `Damaged`."""
    lines = read_lines(file, passphrase)
    try:
        return msgspec.convert(next(lines)["satchel"], Heading)
    except (StopIteration, KeyError, TypeError, msgspec.ValidationError) as error:
        raise Damaged(file) from error
    finally:
        lines.close()


def demand_whole(file: Path, passphrase: str | None) -> None:
    """Read an archive to its end. Raises `Damaged` unless every line of it is as it was written."""
    for _line in read_lines(file, passphrase):
        pass


def read_lines(file: Path, passphrase: str | None) -> Generator[Any]:
    """Yield the lines of an archive but the last. Raises `Damaged`, at the end at the latest."""
    whole = hashlib.sha256()
    for count, raw in enumerate(_raw_lines(file, passphrase)):
        try:
            line = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise Damaged(file) from error
        if isinstance(line, dict) and "end" in line:
            if line["end"] != count or line.get("sha256") != whole.hexdigest():
                raise Damaged(file)
            return
        whole.update(raw)
        yield line
    raise Damaged(file)


def row_reader(line: dict[str, Any]) -> Callable[[list[Any]], dict[str, Any]]:
    """Return a function that makes a row of a table's line into values by column, bytes decoded."""
    columns, binary = line["columns"], frozenset(line["binary"])

    def read(row: list[Any]) -> dict[str, Any]:
        return {
            name: base64.b64decode(value) if name in binary and value is not None else value
            for name, value in zip(columns, row, strict=True)
        }

    return read


def piece_bytes(piece: str) -> bytes:
    """Return the bytes of a line of a file."""
    return base64.b64decode(piece)


def _raw_lines(file: Path, passphrase: str | None) -> Iterator[bytes]:
    with file.open("rb") as stream:
        source: IO[bytes] = stream
        if is_sealed(stream):
            if passphrase is None:
                raise UserError(N_("{file} is sealed with a passphrase; give it"), file=file)
            source = cast("IO[bytes]", Opener(stream, passphrase))
        rest = b""
        try:
            with zstandard.ZstdDecompressor().stream_reader(source, closefd=False) as plain:
                while piece := plain.read(PIECE_BYTES):
                    *lines, rest = (rest + piece).split(b"\n")
                    yield from (line + b"\n" for line in lines)
        except zstandard.ZstdError as error:
            raise Damaged(file) from error
    if rest:
        raise Damaged(file)


def _binary_columns(table: Table) -> list[str]:
    return [str(column.name) for column in table.columns if isinstance(column.type, LargeBinary)]
