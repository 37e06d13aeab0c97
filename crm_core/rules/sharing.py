"""When sharing ends: through the day named, the same on laptop and at HQ. Values in, answer out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crm_core.errors import Problem
from crm_core.i18n import N_, message

ENDS: Mapping[str, str] = MappingProxyType({"shared_with": "shared_until", "shown_to": "shown_until"})
"""Sets of those a record is shared with, and the field that says until when."""

OVER = message(N_("This day is over: name a later one, or none"))


def has_ended(until: Any, today: datetime.date) -> bool:
    """Tell whether the last day of a share is over; it never is where none is named."""
    return isinstance(until, str) and bool(until) and until < today.isoformat()


def problems_of(changes: Mapping[str, Any], today: datetime.date) -> list[Problem]:
    """Return what is wrong with a change: a share that is over before anybody has it."""
    return [
        Problem(field=until, message=OVER) for until in ENDS.values() if has_ended(changes.get(until), today)
    ]


def in_force(values: Mapping[str, Any], today: datetime.date) -> Mapping[str, Any]:
    """Return a record's values without the shares that ended."""
    over = [name for name, until in ENDS.items() if values.get(name) and has_ended(values.get(until), today)]
    return {**values, **dict.fromkeys(over)} if over else values
