"""Keep comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_INDEXED = ("created_at", "created_by", "record_id", "updated_at", "updated_by")


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "comment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("record_entity", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("mentions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_comment_{name}"), "comment", [name], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("comment")
