"""The words of tickets: states, kinds, priorities, and how long a promise still holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crm_core.entities._choices import PRIORITIES
from crm_core.entities.ticket import TICKET_KINDS, TICKET_STATES
from crm_core.i18n import Message, message
from crm_desktop.services.tickets import NEAR_MS, Clock
from crm_desktop.ui.format import clock, duration, near_moment, weekday_date
from crm_desktop.ui.widgets.paint import Tone

STATES = {choice.value: Message(choice.label) for choice in TICKET_STATES}
KINDS = {choice.value: Message(choice.label) for choice in TICKET_KINDS}
PRIORITY_WORDS = {choice.value: Message(choice.label) for choice in PRIORITIES}
STATE_TONES = {
    "new": Tone.INFO,
    "open": Tone.INFO,
    "waiting": Tone.NEUTRAL,
    "solved": Tone.GOOD,
    "closed": Tone.NEUTRAL,
}


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
    promise = message("First reply") if kind is Clock.REPLY else message("Solve")
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
    if late:
        return message("Was to be solved by {time}, {left} late", time=at, left=left)
    return message("To be solved by {time}, {left} left", time=at, left=left)


def near_time(at_ms: int) -> str:
    """Return the time alone for today, weekday and day with the time otherwise."""
    at = moment(at_ms)
    today = datetime.now().astimezone().date()
    if at.date() > today:
        return f"{weekday_date(at.date())} {clock(at)}"
    return near_moment(at)
