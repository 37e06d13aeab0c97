"""The one search box."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from crm_core.entities import SCHEMAS
from crm_desktop.models import query, search
from crm_desktop.models.indexing import pinyin_of
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
        hits = tuple(search.search(session, text, limit=limit, entities=entities))
        two = {hit.entity for hit in hits if SCHEMAS[hit.entity].title_zh}
        named = {
            each: query.labels(session, each, [hit.id for hit in hits if hit.entity == each]) for each in two
        }
    return tuple(
        replace(hit, title=named[hit.entity].get(hit.id, hit.title)) if hit.entity in named else hit
        for hit in hits
    )


def spelt(words: Iterable[str], text: str) -> frozenset[str]:
    """Return those of some words whose pinyin holds the text, or whose initials begin with it."""
    wanted = "".join(text.casefold().split())
    if not (wanted.isascii() and wanted.isalpha()):
        return frozenset()
    readings = ((word, *pinyin_of(word)) for word in words if not word.isascii())
    return frozenset(
        word
        for word, whole, initials in readings
        if wanted in whole.casefold() or initials.casefold().startswith(wanted)
    )
