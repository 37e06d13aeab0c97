"""Words of the search index that are like one somebody typed: a letter more, less, other, or two swapped."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from crm_desktop.models.indexing import CJK

LEAST = 4
"""Letters of a word below which everything is like it."""
LONG = 8
"""Letters from which on two mistakes are forgiven."""
MOST = 12
TABLE = "search_vocabulary"


def mistakes_of(word: str) -> int:
    """Return how many mistakes are forgiven in a word; none in a short one, a number or Chinese."""
    if len(word) < LEAST or not word.isalpha() or CJK.search(word):
        return 0
    return 2 if len(word) >= LONG else 1


def near_words(session: Session, word: str) -> list[str]:
    """Return words of the index that are like `word` or begin like it, the likest and most used first.

    Looked for among those with one of its first two letters in front, which any one mistake leaves there but
    another first letter.
    """
    allowed = mistakes_of(word)
    if not allowed:
        return []
    found: dict[str, tuple[int, int]] = {}
    for first in dict.fromkeys(word[:2]):
        rows = session.connection().exec_driver_sql(
            f"SELECT term, doc FROM {TABLE} WHERE term >= ? AND term < ? AND length(term) >= ?",
            (first, chr(ord(first) + 1), len(word) - allowed),
        )
        for term, used in rows:
            distance = _distance(word, term, allowed)
            if distance <= allowed:
                found[term] = (distance, -used)
    return sorted(found, key=lambda term: (found[term], term))[:MOST]


def _distance(word: str, term: str, allowed: int) -> int:
    """Return the mistakes between a word and the beginning of a term; more than `allowed` where too many."""
    ends: Sequence[int] = range(max(len(word) - allowed, 1), len(word) + allowed + 1)
    return min(OSA.distance(word, term[:end], score_cutoff=allowed) for end in ends)
