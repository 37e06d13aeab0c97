"""What a text is about, as words to be compared: English words without their endings, pairs of Chinese
characters. Nothing has to be learned or loaded, and both languages meet in one set.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS: Final = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[-./][^\W_{_HAN}]+)*")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_PARTICLES: Final = re.compile(
    "[的了吗呢吧啊是在和与及或请您你我他它们这那有么就也都还很把被让给对从到为以个上下里后前时]+"
)
"""Characters that join others: a pair with one of them tells nothing."""
_STOP_WORDS: Final = """
a about after again all also am an and any are as at be because been before but by can could did do does
for from get got had has have hello help her his how i if in into is it its just me my no not of on once one
or our out over please so some than thank thanks that the their them then there they this to too up us very
was we were what when where which who why will with would you your dear regards hi
"""
_STOP: Final = frozenset(_STOP_WORDS.split())
_ENDINGS: Final = (
    "ations",
    "ation",
    "ating",
    "ated",
    "ates",
    "ate",
    "ings",
    "ing",
    "ies",
    "ers",
    "ed",
    "es",
    "er",
    "s",
    "e",
)
_LEAST_STEM: Final = 4
"""Letters that stay: `bus` and `used` keep their endings."""
MOST_LETTERS: Final = 40


def terms_of(text: str) -> Iterator[str]:
    """Yield the words of a text in their order, again and again where they stand again.

    A run of Chinese is given as its pairs of characters, one character alone as itself.
    """
    return (term for term, _ in spoken_terms(text))


def spoken_terms(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a text as `terms_of` does, each with how it is written."""
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _IS_HAN.match(run):
            for part in _PARTICLES.split(run):
                yield from _pairs(part)
        else:
            yield from _words(run)


def _pairs(run: str) -> Iterator[tuple[str, str]]:
    for start in range(max(1, len(run) - 1) if run else 0):
        yield run[start : start + 2], run[start : start + 2]


def _words(run: str) -> Iterator[tuple[str, str]]:
    parts = re.split("[-./]", run)
    if len(parts) > 1:
        yield run[:MOST_LETTERS], run  # a part number is one word, and its parts are words
    for word in parts:
        if word not in _STOP and (len(word) > 1 or word.isdigit()):
            yield stem(word), word


def stem(word: str) -> str:
    """Return a word without an English ending: `vents`, `venting` and `vented` are one."""
    if not word.isascii() or any(letter.isdigit() for letter in word):
        return word[:MOST_LETTERS]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word[: -len(ending)][:MOST_LETTERS]
    return word[:MOST_LETTERS]
