"""Forget what nobody needs any more"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("feed_head", sa.Column("floor", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "feed_mark",
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("at_ms"),
    )
    op.create_table(
        "op_seen",
        sa.Column("device", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload_sha", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "payload_sha"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grave",
        sa.Column("entity", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "row_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Bring the database back to the step before."""
    op.drop_table("grave")
    op.drop_table("op_seen")
    op.drop_table("feed_mark")
    with op.batch_alter_table("feed_head", schema=None) as batch_op:
        batch_op.drop_column("floor")
