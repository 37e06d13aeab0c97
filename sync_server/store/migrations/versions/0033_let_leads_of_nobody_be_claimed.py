"""Let leads of nobody be claimed."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_LEAD = 13


def upgrade() -> None:
    """Bring the database up to this step."""
    op.execute(
        "INSERT INTO row_scope (entity, row_id, scope, in_seq)"
        " SELECT m.entity, m.row_id, 'pool', m.seq FROM row_meta AS m JOIN lead AS l ON l.id = m.row_id"
        f" WHERE m.entity = {_LEAD} AND l.owner_id IS NULL"
    )


def downgrade() -> None:
    """Go back to the step before."""
    op.execute(f"DELETE FROM row_scope WHERE entity = {_LEAD} AND scope = 'pool'")
