"""How it is reckoned what customers are worth, as data an administrator edits."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, integer, text
from crm_core.schema.entity import Entity, EntityMeta

PURCHASES = choices(
    ("orders_deals", N_("Orders; of who has none, deals won")), ("orders", N_("Orders alone"))
)


class ValueRule(Entity):
    """What counts as a purchase, and by which bounds customers are put into classes.

    The one in use counts, of several the first by name; without one its usual values hold.
    """

    __tablename__ = "value_rule"
    meta = EntityMeta(
        no=125,
        label=N_("Customer value rule"),
        plural=N_("Customer value rules"),
        icon="star",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    purchases: Mapped[str | None] = choice(
        11, N_("Purchases are"), PURCHASES, default="orders_deals", in_list=True, since=3
    )
    recency_days: Mapped[str | None] = text(
        12,
        N_("Bounds of recency, days"),
        hint=N_("Four numbers, the smallest first: 30, 90, 180, 365. Empty: fifths of the customers"),
        in_list=True,
        since=3,
    )
    frequency: Mapped[str | None] = text(
        13,
        N_("Bounds of frequency, purchases"),
        hint=N_("Four numbers, the smallest first: 2, 3, 6, 12. Empty: fifths of the customers"),
        in_list=True,
        since=3,
    )
    monetary: Mapped[str | None] = text(
        14,
        N_("Bounds of revenue"),
        hint=N_(
            "Four amounts in the company's currency, the smallest first: 1000, 5000, 20000, 100000."
            " Empty: fifths of the customers"
        ),
        in_list=True,
        since=3,
    )
    months: Mapped[int | None] = integer(15, N_("Months compared"), default=12, in_list=True, since=3)
    """The last so many months against as many before them."""
    silent_times: Mapped[int | None] = integer(
        16, N_("Lost after intervals without a purchase"), default=3, in_list=True, since=3
    )
    years: Mapped[int | None] = integer(17, N_("Years expected ahead"), default=3, in_list=True, since=3)
    active: Mapped[bool | None] = boolean(18, N_("In use"), default=True, in_list=True, since=3)
