"""What HQ says of the company, with what holds until it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from crm_core.rules.template_filling import company_words
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models import state
from crm_desktop.models.state import Key

QUOTE_VALID_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company as letterheads and new records need it. `name`, `address`, `terms` are the Chinese ones."""

    name: str
    name_en: str
    address: str
    address_en: str
    phone: str
    email: str
    currency: str
    terms: str
    terms_en: str
    public_url: str
    """Where customers reach HQ's pages; '' where they cannot."""


def company(session: Session) -> Company:
    """Return the company's facts as HQ last sent them."""
    settings: dict[str, Any] = state.read(session, Key.SETTINGS) or {}

    def told(name: str, fallback: str = "") -> str:
        return str(settings.get(name) or fallback)

    name = told("company", str(state.read(session, Key.COMPANY) or ""))
    return Company(
        **company_words({**settings, "company": name}),
        currency=told("currency", DEFAULT_CURRENCY),
        terms=told("terms_zh"),
        terms_en=told("terms"),
        public_url=told("public_url"),
    )
