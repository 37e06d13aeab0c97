"""When owners were last told of customers who complain often or recommend the company."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class FeedbackNotice(HqBase):
    """A task about a customer, by the rule it followed from."""

    __tablename__ = "feedback_notice"

    customer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    told_at: Mapped[int] = mapped_column(BigInteger)
