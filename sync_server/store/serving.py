"""Knowing whether somebody serves a database, so that nothing replaces it under his feet.

Every serving process holds a shared lock that its end releases, however it ends: on PostgreSQL an advisory
lock of its own connection, on SQLite the read lock of a small file beside the database. Whoever wants the
database for himself asks for the exclusive one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import make_url

from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server.store.database import Database

_LOCK: Final = 0x5A7C4E2  # any number, the same in every process of HQ; not the audit's
_CHORES: Final = 0x5A7C4E3
_INT_MAX: Final = 2**31 - 1
_LOOK_S: Final = 0.1
_WAIT_S: Final = 2.0  # a server just stopped may take a moment to let go


class InUse(UserError):
    """Somebody serves the database."""

    def __init__(self) -> None:
        super().__init__(N_("A server is running on this database; stop it first"))


@contextmanager
def serving(database: Database) -> Iterator[None]:
    """Say that this process serves the database for as long as the block runs.

    Raises `InUse` while somebody has it for himself.
    """
    if database.is_sqlite:
        with closing(_beside(database)) as connection:
            try:
                connection.execute("BEGIN")
                connection.execute("SELECT * FROM sqlite_master").fetchall()
            except sqlite3.OperationalError as error:
                raise InUse from error
            yield
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as shared:
            if not shared.execute(select(func.pg_try_advisory_lock_shared(_LOCK))).scalar():
                raise InUse
            try:
                yield
            finally:
                shared.execute(select(func.pg_advisory_unlock_shared(_LOCK)))


@contextmanager
def alone_with(database: Database) -> Iterator[None]:
    """Keep servers away from the database for as long as the block runs; raise `InUse` where one runs."""
    if database.is_sqlite:
        with closing(_beside(database)) as connection:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise InUse from error
            yield
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as exclusive:
            if not exclusive.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar():
                raise InUse
            try:
                yield
            finally:
                exclusive.execute(select(func.pg_advisory_unlock(_LOCK)))


@contextmanager
def turn_at(database: Database, chore: str, *, wait_s: float = 0.0) -> Iterator[bool]:
    """Tell whether something HQ does by itself is this process' to do for as long as the block runs.

    Of all that serve the database one at a time is told so; the others leave it to that one, after waiting
    for `wait_s`. Whoever dies in his turn gives it up.
    """
    if database.is_sqlite:
        with closing(_beside(database, f"turn-{chore}", wait_s=wait_s)) as connection:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                yield False
            else:
                yield True
    else:
        key = (_CHORES, crc32(chore.encode()) & _INT_MAX)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as held:
            is_mine = _locked(held, key, wait_s)
            try:
                yield is_mine
            finally:
                if is_mine:
                    held.execute(select(func.pg_advisory_unlock(*key)))


def _locked(connection: Connection, key: tuple[int, int], wait_s: float) -> bool:
    until = time.monotonic() + wait_s
    while not connection.execute(select(func.pg_try_advisory_lock(*key))).scalar():
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_S)
    return True


def _beside(database: Database, what: str = "serving", wait_s: float = _WAIT_S) -> sqlite3.Connection:
    file = Path(make_url(database.url).database or "")
    # Left in SQLite's own journal mode: with a write-ahead log an exclusive lock would not wait for readers.
    return sqlite3.connect(
        file.with_name(f"{file.name}.{what}"),
        timeout=wait_s,
        isolation_level=None,
        check_same_thread=False,
    )
