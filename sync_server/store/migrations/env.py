"""What Alembic runs around the steps; `sync_server.store.upgrading` hands it the connection."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine

from crm_core.entities import ENTITIES
from sync_server.store import alike, attempts, blobs, calendar_feeds, known, tables, turns

# Everything HQ keeps hangs on one metadata, once the modules that declare it are imported.
metadata = tables.HqBase.metadata
assert ENTITIES
assert attempts.SignInAttempt.metadata is blobs.Blob.metadata is turns.AssignmentTurn.metadata is metadata
assert calendar_feeds.CalendarFeed.metadata is known.KnownHash.metadata is metadata
assert alike.AlikeKey.metadata is metadata


def run(connection: Connection) -> None:
    """Run the steps wanted, in the connection's transaction."""
    options: dict[str, Any] = {"compare_type": True, "render_as_batch": connection.dialect.name == "sqlite"}
    context.configure(connection=connection, target_metadata=metadata, **options)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["database"]).connect() as opened:
        run(opened)
        opened.commit()
