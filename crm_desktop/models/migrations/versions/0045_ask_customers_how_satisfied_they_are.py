"""Ask customers how satisfied they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.create_table(
        "feedback_rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("tickets", sa.Integer(), nullable=True),
        sa.Column("share_percent", sa.Integer(), nullable=True),
        sa.Column("late", sa.Integer(), nullable=True),
        sa.Column("scores", sa.Integer(), nullable=True),
        sa.Column("bound", sa.Integer(), nullable=True),
        sa.Column("referrals", sa.Integer(), nullable=True),
        sa.Column("task", sa.Boolean(), nullable=True),
        sa.Column("task_days", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_feedback_rule_created_at"), "feedback_rule", ["created_at"], unique=False)
    op.create_index(op.f("ix_feedback_rule_created_by"), "feedback_rule", ["created_by"], unique=False)
    op.create_index(op.f("ix_feedback_rule_name"), "feedback_rule", ["name"], unique=False)
    op.create_index(op.f("ix_feedback_rule_updated_at"), "feedback_rule", ["updated_at"], unique=False)
    op.create_index(op.f("ix_feedback_rule_updated_by"), "feedback_rule", ["updated_by"], unique=False)
    op.create_table(
        "survey",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("rules", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("wait_hours", sa.Integer(), nullable=True),
        sa.Column("scale", sa.Text(), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("heading_zh", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("said_zh", sa.Text(), nullable=True),
        sa.Column("questions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("remind_days", sa.Integer(), nullable=True),
        sa.Column("remind_most", sa.Integer(), nullable=True),
        sa.Column("lives_days", sa.Integer(), nullable=True),
        sa.Column("quiet_days", sa.Integer(), nullable=True),
        sa.Column("bad_at", sa.Integer(), nullable=True),
        sa.Column("bad_to", sa.Text(), nullable=True),
        sa.Column("reopens", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_survey_created_at"), "survey", ["created_at"], unique=False)
    op.create_index(op.f("ix_survey_created_by"), "survey", ["created_by"], unique=False)
    op.create_index(op.f("ix_survey_name"), "survey", ["name"], unique=False)
    op.create_index(op.f("ix_survey_updated_at"), "survey", ["updated_at"], unique=False)
    op.create_index(op.f("ix_survey_updated_by"), "survey", ["updated_by"], unique=False)
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("survey_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("category_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("scale", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_survey_answer_address"), "survey_answer", ["address"], unique=False)
    op.create_index(op.f("ix_survey_answer_answered_at"), "survey_answer", ["answered_at"], unique=False)
    op.create_index(op.f("ix_survey_answer_asked_at"), "survey_answer", ["asked_at"], unique=False)
    op.create_index(op.f("ix_survey_answer_assignee_id"), "survey_answer", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_category_id"), "survey_answer", ["category_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_closed_at"), "survey_answer", ["closed_at"], unique=False)
    op.create_index(op.f("ix_survey_answer_contact_id"), "survey_answer", ["contact_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_created_at"), "survey_answer", ["created_at"], unique=False)
    op.create_index(op.f("ix_survey_answer_created_by"), "survey_answer", ["created_by"], unique=False)
    op.create_index(op.f("ix_survey_answer_customer_id"), "survey_answer", ["customer_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_product_id"), "survey_answer", ["product_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_status"), "survey_answer", ["status"], unique=False)
    op.create_index(op.f("ix_survey_answer_survey_id"), "survey_answer", ["survey_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_team_id"), "survey_answer", ["team_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_ticket_id"), "survey_answer", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_survey_answer_updated_at"), "survey_answer", ["updated_at"], unique=False)
    op.create_index(op.f("ix_survey_answer_updated_by"), "survey_answer", ["updated_by"], unique=False)
    op.add_column("contact", sa.Column("no_surveys", sa.Boolean(), nullable=True))
    op.add_column("contact", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("referred_by_id", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("no_surveys", sa.Boolean(), nullable=True))
    op.add_column("customer", sa.Column("feedback", sa.Text(), nullable=True))
    op.create_index(op.f("ix_customer_feedback"), "customer", ["feedback"], unique=False)
    op.create_index(op.f("ix_customer_referred_by_id"), "customer", ["referred_by_id"], unique=False)
    op.add_column("ticket", sa.Column("satisfaction", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("no_survey", sa.Boolean(), nullable=True))
    op.create_index(op.f("ix_ticket_closed_at"), "ticket", ["closed_at"], unique=False)
