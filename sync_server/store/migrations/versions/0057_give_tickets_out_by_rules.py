"""Give tickets out by rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("assignment_rule", sa.Column("applies_to", sa.Text(), nullable=True))
    op.add_column("assignment_rule", sa.Column("rules", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("assignment_rule", sa.Column("skilled", sa.Boolean(), nullable=True))
    op.add_column("assignment_rule", sa.Column("in_territory", sa.Boolean(), nullable=True))
    op.add_column("assignment_rule", sa.Column("most_open", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("assigned_by", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("assigned_why", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("assigned_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_ticket_assigned_by"), "ticket", ["assigned_by"], unique=False)
    op.add_column("ticket_category", sa.Column("skills", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("user", sa.Column("skills", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    op.drop_column("user", "skills")
    op.drop_column("ticket_category", "skills")
    op.drop_index(op.f("ix_ticket_assigned_by"), table_name="ticket")
    op.drop_column("ticket", "assigned_at")
    op.drop_column("ticket", "assigned_why")
    op.drop_column("ticket", "assigned_by")
    op.drop_column("assignment_rule", "most_open")
    op.drop_column("assignment_rule", "in_territory")
    op.drop_column("assignment_rule", "skilled")
    op.drop_column("assignment_rule", "rules")
    op.drop_column("assignment_rule", "applies_to")
