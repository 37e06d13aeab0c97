"""Failed sign-ins, counted where every process of HQ sees them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class SignInAttempt(HqBase):
    """How often one name was tried from one address since it last got in.

    Kept for names nobody has too: otherwise a lock would tell which names exist.
    """

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    """Keyed hash of name and address, so that the table names nobody."""
    failed: Mapped[int] = mapped_column(Integer, default=0)
    locked_until_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    last_ms: Mapped[int] = mapped_column(BigInteger, index=True)
