"""What must hold for a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.errors import Problem
from crm_core.i18n import N_, message

_NOT_BELOW_NOTHING = ("budget", "cost", "expected_revenue", "expected_leads", "mails_sent", "mails_opened")


def problems(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a campaign as it would be saved."""
    found = []
    first, last = values.get("starts_on"), values.get("ends_on")
    if first and last and str(last) < str(first):
        found.append(Problem(field="ends_on", message=message(N_("It ends before it starts"))))
    for name in _NOT_BELOW_NOTHING:
        said = values.get(name)
        if isinstance(said, int) and said < 0:
            found.append(Problem(field=name, message=message(N_("This cannot be below zero"))))
    if (values.get("mails_opened") or 0) > (values.get("mails_sent") or 0):
        said_wrong = message(N_("More cannot be opened than were sent"))
        found.append(Problem(field="mails_opened", message=said_wrong))
    return found
