"""Keep conditions of stages, milestones and competitors"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, type], ...]]] = {
    "competitor": (
        ("name",),
        (
            ("name", sa.Text),
            ("website", sa.Text),
            ("strengths", sa.Text),
            ("weaknesses", sa.Text),
            ("notes", sa.Text),
            ("active", sa.Boolean),
        ),
    ),
    "milestone": (
        ("name", "product_id", "stage_id"),
        (
            ("name", sa.Text),
            ("name_zh", sa.Text),
            ("stage_id", sa.Text),
            ("product_id", sa.Text),
            ("due_days", sa.Integer),
            ("rank", sa.Integer),
            ("active", sa.Boolean),
        ),
    ),
    "stage_rule": (
        ("milestone_id", "stage_id"),
        (
            ("stage_id", sa.Text),
            ("moment", sa.Text),
            ("kind", sa.Text),
            ("field", sa.Text),
            ("operator", sa.Text),
            ("value", sa.Text),
            ("activity_kind", sa.Text),
            ("days", sa.Integer),
            ("milestone_id", sa.Text),
            ("message", sa.Text),
            ("message_zh", sa.Text),
            ("active", sa.Boolean),
        ),
    ),
    "deal_milestone": (
        ("deal_id", "done_by", "due_on", "milestone_id", "name", "owner_id"),
        (
            ("name", sa.Text),
            ("deal_id", sa.Text),
            ("milestone_id", sa.Text),
            ("owner_id", sa.Text),
            ("due_on", sa.Text),
            ("done", sa.Boolean),
            ("done_at", sa.BigInteger),
            ("done_by", sa.Text),
        ),
    ),
}
"""Table to (columns with an index, own columns)."""
_COMMON = (
    ("created_at", sa.BigInteger),
    ("created_by", sa.Text),
    ("updated_at", sa.BigInteger),
    ("updated_by", sa.Text),
)
_ADDED = (
    ("deal", "competitor_id", sa.Text()),
    ("deal", "loss_note", sa.Text()),
    ("deal", "skip_reason", sa.Text()),
    ("deal", "skip_at", sa.BigInteger()),
    ("deal", "skipped", sa.JSON(none_as_null=True)),
    ("pipeline", "neglect_days", sa.Integer()),
    ("stage", "retired", sa.Boolean()),
    ("stage", "skip_by", sa.Text()),
)


def upgrade() -> None:
    """Bring the database up to this step."""
    for table, (indexed, columns) in _TABLES.items():
        op.create_table(
            table,
            sa.Column("id", sa.Text(), nullable=False),
            sa.Column("life", sa.Integer(), nullable=False),
            *(sa.Column(name, kind(), nullable=True) for name, kind in (*columns, *_COMMON)),
            sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
            sa.PrimaryKeyConstraint("id"),
        )
        for name in (*indexed, *(name for name, _ in _COMMON)):
            op.create_index(op.f(f"ix_{table}_{name}"), table, [name], unique=False)
    for table, name, kind in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_deal_competitor_id"), "deal", ["competitor_id"], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_index(op.f("ix_deal_competitor_id"), "deal")
    for table, name, _ in _ADDED:
        op.drop_column(table, name)
    for table in _TABLES:
        op.drop_table(table)
