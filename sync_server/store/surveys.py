"""Which ends of tickets were looked at, and how far the mail of an asking has come."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class SurveyEnd(HqBase):
    """The last end of a ticket about which HQ decided whether its customer is asked."""

    __tablename__ = "survey_end"

    ticket_id: Mapped[str] = mapped_column(Text, primary_key=True)
    closed_at: Mapped[int] = mapped_column(BigInteger)


class SurveyPost(HqBase):
    """The mail of an asking: attempts, and whether one was begun that nothing was heard of since."""

    __tablename__ = "survey_post"

    answer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    begun_at: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    sent_at: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
