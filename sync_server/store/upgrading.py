"""Bringing a database up to the version this program is written for."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData

from sync_server.store.tables import HqBase

STEPS = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """Return the step this program needs."""
    head = ScriptDirectory(str(STEPS)).get_current_head()
    assert head is not None
    return head


def known_revisions() -> set[str]:
    """Return every step this program knows."""
    return {script.revision for script in ScriptDirectory(str(STEPS)).walk_revisions()}


def revision_of(connection: Connection) -> str | None:
    """Return the step a database stands at; None where it is no HQ's yet."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Run the steps missing, all or none; give where the database stood and where it stands."""
    with engine.execution_options(begins_immediate=True).begin() as connection:
        before = revision_of(connection)
        return before, upgrade_on(connection)


def make(engine: Engine) -> str:
    """Make every table of an empty database at once, as the newest step leaves it; return that step.

    A fifth of the time all steps take; that both come to the same is tested.
    """
    with engine.execution_options(begins_immediate=True).begin() as connection:
        HqBase.metadata.create_all(connection)
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(STEPS)), "head")
        made = revision_of(connection)
    assert made is not None
    return made


def upgrade_on(connection: Connection, revision: str = "head") -> str:
    """Run the steps missing up to `revision` in the connection's transaction; return where it stands."""
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    after = revision_of(connection)
    assert after is not None
    return after


def drop_everything(connection: Connection) -> None:
    """Remove every table of the database in the connection's transaction."""
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)
