"""Share records with people and teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SHARED = ("customer", "deal", "ticket")


def upgrade() -> None:
    """Bring the database up to this step."""
    for table in _SHARED:
        op.add_column(table, sa.Column("shared_with", sa.JSON(none_as_null=True), nullable=True))
        op.add_column(table, sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    for table in reversed(_SHARED):
        op.drop_column(table, "shown_to")
        op.drop_column(table, "shared_with")
