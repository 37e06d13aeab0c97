"""Whose turn it is: how many leads each rule of assignment has given to each person."""

from __future__ import annotations

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class AssignmentTurn(HqBase):
    """Leads one rule gave to one person so far, counted where every process of HQ sees them."""

    __tablename__ = "assignment_turn"

    rule_id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    given: Mapped[int] = mapped_column(Integer, default=0)
