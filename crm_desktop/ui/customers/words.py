"""What a customer's pages say: verdicts, kinds of entries, next steps."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from crm_core.entities.customer import MARKS
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_desktop.services import next_steps
from crm_desktop.services.calendar import local
from crm_desktop.services.customers import Overview
from crm_desktop.services.next_steps import When
from crm_desktop.services.tickets import TicketView
from crm_desktop.ui.choice_tones import FEEDBACK
from crm_desktop.ui.format import clock, coming_date, weekday
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.glyphs import Glyph, NextStep
from crm_desktop.ui.widgets.paint import Tone

VERDICTS: Mapping[str, tuple[str, Tone]] = {
    "good": (N_("Good"), Tone.GOOD),
    "watch": (N_("Watch"), Tone.WARN),
    "poor": (N_("Poor"), Tone.BAD),
}
_MARKS = {choice.value: Message(choice.label) for choice in MARKS}
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


def show_feedback(chip: Chip, told: Overview | TicketView) -> None:
    """Have a chip say whether a customer complains often or recommends us, with the reasons; else hide it."""
    mark = told.feedback
    chip.setVisible(mark is not None)
    if mark is not None:
        chip.set_tone(FEEDBACK.get(mark, Tone.WARN), _MARKS.get(mark, mark))
        chip.setToolTip(show(told.feedback_why or ""))
