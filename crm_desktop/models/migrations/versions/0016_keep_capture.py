"""Take leads in by forms and give them to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_INDEXED = {
    "assignment_rule": (
        "created_at",
        "created_by",
        "product_id",
        "team_id",
        "territory_id",
        "updated_at",
        "updated_by",
    ),
    "capture_form": (
        "created_at",
        "created_by",
        "owner_id",
        "team_id",
        "territory_id",
        "token",
        "updated_at",
        "updated_by",
    ),
    "lead": ("assigned_by", "form_id"),
}


def upgrade() -> None:
    op.create_table(
        "assignment_rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("territory_id", sa.Text(), nullable=True),
        sa.Column("regions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("employees_from", sa.Integer(), nullable=True),
        sa.Column("employees_to", sa.Integer(), nullable=True),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("people", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("answer_hours", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "capture_form",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("life", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("asked", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("needed", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("territory_id", sa.Text(), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("heading_zh", sa.Text(), nullable=True),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("consent_zh", sa.Text(), nullable=True),
        sa.Column("consent_version", sa.Text(), nullable=True),
        sa.Column("thanks", sa.Text(), nullable=True),
        sa.Column("thanks_zh", sa.Text(), nullable=True),
        sa.Column("redirect", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("custom", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("lead", sa.Column("form_id", sa.Text(), nullable=True))
    op.add_column("lead", sa.Column("consent", sa.Text(), nullable=True))
    op.add_column("lead", sa.Column("consent_version", sa.Text(), nullable=True))
    op.add_column("lead", sa.Column("consent_at", sa.BigInteger(), nullable=True))
    op.add_column("lead", sa.Column("consent_from", sa.Text(), nullable=True))
    op.add_column("lead", sa.Column("assigned_why", sa.Text(), nullable=True))
    op.add_column("lead", sa.Column("assigned_at", sa.BigInteger(), nullable=True))
    op.add_column("lead", sa.Column("assigned_by", sa.Text(), nullable=True))
    for table, names in _INDEXED.items():
        for name in names:
            op.create_index(op.f(f"ix_{table}_{name}"), table, [name], unique=False)
