"""Keep where mails of tickets came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("ticket", sa.Column("from_address", sa.Text(), nullable=True))
    op.create_index(op.f("ix_ticket_from_address"), "ticket", ["from_address"], unique=False)
    op.add_column("ticket_message", sa.Column("mail_id", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("ticket_message", "mail_id")
    op.drop_index(op.f("ix_ticket_from_address"), table_name="ticket")
    op.drop_column("ticket", "from_address")
