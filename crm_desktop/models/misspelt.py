"""Words of the search index that are like one somebody typed: a letter more, less, other, or two swapped.

In Chinese a character more, less or other, and, as input by pinyin goes wrong, others of the same sound.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from crm_core.rules.names import name_of
from crm_desktop.models.indexing import CJK, pinyin_of

LEAST = 4
"""Letters of a word below which everything is like it."""
LONG = 8
"""Letters from which on two mistakes are forgiven."""
MOST = 12
BEGINNING = 4
"""Letters by which words like another are found in the index."""
MOST_ALIKE = 2_000
"""Words of one beginning that are looked at: where thousands begin alike, their beginning tells nothing."""
MOST_WHOLE = 10 * MOST_ALIKE
"""Words of one or two letters in common that are: of 200,000 words some 7,000 have a letter and a length."""
LEAST_CHINESE = 4
"""Characters from which on one more, less or other is forgiven."""
LEAST_SOUNDS = 3
"""Characters from which on others of the same sound are: two sound like the names of hundreds."""
MOST_CHINESE = 8
"""Characters up to which that is looked for: each place is an expression of its own."""
TABLE = "search_vocabulary"
_LONGER = re.compile(f"{CJK.pattern}{{{LEAST_SOUNDS},}}")


def mistakes_of(word: str) -> int:
    """Return how many mistakes are forgiven in a word; none in a short one, a number or Chinese."""
    if len(word) < LEAST or not word.isalpha() or CJK.search(word):
        return 0
    return 2 if len(word) >= LONG else 1


def near_characters(word: str) -> list[str]:
    """Return expressions of FTS5 for a Chinese word with a character more, less or other.

    Each is two parts of the word, side by side or with one character between them. None for a short word.
    A company's legal form is left out: half of all names have it, which takes time and tells nothing.
    """
    core = name_of(word).core.replace(" ", "")
    word = core if len(core) >= LEAST_CHINESE and word.startswith(core) else word
    length = len(word)
    if not LEAST_CHINESE <= length <= MOST_CHINESE or not all(map(CJK.match, word)):
        return []
    cuts = [(word[:at], word[at + gone :]) for gone in (0, 1) for at in range(1 - gone, length)]
    parts = [[f'"{" ".join(part)}"' for part in cut if part] for cut in cuts]
    return [found[0] if len(found) == 1 else f"NEAR({' '.join(found)}, 1)" for found in parts]


def sound_of(word: str) -> str:
    """Return a word with each longer piece of Chinese as its pinyin, as the index has it of titles."""
    return _LONGER.sub(lambda piece: pinyin_of(piece[0])[0], word)


def near_words(session: Session, word: str) -> list[str]:
    """Return words of the index that are like `word` or begin like it, the likest and most used first.

    Looked for among those that begin with its first two letters and, where none is like it, with another of
    these letters wrong; the first itself is never another one than those two. A long word that is like none
    of these may have both mistakes in its beginning: then all of about its length with its first letter are
    looked at, as a whole.
    """
    allowed = mistakes_of(word)
    if not allowed:
        return []
    beginnings = _beginnings(word)
    kept = [each for each in beginnings if each.startswith(word[:2])]
    others = [each for each in beginnings if not each.startswith(word[:2])]
    found = _near(session, word, allowed, kept) or _near(session, word, allowed, others)
    return found if found or allowed == 1 else _near_as_a_whole(session, word, allowed)


def _beginnings(word: str) -> list[str]:
    """Return what words like this one begin with: its own beginning, and that with one mistake in it.

    A mistake later on leaves the beginning as it is, and of two mistakes one is later on, or
    `_near_as_a_whole` finds the word. A letter in front is another or missing in none of them. Letters that
    may stand in the place of another are known of the Latin alphabet; of others the first letters alone are
    looked for.
    """
    if not word.isascii():
        return list(dict.fromkeys((word[:2], word[0], word[1])))
    size = min(BEGINNING, len(word) - 1)
    places = range(1, size)
    swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(size))
    less = (word[:at] + word[at + 1 :] for at in range(size))
    other = (word[:at] + letter + word[at + 1 :] for at in places for letter in ascii_lowercase)
    more = (word[:at] + letter + word[at:] for at in places for letter in ascii_lowercase)
    return list(dict.fromkeys(each[:size] for each in (word, *swapped, *less, *other, *more)))


def _between(beginning: str) -> tuple[str, str]:
    """Return the bounds within which words with a beginning are, the second one excluded."""
    return beginning, beginning[:-1] + chr(ord(beginning[-1]) + 1)


def _near(session: Session, word: str, allowed: int, beginnings: Sequence[str]) -> list[str]:
    used: dict[str, int] = {}
    for beginning in beginnings:
        most = MOST_ALIKE if len(beginning) > 2 else MOST_WHOLE
        rows = session.connection().exec_driver_sql(
            f"SELECT term, doc FROM {TABLE} WHERE term >= ? AND term < ? AND length(term) >= ? LIMIT ?",
            (*_between(beginning), len(word) - allowed, most),
        )
        used.update((term, doc) for term, doc in rows)
    found: dict[str, float] = {}
    # A word may be the beginning of a longer one, which ends a letter or two before or after it.
    for end in range(len(word) - allowed, len(word) + allowed + 1):
        terms: dict[str, list[str]] = {}
        for term in used:
            terms.setdefault(term[:end], []).append(term)
        alike = process.extract(word, list(terms), scorer=OSA.distance, score_cutoff=allowed, limit=None)
        for cut, distance, _ in alike:
            for term in terms[cut]:
                found[term] = min(distance, found.get(term, distance))
    return sorted(found, key=lambda term: (found[term], -used[term], term))[:MOST]


def _near_as_a_whole(session: Session, word: str, allowed: int) -> list[str]:
    rows = session.connection().exec_driver_sql(
        f"SELECT term, doc FROM {TABLE} WHERE term >= ? AND term < ?"
        " AND length(term) BETWEEN ? AND ? LIMIT ?",
        (*_between(word[0]), len(word) - allowed, len(word) + allowed, MOST_WHOLE),
    )
    used = {term: doc for term, doc in rows}  # noqa: C416 - rows are no pairs to mypy
    alike = process.extract(word, list(used), scorer=OSA.distance, score_cutoff=allowed, limit=None)
    found = {term: distance for term, distance, _ in alike}
    return sorted(found, key=lambda term: (found[term], -used[term], term))[:MOST]
