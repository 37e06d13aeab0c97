"""Which articles may answer a question: how much of what is asked each speaks of, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_core.rules.terms import spoken_terms, terms_of

MOST_TERMS: Final = 24
"""Words of a question that are looked for: the ones that weigh most."""
LEAST_PERCENT: Final = 15
SHOWN: Final = 5
_IN_SUBJECT: Final = 3.0
_IN_TEXT: Final = 1.0
_PLACES: Final = (("title", 1.0), ("keywords", 1.0), ("summary", 0.8), ("body", 0.6))
"""Where a word may stand, and how much of its weight counts there."""
_SAME_PRODUCT: Final = 0.15
_SAME_CATEGORY: Final = 0.1
_USED: Final = 0.02
"""For each doubling of the tickets it was used in, up to five."""


class Why(StrEnum):
    """Why an article is suggested."""

    TITLE = "title"
    TEXT = "text"
    PRODUCT = "product"
    CATEGORY = "category"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question: what a ticket says so far."""

    subject: str
    text: str = ""
    product_id: str | None = None
    category: str = ""
    """What the ticket is about, in words of either language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article that may answer."""

    id: str
    title: str
    keywords: str = ""
    summary: str = ""
    body: str = ""
    product_ids: Collection[str] = ()
    category: str = ""
    used_in: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason; `words` are those of the question that were found, the heaviest first."""

    why: Why
    words: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """An article with how well it fits, in percent from `LEAST_PERCENT` to 99, and why."""

    id: str
    percent: int
    reasons: tuple[Reason, ...]


def asked_terms(asked: Asked) -> dict[str, float]:
    """Return the words of a question with their weights, at most `MOST_TERMS`, the heaviest first.

    A word of the subject weighs more than one of the text; a long word more than a short one.
    """
    weights: dict[str, float] = {}
    for text, weight in ((asked.subject, _IN_SUBJECT), (asked.text, _IN_TEXT)):
        for term in dict.fromkeys(terms_of(text)):
            weights[term] = weights.get(term, 0.0) + weight * _length_weight(term)
    heaviest = sorted(weights.items(), key=lambda each: -each[1])
    return dict(heaviest[:MOST_TERMS])


def _length_weight(term: str) -> float:
    return 1.0 if not term.isascii() else 0.5 + min(len(term), 8) / 8


def suggest(
    asked: Asked,
    candidates: Iterable[Candidate],
    limit: int = SHOWN,
    terms: Mapping[str, float] | None = None,
) -> tuple[Suggested, ...]:
    """Return the articles that fit a question, the best first; ties by title and id.

    The score is the part of the question's weight whose words stand in the article, a word counting more
    where few of the candidates have it; the same product and category and earlier use add to it.
    """
    weights = terms if terms is not None else asked_terms(asked)
    if not weights:
        return ()
    read = [(candidate, _placed(candidate, weights)) for candidate in candidates]
    held = Counter(term for _, found in read for term in found)
    rare = {term: weight * _rarity(held[term], len(read)) for term, weight in weights.items()}
    whole = sum(rare.values()) or 1.0
    about = set(terms_of(asked.category))
    written = dict(spoken_terms(f"{asked.text}\n{asked.subject}"))
    scored = [_scored(asked, candidate, found, rare, whole, about, written) for candidate, found in read]
    titles = {candidate.id: candidate.title for candidate, _ in read}
    good = [each for each in scored if each.percent >= LEAST_PERCENT]
    return tuple(sorted(good, key=lambda each: (-each.percent, titles[each.id], each.id))[:limit])


def _rarity(having: int, of: int) -> float:
    """Return how much a word tells, from 1: the more the fewer articles have it. One nobody has tells no more
    than one everybody has: a question holds words no answer repeats.
    """
    return 1.0 + math.log((of + 1) / (having + 1)) if having else 1.0


def _placed(candidate: Candidate, weights: Mapping[str, float]) -> dict[str, float]:
    """Return which words an article has, and how much of their weight counts by where they stand."""
    found: dict[str, float] = {}
    for name, part in _PLACES:
        for term in set(terms_of(getattr(candidate, name))) & weights.keys():
            found.setdefault(term, part)
    return found


def _scored(
    asked: Asked,
    candidate: Candidate,
    found: Mapping[str, float],
    rare: Mapping[str, float],
    whole: float,
    about: set[str],
    written: Mapping[str, str],
) -> Suggested:
    score = sum(rare[term] * part for term, part in found.items()) / whole
    reasons: list[Reason] = []
    if found:
        heaviest = sorted(found, key=lambda term: (-rare[term], term))
        in_title = [term for term in heaviest if found[term] == 1.0]
        shown = tuple(written.get(term, term) for term in (in_title or heaviest)[:3])
        reasons.append(Reason(why=Why.TITLE if in_title else Why.TEXT, words=shown))
        if asked.product_id and asked.product_id in candidate.product_ids:
            score += _SAME_PRODUCT
            reasons.append(Reason(why=Why.PRODUCT))
        if about and not about.isdisjoint(terms_of(candidate.category)):
            score += _SAME_CATEGORY
            reasons.append(Reason(why=Why.CATEGORY))
        if candidate.used_in:
            score += _USED * min(5.0, 1 + math.log2(candidate.used_in))
            reasons.append(Reason(why=Why.USED, count=candidate.used_in))
    return Suggested(id=candidate.id, percent=min(99, round(100 * score)), reasons=tuple(reasons))
