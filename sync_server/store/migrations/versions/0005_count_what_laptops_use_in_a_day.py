"""Count what laptops use in a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("device", sa.Column("used_day", sa.Integer(), server_default="0", nullable=False))
    op.add_column("device", sa.Column("used_bytes", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("device", sa.Column("used_operations", sa.BigInteger(), server_default="0", nullable=False))
