"""What service work is set up by: working hours, promises, categories and macros."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import boolean, integer, json, long_text, ref, tags, text
from crm_core.schema.entity import Entity, EntityMeta


class WorkCalendar(Entity):
    """When people are at work: hours by weekday in one zone, holidays, and days worked in their place."""

    __tablename__ = "work_calendar"
    meta = EntityMeta(
        no=90,
        label=N_("Work calendar"),
        plural=N_("Work calendars"),
        icon="cal",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    time_zone: Mapped[str | None] = text(11, N_("Time zone"), required=True, in_list=True, since=3)
    hours: Mapped[list[Any] | None] = json(12, N_("Working hours"), since=3)
    """Spans of each day from Monday to Sunday, in minutes: [[[540, 720], [780, 1080]], …]."""
    holidays: Mapped[list[Any] | None] = json(13, N_("Holidays"), since=3)
    """Days, as text."""
    made_up: Mapped[list[Any] | None] = json(14, N_("Make-up working days"), since=3)
    """Days with the weekday they are worked like, Monday being 0: [["2026-10-10", 0], …]."""
    standard: Mapped[bool | None] = boolean(15, N_("Standard"), default=False, in_list=True, since=3)


class SlaPolicy(Entity):
    """What customers are promised. The first policy in order that fits a ticket decides."""

    __tablename__ = "sla_policy"
    meta = EntityMeta(
        no=91,
        label=N_("Service level"),
        plural=N_("Service levels"),
        icon="clock",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    rank: Mapped[int | None] = integer(11, N_("Sequence"), default=0, in_list=True, since=3)
    rules: Mapped[dict[str, Any] | None] = json(12, N_("Only tickets that"), since=3)
    calendar_id: Mapped[str | None] = ref(13, N_("Work calendar"), "work_calendar", in_list=True, since=3)
    """None: the standard one."""
    promised: Mapped[dict[str, Any] | None] = json(14, N_("Promised"), since=3)
    """Working minutes by priority: {"high": {"reply": 60, "next": 120, "solve": 480}, …}."""
    pausing: Mapped[list[str] | None] = json(15, N_("States that stop the clock"), since=3)
    warn_minutes: Mapped[int | None] = integer(
        16, N_("Warned so many working minutes before"), default=30, in_list=True, since=3
    )
    escalations: Mapped[list[Any] | None] = json(17, N_("When it is broken"), since=3)
    """Levels: [{"after": 0, "to": "assignee"}, {"after": 60, "to": "manager"}, …], in working minutes."""
    active: Mapped[bool | None] = boolean(18, N_("In use"), default=True, in_list=True, since=3)


class TicketCategory(Entity):
    """What a ticket is about, at most three deep."""

    __tablename__ = "ticket_category"
    meta = EntityMeta(
        no=92,
        label=N_("Ticket category"),
        plural=N_("Ticket categories"),
        icon="tag",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    parent_id: Mapped[str | None] = ref(11, N_("Within"), "ticket_category", in_list=True, since=3)
    rank: Mapped[int | None] = integer(12, N_("Sequence"), default=0, since=3)
    retired: Mapped[bool | None] = boolean(13, N_("Not chosen any more"), default=False, since=3)
    skills: Mapped[list[str] | None] = tags(14, N_("Skills asked for"), since=3)
    """Of those within it too."""


class Macro(Entity):
    """Several changes of a ticket in one step, with an answer if wanted."""

    __tablename__ = "macro"
    meta = EntityMeta(no=93, label=N_("Macro"), plural=N_("Macros"), icon="play", reference=True, since=3)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    changes: Mapped[dict[str, Any] | None] = json(11, N_("What it sets"), since=3)
    """Values of the ticket by field (`crm_core.rules.macros`)."""
    answer_id: Mapped[str | None] = ref(12, N_("Answer"), "document_template", in_list=True, since=3)
    internal: Mapped[bool | None] = boolean(13, N_("The answer is an internal note"), default=False, since=3)
    adds_tags: Mapped[list[str] | None] = tags(14, N_("Tags"), since=3)


class BarredSender(Entity):
    """Somebody from whom nothing is taken in: who sends junk by mail, to the pages or in chats."""

    __tablename__ = "barred_sender"
    meta = EntityMeta(
        no=100,
        label=N_("Barred sender"),
        plural=N_("Barred senders"),
        icon="shield",
        title="address",
        since=3,
        rights_like="ticket",
        unowned=True,
    )

    address: Mapped[str | None] = text(
        10,
        N_("Address"),
        required=True,
        in_list=True,
        searchable=True,
        indexed=True,
        personal=True,
        hint=N_("A mail address, all of a domain (@example.com), a phone number, or a name in a chat"),
        since=3,
    )
    """In the form `crm_core.rules.barring` compares."""
    reason: Mapped[str | None] = long_text(11, N_("Reason"), in_list=True, since=3)
