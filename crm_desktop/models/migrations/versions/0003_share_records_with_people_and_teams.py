"""Share records with people and teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:

    op.add_column("customer", sa.Column("shared_with", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("customer", sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("deal", sa.Column("shared_with", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("deal", sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticket", sa.Column("shared_with", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticket", sa.Column("shown_to", sa.JSON(none_as_null=True), nullable=True))
