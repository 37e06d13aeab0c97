"""Keep questions to colleagues."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "ticket_question",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("asked_id", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ticket_question_asked_id"), "ticket_question", ["asked_id"], unique=False)
    op.create_index(op.f("ix_ticket_question_created_at"), "ticket_question", ["created_at"], unique=False)
    op.create_index(op.f("ix_ticket_question_created_by"), "ticket_question", ["created_by"], unique=False)
    op.create_index(op.f("ix_ticket_question_ticket_id"), "ticket_question", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_ticket_question_updated_at"), "ticket_question", ["updated_at"], unique=False)
    op.create_index(op.f("ix_ticket_question_updated_by"), "ticket_question", ["updated_by"], unique=False)
    op.add_column("absence", sa.Column("tickets", sa.Text(), nullable=True))
