"""Contents of attached files, in the database so that every process on every machine has them.

Why there: docs/decisions/0006-contents-in-the-database.md.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class Blob(HqBase):
    """A content: whole, or as far as one laptop has sent it.

    Laptops send apart from one another, so that none meets bytes another one made up.
    """

    __tablename__ = "blob"
    __table_args__ = (UniqueConstraint("sha256", "device", name="uq_blob_sha256_device"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    sha256: Mapped[str] = mapped_column(Text)
    device: Mapped[int] = mapped_column(Integer)
    """The laptop sending it; 0 once it is whole and its hash was found right."""
    source: Mapped[int] = mapped_column(Integer, index=True)
    """The laptop it came from: whose quota it counts against."""
    size: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes that are here, from the beginning without a gap."""
    touched_ms: Mapped[int] = mapped_column(BigInteger)
    unused_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Since when no attachment names it."""


class BlobPart(HqBase):
    """Up to `crm_core.sync.blobs.PART_BYTES` of a content."""

    __tablename__ = "blob_part"

    blob_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class BlobHolder(HqBase):
    """A user who proved to have a content. Attachments he makes of it show it to those who see them.

    Whoever only knows a hash, and writes it into an attachment of his own, gets nothing by that.
    """

    __tablename__ = "blob_holder"

    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
