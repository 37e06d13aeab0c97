"""Where a quote stands, by its state and by the calendar."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

DRAFT: Final = "draft"
WAITING: Final = "waiting"
"""Its approval is asked for; the customer has not got it as final."""
SENT: Final = "sent"
EXPIRED: Final = "expired"


def is_draft(quote: Mapping[str, Any]) -> bool:
    """Tell whether a quote has not been sent in its present version, nor a contract, nor an order confirmed.

    One made without a state begins so.
    """
    return (quote.get("status") or DRAFT) == DRAFT


def has_expired(quote: Mapping[str, Any], today: datetime.date) -> bool:
    """Tell whether a quote was sent and its last day is over; nobody has taken the step for it yet."""
    until = quote.get("valid_until")
    return quote.get("status") == SENT and bool(until) and str(until) < today.isoformat()


def state_on(quote: Mapping[str, Any], today: datetime.date) -> str:
    """Return the state to be shown on a day: a laptop without a network knows the calendar too."""
    return EXPIRED if has_expired(quote, today) else str(quote.get("status") or DRAFT)


def was_sent(quote: Mapping[str, Any]) -> bool:
    """Tell whether the customer ever had it: a later version of what was sent is a draft again."""
    return str(quote.get("status") or DRAFT) not in (DRAFT, WAITING) or (quote.get("version") or 1) > 1
