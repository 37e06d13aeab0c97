"""Secret addresses under which people's calendars are read by their telephones."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class CalendarFeed(HqBase):
    """One address of one user. The secret itself is told once and not kept."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(Text, index=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the secret."""
    label: Mapped[str] = mapped_column(Text, default="")
    """What it is for: “telephone”."""
    made_ms: Mapped[int] = mapped_column(BigInteger)
    used_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """When it was read last, to the hour."""
