"""Service cases and their conversation."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import ASKED_STATES, PRIORITIES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    date,
    instant,
    integer,
    json,
    long_text,
    owner,
    ref,
    shares,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, Kind, ScopeSource
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
    ("phone", N_("Phone")),
    ("mail", N_("Mail")),
    ("web", N_("Web form")),
    ("visit", N_("Visit")),
    ("chat", N_("Chat")),
    ("social", N_("Social media")),
)
OUTCOMES = choices(("delivered", N_("Reached the customer")), ("failed", N_("Could not be delivered")))
_AT_WORK = ("new", "open", "waiting")
_ENDED = ("solved", "closed")
_STEPPED = {"steps": Kept.LOGGED}
_ENDS_NOW = {**_STEPPED, "closed_at": Kept.NOW}
_GOES_ON = {**_STEPPED, "closed_at": None}
TICKET_STEPS = Machine(
    field="status",
    first="new",
    refusal=N_("A ticket in this state cannot take that step"),
    steps=(
        Step(name="open", starts=("new", "waiting"), ends="open", keeps=_STEPPED),
        Step(name="wait", starts=("new", "open"), ends="waiting", keeps=_STEPPED),
        Step(name="put_back", starts=("open", "waiting"), ends="new", keeps=_STEPPED),
        Step(name="solve", starts=_AT_WORK, ends="solved", keeps=_ENDS_NOW),
        Step(name="close", starts=_AT_WORK, ends="closed", keeps=_ENDS_NOW),
        Step(name="confirm", starts=("solved",), ends="closed", keeps=_STEPPED),
        Step(name="doubt", starts=("closed",), ends="solved", keeps=_STEPPED),
        Step(name="reopen", starts=_ENDED, ends="open", keeps=_GOES_ON),
        Step(name="reopen_to_wait", starts=_ENDED, ends="waiting", keeps=_GOES_ON),
        Step(name="reopen_as_new", starts=_ENDED, ends="new", keeps=_GOES_ON),
    ),
)


MESSAGE_STATES = choices(
    ("written", N_("Not sent")), ("held", N_("Held")), ("sent", N_("Sent")), ("dropped", N_("Not to be sent"))
)
MESSAGE_STEPS = Machine(
    field="status",
    first="written",
    born=("written",),
    refusal=N_("A message in this state cannot take that step"),
    steps=(
        Step(name="take", starts=("written",), ends="sent", keeps={"sent_at": Kept.NOW}, by_hq=True),
        # A colleague answered first, which its writer could not know.
        Step(name="hold", starts=("written",), ends="held", by_hq=True),
        Step(name="send", starts=("held",), ends="sent", keeps={"sent_at": Kept.NOW}),
        Step(name="drop", starts=("held",), ends="dropped"),
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
        unowned=True,
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
    category: Mapped[str | None] = text(19, N_("Category"), read_only=True, in_form=False)
    """The name of its category, as older programs read it."""
    product_id: Mapped[str | None] = ref(20, N_("Product"), "product")
    channel: Mapped[str | None] = choice(21, N_("Channel"), CHANNELS, default="phone")
    reply_due_at: Mapped[int | None] = instant(
        22, N_("First reply due"), read_only=True, in_form=False, in_list=True, indexed=True
    )
    solve_due_at: Mapped[int | None] = instant(
        23, N_("To be solved by"), read_only=True, in_form=False, in_list=True, indexed=True
    )
    replied_at: Mapped[int | None] = instant(24, N_("First replied"), read_only=True, in_form=False)
    closed_at: Mapped[int | None] = instant(25, N_("Closed at"), read_only=True, indexed=True)
    tags: Mapped[list[str] | None] = tags(26, N_("Tags"))
    shared_with: Mapped[list[str] | None] = shares(60, N_("Shared with"), ScopeSource.SHARE, since=2)
    shown_to: Mapped[list[str] | None] = shares(61, N_("Shown to"), ScopeSource.SHOWN, since=2)
    shared_until: Mapped[str | None] = date(62, N_("Shared until"), since=3)
    shown_until: Mapped[str | None] = date(63, N_("Shown until"), since=3)
    category_id: Mapped[str | None] = ref(27, N_("Category"), "ticket_category", in_list=True, since=3)
    installed_id: Mapped[str | None] = ref(28, N_("Installed product"), "installed_product", since=3)
    parent_id: Mapped[str | None] = ref(29, N_("Part of"), "ticket", since=3)
    split_from_id: Mapped[str | None] = ref(
        30, N_("Split from"), "ticket", read_only=True, in_form=False, since=3
    )
    steps: Mapped[list[Any] | None] = json(31, N_("Steps taken"), read_only=True, in_form=False, since=3)
    """When it went from which state into which: [[milliseconds, from, to], …]; the clocks read it."""
    policy_id: Mapped[str | None] = ref(
        32, N_("Service level"), "sla_policy", computed=True, read_only=True, in_form=False, since=3
    )
    next_due_at: Mapped[int | None] = instant(
        33, N_("Next reply due"), computed=True, read_only=True, in_form=False, indexed=True, since=3
    )
    due_at: Mapped[int | None] = instant(
        34,
        N_("Due next"),
        computed=True,
        read_only=True,
        in_form=False,
        in_list=True,
        indexed=True,
        since=3,
    )
    """The first of its promises to be due; empty while its clocks stand still or where none is left."""
    reply_failed_at: Mapped[int | None] = instant(
        35, N_("First reply late since"), read_only=True, by_hq=True, in_form=False, since=3
    )
    next_failed_at: Mapped[int | None] = instant(
        36, N_("A later reply late since"), read_only=True, by_hq=True, in_form=False, since=3
    )
    solve_failed_at: Mapped[int | None] = instant(
        37, N_("Solving late since"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """A promise that was broken stays so, whatever is promised later."""
    escalated: Mapped[int | None] = integer(
        38, N_("Escalated, level"), read_only=True, by_hq=True, in_form=False, in_list=True, since=3
    )
    told: Mapped[dict[str, Any] | None] = json(
        40, N_("Told of deadlines"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """Level reached by promise, 0 being the warning before."""
    merged_into_id: Mapped[str | None] = ref(
        41, N_("Merged into"), "ticket", read_only=True, in_form=False, since=3
    )
    from_address: Mapped[str | None] = text(
        42,
        N_("Written from"),
        kind=Kind.EMAIL,
        field_class=FieldClass.COMMS,
        personal=True,
        indexed=True,
        since=3,
    )
    """Where answers go by mail, where it is not the contact's address."""
    assigned_by: Mapped[str | None] = ref(
        50, N_("Assigned by"), "assignment_rule", read_only=True, by_hq=True, in_form=False, since=3
    )
    assigned_why: Mapped[str | None] = text(
        51, N_("Why assigned"), read_only=True, by_hq=True, in_form=False, since=3
    )
    assigned_at: Mapped[int | None] = instant(
        52, N_("Assigned at"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """When a rule gave it to somebody or to a queue; that is done once."""
    form_id: Mapped[str | None] = ref(
        57, N_("Request form"), "request_form", read_only=True, in_form=False, in_list=True, since=3
    )
    """What it was asked for by, where it is a service request."""
    asked: Mapped[str | None] = choice(
        58, N_("Approval"), ASKED_STATES, read_only=True, by_hq=True, in_form=False, in_list=True, since=3
    )
    """Where the service request it is worked on for stands."""
    flagged: Mapped[bool | None] = boolean(39, N_("Marked by escalation"), by_hq=True, in_form=False, since=3)
    satisfaction: Mapped[int | None] = integer(
        54, N_("Satisfaction, 0 to 100"), read_only=True, by_hq=True, in_form=False, in_list=True, since=3
    )
    """What the customer answered last when he was asked about it; see `crm_core.entities.survey`."""
    no_survey: Mapped[bool | None] = boolean(55, N_("Do not ask how satisfied"), default=False, since=3)
    from_name: Mapped[str | None] = text(
        64, N_("Name of who wrote"), field_class=FieldClass.COMMS, personal=True, since=3
    )
    """As who wrote or called gave it; nothing says that it is true."""
    from_phone: Mapped[str | None] = text(
        65,
        N_("Called from"),
        kind=Kind.PHONE,
        field_class=FieldClass.COMMS,
        personal=True,
        indexed=True,
        since=3,
    )
    chat_name: Mapped[str | None] = text(
        66,
        N_("Name in the chat"),
        field_class=FieldClass.COMMS,
        personal=True,
        read_only=True,
        by_hq=True,
        in_form=False,
        indexed=True,
        since=3,
    )
    """What another service calls who wrote, behind that service's own name: `wechat:ann_moss`."""
    conversation: Mapped[str | None] = text(
        67,
        N_("Conversation"),
        field_class=FieldClass.COMMS,
        read_only=True,
        by_hq=True,
        in_form=False,
        indexed=True,
        since=3,
    )
    """The key by which a program brings its messages, and its own name of the conversation."""


QUESTION_STATES = choices(
    ("open", N_("Waits for an answer")), ("answered", N_("Answered")), ("withdrawn", N_("Withdrawn"))
)
QUESTION_STEPS = Machine(
    field="status",
    first="open",
    born=("open",),
    refusal=N_("This question has come to its end"),
    steps=(
        Step(
            name="answer",
            starts=("open",),
            ends="answered",
            keeps={"answered_at": Kept.NOW},
            takes=("answer",),
            demands=("answer",),
            lacking=N_("Write the answer first"),
        ),
        Step(name="withdraw", starts=("open",), ends="withdrawn"),
    ),
)


class TicketQuestion(Entity):
    """What a colleague is asked about a ticket; he sees the ticket until he answered."""

    __tablename__ = "ticket_question"
    meta = EntityMeta(
        no=105,
        label=N_("Question to a colleague"),
        plural=N_("Questions to colleagues"),
        icon="people",
        title="question",
        since=3,
        rights_like="ticket_message",
        machine=QUESTION_STEPS,
    )

    ticket_id: Mapped[str | None] = ref(
        10, N_("Ticket"), "ticket", required=True, parent=True, in_form=False, since=3
    )
    asked_id: Mapped[str | None] = owner(11, N_("Who is asked"), required=True, in_list=True, since=3)
    question: Mapped[str | None] = long_text(12, N_("Question"), required=True, in_list=True, since=3)
    status: Mapped[str | None] = choice(13, N_("State"), QUESTION_STATES, default="open", since=3)
    answer: Mapped[str | None] = long_text(14, N_("Answer"), in_list=True, since=3)
    answered_at: Mapped[int | None] = instant(15, N_("Answered at"), read_only=True, in_form=False, since=3)


class TicketMessage(Entity):
    """One message of a ticket's conversation: from the customer, to the customer, or among colleagues."""

    __tablename__ = "ticket_message"
    meta = EntityMeta(
        no=61,
        label=N_("Ticket message"),
        plural=N_("Ticket messages"),
        icon="reply",
        title="body",
        machine=MESSAGE_STEPS,
    )

    ticket_id: Mapped[str | None] = ref(10, N_("Ticket"), "ticket", required=True, parent=True)
    body: Mapped[str | None] = long_text(11, N_("Text"), required=True, in_list=True, searchable=True)
    internal: Mapped[bool | None] = boolean(12, N_("Internal note"), default=False, in_list=True)
    from_customer: Mapped[bool | None] = boolean(13, N_("From the customer"), default=False)
    author_id: Mapped[str | None] = ref(14, N_("Written by"), "user", in_list=True)
    contact_id: Mapped[str | None] = ref(15, N_("Contact"), "contact")
    written_at: Mapped[int | None] = instant(16, N_("Written"), in_list=True, indexed=True)
    status: Mapped[str | None] = choice(
        17, N_("State"), MESSAGE_STATES, default="written", in_form=False, since=3
    )
    sent_at: Mapped[int | None] = instant(18, N_("Sent"), read_only=True, by_hq=True, in_form=False, since=3)
    """When HQ had it; an answer by phone or on the spot reached the customer when it was written."""
    answers_seen: Mapped[list[Any] | None] = json(
        19, N_("Written after"), read_only=True, in_form=False, since=3
    )
    """Ids of the answers of colleagues its writer had before him."""
    channel: Mapped[str | None] = choice(20, N_("Channel"), CHANNELS, since=3)
    mail_id: Mapped[str | None] = text(
        21, N_("Message-ID"), read_only=True, by_hq=True, in_form=False, since=3
    )
    from_name: Mapped[str | None] = text(
        70,
        N_("Name of who wrote"),
        field_class=FieldClass.COMMS,
        personal=True,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    outcome: Mapped[str | None] = choice(
        71, N_("Delivery"), OUTCOMES, read_only=True, by_hq=True, in_form=False, since=3
    )
    """What the program that carries a chat said of an answer, or that a mail with it was not sent."""
    outcome_said: Mapped[str | None] = text(
        72, N_("Why it was not delivered"), read_only=True, by_hq=True, in_form=False, since=3
    )
    files: Mapped[list[Any] | None] = json(73, N_("Files that go along"), in_form=False, since=3)
    """Ids of files of its ticket, in their order: those the customer gets with it, and no others."""
