"""Keep the other versions of long texts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("lost_edit", sa.Column("is_other", sa.Boolean(), nullable=False, server_default=sa.false()))
