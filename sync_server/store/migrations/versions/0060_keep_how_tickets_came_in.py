"""Keep how tickets came in and who is barred."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
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
    with op.batch_alter_table("barred_sender", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_barred_sender_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_barred_sender_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_barred_sender_created_by"), ["created_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_barred_sender_updated_at"), ["updated_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_barred_sender_updated_by"), ["updated_by"], unique=False)

    with op.batch_alter_table("capture_form", schema=None) as batch_op:
        batch_op.add_column(sa.Column("makes", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("files_most", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("category_id", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_capture_form_category_id"), ["category_id"], unique=False)

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("from_name", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("from_phone", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("chat_name", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("conversation", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_ticket_conversation"), ["conversation"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_from_phone"), ["from_phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_chat_name"), ["chat_name"], unique=False)

    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("from_name", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("outcome", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("outcome_said", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    with op.batch_alter_table("ticket_message", schema=None) as batch_op:
        batch_op.drop_column("outcome_said")
        batch_op.drop_column("outcome")
        batch_op.drop_column("from_name")

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_chat_name"))
        batch_op.drop_index(batch_op.f("ix_ticket_from_phone"))
        batch_op.drop_index(batch_op.f("ix_ticket_conversation"))
        batch_op.drop_column("conversation")
        batch_op.drop_column("chat_name")
        batch_op.drop_column("from_phone")
        batch_op.drop_column("from_name")

    with op.batch_alter_table("capture_form", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capture_form_category_id"))
        batch_op.drop_column("category_id")
        batch_op.drop_column("files_most")
        batch_op.drop_column("makes")

    with op.batch_alter_table("barred_sender", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_barred_sender_updated_by"))
        batch_op.drop_index(batch_op.f("ix_barred_sender_updated_at"))
        batch_op.drop_index(batch_op.f("ix_barred_sender_created_by"))
        batch_op.drop_index(batch_op.f("ix_barred_sender_created_at"))
        batch_op.drop_index(batch_op.f("ix_barred_sender_address"))

    op.drop_table("barred_sender")
