"""Keep the shared pool."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


_INDEXED = ("created_at", "created_by", "name", "updated_at", "updated_by")
_INSTANTS = ("held_since", "claimed_at", "returned_at")
_NUMBERS = (
    "contact_days",
    "deal_days",
    "remind_days",
    "most_held",
    "most_locked",
    "claims_a_day",
    "claims_a_week",
    "barred_days",
)


def upgrade() -> None:
    op.create_table(
        "pool_rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("spared", sa.Boolean(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in _NUMBERS),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_pool_rule_{name}"), "pool_rule", [name], unique=False)
    op.add_column("customer", sa.Column("holding", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("last_owner_id", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("pool_reason", sa.Text(), nullable=True))
    for name in _INSTANTS:
        op.add_column("customer", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("claimed_at", "last_owner_id"):
        op.create_index(op.f(f"ix_customer_{name}"), "customer", [name], unique=False)
