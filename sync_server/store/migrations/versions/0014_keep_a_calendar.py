"""Keep a calendar"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INDEXED = ("done_by", "repeats", "series_id", "uid")
_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("all_day", sa.Boolean()),
    ("time_zone", sa.Text()),
    ("repeats", sa.Text()),
    ("series_id", sa.Text()),
    ("occurs_on", sa.Text()),
    ("skipped", sa.JSON(none_as_null=True)),
    ("assignees", sa.JSON(none_as_null=True)),
    ("done_by", sa.Text()),
    ("reminder", sa.Text()),
    ("uid", sa.Text()),
)


def upgrade() -> None:
    """Bring the database up to this step."""
    for name, kind in _COLUMNS:
        op.add_column("activity", sa.Column(name, kind, nullable=True))
    for name in _INDEXED:
        op.create_index(op.f(f"ix_activity_{name}"), "activity", [name], unique=False)


def downgrade() -> None:
    """Take this step back."""
    for name in _INDEXED:
        op.drop_index(op.f(f"ix_activity_{name}"), "activity")
    for name, _kind in reversed(_COLUMNS):
        op.drop_column("activity", name)
