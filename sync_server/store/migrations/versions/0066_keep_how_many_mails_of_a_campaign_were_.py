"""Keep how many mails of a campaign were opened"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

_COLUMNS = ("mails_sent", "mails_opened")


def upgrade() -> None:
    """Bring the database up to this step."""
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.drop_column(name)
