"""Where a text stands in an alphabetical list, Chinese by pinyin; decimals by their value.

A collation of our own in an index would tie the file to one version of the pinyin table and cost a call for
each comparison. So keys are computed once, by triggers that call `sort_key`, and kept in rows (`SortKey`).
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema

SORT_VERSION = 1
"""Counted up when `sort_key` gives other keys: they are then made anew at the next start."""

MAX_KEY = 200  # characters; nobody reads further to tell two names apart
_FIRST_CHINESE = 0x2E80
_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
# Sets and structures have no order; decimals go by their value, yes and no with nothing counting as no.
_UNWALKED = frozenset((Kind.TAGS, Kind.JSON, Kind.DECIMAL, Kind.PERCENT, Kind.BOOLEAN))
_DIGITS_BEFORE_POINT = 40  # decimals the program keeps have at most 21


def keyed_fields(schema: Schema) -> tuple[Field, ...]:
    """Return the fields of an entity whose sort keys are kept: listed names and other sorted words."""
    return tuple(
        field
        for field in schema.fields.values()
        if field.kind is Kind.TEXT and (field.name == schema.meta.title or (field.indexed and field.in_list))
    )


@cache
def walked_names(entity: str) -> frozenset[str]:
    """Return the fields whose own column is indexed on a laptop: a list is read along them."""
    return frozenset(
        field.name
        for field in SCHEMAS[entity].fields.values()
        if field.kind not in _UNWALKED and (field.indexed or field.in_list or field.kind is Kind.REF)
    )


def fold(text: str) -> str:
    """Return text as searches compare it: no case, no accents, full-width as half-width."""
    if text.isascii():
        return text.lower()
    plain = text.translate(_PLAIN)
    # Parts of a syllable, as of Korean ones, come together; nothing else does once accents are gone.
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


class _Plain(dict[int, str]):
    """What `str.translate` asks for each character, worked out when it first comes: case and accents go."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", chr(code)).casefold())
        self[code] = "".join(c for c in plain if not unicodedata.combining(c))
        return self[code]


class _BySound(dict[int, int | str]):
    """What `str.translate` asks for each character, worked out when it first comes: Chinese by syllable."""

    def __missing__(self, code: int) -> int | str:
        self[code] = code if code < _FIRST_CHINESE else _syllable(chr(code))
        return self[code]


_PLAIN = _Plain()
_BY_SOUND = _BySound()


@lru_cache(maxsize=4096)  # trades and cities come again and again
def sort_key(text: str | None) -> str:
    """Return a text whose binary order is the order people expect; '' for none.

    Chinese characters go by syllable and tone of their commonest reading, among Latin letters as in an
    address book; characters of one reading stay together.
    """
    if not text:
        return ""
    folded = fold(text[:MAX_KEY])
    if folded.isascii():
        return folded
    return folded.translate(_BY_SOUND)[: 2 * MAX_KEY]


def _syllable(character: str) -> str:
    reading = readings().get(str(ord(character)))
    if reading is None:
        return character
    tone = "5"
    letters: list[str] = []
    for part in unicodedata.normalize("NFD", reading.split(",", 1)[0]):
        if part in _TONES:
            tone = _TONES[part]
        elif part == "\u0308":
            letters[-1] = "v"  # ü after u
        elif not unicodedata.combining(part):
            letters.append(part)
    return f"{''.join(letters)}{tone}{character}"


@cache
def readings() -> dict[str, str]:
    """Return the pinyin of every character, commonest reading first, by its code point as text.

    Read from pypinyin's table of characters, which takes a tenth of the time of importing the package with
    its phrases.
    """
    spec = importlib.util.find_spec("pypinyin")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        table = Path(folder, "pinyin_dict.json")
        if table.exists():
            found: dict[str, str] = json.loads(table.read_text(encoding="utf-8"))
            return found
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415 - slow; only where the table lies elsewhere

    return {str(code): reading for code, reading in PINYIN_DICT.items()}


def decimal_key(text: str | None) -> str | None:
    """Return a text whose binary order is the numeric order of decimal text; None for none or no number."""
    if not text:
        return None
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    whole, _, fraction = f"{abs(number):f}".partition(".")
    digits = f"{whole.zfill(_DIGITS_BEFORE_POINT)}.{fraction.rstrip('0')}"
    if number >= 0:
        return "1" + digits
    # Larger size comes first: each digit's complement, and an end that is above every digit.
    return "0" + "".join(c if c == "." else str(9 - int(c)) for c in digits) + "~"
