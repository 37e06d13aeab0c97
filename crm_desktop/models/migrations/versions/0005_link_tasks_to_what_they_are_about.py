"""Link tasks to what they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("activity", sa.Column("about_entity", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("about_id", sa.Text(), nullable=True))
    op.create_index(op.f("ix_activity_about_id"), "activity", ["about_id"], unique=False)
