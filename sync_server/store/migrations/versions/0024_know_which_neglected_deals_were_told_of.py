"""Know which neglected deals were told of"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "neglect_notice",
        sa.Column("deal_id", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id"),
    )


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("neglect_notice")
