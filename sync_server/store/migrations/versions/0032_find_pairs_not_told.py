"""Find pairs nobody was told of"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    pair = sa.table("alike_pair", sa.column("told", sa.Boolean()), sa.column("settled", sa.Boolean()))
    op.execute(sa.update(pair).where(pair.c.settled.is_(True)).values(told=True))
    op.create_index(
        "ix_alike_pair_untold",
        "alike_pair",
        ["one_id", "other_id"],
        unique=False,
        sqlite_where=sa.text("told IS 0"),
        postgresql_where=sa.text("told IS false"),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_alike_pair_untold", "alike_pair")
