"""Let sharing end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    for table in ("customer", "deal", "ticket"):
        for name in ("shared_until", "shown_until"):
            op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
