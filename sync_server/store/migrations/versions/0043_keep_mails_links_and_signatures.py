"""Keep mails that go out, acceptance links and signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "acceptance",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("record_entity", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("attachment_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_acceptance_attachment_id"), "acceptance", ["attachment_id"], unique=False)
    op.create_index(op.f("ix_acceptance_created_at"), "acceptance", ["created_at"], unique=False)
    op.create_index(op.f("ix_acceptance_created_by"), "acceptance", ["created_by"], unique=False)
    op.create_index(op.f("ix_acceptance_record_id"), "acceptance", ["record_id"], unique=False)
    op.create_index(op.f("ix_acceptance_status"), "acceptance", ["status"], unique=False)
    op.create_index(op.f("ix_acceptance_token_hash"), "acceptance", ["token_hash"], unique=False)
    op.create_index(op.f("ix_acceptance_updated_at"), "acceptance", ["updated_at"], unique=False)
    op.create_index(op.f("ix_acceptance_updated_by"), "acceptance", ["updated_by"], unique=False)
    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("record_entity", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("recipients", sa.Text(), nullable=True),
        sa.Column("cc", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("attachment_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_outgoing_mail_attachment_id"), "outgoing_mail", ["attachment_id"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_created_at"), "outgoing_mail", ["created_at"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_created_by"), "outgoing_mail", ["created_by"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_record_id"), "outgoing_mail", ["record_id"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_status"), "outgoing_mail", ["status"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_updated_at"), "outgoing_mail", ["updated_at"], unique=False)
    op.create_index(op.f("ix_outgoing_mail_updated_by"), "outgoing_mail", ["updated_by"], unique=False)
    op.create_table(
        "signature",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("record_entity", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("acceptance_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("attachment_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("strokes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("sealed_at", sa.BigInteger(), nullable=True),
        sa.Column("certificate_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_signature_acceptance_id"), "signature", ["acceptance_id"], unique=False)
    op.create_index(op.f("ix_signature_attachment_id"), "signature", ["attachment_id"], unique=False)
    op.create_index(op.f("ix_signature_certificate_id"), "signature", ["certificate_id"], unique=False)
    op.create_index(op.f("ix_signature_created_at"), "signature", ["created_at"], unique=False)
    op.create_index(op.f("ix_signature_created_by"), "signature", ["created_by"], unique=False)
    op.create_index(op.f("ix_signature_record_id"), "signature", ["record_id"], unique=False)
    op.create_index(op.f("ix_signature_updated_at"), "signature", ["updated_at"], unique=False)
    op.create_index(op.f("ix_signature_updated_by"), "signature", ["updated_by"], unique=False)
    op.add_column("attachment", sa.Column("role", sa.Text(), nullable=True))
    op.add_column("attachment", sa.Column("version", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("attachment", "version")
    op.drop_column("attachment", "role")
    for table in ("signature", "outgoing_mail", "acceptance"):
        op.drop_table(table)
