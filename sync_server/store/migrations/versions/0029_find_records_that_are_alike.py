"""Find records that are alike"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step; nobody is told of pairs that were there before."""
    op.create_table(
        "alike_key",
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", "key"),
    )
    op.create_index(op.f("ix_alike_key_key"), "alike_key", ["key"], unique=False)
    op.create_table(
        "alike_pair",
        sa.Column("entity", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("one_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "one_id", "other_id"),
    )
    op.create_index(op.f("ix_alike_pair_other_id"), "alike_pair", ["other_id"], unique=False)
    op.create_index(op.f("ix_alike_pair_settled"), "alike_pair", ["settled"], unique=False)
    op.create_table(
        "alike_task",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("one_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "one_id", "other_id"),
    )
    for column in ("one_id", "other_id", "user_id"):
        op.create_index(op.f(f"ix_alike_task_{column}"), "alike_task", [column], unique=False)
    head = op.get_bind().execute(sa.text("SELECT seq FROM feed_head")).scalar()
    if head:
        setting = sa.table("setting", sa.column("key"), sa.column("value", sa.JSON))
        op.bulk_insert(setting, [{"key": "alike", "value": [0, head]}])


def downgrade() -> None:
    """Take this step back."""
    op.execute(sa.text("DELETE FROM setting WHERE key = 'alike'"))
    for table in ("alike_task", "alike_pair", "alike_key"):
        op.drop_table(table)
