"""Whom HQ tells of changes over HTTP, and what it has told and is yet to tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class Webhook(HqBase):
    """An address that is told of some events, with the sight of one key."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(Text, index=True)
    """Of the key whose rights decide what is told."""
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[Any]] = mapped_column(JSON)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    """What its secret is made of, with the secret of HQ's settings; the secret itself is kept nowhere."""
    old_salt: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    old_until_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """Until when messages are signed with the secret before as well."""
    position: Mapped[int] = mapped_column(BigInteger)
    """Up to where in the feed its messages were made."""
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    made_ms: Mapped[int] = mapped_column(BigInteger)
    paused_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Until when nothing is sent, because the address did not answer."""
    claimed_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Until when one process has it for itself."""
    sent_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """When it last took a message."""


class WebhookMessage(HqBase):
    """One message to one address. What it says of its record is read when it is sent."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        Index("ix_webhook_message_waiting", "webhook_id", "state", "id"),
        Index("ix_webhook_message_done", "state", "done_ms"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    webhook_id: Mapped[int] = mapped_column(Integer)
    message: Mapped[str] = mapped_column(Text)
    """Its `webhook-id`: the same however often it is sent."""
    entity: Mapped[int] = mapped_column(Integer)
    row_id: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    """What became of the record, as `services.changes` names it."""
    state: Mapped[str] = mapped_column(Text, default="waiting")
    """`waiting`, `sent`, `dead`, or `void`: there was nothing left to tell."""
    made_ms: Mapped[int] = mapped_column(BigInteger)
    due_ms: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[int | None] = mapped_column(Integer, nullable=True)
    """HTTP status of the last answer; None where none came."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why the last try failed, in English."""
    done_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
