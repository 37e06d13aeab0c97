"""Keys under which other programs ask HQ."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class ApiKey(HqBase):
    """One key of one program. The secret itself is told once and not kept."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(Text, unique=True)
    """Who stands as the author of what is done under it: a user of its own, who cannot sign in."""
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the secret."""
    hint: Mapped[str] = mapped_column(Text)
    """How the secret begins, to tell keys apart."""
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    """As `crm_core.rules.key_scopes` reads them."""
    made_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    revoked_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    used_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """When it was used last, to the minute."""
