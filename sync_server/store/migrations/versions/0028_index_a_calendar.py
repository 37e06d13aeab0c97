"""Index a calendar"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_index("ix_activity_owner_due", "activity", ["owner_id", "due_at"], unique=False)
    op.create_index("ix_activity_owner_happened", "activity", ["owner_id", "happened_at"], unique=False)
    for name, condition in (
        ("ix_activity_long", "duration_minutes > 1440"),
        ("ix_activity_put_on", "assignees IS NOT NULL"),
    ):
        op.create_index(
            name,
            "activity",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )


def downgrade() -> None:
    """Take this step back."""
    for name in ("put_on", "long", "owner_happened", "owner_due"):
        op.drop_index(f"ix_activity_{name}", "activity")
