"""On which page a record of each kind is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PAGE_OF_ENTITY: Mapping[str, str] = MappingProxyType(
    {
        "customer": "customers",
        "contact": "customers",
        "deal": "pipeline",
        "activity": "calendar",
        "quote": "quotes",
        "quote_line": "quotes",
        "ticket": "tickets",
        "ticket_message": "tickets",
        "product": "products",
        "price": "products",
    }
)
