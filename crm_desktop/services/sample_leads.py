"""The invented leads of a sample profile."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services.sample_writing import CURRENCY, Writer

_AS_IS = ("phone", "email", "source", "channel", "status", "junk_reason", "employees")
_SAID = ("name", "company", "title", "campaign", "country", "province", "city", "needs")


def year_values(lead: Mapping[str, Any], owner_id: str, today: datetime.date) -> dict[str, Plain]:
    """Return the values of a lead of the year HQ's demo looks back on, in English."""
    values: dict[str, Plain] = {name: lead.get(name) for name in _AS_IS}
    values |= {name: (lead.get(name) or {}).get("en") for name in _SAID}
    if lead.get("value"):
        values |= {"estimated_value": lead["value"], "estimated_currency": CURRENCY}
    if lead.get("next"):
        values["next_contact_on"] = (today + datetime.timedelta(days=lead["next"])).isoformat()
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return {**given, "owner_id": owner_id}


def write_leads(writer: Writer, leads: Sequence[Mapping[str, Any]]) -> None:
    """Write leads; every third one nobody has taken yet, as the web brings them."""
    for number, lead in enumerate(leads):
        values: dict[str, Plain] = {name: lead.get(name) for name in _AS_IS}
        values |= {name: writer.say(lead.get(name)) for name in _SAID}
        values["owner_id"] = None if number % 3 == 1 else LOCAL_USER
        if lead.get("value"):
            values |= {"estimated_value": lead["value"], "estimated_currency": CURRENCY}
        if lead.get("next"):
            values["next_contact_on"] = writer.day_on(lead["next"]).isoformat()
        writer.create("lead", lead["days"] * DAY_MS + (number + 1) * HOUR_MS, values)
