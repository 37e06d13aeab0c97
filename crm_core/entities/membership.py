"""Loyalty points: earned and spent, entry by entry."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import date, integer, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.ledger import Account, Ledger


class PointEntry(Entity):
    """Points a customer earned, or spent (below zero)."""

    __tablename__ = "point_entry"
    meta = EntityMeta(
        no=80,
        label=N_("Points entry"),
        plural=N_("Points entries"),
        icon="coin",
        title="reason",
        since=2,
        rights_like="contact",
        ledger=Ledger(
            amount="points",
            accounts=(
                Account(
                    link="customer_id",
                    total="points",
                    below_zero=N_("Points of {title} are below zero"),
                ),
            ),
        ),
    )

    customer_id: Mapped[str | None] = ref(
        10, N_("Customer"), "customer", required=True, parent=True, in_list=True, since=2
    )
    points: Mapped[int | None] = integer(11, N_("Points"), required=True, in_list=True, since=2)
    reason: Mapped[str | None] = text(12, N_("Reason"), required=True, in_list=True, searchable=True, since=2)
    happened_on: Mapped[str | None] = date(13, N_("Date"), in_list=True, indexed=True, since=2)
