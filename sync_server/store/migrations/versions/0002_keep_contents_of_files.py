"""Keep contents of files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this step."""
    op.create_table(
        "blob",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("device", sa.Integer(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("touched_ms", sa.BigInteger(), nullable=False),
        sa.Column("unused_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256", "device", name="uq_blob_sha256_device"),
    )
    op.create_index(op.f("ix_blob_source"), "blob", ["source"], unique=False)
    op.create_table(
        "blob_holder",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "user_id"),
    )
    op.create_table(
        "blob_part",
        sa.Column("blob_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("blob_id", "no"),
    )
    op.add_column("attachment", sa.Column("caption", sa.Text(), nullable=True))
    op.add_column("attachment", sa.Column("width", sa.Integer(), nullable=True))
    op.add_column("attachment", sa.Column("height", sa.Integer(), nullable=True))
    op.add_column("attachment", sa.Column("pages", sa.Integer(), nullable=True))
    op.add_column("attachment", sa.Column("preview_sha256", sa.Text(), nullable=True))
    op.create_index(op.f("ix_attachment_preview_sha256"), "attachment", ["preview_sha256"], unique=False)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index(op.f("ix_attachment_preview_sha256"), table_name="attachment")
    for name in ("preview_sha256", "pages", "height", "width", "caption"):
        op.drop_column("attachment", name)
    op.drop_table("blob_part")
    op.drop_table("blob_holder")
    op.drop_index(op.f("ix_blob_source"), table_name="blob")
    op.drop_table("blob")
