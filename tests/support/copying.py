"""Empty databases of laptops and HQs: made once in each process of tests, then copied.

To make all tables, indexes and triggers takes a laptop a sixth of a second and HQ a fifth; to copy them a
hundredth. What is copied is what the program itself made here. Tests of how a database is made call
`crm_desktop.models.migrations.create_tables` and the steps of HQ themselves.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, inspect

from crm_desktop.models import migrations, replica
from crm_desktop.models.engine import connect
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from sync_server.store import upgrading
from sync_server.store.database import Database

KEY: Final = bytes(range(32))
"""The key of most replicas in tests; a copy for another key is enciphered anew."""


def copy_empty_databases() -> None:
    """Let every new database of this process be a copy."""
    replica.create_tables = _copy_replica  # type: ignore[attr-defined]
    upgrading.make = _copy_hq


def _copy_replica(path: Path, key: bytes) -> None:
    content = _empty_replica()
    try:
        path.write_bytes(content)
    except OSError:
        path.unlink(missing_ok=True)
        migrations.create_tables(path, key)  # which says what stood in its way
        return
    if key != KEY:
        connection = connect(path, KEY)
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute(f"PRAGMA rekey = \"x'{key.hex()}'\"")
        connection.close()


@cache
def _empty_replica() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        profile = Profile(Path(folder) / "profile")
        profile.make()
        migrations.create_tables(profile.database, KEY)
        Replica.open(profile, KEY).close()  # which makes the search index
        assert not profile.database.with_name(f"{profile.database.name}-wal").exists()
        return profile.database.read_bytes()


_make_hq: Final = upgrading.make


def _copy_hq(engine: Engine) -> str:
    if engine.dialect.name != "sqlite" or inspect(engine).get_table_names():
        return _make_hq(engine)
    raw: Any = engine.raw_connection()
    try:
        _empty_hq().backup(raw.driver_connection)
    finally:
        raw.close()
    return upgrading.newest_revision()


@cache
def _empty_hq() -> sqlite3.Connection:
    """Return a database in memory with HQ's tables."""
    made: Final = sqlite3.connect(":memory:", check_same_thread=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hq.db"
        database = Database(f"sqlite:///{file}")
        _make_hq(database.engine)
        database.close()
        with contextlib.closing(sqlite3.connect(file)) as written:
            written.backup(made)
    return made
