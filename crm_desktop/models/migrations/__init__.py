"""How the laptop's database came to be what it is, step by step.

A step is a module in `versions`. After changing a declaration or a device table::

    python -m crm_desktop.models.migrations "Say what changes"

drafts the next one; read it, then count `HEAD` up. Search tables and triggers are no steps: they follow from
the declarations (`crm_desktop.models.indexing`).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.models import put_off
from crm_desktop.models.backup import BEFORE, back_up
from crm_desktop.models.device_tables import DEVICE_METADATA
from crm_desktop.models.engine import failure, sqlcipher, writer_engine
from crm_desktop.platform.paths import Profile

HEAD = "0052"
"""The last step; kept here so that nothing heavy is imported to find that there is nothing to do."""

VERSIONS = Path(__file__).parent
log = logging.getLogger(__name__)


def laptop_tables() -> list[Table]:
    """Return every table of the laptop: entities, then its own."""
    return [*(schema.table for schema in SCHEMAS.values()), *DEVICE_METADATA.sorted_tables]


def create_tables(path: Path, key: bytes) -> None:
    """Make the tables of a new database as the last step leaves them."""
    engine = writer_engine(path, key)
    try:
        with engine.begin() as connection:
            for table in laptop_tables():
                table.create(connection, checkfirst=False)
            connection.exec_driver_sql(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
                " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
    finally:
        engine.dispose()


def version_of(writer: Engine) -> str | None:
    """Return the step a database is at; None for one without tables. `UserError` where it cannot be read.

    On the writer's connection, but in no transaction of its: another program may be writing.
    """
    lent = writer.raw_connection()
    connection: Any = lent.driver_connection
    try:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
        return str(row[0]) if row else None
    except sqlcipher.Error as error:
        known = failure(error)
        if known is None:
            raise
        raise known from error
    finally:
        lent.close()


def upgrade(profile: Profile, key: bytes, writer: Engine) -> None:
    """Bring the profile's database to the last step, after a backup; quick where it is there already.

    All steps are one transaction. `UserError` where a newer version of the program made the database.
    """
    version = version_of(writer)
    if version == HEAD:
        return
    if version is not None:
        back_up(profile, key, f"{BEFORE}{HEAD}")
    log.info("Upgrading the database from step %s to %s", version, HEAD)
    with writer.begin() as connection:
        put_off.make_again(connection)  # a step may change them
        run_steps(connection)


def run_steps(connection: Connection, last: str = "head") -> None:
    """Run the steps the connection's database has not seen, up to `last`."""
    # Left out of start-up: half a second, needed once a version.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(VERSIONS))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs(last, revision)

    context = MigrationContext.configure(connection, opts={"fn": steps, "script": script})
    try:
        with Operations.context(context):
            context.run_migrations()
    except CommandError as error:
        raise UserError(
            N_("A newer version of Satchel made this database. Install that version to open it")
        ) from error


def whole_metadata() -> MetaData:
    """Return one metadata that holds a copy of every table, to compare a database with."""
    whole = MetaData()
    for table in laptop_tables():
        table.to_metadata(whole)
    return whole
