"""Keep articles, their versions, votes on them and where they were used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("category_id", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("keywords", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("reviewers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("review_by", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("product_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("replaces_id", sa.Text(), nullable=True),
        sa.Column("grounds", sa.Integer(), nullable=True),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("votes_yes", sa.Integer(), nullable=True),
        sa.Column("votes_no", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_article_category_id"), "article", ["category_id"], unique=False)
    op.create_index(op.f("ix_article_created_at"), "article", ["created_at"], unique=False)
    op.create_index(op.f("ix_article_created_by"), "article", ["created_by"], unique=False)
    op.create_index(op.f("ix_article_expires_on"), "article", ["expires_on"], unique=False)
    op.create_index(op.f("ix_article_number"), "article", ["number"], unique=False)
    op.create_index(op.f("ix_article_owner_id"), "article", ["owner_id"], unique=False)
    op.create_index(op.f("ix_article_published_at"), "article", ["published_at"], unique=False)
    op.create_index(op.f("ix_article_replaces_id"), "article", ["replaces_id"], unique=False)
    op.create_index(op.f("ix_article_review_by"), "article", ["review_by"], unique=False)
    op.create_index(op.f("ix_article_status"), "article", ["status"], unique=False)
    op.create_index(op.f("ix_article_ticket_id"), "article", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_article_title"), "article", ["title"], unique=False)
    op.create_index(op.f("ix_article_updated_at"), "article", ["updated_at"], unique=False)
    op.create_index(op.f("ix_article_updated_by"), "article", ["updated_by"], unique=False)
    op.create_table(
        "article_category",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_article_category_created_at"), "article_category", ["created_at"], unique=False)
    op.create_index(op.f("ix_article_category_created_by"), "article_category", ["created_by"], unique=False)
    op.create_index(op.f("ix_article_category_name"), "article_category", ["name"], unique=False)
    op.create_index(op.f("ix_article_category_parent_id"), "article_category", ["parent_id"], unique=False)
    op.create_index(op.f("ix_article_category_updated_at"), "article_category", ["updated_at"], unique=False)
    op.create_index(op.f("ix_article_category_updated_by"), "article_category", ["updated_by"], unique=False)
    op.create_table(
        "article_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Text(), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_article_version_article_id"), "article_version", ["article_id"], unique=False)
    op.create_index(op.f("ix_article_version_author_id"), "article_version", ["author_id"], unique=False)
    op.create_index(op.f("ix_article_version_created_at"), "article_version", ["created_at"], unique=False)
    op.create_index(op.f("ix_article_version_created_by"), "article_version", ["created_by"], unique=False)
    op.create_index(
        op.f("ix_article_version_published_by"), "article_version", ["published_by"], unique=False
    )
    op.create_index(op.f("ix_article_version_updated_at"), "article_version", ["updated_at"], unique=False)
    op.create_index(op.f("ix_article_version_updated_by"), "article_version", ["updated_by"], unique=False)
    op.create_table(
        "article_vote",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("helpful", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_article_vote_article_id"), "article_vote", ["article_id"], unique=False)
    op.create_index(op.f("ix_article_vote_created_at"), "article_vote", ["created_at"], unique=False)
    op.create_index(op.f("ix_article_vote_created_by"), "article_vote", ["created_by"], unique=False)
    op.create_index(op.f("ix_article_vote_updated_at"), "article_vote", ["updated_at"], unique=False)
    op.create_index(op.f("ix_article_vote_updated_by"), "article_vote", ["updated_by"], unique=False)
    op.create_table(
        "ticket_article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ticket_article_article_id"), "ticket_article", ["article_id"], unique=False)
    op.create_index(op.f("ix_ticket_article_created_at"), "ticket_article", ["created_at"], unique=False)
    op.create_index(op.f("ix_ticket_article_created_by"), "ticket_article", ["created_by"], unique=False)
    op.create_index(op.f("ix_ticket_article_ticket_id"), "ticket_article", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_ticket_article_updated_at"), "ticket_article", ["updated_at"], unique=False)
    op.create_index(op.f("ix_ticket_article_updated_by"), "ticket_article", ["updated_by"], unique=False)
