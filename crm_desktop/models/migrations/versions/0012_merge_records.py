"""Merge records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "merge",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kept_entity", sa.Text(), nullable=True),
        sa.Column("kept_id", sa.Text(), nullable=True),
        sa.Column("merged", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("moves", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("before_core", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("before_money", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("before_comms", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("before_private", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("taken_apart_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("created_at", "created_by", "kept_id", "updated_at", "updated_by"):
        op.create_index(op.f(f"ix_merge_{name}"), "merge", [name], unique=False)
    for table in ("contact", "customer"):
        op.add_column(table, sa.Column("merged_into_id", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("distinct_from", sa.JSON(none_as_null=True), nullable=True))
        op.create_index(op.f(f"ix_{table}_merged_into_id"), table, ["merged_into_id"], unique=False)
