"""Keep what becomes of refused edits, and how each laptop is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("quarantine", sa.Column("places", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("quarantine", sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("quarantine", sa.Column("state", sa.Text(), server_default="open", nullable=False))
    op.add_column("quarantine", sa.Column("judge_id", sa.Text(), nullable=True))
    op.add_column("quarantine", sa.Column("judged_ms", sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("judged_seq", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_quarantine_seq", "quarantine", ["seq"])
    op.create_index("ix_quarantine_open", "quarantine", ["state", "seq"])
    op.create_index("ix_quarantine_judged", "quarantine", ["device", "judged_seq"])
    for name in ("waiting", "returned", "repaired", "differing", "alarms"):
        op.add_column("device", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for name in ("oldest_unsent_ms", "compared_at"):
        op.add_column("device", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    for name in ("waiting", "returned", "repaired", "differing", "alarms", "oldest_unsent_ms", "compared_at"):
        op.drop_column("device", name)
    for name in ("seq", "open", "judged"):
        op.drop_index(f"ix_quarantine_{name}", "quarantine")
    for name in ("places", "seq", "state", "judge_id", "judged_ms", "judged_seq"):
        op.drop_column("quarantine", name)
