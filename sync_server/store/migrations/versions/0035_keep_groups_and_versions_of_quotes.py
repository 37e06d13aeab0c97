"""Keep groups of quote lines and versions of quotes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("quote", sa.Column("discount_amount", sa.BigInteger(), nullable=True))
    op.add_column("quote_line", sa.Column("group_id", sa.Text(), nullable=True))
    op.add_column("quote_line", sa.Column("alternatives", sa.Text(), nullable=True))
    op.add_column("quote_line", sa.Column("chosen_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_quote_line_group_id"), "quote_line", ["group_id"], unique=False)
    _make(
        "quote_group",
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("title_en", sa.Text(), nullable=True),
    )
    _make(
        "quote_version",
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("amounts", sa.JSON(none_as_null=True), nullable=True),
    )


def _make(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Text(), nullable=True),
        *columns,
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("quote_id", "created_at", "created_by", "updated_at", "updated_by"):
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("quote_version")
    op.drop_table("quote_group")
    op.drop_index(op.f("ix_quote_line_group_id"), table_name="quote_line")
    for name in ("group_id", "alternatives", "chosen_at"):
        op.drop_column("quote_line", name)
    op.drop_column("quote", "discount_amount")
