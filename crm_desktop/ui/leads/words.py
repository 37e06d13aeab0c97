"""What the page of leads says: states with their tone, age."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_desktop.models.clock import Clock
from crm_desktop.models.records import Record
from crm_desktop.services.calendar import local
from crm_desktop.ui.format import figure
from crm_desktop.ui.widgets.paint import Tone

STATE_TONES: Mapping[str, Tone] = {
    "new": Tone.INFO,
    "working": Tone.NEUTRAL,
    "nurture": Tone.NEUTRAL,
    "qualified": Tone.GOOD,
    "converted": Tone.GOOD,
    "junk": Tone.BAD,
}


def state_words(lead: Record) -> Message:
    """Return the word of a lead's state."""
    return Message(SCHEMAS["lead"].fields["status"].choice_label(str(lead.get("status") or "new")))


def age_words(lead: Record, clock: Clock) -> Message:
    """Return how long ago a lead came, in days."""
    days = age_days(lead, clock)
    return message("today") if days == 0 else message("{days} d", days=figure(days))


def came_words(lead: Record, clock: Clock) -> Message:
    """Return when a lead came, as a part of a line."""
    days = age_days(lead, clock)
    return message("came today") if days == 0 else message("came {days} d ago", days=figure(days))


def age_days(lead: Record, clock: Clock) -> int:
    """Return how many calendar days ago a lead came."""
    now = clock.now_ms()
    came = lead.get("created_at") or now
    return max(0, (local(now).date() - local(int(came)).date()).days)
