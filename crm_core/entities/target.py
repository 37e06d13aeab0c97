"""What is to be reached in a period."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import choice, currency_code, integer, money, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource

PERIODS = choices(
    ("year", N_("Whole year")),
    ("q1", N_("1st quarter")),
    ("q2", N_("2nd quarter")),
    ("q3", N_("3rd quarter")),
    ("q4", N_("4th quarter")),
    ("m01", N_("January")),
    ("m02", N_("February")),
    ("m03", N_("March")),
    ("m04", N_("April")),
    ("m05", N_("May")),
    ("m06", N_("June")),
    ("m07", N_("July")),
    ("m08", N_("August")),
    ("m09", N_("September")),
    ("m10", N_("October")),
    ("m11", N_("November")),
    ("m12", N_("December")),
)
MEASURES = choices(
    ("won_amount", N_("Amount won")),
    ("won_count", N_("Deals won")),
    ("new_customers", N_("New customers")),
    ("visits", N_("Visits made")),
    ("calls", N_("Calls made")),
    ("ordered", N_("Orders confirmed")),
    ("received", N_("Receipts posted")),
)


class Target(Entity):
    """What somebody, a team or the company is to reach. Naming neither a person nor a team, it is the
    company's; an amount counts what was won in its own currency alone."""

    __tablename__ = "target"
    meta = EntityMeta(no=81, label=N_("Target"), plural=N_("Targets"), icon="trophy", since=3)

    name: Mapped[str | None] = text(10, N_("Name"), in_list=True, searchable=True, indexed=True, since=3)
    year: Mapped[int | None] = integer(11, N_("Year"), required=True, in_list=True, indexed=True, since=3)
    period: Mapped[str | None] = choice(
        12, N_("Period"), PERIODS, required=True, default="year", in_list=True, since=3
    )
    measure: Mapped[str | None] = choice(
        13, N_("What counts"), MEASURES, required=True, default="won_amount", in_list=True, since=3
    )
    amount: Mapped[int | None] = money(
        14, N_("Amount to reach"), group="amount", in_list=True, indexed=True, since=3
    )
    currency: Mapped[str | None] = currency_code(15, N_("Currency"), group="amount", in_form=False, since=3)
    number: Mapped[int | None] = integer(16, N_("Number to reach"), in_list=True, since=3)
    user_id: Mapped[str | None] = ref(
        17,
        N_("Person"),
        "user",
        scope=ScopeSource.OWN,
        in_list=True,
        since=3,
        hint=N_("Without a person and a team it is the company's"),
    )
    team_id: Mapped[str | None] = ref(18, N_("Team"), "team", scope=ScopeSource.TEAM, in_list=True, since=3)
    product_id: Mapped[str | None] = ref(19, N_("Only product"), "product", in_list=True, since=3)
    family: Mapped[str | None] = text(20, N_("Only family of products"), in_list=True, since=3)
