"""The one search box."""

from __future__ import annotations

from collections.abc import Collection

from crm_desktop.models import search
from crm_desktop.models.replica import Replica
from crm_desktop.models.search import Hit


def find(
    replica: Replica, text: str, limit: int = 20, entities: Collection[str] | None = None
) -> tuple[Hit, ...]:
    """Return records by part of any text in them, best first: Chinese, pinyin and initials too."""
    if not text.strip():
        return ()
    replica.catch_up()
    with replica.read() as session:
        return tuple(search.search(session, text, limit=limit, entities=entities))
