"""Find what a deletion took"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_index(
        "ix_row_meta_cascade",
        "row_meta",
        ["cascade"],
        sqlite_where=sa.text("cascade IS NOT NULL"),
        postgresql_where=sa.text("cascade IS NOT NULL"),
    )


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_index("ix_row_meta_cascade", "row_meta")
