"""What the calendar does to contracts: when they begin, end, renew themselves, and when to look at them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from crm_core.rules.agreed import renewed_term

SIGNED, IN_FORCE, ENDED = "signed", "in_force", "ended"
RENEWS_ITSELF: Final = "auto"
NOTICE_DAYS: Final = 30
"""Days of notice where a contract names none: somebody is to look at it all the same."""

Values = Mapping[str, Any]


def begins(contract: Values, today: datetime.date) -> bool:
    """Tell whether a contract that was signed is in force by now, or was already."""
    first = contract.get("starts_on")
    return contract.get("status") == SIGNED and (not first or str(first) <= today.isoformat())


def is_over(contract: Values, today: datetime.date) -> bool:
    """Tell whether the last day of a contract in force has passed."""
    last = contract.get("ends_on")
    return contract.get("status") == IN_FORCE and bool(last) and str(last) < today.isoformat()


def renewed_until(contract: Values, today: datetime.date) -> str | None:
    """Return the last day of a contract that has renewed itself by today, as often as it takes; else None."""
    if not is_over(contract, today) or contract.get("renewal") != RENEWS_ITSELF:
        return None
    now = dict(contract)
    while is_over(now, today):
        first, last = renewed_term(now)
        now |= {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
    return str(now["ends_on"])


def remind_on(contract: Values) -> datetime.date | None:
    """Return the day from which somebody is to look at a contract that will end; None where it never does."""
    if contract.get("status") not in (SIGNED, IN_FORCE) or not contract.get("ends_on"):
        return None
    days = contract.get("notice_days")
    last = datetime.date.fromisoformat(contract["ends_on"])
    return last - datetime.timedelta(days=NOTICE_DAYS if days is None else max(0, int(days)))


def to_be_renewed(contract: Values, today: datetime.date) -> bool:
    """Tell whether the time to renew a contract, or to give notice, has come and its end has not."""
    day = remind_on(contract)
    return day is not None and day <= today and not is_over(contract, today)
