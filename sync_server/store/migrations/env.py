"""What Alembic runs around the steps; `sync_server.store.upgrading` hands it the connection."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine

from sync_server.store.tables import HqBase
from sync_server.store.upgrading import KEPT

assert KEPT
metadata = HqBase.metadata


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
