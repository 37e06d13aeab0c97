"""Know laptops by their files"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("device", sa.Column("file_key", sa.LargeBinary(), nullable=True))
    op.add_column("device", sa.Column("file_no", sa.BigInteger(), server_default="0", nullable=False))
