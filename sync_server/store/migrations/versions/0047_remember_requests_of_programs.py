"""Remember answers given to other programs, and what they call records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "external_id",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "entity", "name"),
    )
    op.create_index("ux_external_id_row", "external_id", ["user_id", "entity", "row_id"], unique=True)
    op.create_table(
        "kept_answer",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key"),
    )
    op.create_index(op.f("ix_kept_answer_at_ms"), "kept_answer", ["at_ms"], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_index(op.f("ix_kept_answer_at_ms"), "kept_answer")
    op.drop_table("kept_answer")
    op.drop_index("ux_external_id_row", "external_id")
    op.drop_table("external_id")
