"""Know who is a customer already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "known_hash",
        sa.Column("hash", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
