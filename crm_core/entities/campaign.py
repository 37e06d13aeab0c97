"""What is done to win customers, and what it costs."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import SOURCES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import choice, currency_code, date, integer, long_text, money, owner, ref, text
from crm_core.schema.entity import Entity, EntityMeta

CAMPAIGN_KINDS = choices(
    ("exhibition", N_("Exhibition")),
    ("event", N_("Event")),
    ("mailing", N_("Mailing")),
    ("advertisement", N_("Advertisement")),
    ("online", N_("Online")),
    ("partner", N_("With a partner")),
    ("other", N_("Other")),
)
CAMPAIGN_STATES = choices(
    ("planned", N_("Planned")), ("running", N_("Running")), ("ended", N_("Ended")), ("dropped", N_("Dropped"))
)


class Campaign(Entity):
    """Something planned that brings leads, with its budget, its cost and what is expected of it."""

    __tablename__ = "campaign"
    meta = EntityMeta(
        no=126,
        label=N_("Campaign"),
        plural=N_("Campaigns"),
        icon="flag",
        rights_like="lead",
        since=3,
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    kind: Mapped[str | None] = choice(
        11, N_("Kind"), CAMPAIGN_KINDS, default="other", in_list=True, indexed=True, since=3
    )
    status: Mapped[str | None] = choice(
        12, N_("State"), CAMPAIGN_STATES, default="planned", in_list=True, indexed=True, since=3
    )
    source: Mapped[str | None] = choice(13, N_("Source of its leads"), SOURCES, in_list=True, since=3)
    starts_on: Mapped[str | None] = date(14, N_("Starts on"), in_list=True, indexed=True, since=3)
    ends_on: Mapped[str | None] = date(15, N_("Ends on"), in_list=True, since=3)
    owner_id: Mapped[str | None] = owner(16, N_("Owner"), in_list=True, since=3)
    segment_id: Mapped[str | None] = ref(17, N_("Audience"), "segment", since=3)
    currency: Mapped[str | None] = currency_code(18, N_("Currency"), in_form=False, since=3)
    budget: Mapped[int | None] = money(19, N_("Budget"), in_list=True, since=3)
    cost: Mapped[int | None] = money(20, N_("Cost"), in_list=True, since=3)
    """What was spent, as far as it is known."""
    expected_leads: Mapped[int | None] = integer(21, N_("Leads expected"), since=3)
    expected_revenue: Mapped[int | None] = money(22, N_("Revenue expected"), since=3)
    notes: Mapped[str | None] = long_text(23, N_("Description"), searchable=True, since=3)
    mails_sent: Mapped[int | None] = integer(24, N_("Mails sent"), since=3)
    """How many the program that sends them says went out; with how many of them were opened."""
    mails_opened: Mapped[int | None] = integer(25, N_("Mails opened"), since=3)
