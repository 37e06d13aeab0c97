"""On which page a record of each kind is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PAGE_OF_ENTITY: Mapping[str, str] = MappingProxyType(
    {
        "customer": "customers",
        "contact": "customers",
        "lead": "leads",
        "deal": "pipeline",
        "activity": "calendar",
        "quote": "quotes",
        "quote_line": "quotes",
        "ticket": "tickets",
        "ticket_message": "tickets",
        "product": "products",
        "price": "products",
        "custom_field": "fields",
        "tag": "tags",
        "pipeline": "pipelines",
        "stage": "stages",
        "stage_rule": "conditions",
        "milestone": "milestones",
        "competitor": "competitors",
        "pool_rule": "pool_rules",
        "segment": "segments",
        "target": "targets",
        "capture_form": "capture_forms",
        "assignment_rule": "assignment_rules",
        "scoring_rule": "scoring_rules",
    }
)

_SHOWN_WITH: Mapping[str, str] = MappingProxyType(
    {
        "contact": "customer",
        "quote_line": "quote",
        "ticket_message": "ticket",
        "price": "product",
    }
)
"""What has no page of its own, with what it is shown on."""


def place_of(entity: str, record_id: str, belongs_to: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the page that shows a record and the id it goes by there; None where nothing shows it.

    `belongs_to` are the ids of the records it refers to, by their kind.
    """
    page = PAGE_OF_ENTITY.get(entity)
    if page is None or entity not in _SHOWN_WITH:
        return None if page is None else (page, record_id)
    owner = belongs_to.get(_SHOWN_WITH[entity])
    return None if owner is None else (page, owner)
