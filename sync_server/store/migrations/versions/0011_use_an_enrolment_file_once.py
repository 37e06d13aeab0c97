"""Use a file that signs a laptop in once, and in time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("device", sa.Column("file_until", sa.BigInteger(), nullable=True))
    op.add_column("device", sa.Column("file_opened", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("device", "file_until")
    op.drop_column("device", "file_opened")
