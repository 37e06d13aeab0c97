"""What a lead becomes: the values a customer, contact and deal take from it. Values in, values out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX

UNDO_MS = 24 * 3_600_000
"""How long a conversion can be taken back: the day in which a slip is seen."""

_CUSTOMER = (
    "website",
    "industry",
    "employees",
    "source",
    "territory_id",
    "team_id",
    "country",
    "province",
    "city",
    "address",
    "estimated_value",
    "estimated_currency",
    "needs",
    "tags",
    "shared_with",
    "shown_to",
)
_DEAL = ("product_id", "source", "campaign_id", "tags")


def customer_values(lead: Mapping[str, Any], known: Collection[str] = ()) -> dict[str, Plain]:
    """Return the values of the customer a lead becomes.

    A lead without a company is a person, who is called by phone and mail himself. `known` are the custom
    fields customers have, as `x:key`: those of the same key are taken over.
    """
    company = lead.get("company")
    values: dict[str, Plain] = {name: lead[name] for name in _CUSTOMER if lead.get(name)}
    values |= {
        name: lead[name]
        for name in known
        if name.startswith(CUSTOM_PREFIX) and lead.get(name) not in (None, "", [])
    }
    values["name"] = company or lead.get("name")
    values["kind"] = "company" if company else "person"
    for name in ("phone", "email"):
        if lead.get(name):
            values[name] = lead[name]
    return values


def contact_values(lead: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the values of the contact a lead becomes, without its customer."""
    return {name: lead[name] for name in ("name", "title", "phone", "email") if lead.get(name)}


def deal_values(lead: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the values of the deal a lead becomes, without its customer, contact and name."""
    values: dict[str, Plain] = {name: lead[name] for name in _DEAL if lead.get(name)}
    if lead.get("estimated_value") is not None:
        values["amount"], values["currency"] = lead["estimated_value"], lead.get("estimated_currency")
    if lead.get("needs"):
        values["notes"] = lead["needs"]
    return values


def may_take_back(converted_at: int | None, now_ms: int) -> bool:
    """Tell whether a conversion is young enough to be taken back."""
    return converted_at is not None and now_ms - converted_at <= UNDO_MS
