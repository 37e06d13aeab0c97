"""What a customer's pages say: verdicts, kinds of entries, next steps."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_desktop.services import next_steps
from crm_desktop.services.calendar import local
from crm_desktop.services.next_steps import When
from crm_desktop.services.timeline import ItemKind
from crm_desktop.ui.format import clock, coming_date, weekday
from crm_desktop.ui.widgets.glyphs import Glyph, NextStep
from crm_desktop.ui.widgets.paint import Tone

VERDICTS: Mapping[str, tuple[str, Tone]] = {
    "good": (N_("Good"), Tone.GOOD),
    "watch": (N_("Watch"), Tone.WARN),
    "poor": (N_("Poor"), Tone.BAD),
}
KIND_ICONS: Mapping[ItemKind, str] = {
    ItemKind.CALL: "phone",
    ItemKind.MAIL: "mail",
    ItemKind.VISIT: "pin",
    ItemKind.MEETING: "people",
    ItemKind.NOTE: "note",
    ItemKind.TASK: "check",
    ItemKind.COMMENT: "reply",
    ItemKind.QUOTE: "doc",
    ItemKind.TICKET: "ticket",
    ItemKind.DEAL: "board",
    ItemKind.FIELD: "pen",
}
KIND_WORDS: Mapping[ItemKind, str] = {
    ItemKind.CALL: N_("Call"),
    ItemKind.MAIL: N_("Mail"),
    ItemKind.VISIT: N_("Visit"),
    ItemKind.MEETING: N_("Meeting"),
    ItemKind.NOTE: N_("Note"),
    ItemKind.TASK: N_("Task"),
    ItemKind.COMMENT: N_("Comment"),
    ItemKind.QUOTE: N_("Quote"),
    ItemKind.TICKET: N_("Ticket"),
    ItemKind.DEAL: N_("Deal"),
    ItemKind.FIELD: N_("Field"),
}
KINDS_WORDS: Mapping[ItemKind, str] = {
    ItemKind.CALL: N_("Calls"),
    ItemKind.MAIL: N_("Mails"),
    ItemKind.VISIT: N_("Visits"),
    ItemKind.MEETING: N_("Meetings"),
    ItemKind.NOTE: N_("Notes"),
    ItemKind.TASK: N_("Tasks"),
    ItemKind.COMMENT: N_("Comments"),
    ItemKind.QUOTE: N_("Quotes"),
    ItemKind.TICKET: N_("Tickets"),
    ItemKind.DEAL: N_("Deals"),
    ItemKind.FIELD: N_("Fields"),
}
_GLYPHS = {When.OVERDUE: Glyph.OVERDUE, When.TODAY: Glyph.TODAY, When.PLANNED: Glyph.PLANNED}
NO_STEP = NextStep(glyph=Glyph.NONE, text=message("None"))
_WEEK = 7


def step_shown(step: next_steps.NextStep | None) -> NextStep:
    """Return a next step as rows show it: its shape, its subject and when it is due."""
    if step is None:
        return NO_STEP
    due = local(step.due_at)
    now = datetime.datetime.now().astimezone()
    away = (due.date() - now.date()).days
    if step.when is When.OVERDUE and away < 0:
        text = message("{step}, {days} d late", step=step.subject, days=-away)
    elif away == 0:
        text = message("{step}, {time}", step=step.subject, time=clock(due))
    else:
        day = weekday(due.date()) if away < _WEEK else coming_date(due.date(), now.date())
        text = message("{step}, {time}", step=step.subject, time=day)
    return NextStep(glyph=_GLYPHS[step.when], text=text)


def verdict(name: str) -> tuple[Message, Tone]:
    """Return a verdict on a customer's health as word and tone."""
    word, tone = VERDICTS[name]
    return Message(word), tone


def amount(minor: int | None, currency: str) -> Money | None:
    """Return an amount; None for none."""
    return None if minor is None else Money(minor, currency)
