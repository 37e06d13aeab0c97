"""Rules by which HQ gives leads and tickets to people."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import SOURCES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, integer, json, ref, text
from crm_core.schema.entity import Entity, EntityMeta

WAYS = choices(
    ("named", N_("To one person")),
    ("round_robin", N_("In turn")),
    ("least_load", N_("To who has least to do")),
    ("weighted", N_("By weight")),
    ("owner", N_("To who looks after the customer")),
    ("queue", N_("To the team's queue")),
)
LEAD, TICKET = "lead", "ticket"
GIVEN_OUT = choices((LEAD, N_("Leads")), (TICKET, N_("Tickets")))


class AssignmentRule(Entity):
    """Which leads or tickets go to whom. The first rule in order whose conditions one meets decides."""

    __tablename__ = "assignment_rule"
    meta = EntityMeta(no=17, label=N_("Assignment rule"), plural=N_("Assignment rules"), icon="sort", since=3)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, since=3)
    rank: Mapped[int | None] = integer(11, N_("Sequence"), default=0, in_list=True, since=3)
    territory_id: Mapped[str | None] = ref(12, N_("Territory"), "territory", in_list=True, since=3)
    regions: Mapped[list[Any] | None] = json(13, N_("Provinces and cities"), since=3)
    product_id: Mapped[str | None] = ref(14, N_("Product"), "product", in_list=True, since=3)
    source: Mapped[str | None] = choice(15, N_("Source"), SOURCES, in_list=True, since=3)
    employees_from: Mapped[int | None] = integer(16, N_("Employees, at least"), since=3)
    employees_to: Mapped[int | None] = integer(17, N_("Employees, at most"), since=3)
    way: Mapped[str | None] = choice(
        18, N_("How"), WAYS, required=True, default="round_robin", in_list=True, since=3
    )
    people: Mapped[list[Any] | None] = json(19, N_("People"), since=3)
    """Ids of users, with weights: [[id, weight], …]."""
    team_id: Mapped[str | None] = ref(20, N_("Team"), "team", in_list=True, since=3)
    """Everybody in it, where no people are named."""
    answer_hours: Mapped[int | None] = integer(
        21, N_("Hours to answer, working hours"), in_list=True, since=3
    )
    active: Mapped[bool | None] = boolean(22, N_("In use"), default=True, in_list=True, since=3)
    applies_to: Mapped[str | None] = choice(
        23, N_("Gives out"), GIVEN_OUT, default=LEAD, in_list=True, since=3
    )
    rules: Mapped[dict[str, Any] | None] = json(24, N_("Only tickets that"), since=3)
    """As `crm_core.rules.segments.plain_rule` writes one; None: every ticket."""
    skilled: Mapped[bool | None] = boolean(
        25, N_("Only who has the skills the category asks for"), default=False, since=3
    )
    in_territory: Mapped[bool | None] = boolean(
        26, N_("Only who works in the customer's territory"), default=False, since=3
    )
    most_open: Mapped[int | None] = integer(27, N_("Open tickets each, at most"), since=3)
