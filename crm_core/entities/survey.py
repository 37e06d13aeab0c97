"""How satisfied customers are: what they are asked after a ticket, what they answered, and what follows."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.entities.customer import LANGUAGES
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, instant, integer, json, long_text, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, Kind

SCALES = choices(
    ("stars", N_("Stars, 1 to 5")), ("faces", N_("Faces, 1 to 5")), ("points", N_("Points, 0 to 10"))
)
FOLLOWED_BY = choices(
    ("assignee", N_("Who had the ticket")), ("manager", N_("The head of his team")), ("nobody", N_("Nobody"))
)
ASKING_STATES = choices(
    ("waits", N_("To be asked")),
    ("asked", N_("Asked")),
    ("answered", N_("Answered")),
    ("expired", N_("Not answered in time")),
    ("stopped", N_("Not asked any more")),
    ("undelivered", N_("Could not be delivered")),
)


class Survey(Entity):
    """What customers are asked once a ticket has ended. The first survey in order that fits it is asked."""

    __tablename__ = "survey"
    meta = EntityMeta(no=110, label=N_("Survey"), plural=N_("Surveys"), icon="star", reference=True, since=3)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    active: Mapped[bool | None] = boolean(11, N_("In use"), default=True, in_list=True, since=3)
    rank: Mapped[int | None] = integer(12, N_("Sequence"), default=0, in_list=True, since=3)
    rules: Mapped[dict[str, Any] | None] = json(13, N_("Only tickets that"), since=3)
    wait_hours: Mapped[int | None] = integer(
        14, N_("Hours after the end of the ticket"), default=2, in_list=True, since=3
    )
    scale: Mapped[str | None] = choice(15, N_("Scale"), SCALES, default="stars", in_list=True, since=3)
    heading: Mapped[str | None] = text(16, N_("Heading"), since=3)
    heading_zh: Mapped[str | None] = text(17, N_("Heading in Chinese"), since=3)
    said: Mapped[str | None] = long_text(18, N_("Text of the mail"), since=3)
    said_zh: Mapped[str | None] = long_text(19, N_("Text of the mail in Chinese"), since=3)
    questions: Mapped[list[Any] | None] = json(20, N_("Further questions"), since=3)
    """At most five: [{"kind": "choice", "en": "…", "zh": "…", "options": [["en", "zh"], …]}, …]."""
    remind_days: Mapped[int | None] = integer(21, N_("Reminded after days"), default=5, since=3)
    remind_most: Mapped[int | None] = integer(22, N_("Reminders at most"), default=1, since=3)
    lives_days: Mapped[int | None] = integer(23, N_("Days the link is open"), default=30, since=3)
    quiet_days: Mapped[int | None] = integer(24, N_("Days a contact is left in peace"), default=14, since=3)
    bad_at: Mapped[int | None] = integer(25, N_("A bad score is at most"), default=2, since=3)
    bad_to: Mapped[str | None] = choice(
        26, N_("Who follows up a bad score"), FOLLOWED_BY, default="assignee", since=3
    )
    reopens: Mapped[bool | None] = boolean(
        27, N_("A bad score opens the ticket again"), default=False, since=3
    )


class SurveyAnswer(Entity):
    """What one customer was asked after one end of a ticket, and what he answered. HQ alone writes it."""

    __tablename__ = "survey_answer"
    meta = EntityMeta(
        no=111,
        label=N_("Survey answer"),
        plural=N_("Survey answers"),
        icon="star",
        title="score",
        since=3,
        fixed=True,
        rights_like="ticket",
    )

    ticket_id: Mapped[str | None] = ref(
        10,
        N_("Ticket"),
        "ticket",
        required=True,
        parent=True,
        in_list=True,
        by_hq=True,
        since=3,
    )
    survey_id: Mapped[str | None] = ref(11, N_("Survey"), "survey", by_hq=True, since=3)
    customer_id: Mapped[str | None] = ref(12, N_("Customer"), "customer", in_list=True, by_hq=True, since=3)
    contact_id: Mapped[str | None] = ref(13, N_("Contact"), "contact", by_hq=True, since=3)
    product_id: Mapped[str | None] = ref(14, N_("Product"), "product", in_list=True, by_hq=True, since=3)
    assignee_id: Mapped[str | None] = ref(
        15, N_("Who had the ticket"), "user", in_list=True, by_hq=True, since=3
    )
    """When it ended: who has it later did not do what is judged here."""
    team_id: Mapped[str | None] = ref(16, N_("Team"), "team", by_hq=True, since=3)
    category_id: Mapped[str | None] = ref(17, N_("Category"), "ticket_category", by_hq=True, since=3)
    status: Mapped[str | None] = choice(
        18, N_("State"), ASKING_STATES, in_list=True, indexed=True, by_hq=True, since=3
    )
    closed_at: Mapped[int | None] = instant(19, N_("Ticket ended at"), by_hq=True, indexed=True, since=3)
    asked_at: Mapped[int | None] = instant(
        20, N_("Asked at"), in_list=True, by_hq=True, indexed=True, since=3
    )
    answered_at: Mapped[int | None] = instant(
        21, N_("Answered at"), in_list=True, by_hq=True, indexed=True, since=3
    )
    scale: Mapped[str | None] = choice(22, N_("Scale"), SCALES, by_hq=True, since=3)
    score: Mapped[int | None] = integer(23, N_("Score"), in_list=True, by_hq=True, since=3)
    percent: Mapped[int | None] = integer(24, N_("Satisfaction, 0 to 100"), in_list=True, by_hq=True, since=3)
    """The score on one scale for all surveys (`crm_core.rules.surveys.percent_of`)."""
    words: Mapped[str | None] = long_text(
        25,
        N_("Words"),
        in_list=True,
        searchable=True,
        field_class=FieldClass.COMMS,
        by_hq=True,
        since=3,
    )
    answers: Mapped[list[Any] | None] = json(
        26, N_("Further answers"), field_class=FieldClass.COMMS, by_hq=True, since=3
    )
    """[[question, answer], …], as they were read and answered."""
    counted: Mapped[bool | None] = boolean(27, N_("Counted"), default=False, by_hq=True, since=3)
    """The newest answer about its ticket: of several, one counts."""
    address: Mapped[str | None] = text(
        28,
        N_("Asked at the address"),
        kind=Kind.EMAIL,
        field_class=FieldClass.COMMS,
        personal=True,
        indexed=True,
        by_hq=True,
        since=3,
    )
    language: Mapped[str | None] = choice(29, N_("Language"), LANGUAGES, by_hq=True, since=3)
    expires_at: Mapped[int | None] = instant(30, N_("Open until"), by_hq=True, since=3)
    reminders: Mapped[int | None] = integer(31, N_("Reminders"), by_hq=True, since=3)
    refused: Mapped[bool | None] = boolean(
        32, N_("Does not want to be asked again"), default=False, by_hq=True, since=3
    )


FEEDBACK_KINDS = choices(("complains", N_("Complains often")), ("promotes", N_("Recommends us")))


class FeedbackRule(Entity):
    """When a customer counts as one who complains often, or as one who recommends us. Where there is none
    of a kind, the usual one counts (`crm_core.rules.feedback.USUAL`)."""

    __tablename__ = "feedback_rule"
    meta = EntityMeta(
        no=112,
        label=N_("Rule about feedback"),
        plural=N_("Rules about feedback"),
        icon="flag",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    kind: Mapped[str | None] = choice(
        11, N_("Kind"), FEEDBACK_KINDS, required=True, default="complains", in_list=True, since=3
    )
    days: Mapped[int | None] = integer(
        12, N_("Within days"), required=True, default=180, in_list=True, since=3
    )
    tickets: Mapped[int | None] = integer(13, N_("Complaints, or praises, at least"), in_list=True, since=3)
    share_percent: Mapped[int | None] = integer(14, N_("That share of all tickets, %"), in_list=True, since=3)
    late: Mapped[int | None] = integer(15, N_("Open tickets that are late, at least"), in_list=True, since=3)
    scores: Mapped[int | None] = integer(16, N_("Such scores, at least"), in_list=True, since=3)
    bound: Mapped[int | None] = integer(17, N_("Satisfaction that counts as such, 0 to 100"), since=3)
    referrals: Mapped[int | None] = integer(18, N_("Customers referred, at least"), in_list=True, since=3)
    task: Mapped[bool | None] = boolean(
        19, N_("Open a task for the owner"), default=True, in_list=True, since=3
    )
    task_days: Mapped[int | None] = integer(20, N_("Not again within days"), default=90, since=3)
    active: Mapped[bool | None] = boolean(21, N_("In use"), default=True, in_list=True, since=3)
