"""Know who is a customer already"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "known_hash",
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", "hash"),
    )
    op.create_index(op.f("ix_known_hash_hash"), "known_hash", ["hash"], unique=False)
    op.create_index(op.f("ix_known_hash_number"), "known_hash", ["number"], unique=True)


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("known_hash")
