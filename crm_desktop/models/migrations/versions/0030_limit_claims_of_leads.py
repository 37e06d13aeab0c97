"""Limit claims of leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("pool_rule", sa.Column("kind", sa.Text(), nullable=True))
    for name in ("claimed_by", "last_owner_id"):
        op.add_column("lead", sa.Column(name, sa.Text(), nullable=True))
    for name in ("claimed_at", "returned_at"):
        op.add_column("lead", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("claimed_by", "claimed_at", "last_owner_id"):
        op.create_index(op.f(f"ix_lead_{name}"), "lead", [name], unique=False)
