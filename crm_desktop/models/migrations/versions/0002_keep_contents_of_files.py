"""Keep contents of files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("sent_epoch", sa.LargeBinary(), nullable=True),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.add_column("attachment", sa.Column("caption", sa.Text(), nullable=True))
    op.add_column("attachment", sa.Column("width", sa.Integer(), nullable=True))
    op.add_column("attachment", sa.Column("height", sa.Integer(), nullable=True))
    op.add_column("attachment", sa.Column("pages", sa.Integer(), nullable=True))
    op.add_column("attachment", sa.Column("preview_sha256", sa.Text(), nullable=True))
    op.create_index(op.f("ix_attachment_preview_sha256"), "attachment", ["preview_sha256"], unique=False)
    op.add_column("blob_queue", sa.Column("asked", sa.Boolean(), server_default="0", nullable=False))
    op.add_column(
        "blob_queue", sa.Column("not_before_ms", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("blob_queue", sa.Column("rest", sa.LargeBinary(), nullable=True))
