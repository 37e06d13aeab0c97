"""Keep background and focus of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("customer", sa.Column("background", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("focus", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("customer", "focus")
    op.drop_column("customer", "background")
