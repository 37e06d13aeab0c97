"""Which instalments somebody was reminded of."""

from __future__ import annotations

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class PaymentNotice(HqBase):
    """A reminder of an instalment: so many days before its day (below zero) or after it, and of which day."""

    __tablename__ = "payment_notice"

    instalment_id: Mapped[str] = mapped_column(Text, primary_key=True)
    days: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    due_on: Mapped[str] = mapped_column(Text)
