"""The words of tickets: states, kinds, priorities, and how long a promise still holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import QLocale

from crm_core.entities._choices import PRIORITIES
from crm_core.entities.ticket import TICKET_KINDS, TICKET_STATES
from crm_core.i18n import Message, message
from crm_desktop.services.tickets import NEAR_MS, Clock
from crm_desktop.ui.format import clock, duration, near_moment, short_date
from crm_desktop.ui.translate import translator

DAYS_NAMED = 7
"""So many days ahead a weekday says which day is meant."""

STATES = {choice.value: Message(choice.label) for choice in TICKET_STATES}
KINDS = {choice.value: Message(choice.label) for choice in TICKET_KINDS}
PRIORITY_WORDS = {choice.value: Message(choice.label) for choice in PRIORITIES}
PROMISES = {
    Clock.REPLY: message("First reply"),
    Clock.NEXT: message("Reply"),
    Clock.SOLVE: message("Solve"),
}
PRESENT_STATES = ("new", "open")
"""States in which it is our turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A promise as a row shows it: icon, colour token, time left, what is promised."""

    icon: str
    color: str
    left: Message | str
    promise: Message


def moment(at_ms: int) -> datetime:
    """Return an instant as a moment of the laptop's zone."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone()


def deadline(kind: Clock, due_at: int | None, now_ms: int) -> Deadline:
    """Return how the promise of a ticket stands."""
    if kind is Clock.PAUSED:
        return Deadline(
            icon="pause", color="text-soft", left=message("Paused"), promise=message("Waits for customer")
        )
    if due_at is None:
        return Deadline(icon="clock", color="text-soft", left="", promise=message("No deadline"))
    promise = PROMISES[kind]
    span = timedelta(milliseconds=due_at - now_ms)
    if due_at < now_ms:
        return Deadline(
            icon="overdue", color="bad", left=message("{time} late", time=duration(span)), promise=promise
        )
    color = "warn" if due_at - now_ms <= NEAR_MS else "text"
    return Deadline(icon="clock", color=color, left=duration(span), promise=promise)


def due_sentence(kind: Clock, due_at: int | None, now_ms: int) -> Message | None:
    """Return the promise in a sentence for the ticket's head; None where there is none."""
    if kind is Clock.PAUSED:
        return message("Paused: waits for customer")
    if due_at is None:
        return None
    at, left = near_time(due_at), duration(timedelta(milliseconds=due_at - now_ms))
    late = due_at < now_ms
    if kind is Clock.REPLY:
        if late:
            return message("First reply was due {time}, {left} late", time=at, left=left)
        return message("First reply due {time}, {left} left", time=at, left=left)
    if kind is Clock.NEXT:
        if late:
            return message("Reply was due {time}, {left} late", time=at, left=left)
        return message("Reply due {time}, {left} left", time=at, left=left)
    if late:
        return message("Solve was due {time}, {left} late", time=at, left=left)
    return message("Solve by {time}, {left} left", time=at, left=left)


def near_time(at_ms: int) -> str:
    """Return the time alone for today, with the weekday for a week either way, else the date."""
    at = moment(at_ms)
    ahead = (at.date() - datetime.now().astimezone().date()).days
    if ahead <= 0:
        return near_moment(at)
    return f"{weekday(at.date())} {clock(at)}" if ahead < DAYS_NAMED else short_date(at.date())


def weekday(day: date) -> str:
    """Return the weekday's short name, `Tue` or `周二`."""
    return translator().locale.dayName(day.isoweekday(), QLocale.FormatType.ShortFormat)
