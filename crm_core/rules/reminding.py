"""When somebody is reminded of what is planned, once of each, and again after a snooze."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_core.entities.activity import NEVER_REMINDED
from crm_core.times import MINUTE_MS

DAY_MINUTES = 24 * 60
LATEST_MS = DAY_MINUTES * MINUTE_MS
"""What began longer ago is overdue, and listed as such; nobody is reminded of it."""
LONGEST_LEAD_MS = DAY_MINUTES * MINUTE_MS
WHOLE_DAY_HOUR = 9
"""When one is reminded of what takes the whole day; midnight would be no help."""
NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something planned, and when its owner is to be reminded."""

    key: str
    begins_ms: int
    remind_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one laptop has reminded of, kept over restarts.

    `since_ms`: what began before that was over when reminders began here. `told`: key to when it began; a
    thing moved begins at another time and is told anew. `snoozed`: key to when to be reminded again.
    """

    since_ms: int
    told: Mapping[str, int] = field(default_factory=dict)
    snoozed: Mapping[str, int] = field(default_factory=dict)

    def as_setting(self) -> dict[str, Any]:
        """Return what is kept in the settings."""
        return {"since": self.since_ms, "told": dict(self.told), "snoozed": dict(self.snoozed)}


def told_of(kept: Mapping[str, Any], now_ms: int) -> Told:
    """Return what was kept; where nothing was, or nothing readable, reminding begins now."""
    since = kept.get("since")
    return Told(
        since_ms=since if isinstance(since, int) else now_ms,
        told=_moments(kept.get("told")),
        snoozed=_moments(kept.get("snoozed")),
    )


def lead_minutes(reminder: str | None, usual: int) -> int:
    """Return how many minutes before one is reminded; `NEVER` for not at all."""
    if reminder is None:
        return usual
    return NEVER if reminder == NEVER_REMINDED else int(reminder) if reminder.isdecimal() else usual


def remind_ms(begins: datetime.datetime, lead: int, *, all_day: bool) -> int | None:
    """Return when to remind of what begins by the clock on the wall at `begins`; None for never."""
    if lead == NEVER:
        return None
    if all_day:
        days = datetime.timedelta(days=1 if lead >= DAY_MINUTES else 0)
        begins = begins.replace(hour=WHOLE_DAY_HOUR, minute=0, second=0, microsecond=0) - days
        return round(begins.timestamp() * 1000)
    return round(begins.timestamp() * 1000) - lead * MINUTE_MS


def to_tell(planned: Iterable[Due], told: Told, now_ms: int) -> list[Due]:
    """Return what to remind of now, in order of time: what is new to this laptop, and what was snoozed."""
    found = []
    for each in planned:
        snoozed = told.snoozed.get(each.key)
        if snoozed is not None:
            if snoozed <= now_ms:
                found.append(each)
            continue
        fresh = told.told.get(each.key) != each.begins_ms
        current = each.begins_ms > max(told.since_ms, now_ms - LATEST_MS)
        if fresh and current and each.remind_ms <= now_ms:
            found.append(each)
    return sorted(found, key=lambda each: (each.begins_ms, each.key))


def after_telling(told: Told, said: Iterable[Due], now_ms: int) -> Told:
    """Return what is kept after reminding; what is long over is forgotten."""
    said = tuple(said)
    keys = {each.key for each in said}
    kept = {key: at for key, at in told.told.items() if at > now_ms - 2 * LATEST_MS}
    return Told(
        since_ms=told.since_ms,
        told={**kept, **{each.key: each.begins_ms for each in said}},
        snoozed={key: until for key, until in told.snoozed.items() if key not in keys},
    )


def snoozed(told: Told, keys: Iterable[str], until_ms: int) -> Told:
    """Return what is kept after somebody asked to be reminded again."""
    return Told(
        since_ms=told.since_ms,
        told=told.told,
        snoozed={**told.snoozed, **dict.fromkeys(keys, until_ms)},
    )


def _moments(kept: object) -> dict[str, int]:
    if not isinstance(kept, dict):
        return {}
    return {str(key): at for key, at in kept.items() if isinstance(at, int)}
