"""Short hashes of customers, for laptops that must not see them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class KnownHash(HqBase):
    """A hash of what a customer is called, or reached by, under the key of this HQ."""

    __tablename__ = "known_hash"

    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, index=True)
    number: Mapped[int] = mapped_column(BigInteger, index=True, unique=True)
    """Counts up with every change: laptops fetch what is above what they have."""
    gone: Mapped[bool] = mapped_column(Boolean, default=False)
    """The customer has it no more; laptops that have the hash are told."""
