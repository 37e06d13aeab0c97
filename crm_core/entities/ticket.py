"""Service cases and their conversation."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import PRIORITIES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, date, instant, long_text, owner, ref, shares, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

TICKET_KINDS = choices(
    ("question", N_("Question")),
    ("complaint", N_("Complaint")),
    ("request", N_("Request")),
    ("praise", N_("Praise")),
)
TICKET_STATES = choices(
    ("new", N_("New")),
    ("open", N_("Open")),
    ("waiting", N_("Waits for customer")),
    ("solved", N_("Solved")),
    ("closed", N_("Closed")),
)
CHANNELS = choices(
    ("phone", N_("Phone")), ("mail", N_("Mail")), ("web", N_("Web form")), ("visit", N_("Visit"))
)
_AT_WORK = ("new", "open", "waiting")
_ENDED = ("solved", "closed")
_ENDS_NOW = {"closed_at": Kept.NOW}
_GOES_ON = {"closed_at": None}
TICKET_STEPS = Machine(
    field="status",
    first="new",
    refusal=N_("A ticket in this state cannot take that step"),
    steps=(
        Step(name="open", starts=("new", "waiting"), ends="open"),
        Step(name="wait", starts=("new", "open"), ends="waiting"),
        Step(name="put_back", starts=("open", "waiting"), ends="new"),
        Step(name="solve", starts=_AT_WORK, ends="solved", keeps=_ENDS_NOW),
        Step(name="close", starts=_AT_WORK, ends="closed", keeps=_ENDS_NOW),
        Step(name="confirm", starts=("solved",), ends="closed"),
        Step(name="doubt", starts=("closed",), ends="solved"),
        Step(name="reopen", starts=_ENDED, ends="open", keeps=_GOES_ON),
        Step(name="reopen_to_wait", starts=_ENDED, ends="waiting", keeps=_GOES_ON),
        Step(name="reopen_as_new", starts=_ENDED, ends="new", keeps=_GOES_ON),
    ),
)


class Ticket(Entity):
    """A service case of a customer."""

    __tablename__ = "ticket"
    meta = EntityMeta(
        no=60,
        label=N_("Ticket"),
        plural=N_("Tickets"),
        icon="ticket",
        title="subject",
        series="ticket",
        machine=TICKET_STEPS,
    )

    number: Mapped[str | None] = text(
        10, N_("Number"), read_only=True, in_list=True, searchable=True, indexed=True
    )
    subject: Mapped[str | None] = text(
        11, N_("Subject"), required=True, in_list=True, searchable=True, indexed=True
    )
    customer_id: Mapped[str | None] = ref(
        12, N_("Customer"), "customer", parent=True, lends=True, in_list=True
    )
    contact_id: Mapped[str | None] = ref(13, N_("Contact"), "contact")
    assignee_id: Mapped[str | None] = owner(14, N_("Assignee"), in_list=True)
    team_id: Mapped[str | None] = ref(15, N_("Team"), "team", scope=ScopeSource.TEAM)
    kind: Mapped[str | None] = choice(16, N_("Kind"), TICKET_KINDS, default="question", in_list=True)
    status: Mapped[str | None] = choice(
        17, N_("State"), TICKET_STATES, default="new", in_list=True, indexed=True
    )
    priority: Mapped[str | None] = choice(
        18, N_("Priority"), PRIORITIES, default="normal", in_list=True, indexed=True
    )
    category: Mapped[str | None] = text(19, N_("Category"), in_list=True)
    product_id: Mapped[str | None] = ref(20, N_("Product"), "product")
    channel: Mapped[str | None] = choice(21, N_("Channel"), CHANNELS, default="phone")
    reply_due_at: Mapped[int | None] = instant(22, N_("First reply due"), in_list=True, indexed=True)
    solve_due_at: Mapped[int | None] = instant(23, N_("To be solved by"), indexed=True)
    replied_at: Mapped[int | None] = instant(24, N_("First replied"), read_only=True)
    closed_at: Mapped[int | None] = instant(25, N_("Closed at"), read_only=True)
    tags: Mapped[list[str] | None] = tags(26, N_("Tags"))
    shared_with: Mapped[list[str] | None] = shares(60, N_("Shared with"), ScopeSource.SHARE, since=2)
    shown_to: Mapped[list[str] | None] = shares(61, N_("Shown to"), ScopeSource.SHOWN, since=2)
    shared_until: Mapped[str | None] = date(62, N_("Shared until"), since=3)
    shown_until: Mapped[str | None] = date(63, N_("Shown until"), since=3)


class TicketMessage(Entity):
    """One message of a ticket's conversation: from the customer, to the customer, or among colleagues."""

    __tablename__ = "ticket_message"
    meta = EntityMeta(
        no=61, label=N_("Ticket message"), plural=N_("Ticket messages"), icon="reply", title="body"
    )

    ticket_id: Mapped[str | None] = ref(10, N_("Ticket"), "ticket", required=True, parent=True)
    body: Mapped[str | None] = long_text(11, N_("Text"), required=True, in_list=True, searchable=True)
    internal: Mapped[bool | None] = boolean(12, N_("Internal note"), default=False, in_list=True)
    from_customer: Mapped[bool | None] = boolean(13, N_("From the customer"), default=False)
    author_id: Mapped[str | None] = ref(14, N_("Written by"), "user", in_list=True)
    contact_id: Mapped[str | None] = ref(15, N_("Contact"), "contact")
    written_at: Mapped[int | None] = instant(16, N_("Written"), in_list=True, indexed=True)
