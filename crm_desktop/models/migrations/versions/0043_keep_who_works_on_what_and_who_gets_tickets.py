"""Keep who works on what, and who gets tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
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
