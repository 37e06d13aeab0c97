"""The steps of the migrations make exactly the tables the program declares, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from sync_server.settings import sqlite_url
from sync_server.store import upgrading
from sync_server.store.attempts import SignInAttempt
from sync_server.store.blobs import Blob
from sync_server.store.database import Database
from sync_server.store.tables import HqBase
from sync_server.store.turns import AssignmentTurn


def differences(engine: Engine) -> list[Any]:
    """Return what the database has otherwise than the program declares."""
    assert SignInAttempt.metadata is Blob.metadata is AssignmentTurn.metadata is HqBase.metadata
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[Any] = compare_metadata(context, HqBase.metadata)
    return found


def upgraded(url: str) -> Database:
    database = Database(url)
    assert upgrading.upgrade(database.engine) == (None, upgrading.newest_revision())
    return database


def test_the_steps_make_the_declared_tables_on_sqlite(tmp_path: Path) -> None:
    database = upgraded(sqlite_url(tmp_path / "hq.db"))
    assert differences(database.engine) == []
    database.close()


@pytest.mark.postgres
def test_the_steps_make_the_declared_tables_on_postgresql(fresh_postgres: str) -> None:
    database = upgraded(fresh_postgres)
    assert differences(database.engine) == []
    database.close()


def test_a_difference_would_be_noticed(tmp_path: Path) -> None:
    database = upgraded(sqlite_url(tmp_path / "hq.db"))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE customer ADD COLUMN forgotten TEXT")
    assert differences(database.engine)
    database.close()


def test_upgrading_what_is_up_to_date_changes_nothing(tmp_path: Path) -> None:
    database = upgraded(sqlite_url(tmp_path / "hq.db"))
    newest = upgrading.newest_revision()
    assert upgrading.upgrade(database.engine) == (newest, newest)
    database.close()


def test_steps_that_fail_halfway_leave_nothing_behind(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "hq.db"))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE user (id TEXT)")  # in the way of one of the last steps
    with pytest.raises(Exception, match="already exists"):
        upgrading.upgrade(database.engine)
    assert inspect(database.engine).get_table_names() == ["user"]
    database.close()
