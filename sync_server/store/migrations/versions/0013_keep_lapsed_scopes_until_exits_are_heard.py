"""Keep lapsed scopes until exits are heard"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("user_scope_ever", sa.Column("lapsed_seq", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("user_scope_ever", "lapsed_seq")
