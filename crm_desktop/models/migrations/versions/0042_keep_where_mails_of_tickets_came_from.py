"""Keep where mails of tickets came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("from_address", sa.Text(), nullable=True))
    op.create_index(op.f("ix_ticket_from_address"), "ticket", ["from_address"], unique=False)
    op.add_column("ticket_message", sa.Column("mail_id", sa.Text(), nullable=True))
