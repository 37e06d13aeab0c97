"""Let sharing end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    for table in ("customer", "deal", "ticket"):
        for name in ("shared_until", "shown_until"):
            op.add_column(table, sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    for table in ("customer", "deal", "ticket"):
        for name in ("shared_until", "shown_until"):
            op.drop_column(table, name)
