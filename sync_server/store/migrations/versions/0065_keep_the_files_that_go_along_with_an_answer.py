"""Keep the files that go along with an answer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

_TABLES = ("ticket_message", "outgoing_mail")


def upgrade() -> None:
    """Bring the database up to this step."""
    for table in _TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("files", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    for table in _TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("files")
