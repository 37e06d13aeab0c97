"""Count no versions of templates: their history says what changed when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.drop_column("document_template", "version")


def downgrade() -> None:
    """Go back to the step before."""
    op.add_column("document_template", sa.Column("version", sa.Integer(), nullable=True))
