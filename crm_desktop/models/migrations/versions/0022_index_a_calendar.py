"""Index a calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_activity_owner_due", "activity", ["owner_id", "due_at"], unique=False)
    op.create_index("ix_activity_owner_happened", "activity", ["owner_id", "happened_at"], unique=False)
    for name, condition in (
        ("ix_activity_long", "duration_minutes > 1440"),
        ("ix_activity_put_on", "assignees IS NOT NULL"),
    ):
        op.create_index(
            name,
            "activity",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
