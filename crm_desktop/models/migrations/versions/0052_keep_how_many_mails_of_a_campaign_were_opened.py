"""Keep how many mails of a campaign were opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("mails_sent", sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("mails_opened", sa.Integer(), nullable=True))
