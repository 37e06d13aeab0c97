"""Rules of the shared pool, as data an administrator edits."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import LEVELS, choices
from crm_core.entities.customer import LIFE_CYCLE
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, integer, text
from crm_core.schema.entity import Entity, EntityMeta

KINDS = choices(("customer", N_("Customers")), ("lead", N_("Leads")))


class PoolRule(Entity):
    """When customers of a level and life cycle return to the pool, and how many of them one may take.

    One for leads says only how many of them one may have and claim.
    """

    __tablename__ = "pool_rule"
    meta = EntityMeta(
        no=16, label=N_("Pool rule"), plural=N_("Pool rules"), icon="filter", reference=True, since=3
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    level: Mapped[str | None] = choice(11, N_("Only level"), LEVELS, in_list=True, since=3)
    status: Mapped[str | None] = choice(12, N_("Only life cycle"), LIFE_CYCLE, in_list=True, since=3)
    spared: Mapped[bool | None] = boolean(13, N_("Never returned"), default=False, in_list=True, since=3)
    contact_days: Mapped[int | None] = integer(14, N_("Days without contact"), in_list=True, since=3)
    deal_days: Mapped[int | None] = integer(15, N_("Days without a deal"), in_list=True, since=3)
    remind_days: Mapped[int | None] = integer(
        16, N_("Warned so many days before"), default=7, in_list=True, since=3
    )
    most_held: Mapped[int | None] = integer(17, N_("Most held by one"), in_list=True, since=3)
    most_locked: Mapped[int | None] = integer(18, N_("Most locked by one"), in_list=True, since=3)
    claims_a_day: Mapped[int | None] = integer(19, N_("Most taken in 24 hours"), in_list=True, since=3)
    claims_a_week: Mapped[int | None] = integer(20, N_("Most taken in 7 days"), in_list=True, since=3)
    barred_days: Mapped[int | None] = integer(
        21, N_("Days before who held it may claim it again"), in_list=True, since=3
    )
    active: Mapped[bool | None] = boolean(22, N_("In use"), default=True, in_list=True, since=3)
    kind: Mapped[str | None] = choice(23, N_("Rule for"), KINDS, default="customer", in_list=True, since=3)
