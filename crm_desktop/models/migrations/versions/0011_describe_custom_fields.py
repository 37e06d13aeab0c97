"""Describe custom fields"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS = ("field_class", "hint", "hint_zh", "section", "section_zh", "default", "currency")


def upgrade() -> None:
    """Bring the database up to this step."""
    for name in _COLUMNS:
        op.add_column("custom_field", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    for name in reversed(_COLUMNS):
        op.drop_column("custom_field", name)
