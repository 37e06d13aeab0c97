"""What was done, and what is to be done."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped

from crm_core.entities._choices import PRIORITIES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    date,
    instant,
    integer,
    long_text,
    owner,
    ref,
    shares,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource

ACTIVITY_KINDS = choices(
    ("call", N_("Call")),
    ("mail", N_("Mail")),
    ("visit", N_("Visit")),
    ("meeting", N_("Meeting")),
    ("note", N_("Note")),
    ("task", N_("Task")),
)
CONTACT_KINDS = ("call", "mail", "visit", "meeting")
"""Kinds of activity in which somebody spoke with the customer."""
OUTCOMES = choices(
    ("positive", N_("Positive")),
    ("neutral", N_("Neutral")),
    ("negative", N_("Negative")),
    ("not_reached", N_("Not reached")),
)
REMINDERS = choices(
    ("none", N_("No reminder")),
    ("0", N_("When it is due")),
    ("5", N_("5 minutes before")),
    ("10", N_("10 minutes before")),
    ("15", N_("15 minutes before")),
    ("30", N_("30 minutes before")),
    ("60", N_("1 hour before")),
    ("120", N_("2 hours before")),
    ("1440", N_("1 day before")),
)
"""How long before it is due somebody is reminded, in minutes as text; empty: as the person set it."""
NEVER_REMINDED = "none"
LASTS_DAYS = "duration_minutes > 1440"
SEVERAL = "assignees IS NOT NULL"
"""Conditions of indexes, which a query has to name word for word."""


class Activity(Entity):
    """A call, mail, visit, meeting, note or task.

    In a calendar it begins when it is due, or where it is not planned when it happened, and lasts
    `duration_minutes`: so moving it and making it longer are two fields and merge apart.
    """

    __tablename__ = "activity"
    # What a calendar asks: somebody's days, what lasts for days, and what several people are on.
    __table_args__ = (
        Index("ix_activity_owner_due", "owner_id", "due_at"),
        Index("ix_activity_owner_happened", "owner_id", "happened_at"),
        Index("ix_activity_long", "due_at", sqlite_where=sql(LASTS_DAYS)),
        Index("ix_activity_put_on", "due_at", sqlite_where=sql(SEVERAL)),
    )
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
    all_day: Mapped[bool | None] = boolean(27, N_("All day"), default=False, since=3)
    """The days are those of `due_at` in `time_zone`, wherever the reader is."""
    time_zone: Mapped[str | None] = text(28, N_("Time zone"), in_form=False, since=3)
    repeats: Mapped[str | None] = text(29, N_("Repeats"), in_form=False, indexed=True, since=3)
    """A rule as iCalendar writes it (RFC 5545, RRULE), of the days from that of `due_at` on."""
    series_id: Mapped[str | None] = ref(30, N_("Series"), "activity", in_form=False, since=3)
    """The repeating activity this one stands in for on `occurs_on`."""
    occurs_on: Mapped[str | None] = date(31, N_("Day in the series"), in_form=False, since=3)
    skipped: Mapped[list[str] | None] = tags(32, N_("Days left out"), in_form=False, since=3)
    """Days (`YYYY-MM-DD`, of the rule) on which it does not take place, or another record stands in."""
    assignees: Mapped[list[str] | None] = shares(33, N_("People on it"), ScopeSource.SHARE, since=3)
    done_by: Mapped[str | None] = ref(34, N_("Done by"), "user", read_only=True, in_form=False, since=3)
    reminder: Mapped[str | None] = choice(35, N_("Reminder"), REMINDERS, since=3)
    uid: Mapped[str | None] = text(36, N_("Calendar entry"), in_form=False, indexed=True, since=3)
    """What other calendars call it (UID), so that a file brought in twice makes nothing twice."""
    lead_id: Mapped[str | None] = ref(45, N_("Lead"), "lead", parent=True, since=3)
