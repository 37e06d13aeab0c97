"""Finding articles in memory by the words of a question, while it is typed, in either language."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from crm_core.rules.terms import terms_of

_PLACES: Final = (("title", 4.0), ("keywords", 4.0), ("summary", 2.0), ("body", 1.0))
_MOST_TERMS: Final = 12
_MOST_ENDINGS: Final = 40
"""Words a beginning may stand for: those that are nearest in the alphabet."""
_LEAST_STEM: Final = 5
_LEAST_SHARE: Final = 0.34
"""The part of a question's weight that has to be found: one word of three tells something."""


@dataclass(slots=True)
class ArticleIndex:
    """Words to articles. Not for several threads at once."""

    _held: dict[str, dict[str, float]] = field(default_factory=dict)
    """Weight of each word by article."""
    _postings: dict[str, dict[str, float]] = field(default_factory=dict)
    _vocabulary: list[str] | None = None

    def put(self, article_id: str, texts: Mapping[str, str]) -> None:
        """Index an article anew; `texts` are its title, keywords, summary and body."""
        self.remove(article_id)
        weights: dict[str, float] = {}
        for place, weight in _PLACES:
            for term in set(terms_of(texts.get(place, ""))):
                weights.setdefault(term, weight)
        self._held[article_id] = weights
        for term, weight in weights.items():
            self._postings.setdefault(term, {})[article_id] = weight
        self._vocabulary = None

    def remove(self, article_id: str) -> None:
        """Forget an article; nothing where it is not known."""
        for term in self._held.pop(article_id, ()):
            found = self._postings[term]
            del found[article_id]
            if not found:
                del self._postings[term]
        self._vocabulary = None

    def search(self, text: str, limit: int = 20) -> list[str]:
        """Return the ids of the articles that fit a question, the best first; ties by id.

        The last word may be a beginning. Rare words count more than common ones.
        """
        terms = list(dict.fromkeys(terms_of(text)))[:_MOST_TERMS]
        if not terms:
            return []
        scores: dict[str, float] = {}
        shares: dict[str, float] = {}
        whole = 0.0
        matched = [self._matching(term, begins=term is terms[-1]) for term in terms]
        common = len(self._held) // 2
        telling = [found for found in matched if len(found) <= common]
        for found in telling or matched:
            rare = math.log(1 + len(self._held) / (len(found) + 0.5))
            whole += rare
            for article_id, weight in found.items():
                scores[article_id] = scores.get(article_id, 0.0) + rare * weight
                shares[article_id] = shares.get(article_id, 0.0) + rare
        good = [each for each in scores if shares[each] >= _LEAST_SHARE * whole]
        return sorted(good, key=lambda each: (-scores[each], each))[:limit]

    def _matching(self, term: str, *, begins: bool) -> Mapping[str, float]:
        exact = self._postings.get(term, {})
        if not begins or not term.isascii():
            return exact
        merged = dict(exact)
        # A word that is half typed may reach beyond the stem of what it will be: “calibrat” and “calibr”.
        stems = (term[:length] for length in range(_LEAST_STEM, len(term)) if term[:length] in self._postings)
        for word in (*self._beginning_with(term), *stems):
            for article_id, weight in self._postings[word].items():
                merged[article_id] = max(merged.get(article_id, 0.0), weight * 0.8)
        return merged

    def _beginning_with(self, start: str) -> Iterable[str]:
        if self._vocabulary is None:
            self._vocabulary = sorted(self._postings)
        place = bisect_left(self._vocabulary, start)
        for word in self._vocabulary[place : place + _MOST_ENDINGS]:
            if not word.startswith(start):
                return
            yield word
