"""Engines over one encrypted SQLite file, and its failures as sentences people can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from crm_core.errors import BrokenPromise, CrmError, DamagedDatabase, UserError
from crm_core.i18n import N_
from crm_desktop.models.sorting import decimal_key, sort_key
from crm_desktop.models.standard_forms import FUNCTIONS

sqlcipher: Any = import_module("sqlcipher3.dbapi2")
"""The driver; it has no stubs, and its names come from a compiled module."""

KEY_BYTES = 32
# Another process (the command line beside the window) may be importing a page of a sync meanwhile.
BUSY_TIMEOUT_MS = 15_000
# Holds the customers' table of a hundred thousand records, as 40 MB do not: read again, it is not decrypted.
CACHE_KIB = 48 * 1024
# What is read beside another reading is seldom much; and indexing and applying, the most a writer does at
# once, are no quicker with more.
LESSER_CACHE_KIB = 24 * 1024

# WAL with `synchronous` FULL: NORMAL would lose the newest commits in a power cut. A lost edit is bad
# enough; worse, HQ may have answered an operation this file then never heard of, and its number would be
# given out again for something else. FULL costs one fsync a commit, about a millisecond on an SSD.
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA cache_size = -{LESSER_CACHE_KIB}",
    "PRAGMA secure_delete = ON",
    # Rows arrive in any order: links are soft (docs/architecture.md).
    "PRAGMA foreign_keys = OFF",
    "PRAGMA recursive_triggers = OFF",
)
_READER_PRAGMAS = ("PRAGMA query_only = ON",)

_STEPS_BETWEEN_LOOKS = 20_000  # of the database's machine: a few milliseconds
STOPPED = N_("Stopped before it was done")
NOT_OURS = N_("This file is not a Satchel database, or the key does not fit")


def connect(path: Path, key: bytes) -> Any:
    """Return a DB-API connection to the encrypted file; `UserError` where file and key do not fit.

    The file is made if there is none. Python's own transaction handling is off: SQLAlchemy's `begin`
    event says how each begins. What is where in the file is not read yet, which takes seven milliseconds.
    """
    if len(key) != KEY_BYTES:
        raise BrokenPromise(N_("A database key has 32 bytes"))
    try:
        connection = sqlcipher.connect(
            str(path), timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )
    except sqlcipher.Error as error:
        raise failure(error) or DamagedDatabase(NOT_OURS) from error
    try:
        # Silent first: with a wrong key SQLCipher would write to standard error.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.create_function("sort_key", 1, sort_key, deterministic=True)
        connection.create_function("decimal_key", 1, decimal_key, deterministic=True)
        for name, (values, function) in FUNCTIONS.items():
            connection.create_function(name, values, function, deterministic=True)
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA user_version").fetchone()
    except sqlcipher.Error as error:
        connection.close()
        raise failure(error) or DamagedDatabase(NOT_OURS) from error
    return connection


def heed(connection: Any, stopped: Callable[[], bool]) -> None:
    """Let whatever a connection is at end with an error soon after `stopped` says so."""
    connection.set_progress_handler(stopped, _STEPS_BETWEEN_LOOKS)


def check_file(path: Path, key: bytes, stopped: Callable[[], bool] = lambda: False) -> list[str]:
    """Return what is wrong with a database, page authentication included; empty where all is well.

    `UserError` where it was stopped before it came to its end.
    """
    connection = connect(path, key)
    heed(connection, stopped)
    found: list[str] = []
    try:
        for pragma in ("PRAGMA cipher_integrity_check", "PRAGMA integrity_check"):
            found += [str(row[0]) for row in connection.execute(pragma)]
    except sqlcipher.Error as error:
        found.append(str(error))  # too damaged for the check to come to its end: a finding as well
    finally:
        connection.close()
    if stopped():
        raise UserError(STOPPED)
    return [line for line in found if line != "ok"]


def writer_engine(path: Path, key: bytes) -> Engine:
    """Return the engine of the one writer: one connection, every transaction `BEGIN IMMEDIATE`."""
    return _engine(path, key, _WRITER_PRAGMAS, "BEGIN IMMEDIATE", poolclass=StaticPool)


def reader_engine(path: Path, key: bytes, cache_kib: int = CACHE_KIB) -> Engine:
    """Return an engine of readers: each transaction sees one moment and can write nothing.

    It keeps one connection. A further one is opened in four milliseconds and closed again, for each that
    stays open fills a cache of its own.
    """
    return _engine(
        path,
        key,
        (*_READER_PRAGMAS, f"PRAGMA cache_size = -{cache_kib}"),
        "BEGIN",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=8,
        pool_use_lifo=True,
    )


def _engine(path: Path, key: bytes, pragmas: tuple[str, ...], begin: str, **how: Any) -> Engine:
    def creator() -> Any:
        connection = connect(path, key)
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except sqlcipher.Error as error:
            connection.close()
            raise failure(error) or DamagedDatabase(NOT_OURS) from error
        return connection

    # What goes into a statement is people's, and errors are logged: it stays out of their texts.
    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=creator,
        hide_parameters=True,
        json_deserializer=msgspec.json.decode,  # an outbox of thousands is read three times as fast
        **how,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def failure(error: BaseException) -> CrmError | None:
    """Return what a database error means to the person; None where it is our own mistake."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, (sqlcipher.Error, sqlite3.Error)):
        return None
    text = str(original).lower()
    for words, sentence in _SENTENCES:
        if any(word in text for word in words):
            return DamagedDatabase(sentence) if sentence in _OF_THE_FILE else UserError(sentence)
    return None


DAMAGED = N_("The database is damaged. Restore a backup; what HQ has comes back with the next sync")
_OF_THE_FILE = (NOT_OURS, DAMAGED)

_SENTENCES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("file is not a database", "file is encrypted"), NOT_OURS),
    (
        ("database or disk is full", "disk full"),
        N_("The disk is full. Nothing was changed; make room and try again"),
    ),
    (
        ("readonly", "read-only", "attempt to write"),
        N_("The profile's folder cannot be written to. Nothing was changed"),
    ),
    (
        ("locked", "busy"),
        N_("Another program is using this profile at the moment. Nothing was changed; try again"),
    ),
    (("malformed", "corrupt"), DAMAGED),
    (
        ("unable to open", "disk i/o error", "cannot open"),
        N_("The profile cannot be opened: the disk is full, or the folder protected. Nothing was changed"),
    ),
)
