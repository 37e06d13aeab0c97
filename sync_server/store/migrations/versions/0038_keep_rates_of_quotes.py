"""Keep the exchange rates of quotes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("quote", sa.Column("exchange_rate", sa.Text(), nullable=True))
    op.add_column("quote", sa.Column("base_currency", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("quote", "base_currency")
    op.drop_column("quote", "exchange_rate")
