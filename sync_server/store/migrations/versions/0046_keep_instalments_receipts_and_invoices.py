"""Keep instalments, receipts and invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_table(
        "invoice_title",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("tax_number", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("standard", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_invoice_title_created_at"), "invoice_title", ["created_at"], unique=False)
    op.create_index(op.f("ix_invoice_title_created_by"), "invoice_title", ["created_by"], unique=False)
    op.create_index(op.f("ix_invoice_title_customer_id"), "invoice_title", ["customer_id"], unique=False)
    op.create_index(op.f("ix_invoice_title_updated_at"), "invoice_title", ["updated_at"], unique=False)
    op.create_index(op.f("ix_invoice_title_updated_by"), "invoice_title", ["updated_by"], unique=False)
    op.create_table(
        "instalment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("share_percent", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("due_from", sa.Text(), nullable=True),
        sa.Column("due_day", sa.Text(), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Text(), nullable=True),
        sa.Column("paid", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_instalment_amount"), "instalment", ["amount"], unique=False)
    op.create_index(op.f("ix_instalment_contract_id"), "instalment", ["contract_id"], unique=False)
    op.create_index(op.f("ix_instalment_created_at"), "instalment", ["created_at"], unique=False)
    op.create_index(op.f("ix_instalment_created_by"), "instalment", ["created_by"], unique=False)
    op.create_index(op.f("ix_instalment_customer_id"), "instalment", ["customer_id"], unique=False)
    op.create_index(op.f("ix_instalment_due_on"), "instalment", ["due_on"], unique=False)
    op.create_index(op.f("ix_instalment_order_id"), "instalment", ["order_id"], unique=False)
    op.create_index(op.f("ix_instalment_state"), "instalment", ["state"], unique=False)
    op.create_index(op.f("ix_instalment_status"), "instalment", ["status"], unique=False)
    op.create_index(op.f("ix_instalment_updated_at"), "instalment", ["updated_at"], unique=False)
    op.create_index(op.f("ix_instalment_updated_by"), "instalment", ["updated_by"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.BigInteger(), nullable=True),
        sa.Column("matched", sa.BigInteger(), nullable=True),
        sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_receipt_created_at"), "receipt", ["created_at"], unique=False)
    op.create_index(op.f("ix_receipt_created_by"), "receipt", ["created_by"], unique=False)
    op.create_index(op.f("ix_receipt_customer_id"), "receipt", ["customer_id"], unique=False)
    op.create_index(op.f("ix_receipt_number"), "receipt", ["number"], unique=False)
    op.create_index(op.f("ix_receipt_received_on"), "receipt", ["received_on"], unique=False)
    op.create_index(op.f("ix_receipt_reverses_id"), "receipt", ["reverses_id"], unique=False)
    op.create_index(op.f("ix_receipt_status"), "receipt", ["status"], unique=False)
    op.create_index(op.f("ix_receipt_updated_at"), "receipt", ["updated_at"], unique=False)
    op.create_index(op.f("ix_receipt_updated_by"), "receipt", ["updated_by"], unique=False)
    op.create_table(
        "receipt_share",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=True),
        sa.Column("instalment_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_receipt_share_created_at"), "receipt_share", ["created_at"], unique=False)
    op.create_index(op.f("ix_receipt_share_created_by"), "receipt_share", ["created_by"], unique=False)
    op.create_index(op.f("ix_receipt_share_instalment_id"), "receipt_share", ["instalment_id"], unique=False)
    op.create_index(op.f("ix_receipt_share_receipt_id"), "receipt_share", ["receipt_id"], unique=False)
    op.create_index(op.f("ix_receipt_share_updated_at"), "receipt_share", ["updated_at"], unique=False)
    op.create_index(op.f("ix_receipt_share_updated_by"), "receipt_share", ["updated_by"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("instalment_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("over_reason", sa.Text(), nullable=True),
        sa.Column("invoice_title_id", sa.Text(), nullable=True),
        sa.Column("title_name", sa.Text(), nullable=True),
        sa.Column("tax_number", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_invoice_contract_id"), "invoice", ["contract_id"], unique=False)
    op.create_index(op.f("ix_invoice_created_at"), "invoice", ["created_at"], unique=False)
    op.create_index(op.f("ix_invoice_created_by"), "invoice", ["created_by"], unique=False)
    op.create_index(op.f("ix_invoice_customer_id"), "invoice", ["customer_id"], unique=False)
    op.create_index(op.f("ix_invoice_instalment_id"), "invoice", ["instalment_id"], unique=False)
    op.create_index(op.f("ix_invoice_invoice_title_id"), "invoice", ["invoice_title_id"], unique=False)
    op.create_index(op.f("ix_invoice_issued_on"), "invoice", ["issued_on"], unique=False)
    op.create_index(op.f("ix_invoice_number"), "invoice", ["number"], unique=False)
    op.create_index(op.f("ix_invoice_order_id"), "invoice", ["order_id"], unique=False)
    op.create_index(op.f("ix_invoice_reverses_id"), "invoice", ["reverses_id"], unique=False)
    op.create_index(op.f("ix_invoice_status"), "invoice", ["status"], unique=False)
    op.create_index(op.f("ix_invoice_updated_at"), "invoice", ["updated_at"], unique=False)
    op.create_index(op.f("ix_invoice_updated_by"), "invoice", ["updated_by"], unique=False)
    op.create_table(
        "payment_notice",
        sa.Column("instalment_id", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("instalment_id", "days"),
    )


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("payment_notice")
    for table in ("invoice", "receipt_share", "receipt", "instalment", "invoice_title"):
        op.drop_table(table)
