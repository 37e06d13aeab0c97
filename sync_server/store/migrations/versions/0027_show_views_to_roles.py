"""Show views to roles"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("saved_view", sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("saved_view", "shown_to")
