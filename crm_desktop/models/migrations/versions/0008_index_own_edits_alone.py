"""Index own edits alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("ix_history_op", "history")
    op.create_index("ix_history_op", "history", ["op_no"], sqlite_where=sa.text("op_no IS NOT NULL"))
