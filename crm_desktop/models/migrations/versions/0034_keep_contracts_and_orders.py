"""Keep contracts and orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "clause",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("title_en", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("body_en", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("standard", sa.Boolean(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_clause_created_at"), "clause", ["created_at"], unique=False)
    op.create_index(op.f("ix_clause_created_by"), "clause", ["created_by"], unique=False)
    op.create_index(op.f("ix_clause_title"), "clause", ["title"], unique=False)
    op.create_index(op.f("ix_clause_updated_at"), "clause", ["updated_at"], unique=False)
    op.create_index(op.f("ix_clause_updated_by"), "clause", ["updated_by"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("deal_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("quote_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Text(), nullable=True),
        sa.Column("ends_on", sa.Text(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("renewal", sa.Text(), nullable=True),
        sa.Column("renewal_months", sa.Integer(), nullable=True),
        sa.Column("follows_id", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Text(), nullable=True),
        sa.Column("discount_amount", sa.BigInteger(), nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("exchange_rate", sa.Text(), nullable=True),
        sa.Column("base_currency", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("terms_en", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_contract_contact_id"), "contract", ["contact_id"], unique=False)
    op.create_index(op.f("ix_contract_created_at"), "contract", ["created_at"], unique=False)
    op.create_index(op.f("ix_contract_created_by"), "contract", ["created_by"], unique=False)
    op.create_index(op.f("ix_contract_customer_id"), "contract", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contract_deal_id"), "contract", ["deal_id"], unique=False)
    op.create_index(op.f("ix_contract_ends_on"), "contract", ["ends_on"], unique=False)
    op.create_index(op.f("ix_contract_follows_id"), "contract", ["follows_id"], unique=False)
    op.create_index(op.f("ix_contract_number"), "contract", ["number"], unique=False)
    op.create_index(op.f("ix_contract_owner_id"), "contract", ["owner_id"], unique=False)
    op.create_index(op.f("ix_contract_quote_id"), "contract", ["quote_id"], unique=False)
    op.create_index(op.f("ix_contract_status"), "contract", ["status"], unique=False)
    op.create_index(op.f("ix_contract_total"), "contract", ["total"], unique=False)
    op.create_index(op.f("ix_contract_updated_at"), "contract", ["updated_at"], unique=False)
    op.create_index(op.f("ix_contract_updated_by"), "contract", ["updated_by"], unique=False)
    op.create_table(
        "contract_clause",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("clause_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("title_en", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("body_en", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_contract_clause_clause_id"), "contract_clause", ["clause_id"], unique=False)
    op.create_index(op.f("ix_contract_clause_contract_id"), "contract_clause", ["contract_id"], unique=False)
    op.create_index(op.f("ix_contract_clause_created_at"), "contract_clause", ["created_at"], unique=False)
    op.create_index(op.f("ix_contract_clause_created_by"), "contract_clause", ["created_by"], unique=False)
    op.create_index(op.f("ix_contract_clause_updated_at"), "contract_clause", ["updated_at"], unique=False)
    op.create_index(op.f("ix_contract_clause_updated_by"), "contract_clause", ["updated_by"], unique=False)
    op.create_table(
        "contract_line",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Text(), nullable=True),
        sa.Column("tax_rate", sa.Text(), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("heading_en", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_contract_line_contract_id"), "contract_line", ["contract_id"], unique=False)
    op.create_index(op.f("ix_contract_line_created_at"), "contract_line", ["created_at"], unique=False)
    op.create_index(op.f("ix_contract_line_created_by"), "contract_line", ["created_by"], unique=False)
    op.create_index(op.f("ix_contract_line_product_id"), "contract_line", ["product_id"], unique=False)
    op.create_index(op.f("ix_contract_line_updated_at"), "contract_line", ["updated_at"], unique=False)
    op.create_index(op.f("ix_contract_line_updated_by"), "contract_line", ["updated_by"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("delivered_on", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("waybill", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_delivery_created_at"), "delivery", ["created_at"], unique=False)
    op.create_index(op.f("ix_delivery_created_by"), "delivery", ["created_by"], unique=False)
    op.create_index(op.f("ix_delivery_delivered_on"), "delivery", ["delivered_on"], unique=False)
    op.create_index(op.f("ix_delivery_number"), "delivery", ["number"], unique=False)
    op.create_index(op.f("ix_delivery_order_id"), "delivery", ["order_id"], unique=False)
    op.create_index(op.f("ix_delivery_status"), "delivery", ["status"], unique=False)
    op.create_index(op.f("ix_delivery_updated_at"), "delivery", ["updated_at"], unique=False)
    op.create_index(op.f("ix_delivery_updated_by"), "delivery", ["updated_by"], unique=False)
    op.create_table(
        "delivery_line",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("order_line_id", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("serials", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_delivery_line_created_at"), "delivery_line", ["created_at"], unique=False)
    op.create_index(op.f("ix_delivery_line_created_by"), "delivery_line", ["created_by"], unique=False)
    op.create_index(op.f("ix_delivery_line_delivery_id"), "delivery_line", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_delivery_line_order_line_id"), "delivery_line", ["order_line_id"], unique=False)
    op.create_index(op.f("ix_delivery_line_updated_at"), "delivery_line", ["updated_at"], unique=False)
    op.create_index(op.f("ix_delivery_line_updated_by"), "delivery_line", ["updated_by"], unique=False)
    op.create_table(
        "installed_product",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("delivery_line_id", sa.Text(), nullable=True),
        sa.Column("installed_on", sa.Text(), nullable=True),
        sa.Column("warranty_until", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("retired_on", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_installed_product_created_at"), "installed_product", ["created_at"], unique=False
    )
    op.create_index(
        op.f("ix_installed_product_created_by"), "installed_product", ["created_by"], unique=False
    )
    op.create_index(
        op.f("ix_installed_product_customer_id"), "installed_product", ["customer_id"], unique=False
    )
    op.create_index(
        op.f("ix_installed_product_delivery_line_id"), "installed_product", ["delivery_line_id"], unique=False
    )
    op.create_index(op.f("ix_installed_product_name"), "installed_product", ["name"], unique=False)
    op.create_index(op.f("ix_installed_product_order_id"), "installed_product", ["order_id"], unique=False)
    op.create_index(
        op.f("ix_installed_product_product_id"), "installed_product", ["product_id"], unique=False
    )
    op.create_index(op.f("ix_installed_product_serial"), "installed_product", ["serial"], unique=False)
    op.create_index(op.f("ix_installed_product_status"), "installed_product", ["status"], unique=False)
    op.create_index(
        op.f("ix_installed_product_updated_at"), "installed_product", ["updated_at"], unique=False
    )
    op.create_index(
        op.f("ix_installed_product_updated_by"), "installed_product", ["updated_by"], unique=False
    )
    op.create_index(
        op.f("ix_installed_product_warranty_until"), "installed_product", ["warranty_until"], unique=False
    )
    op.create_table(
        "order",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("deal_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("quote_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("ordered_on", sa.Text(), nullable=True),
        sa.Column("deliver_by", sa.Text(), nullable=True),
        sa.Column("delivered", sa.Text(), nullable=True),
        sa.Column("deliver_to", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Text(), nullable=True),
        sa.Column("discount_amount", sa.BigInteger(), nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("exchange_rate", sa.Text(), nullable=True),
        sa.Column("base_currency", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("terms_en", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_order_contact_id"), "order", ["contact_id"], unique=False)
    op.create_index(op.f("ix_order_contract_id"), "order", ["contract_id"], unique=False)
    op.create_index(op.f("ix_order_created_at"), "order", ["created_at"], unique=False)
    op.create_index(op.f("ix_order_created_by"), "order", ["created_by"], unique=False)
    op.create_index(op.f("ix_order_customer_id"), "order", ["customer_id"], unique=False)
    op.create_index(op.f("ix_order_deal_id"), "order", ["deal_id"], unique=False)
    op.create_index(op.f("ix_order_deliver_by"), "order", ["deliver_by"], unique=False)
    op.create_index(op.f("ix_order_delivered"), "order", ["delivered"], unique=False)
    op.create_index(op.f("ix_order_number"), "order", ["number"], unique=False)
    op.create_index(op.f("ix_order_ordered_on"), "order", ["ordered_on"], unique=False)
    op.create_index(op.f("ix_order_owner_id"), "order", ["owner_id"], unique=False)
    op.create_index(op.f("ix_order_quote_id"), "order", ["quote_id"], unique=False)
    op.create_index(op.f("ix_order_status"), "order", ["status"], unique=False)
    op.create_index(op.f("ix_order_total"), "order", ["total"], unique=False)
    op.create_index(op.f("ix_order_updated_at"), "order", ["updated_at"], unique=False)
    op.create_index(op.f("ix_order_updated_by"), "order", ["updated_by"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Text(), nullable=True),
        sa.Column("tax_rate", sa.Text(), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("heading_en", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_order_line_created_at"), "order_line", ["created_at"], unique=False)
    op.create_index(op.f("ix_order_line_created_by"), "order_line", ["created_by"], unique=False)
    op.create_index(op.f("ix_order_line_order_id"), "order_line", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_line_product_id"), "order_line", ["product_id"], unique=False)
    op.create_index(op.f("ix_order_line_updated_at"), "order_line", ["updated_at"], unique=False)
    op.create_index(op.f("ix_order_line_updated_by"), "order_line", ["updated_by"], unique=False)
    op.add_column("product", sa.Column("warranty_months", sa.Integer(), nullable=True))
