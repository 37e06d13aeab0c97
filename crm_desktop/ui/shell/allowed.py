"""What the person signed in may see and make: which pages the rail has and what the New menu offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.entities import SCHEMAS
from crm_core.rules.access import Action, decide
from crm_desktop.models.replica import Replica
from crm_desktop.ui.pages.registry import PAGES, PageSpec

NEW_ENTITIES = (
    "customer",
    "contact",
    "lead",
    "deal",
    "activity",
    "quote",
    "order",
    "contract",
    "ticket",
    "service_request",
    "article",
    "product",
)
"""What the New menu offers, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Entities the person may read, and those of the New menu the person may make."""

    readable: frozenset[str]
    creatable: tuple[str, ...]
    new_on_page: frozenset[str]
    """And those the person may make on the page that shows them, as tags and stages."""

    def pages(self) -> Iterable[PageSpec]:
        """Return the pages the person may go to."""
        return tuple(page for page in PAGES if self._shows(page))

    def _shows(self, page: PageSpec) -> bool:
        if page.id == "import":
            return bool(self.creatable)
        return page.entity is None or page.entity in self.readable


def allowed(replica: Replica) -> Allowed:
    """Return what the person may do; reads the database."""
    person = replica.person
    return Allowed(
        readable=frozenset(name for name in SCHEMAS if decide(person, Action.READ, name)),
        creatable=tuple(name for name in NEW_ENTITIES if decide(person, Action.CREATE, name)),
        new_on_page=frozenset(
            page.entity for page in PAGES if page.entity and decide(person, Action.CREATE, page.entity)
        ),
    )
