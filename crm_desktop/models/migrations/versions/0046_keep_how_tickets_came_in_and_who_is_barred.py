"""Keep how tickets came in and who is barred."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_table(
        "barred_sender",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_barred_sender_address"), "barred_sender", ["address"], unique=False)
    op.create_index(op.f("ix_barred_sender_created_at"), "barred_sender", ["created_at"], unique=False)
    op.create_index(op.f("ix_barred_sender_created_by"), "barred_sender", ["created_by"], unique=False)
    op.create_index(op.f("ix_barred_sender_updated_at"), "barred_sender", ["updated_at"], unique=False)
    op.create_index(op.f("ix_barred_sender_updated_by"), "barred_sender", ["updated_by"], unique=False)
    op.add_column("capture_form", sa.Column("makes", sa.Text(), nullable=True))
    op.add_column("capture_form", sa.Column("files_most", sa.Integer(), nullable=True))
    op.add_column("capture_form", sa.Column("category_id", sa.Text(), nullable=True))
    op.create_index(op.f("ix_capture_form_category_id"), "capture_form", ["category_id"], unique=False)
    op.add_column("ticket", sa.Column("from_name", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("from_phone", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("chat_name", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("conversation", sa.Text(), nullable=True))
    op.create_index(op.f("ix_ticket_conversation"), "ticket", ["conversation"], unique=False)
    op.create_index(op.f("ix_ticket_from_phone"), "ticket", ["from_phone"], unique=False)
    op.create_index(op.f("ix_ticket_chat_name"), "ticket", ["chat_name"], unique=False)
    op.add_column("ticket_message", sa.Column("from_name", sa.Text(), nullable=True))
    op.add_column("ticket_message", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("ticket_message", sa.Column("outcome_said", sa.Text(), nullable=True))
