"""Keep the version of a contract, and the day a customer accepted an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("contract", sa.Column("version", sa.Integer(), nullable=True))
    op.add_column("order", sa.Column("accepted_on", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("order", "accepted_on")
    op.drop_column("contract", "version")
