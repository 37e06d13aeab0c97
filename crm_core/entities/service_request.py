"""Service requests: the forms people choose from, and what somebody asked for by one of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import ASKED_STATES, PRIORITIES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    instant,
    integer,
    json,
    long_text,
    owner,
    ref,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

FORM_ICONS = choices(
    ("ticket", N_("Ticket")),
    ("box", N_("Goods")),
    ("truck", N_("Delivery")),
    ("sliders", N_("Repair")),
    ("coin", N_("Money")),
    ("doc", N_("Paper")),
    ("laptop", N_("Device")),
    ("key", N_("Access")),
    ("people", N_("People")),
    ("heart", N_("Goodwill")),
)
AFTER_STATES = choices(("open", N_("Open")), ("waiting", N_("Waits for customer")), ("solved", N_("Solved")))
_GRANTED = {"granted_at": Kept.NOW}
SERVICE_REQUEST_STEPS = Machine(
    field="status",
    first="draft",
    born=("draft",),
    waits="waiting",
    stands=("waiting", "granted", "withdrawn"),
    refusal=N_("A service request in this state cannot take that step"),
    steps=(
        Step(name="send", starts=("draft",), ends="granted", keeps=_GRANTED, needs_approval=True),
        Step(name="ask", starts=("draft",), ends="waiting"),
        Step(name="grant", starts=("waiting",), ends="granted", keeps=_GRANTED, by_hq=True),
        # Of who asked while it waits; of HQ when it was refused or returned.
        Step(name="take_back", starts=("waiting",), ends="draft"),
        Step(name="withdraw", starts=("draft",), ends="withdrawn"),
        Step(name="resume", starts=("withdrawn",), ends="draft"),
    ),
)


class RequestForm(Entity):
    """What people often ask for: its questions, who may use it, who approves, what follows."""

    __tablename__ = "request_form"
    meta = EntityMeta(
        no=115, label=N_("Request form"), plural=N_("Request forms"), icon="note", reference=True, since=3
    )

    name: Mapped[str | None] = text(
        10, N_("English name"), required=True, in_list=True, indexed=True, since=3
    )
    name_zh: Mapped[str | None] = text(11, N_("Chinese name"), in_list=True, since=3)
    icon: Mapped[str | None] = choice(12, N_("Picture"), FORM_ICONS, default="ticket", since=3)
    description: Mapped[str | None] = text(13, N_("What it is for, in English"), since=3)
    description_zh: Mapped[str | None] = text(14, N_("What it is for, in Chinese"), since=3)
    category_id: Mapped[str | None] = ref(15, N_("Category"), "ticket_category", in_list=True, since=3)
    priority: Mapped[str | None] = choice(16, N_("Priority"), PRIORITIES, default="normal", since=3)
    assignee_id: Mapped[str | None] = ref(17, N_("Goes to"), "user", since=3)
    team_id: Mapped[str | None] = ref(18, N_("Goes to the team"), "team", since=3)
    roles: Mapped[list[str] | None] = tags(19, N_("Who may use it"), members=("role",), since=3)
    """Ids of roles; none: everybody who may open tickets."""
    questions: Mapped[list[Any] | None] = json(20, N_("Questions"), since=3)
    """As `crm_core.rules.request_forms` reads them, in their order."""
    flow_id: Mapped[str | None] = ref(21, N_("Approval flow"), "approval_flow", in_list=True, since=3)
    """None: the first flow for service requests that fits, if any does."""
    holds: Mapped[bool | None] = boolean(
        22, N_("Nobody works on it before it is accepted"), default=True, since=3
    )
    after_status: Mapped[str | None] = choice(23, N_("State afterwards"), AFTER_STATES, since=3)
    macro_id: Mapped[str | None] = ref(24, N_("Macro afterwards"), "macro", since=3)
    task: Mapped[str | None] = text(25, N_("Task afterwards"), since=3)
    task_for_id: Mapped[str | None] = ref(26, N_("Whose task"), "user", since=3)
    rank: Mapped[int | None] = integer(27, N_("Sequence"), default=0, in_list=True, since=3)
    retired: Mapped[bool | None] = boolean(
        28, N_("Not chosen any more"), default=False, in_list=True, since=3
    )
    version: Mapped[int | None] = integer(
        29, N_("Version"), read_only=True, by_hq=True, in_form=False, in_list=True, since=3
    )
    marks: Mapped[list[Any] | None] = json(
        30, N_("Versions there were"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """Hash of what each version asked, the first one first: a request was made by one of them."""


class ServiceRequest(Entity):
    """What somebody asked for by a form: the ticket it is worked on as, and the answers as given."""

    __tablename__ = "service_request"
    meta = EntityMeta(
        no=116,
        label=N_("Service request"),
        plural=N_("Service requests"),
        icon="note",
        title="subject",
        since=3,
        rights_like="ticket",
        machine=SERVICE_REQUEST_STEPS,
    )

    subject: Mapped[str | None] = text(
        10, N_("What is asked"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    form_id: Mapped[str | None] = ref(
        11, N_("Request form"), "request_form", group="asked", required=True, in_list=True, since=3
    )
    form: Mapped[dict[str, Any] | None] = json(
        12, N_("What the form asked"), group="asked", in_form=False, since=3
    )
    """The form as it was (`crm_core.rules.request_forms.definition`); HQ takes no other than it knows."""
    answers: Mapped[dict[str, Any] | None] = json(13, N_("Answers given"), group="asked", since=3)
    """Plain values by the keys of the questions."""
    ticket_id: Mapped[str | None] = ref(
        14, N_("Ticket"), "ticket", required=True, parent=True, lends=True, in_list=True, since=3
    )
    customer_id: Mapped[str | None] = ref(
        15, N_("Customer"), "customer", parent=True, lends=True, in_list=True, since=3
    )
    owner_id: Mapped[str | None] = owner(16, N_("Asked by"), in_list=True, since=3)
    reason: Mapped[str | None] = long_text(17, N_("Why"), field_class=FieldClass.CORE, since=3)
    status: Mapped[str | None] = choice(
        18, N_("State"), ASKED_STATES, default="draft", in_list=True, indexed=True, since=3
    )
    granted_at: Mapped[int | None] = instant(
        19, N_("Accepted at"), read_only=True, in_form=False, in_list=True, since=3
    )
    shown_to: Mapped[list[str] | None] = tags(
        20,
        N_("Shown to"),
        scope=ScopeSource.SHOWN,
        members=("user",),
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """Who is asked to approve it, and who decided about it."""
    version: Mapped[int | None] = integer(
        21, N_("Version of the form"), read_only=True, by_hq=True, in_form=False, since=3
    )
    followed_at: Mapped[int | None] = instant(
        22, N_("Passed on at"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """When HQ did what the form says follows."""
