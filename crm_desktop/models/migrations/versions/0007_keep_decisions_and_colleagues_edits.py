"""Keep decisions and colleagues' edits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("places", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_offer_row", "offer", ["entity", "row_id"], unique=False)
    op.create_table(
        "untold_verdict",
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("op_no", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incarnation", "op_no"),
    )
    op.add_column("history", sa.Column("typed_by", sa.Text(), nullable=True))
    op.add_column("returned", sa.Column("mine_ms", sa.BigInteger(), nullable=True))
    op.add_column("returned", sa.Column("theirs_ms", sa.BigInteger(), nullable=True))
    op.add_column("returned", sa.Column("decided_ms", sa.BigInteger(), nullable=True))
    op.add_column("returned", sa.Column("undo", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("returned", sa.Column("verdict", sa.Text(), server_default="", nullable=False))
    op.add_column("returned", sa.Column("judge", sa.Text(), nullable=True))
    op.add_column("returned", sa.Column("judged_ms", sa.BigInteger(), nullable=True))
    op.execute("UPDATE returned SET decided_ms = at_ms WHERE state <> 'open'")
