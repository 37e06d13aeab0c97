"""How long this laptop may be worked on without hearing of HQ: a time HQ sets, counted from its last answer.

After it everything can be read and nothing changed, until HQ has answered again; nothing is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.sync.clock import ms_of
from crm_core.times import DAY_MS
from crm_desktop.models.state import Key


def until_ms(known: Mapping[str, Any]) -> int | None:
    """Return the moment from which on nothing can be changed; None where HQ sets none, or there is no HQ."""
    days = known[Key.SETTINGS].get("offline_days")
    heard = known[Key.HEARD_MS]
    if not known[Key.DEVICE] or not heard or not isinstance(days, int) or days <= 0:
        return None
    return int(heard) + days * DAY_MS


def is_over(known: Mapping[str, Any], now_ms: int) -> bool:
    """Tell whether the time is over. A clock that was turned back does not lengthen it."""
    until = until_ms(known)
    return until is not None and _latest(known, now_ms) >= until


def words(known: Mapping[str, Any], now_ms: int) -> Message:
    """Return what whoever wants to change something is told."""
    days = max(0, _latest(known, now_ms) - int(known[Key.HEARD_MS])) // DAY_MS
    return message(
        N_(
            "HQ was last heard of {days} days ago. Until the next sync everything can be read and nothing"
            " changed; what you entered is safe"
        ),
        days=days,
    )


def _latest(known: Mapping[str, Any], now_ms: int) -> int:
    return max(now_ms, ms_of(known[Key.HLC]), int(known[Key.SEEN_MS]))
