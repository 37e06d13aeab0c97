"""Keep the exchange rates of quotes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("quote", sa.Column("exchange_rate", sa.Text(), nullable=True))
    op.add_column("quote", sa.Column("base_currency", sa.Text(), nullable=True))
