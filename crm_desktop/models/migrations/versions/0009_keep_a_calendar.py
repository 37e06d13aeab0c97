"""Keep a calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("activity", sa.Column("all_day", sa.Boolean(), nullable=True))
    op.add_column("activity", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("repeats", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("series_id", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("occurs_on", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("skipped", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("activity", sa.Column("assignees", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("activity", sa.Column("done_by", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("reminder", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("uid", sa.Text(), nullable=True))
    op.create_index(op.f("ix_activity_done_by"), "activity", ["done_by"], unique=False)
    op.create_index(op.f("ix_activity_repeats"), "activity", ["repeats"], unique=False)
    op.create_index(op.f("ix_activity_series_id"), "activity", ["series_id"], unique=False)
    op.create_index(op.f("ix_activity_uid"), "activity", ["uid"], unique=False)
