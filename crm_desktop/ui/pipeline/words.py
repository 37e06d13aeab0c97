"""What the board says of a deal: next step, days, amount, date, and where a card was moved to."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_desktop.services.board_moves import Moved
from crm_desktop.services.deals import Card
from crm_desktop.services.next_steps import NextStep, When
from crm_desktop.ui.format import NOTHING, clock, coming_date, money, weekday
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.glyphs import Glyph

DAYS_BY_WEEKDAY = 6
"""So many days ahead a weekday alone says which day is meant."""
_KIND = SCHEMAS["activity"].fields["kind"]
_GLYPHS: Mapping[When, Glyph] = {
    When.OVERDUE: Glyph.OVERDUE,
    When.TODAY: Glyph.TODAY,
    When.PLANNED: Glyph.PLANNED,
}


def step_glyph(step: NextStep | None) -> Glyph:
    """Return the shape of a next step."""
    return Glyph.NONE if step is None else _GLYPHS[step.when]


def step_words(step: NextStep | None, now: datetime.datetime) -> str:
    """Return a next step in a few words: `Overdue: Call, 2 d`, `Today: Visit 11:45`, `Report Thu`."""
    if step is None:
        return tr("No next step")
    due = datetime.datetime.fromtimestamp(step.due_at / 1000, tz=datetime.UTC).astimezone()
    what = step.subject if step.kind == "task" and step.subject else tr(_KIND.choice_label(step.kind))
    away = (due.date() - now.date()).days
    if step.when is When.OVERDUE:
        if away < 0:
            return tr("Overdue: {what}, {days} d", what=what, days=-away)
        return tr("Overdue: {what} {time}", what=what, time=clock(due))
    if step.when is When.TODAY:
        return tr("Today: {what} {time}", what=what, time=clock(due))
    day = weekday(due.date()) if away <= DAYS_BY_WEEKDAY else coming_date(due.date(), now.date())
    return tr("{what} {day}", what=what, day=day)


def amount_words(card: Card, currency: str) -> str:
    """Return a deal's amount, with its currency only where that is not the company's."""
    if card.amount_minor is None:
        return NOTHING
    own = card.currency or currency
    return money(Money(card.amount_minor, own), symbol=own != currency)


def sum_words(minor: int, currency: str) -> str:
    """Return a sum in whole units, without its currency."""
    return money(Money(minor, currency), symbol=False, decimals=False)


def close_words(card: Card, today: datetime.date) -> str:
    """Return when a deal is to close; empty where nobody said."""
    return coming_date(datetime.date.fromisoformat(card.close_date), today) if card.close_date else ""


def days_words(card: Card) -> str:
    """Return how long a deal has been in its stage."""
    return tr("{days} d", days=card.days_in_stage)


def milestone_words(progress: tuple[int, int]) -> str:
    """Return how many milestones are done."""
    done, of = progress
    return tr("Milestones {done} of {count}", done=done, count=of)


def skip_words(card: Card) -> str:
    """Return why conditions of its stage were skipped for a deal."""
    return tr("Conditions skipped: {reason}", reason=card.skip_reason)


def spoken(card: Card, currency: str, now: datetime.datetime) -> str:
    """Return all a card shows, for those who listen."""
    said = [card.customer_name, card.name, amount_words(card, currency)]
    if card.close_date:
        said.append(tr("closes {day}", day=close_words(card, now.date())))
    said.append(step_words(card.next_step, now))
    days = card.days_in_stage
    stayed = plural(days, message("1 day in this stage"), message("{days} days in this stage", days=days))
    said.append(show(stayed))
    if card.too_long:
        said.append(tr("longer than planned"))
    if card.milestones is not None:
        said.append(milestone_words(card.milestones))
    if card.skip_reason:
        said.append(skip_words(card))
    if card.conflict:
        said.append(show(Glyph.CONFLICT.word))
    elif card.not_sent:
        said.append(show(Glyph.NOT_SENT.word))
    return ". ".join(part for part in said if part)


def title_of(card: Card) -> str:
    """Return what a card is called in a sentence: its deal, or its customer where that has no name."""
    return card.name or card.customer_name


def moved_words(moved: Moved) -> Message:
    """Return what is said after a move, on screen and aloud."""
    places: dict[str, object] = {"deal": moved.name, "stage": moved.stage.name}
    if moved.stage.kind == "won":
        return message("“{deal}” is won", deal=moved.name)
    if moved.stage.kind == "lost":
        return message("“{deal}” is lost", deal=moved.name)
    if moved.place == 0:
        return message("Moved {deal} to {stage}", **places)
    return message(
        "Moved {deal} to {stage}, {place} of {count}", place=moved.place, count=moved.count, **places
    )


def moving_words(card: Card, stage: str, place: int, count: int) -> Message:
    """Return what is said while a card is held over a column; `place` 0 where it is far below."""
    if place == 0:
        return message("Moving {deal} to {stage}", deal=title_of(card), stage=stage)
    return message(
        "Moving {deal} to {stage}, {place} of {count}",
        deal=title_of(card),
        stage=stage,
        place=place,
        count=count,
    )


def quarter_words(until: str) -> str:
    """Return the quarter that ends on a day, `Q4 2026`."""
    day = datetime.date.fromisoformat(until)
    return tr("Q{quarter} {year}", quarter=(day.month + 2) // 3, year=day.year)
