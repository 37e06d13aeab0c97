"""Keep service levels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "macro",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("changes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("answer_id", sa.Text(), nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=True),
        sa.Column("adds_tags", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_macro_answer_id"), "macro", ["answer_id"], unique=False)
    op.create_index(op.f("ix_macro_created_at"), "macro", ["created_at"], unique=False)
    op.create_index(op.f("ix_macro_created_by"), "macro", ["created_by"], unique=False)
    op.create_index(op.f("ix_macro_name"), "macro", ["name"], unique=False)
    op.create_index(op.f("ix_macro_updated_at"), "macro", ["updated_at"], unique=False)
    op.create_index(op.f("ix_macro_updated_by"), "macro", ["updated_by"], unique=False)
    op.create_table(
        "sla_policy",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("rules", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("calendar_id", sa.Text(), nullable=True),
        sa.Column("promised", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("pausing", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("warn_minutes", sa.Integer(), nullable=True),
        sa.Column("escalations", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_sla_policy_calendar_id"), "sla_policy", ["calendar_id"], unique=False)
    op.create_index(op.f("ix_sla_policy_created_at"), "sla_policy", ["created_at"], unique=False)
    op.create_index(op.f("ix_sla_policy_created_by"), "sla_policy", ["created_by"], unique=False)
    op.create_index(op.f("ix_sla_policy_name"), "sla_policy", ["name"], unique=False)
    op.create_index(op.f("ix_sla_policy_updated_at"), "sla_policy", ["updated_at"], unique=False)
    op.create_index(op.f("ix_sla_policy_updated_by"), "sla_policy", ["updated_by"], unique=False)
    op.create_table(
        "ticket_category",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
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
    op.create_index(op.f("ix_ticket_category_created_at"), "ticket_category", ["created_at"], unique=False)
    op.create_index(op.f("ix_ticket_category_created_by"), "ticket_category", ["created_by"], unique=False)
    op.create_index(op.f("ix_ticket_category_name"), "ticket_category", ["name"], unique=False)
    op.create_index(op.f("ix_ticket_category_parent_id"), "ticket_category", ["parent_id"], unique=False)
    op.create_index(op.f("ix_ticket_category_updated_at"), "ticket_category", ["updated_at"], unique=False)
    op.create_index(op.f("ix_ticket_category_updated_by"), "ticket_category", ["updated_by"], unique=False)
    op.create_table(
        "work_calendar",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("hours", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("holidays", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_up", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("standard", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_work_calendar_created_at"), "work_calendar", ["created_at"], unique=False)
    op.create_index(op.f("ix_work_calendar_created_by"), "work_calendar", ["created_by"], unique=False)
    op.create_index(op.f("ix_work_calendar_name"), "work_calendar", ["name"], unique=False)
    op.create_index(op.f("ix_work_calendar_updated_at"), "work_calendar", ["updated_at"], unique=False)
    op.create_index(op.f("ix_work_calendar_updated_by"), "work_calendar", ["updated_by"], unique=False)
    op.add_column("ticket", sa.Column("category_id", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("installed_id", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("parent_id", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("split_from_id", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("steps", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticket", sa.Column("policy_id", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("next_due_at", sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("reply_failed_at", sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("next_failed_at", sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("solve_failed_at", sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("escalated", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("told", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticket", sa.Column("merged_into_id", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("flagged", sa.Boolean(), nullable=True))
    op.create_index(op.f("ix_ticket_category_id"), "ticket", ["category_id"], unique=False)
    op.create_index(op.f("ix_ticket_due_at"), "ticket", ["due_at"], unique=False)
    op.create_index(op.f("ix_ticket_installed_id"), "ticket", ["installed_id"], unique=False)
    op.create_index(op.f("ix_ticket_merged_into_id"), "ticket", ["merged_into_id"], unique=False)
    op.create_index(op.f("ix_ticket_next_due_at"), "ticket", ["next_due_at"], unique=False)
    op.create_index(op.f("ix_ticket_parent_id"), "ticket", ["parent_id"], unique=False)
    op.create_index(op.f("ix_ticket_policy_id"), "ticket", ["policy_id"], unique=False)
    op.create_index(op.f("ix_ticket_split_from_id"), "ticket", ["split_from_id"], unique=False)
    op.add_column("ticket_message", sa.Column("status", sa.Text(), nullable=True))
    op.add_column("ticket_message", sa.Column("sent_at", sa.BigInteger(), nullable=True))
    op.add_column("ticket_message", sa.Column("answers_seen", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticket_message", sa.Column("channel", sa.Text(), nullable=True))
    # What was answered before was sent; nobody held it.
    op.execute(
        "UPDATE ticket_message SET status = 'sent', sent_at = written_at"
        " WHERE NOT coalesce(internal, FALSE) AND NOT coalesce(from_customer, FALSE)"
    )


def downgrade() -> None:
    """Go back to the step before."""
    for name in ("status", "sent_at", "answers_seen", "channel"):
        op.drop_column("ticket_message", name)
    for name in (
        *("category_id", "due_at", "installed_id", "merged_into_id", "next_due_at", "parent_id"),
        *("policy_id", "split_from_id"),
    ):
        op.drop_index(op.f(f"ix_ticket_{name}"), table_name="ticket")
        op.drop_column("ticket", name)
    for name in (
        *("steps", "reply_failed_at", "next_failed_at", "solve_failed_at", "escalated", "told"),
        "flagged",
    ):
        op.drop_column("ticket", name)
    for name in ("work_calendar", "ticket_category", "sla_policy", "macro"):
        op.drop_table(name)
