"""What was done, and what is to be done."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import PRIORITIES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, date, instant, integer, long_text, owner, ref, text
from crm_core.schema.entity import Entity, EntityMeta

ACTIVITY_KINDS = choices(
    ("call", N_("Call")),
    ("mail", N_("Mail")),
    ("visit", N_("Visit")),
    ("meeting", N_("Meeting")),
    ("note", N_("Note")),
    ("task", N_("Task")),
)
OUTCOMES = choices(
    ("positive", N_("Positive")),
    ("neutral", N_("Neutral")),
    ("negative", N_("Negative")),
    ("not_reached", N_("Not reached")),
)


class Activity(Entity):
    """A call, mail, visit, meeting, note or task."""

    __tablename__ = "activity"
    meta = EntityMeta(no=30, label=N_("Activity"), plural=N_("Activities"), icon="cal", title="subject")

    kind: Mapped[str | None] = choice(
        10, N_("Kind"), ACTIVITY_KINDS, required=True, default="note", in_list=True, indexed=True
    )
    subject: Mapped[str | None] = text(
        11, N_("Subject"), required=True, in_list=True, searchable=True, indexed=True
    )
    notes: Mapped[str | None] = long_text(12, N_("Notes"), searchable=True)
    customer_id: Mapped[str | None] = ref(13, N_("Customer"), "customer", parent=True, in_list=True)
    contact_id: Mapped[str | None] = ref(14, N_("Contact"), "contact")
    deal_id: Mapped[str | None] = ref(15, N_("Deal"), "deal", parent=True, in_list=True)
    owner_id: Mapped[str | None] = owner(16, N_("Owner"), in_list=True)
    happened_at: Mapped[int | None] = instant(17, N_("Happened"), in_list=True, indexed=True)
    due_at: Mapped[int | None] = instant(18, N_("Due"), in_list=True, indexed=True)
    done: Mapped[bool | None] = boolean(19, N_("Done"), default=False, in_list=True)
    priority: Mapped[str | None] = choice(20, N_("Priority"), PRIORITIES, default="normal")
    duration_minutes: Mapped[int | None] = integer(21, N_("Duration, minutes"))
    outcome: Mapped[str | None] = choice(22, N_("Outcome"), OUTCOMES)
    place: Mapped[str | None] = text(23, N_("Place"))
    next_contact_on: Mapped[str | None] = date(24, N_("Next contact"))
    about_entity: Mapped[str | None] = text(25, N_("Kind of record"), read_only=True, in_form=False, since=2)
    about_id: Mapped[str | None] = ref(
        26, N_("About"), "*", target_field="about_entity", read_only=True, since=2
    )
