"""Table of what people outside said of articles: HQ's own, it never travels."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class ArticleBallot(HqBase):
    """Whether an article helped one visitor; another answer of his replaces it."""

    __tablename__ = "article_ballot"

    article_id: Mapped[str] = mapped_column(Text, primary_key=True)
    voter: Mapped[str] = mapped_column(Text, primary_key=True)
    """Keyed hash of network address and browser: it names nobody."""
    helpful: Mapped[bool] = mapped_column(Boolean)
    at_ms: Mapped[int] = mapped_column(BigInteger)
