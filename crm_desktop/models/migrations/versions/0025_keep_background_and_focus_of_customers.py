"""Keep background and focus of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("customer", sa.Column("background", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("focus", sa.Text(), nullable=True))
