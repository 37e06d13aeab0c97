"""Keep payment plans under names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None
_INDEXED = ("created_at", "created_by", "name", "updated_at", "updated_by")


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "plan_template",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=True),
        sa.Column("parts", sa.Text(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_plan_template_{name}"), "plan_template", [name], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    for name in reversed(_INDEXED):
        op.drop_index(op.f(f"ix_plan_template_{name}"), table_name="plan_template")
    op.drop_table("plan_template")
