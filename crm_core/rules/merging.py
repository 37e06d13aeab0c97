"""What a merge of several records takes from each unless a person chooses otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

MOST_RECORDS: Final = 20
"""Records merged at once: more cannot be looked at side by side."""
KEPT_DAYS: Final = 30
"""How long a merge can be taken apart."""


def is_empty(values: Sequence[Any]) -> bool:
    """Tell whether a register holds nothing."""
    return all(value in (None, "", [], {}) for value in values)


def best_kept(filled: Sequence[int], made_ms: Sequence[int]) -> int:
    """Return which record to keep: the one with most fields filled, of equals the oldest.

    `filled` and `made_ms` are one number for each record.
    """
    return min(range(len(filled)), key=lambda place: (-filled[place], made_ms[place], place))


def best_value(values: Sequence[Sequence[Any]], kept: int, changed_ms: Sequence[int]) -> int:
    """Return whose value of a register to take: the kept record's, else the one changed last that has any."""
    if not is_empty(values[kept]):
        return kept
    filled = [place for place, held in enumerate(values) if not is_empty(held)]
    return max(filled, key=lambda place: (changed_ms[place], -place), default=kept)


def joined_text(texts: Sequence[Any]) -> str | None:
    """Return several long texts as one, each once, in their order; None for nothing."""
    parts = dict.fromkeys(str(text).strip() for text in texts if text and str(text).strip())
    return "\n\n".join(parts) or None


def all_words(sets: Sequence[Any]) -> list[str]:
    """Return the words of several sets."""
    return sorted({str(word) for words in sets for word in words or ()})
