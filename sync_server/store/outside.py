"""What HQ remembers of other programs' requests: their own numbers of records, and answers given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class ExternalId(HqBase):
    """What a program calls a record: one name of each program, kind and record."""

    __tablename__ = "external_id"
    __table_args__ = (Index("ux_external_id_row", "user_id", "entity", "row_id", unique=True),)

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    """Of the program's key."""
    entity: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text)


class KeptAnswer(HqBase):
    """The answer to a request that carried an `Idempotency-Key`, to be given again and nothing done twice."""

    __tablename__ = "kept_answer"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of method, address and body."""
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[Any] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
