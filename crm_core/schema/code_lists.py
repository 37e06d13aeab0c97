"""Lists of codes the program brings: countries, provinces, cities, industries, with names in both languages.

A field of such a list holds a name, in either language, or whatever else somebody wrote. Names of one entry
are the same to filters, and everybody reads them in their own language; what is on no list stays as it is and
can be found. Provinces and cities are looked for within what the row says of country and province.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final

from crm_core.schema.china import PROVINCES
from crm_core.schema.countries import COUNTRIES, PARTS, SHORT
from crm_core.schema.industries import INDUSTRIES
from crm_core.schema.phones import home_region


class CodeList(StrEnum):
    """Which list."""

    COUNTRY = "country"
    PROVINCE = "province"
    CITY = "city"
    INDUSTRY = "industry"


CHINA: Final = "CN"
WITHIN: Final[Mapping[CodeList, CodeList]] = MappingProxyType(
    {CodeList.PROVINCE: CodeList.COUNTRY, CodeList.CITY: CodeList.PROVINCE}
)
"""Which list an entry of one belongs to an entry of; fields of one row are linked so."""
_ENDINGS: Final = (" province", " city", " prefecture", " state")
_CHINESE_ENDINGS: Final = ("特别行政区", "自治区", "地区", "省", "市", "盟", "县", "州")
_DROPPED: Final = str.maketrans("", "", " '’.,、-·")
_CACHED: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: `within` is the code of the entry it belongs to."""

    code: str
    english: str
    chinese: str
    short: tuple[str, ...] = ()
    """Other names people write."""
    within: str = ""

    def name(self, language: str) -> str:
        """Return the standard name in a language (`en`, `zh_CN`)."""
        return self.chinese if language.startswith("zh") else self.english

    @property
    def standard(self) -> tuple[str, str]:
        """The names a field holds."""
        return self.english, self.chinese

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name it is recognised by, the standard ones first."""
        return (*self.standard, *self.short)


@cache
def entries(which: CodeList) -> tuple[Entry, ...]:
    """Return a list in the order of its codes."""
    match which:
        case CodeList.COUNTRY:
            return tuple(_countries())
        case CodeList.PROVINCE:
            return (*(each for each in _china() if len(each.code) == 5), *_parts())
        case CodeList.CITY:
            return tuple(each for each in _china() if len(each.code) > 5)
        case CodeList.INDUSTRY:
            return tuple(_industries())


def within_of(which: CodeList, row: Mapping[CodeList, str]) -> tuple[Entry, ...]:
    """Return the entries that may be chosen beside what the row says; none where there is no list.

    `row`: what the linked fields hold. A country nobody named is the company's own.
    """
    if which not in WITHIN:
        return entries(which)
    return _within(which, *_above(row), home_region())


def find(which: CodeList, text: str, row: Mapping[CodeList, str]) -> Entry | None:
    """Return the entry a text names within what the row says; None for none, or where several fit."""
    found = named(which, text, row)
    if which is CodeList.INDUSTRY:
        return found[-1] if found else None  # a section of one division has its name
    return found[0] if len(found) == 1 else None


def named(which: CodeList, text: str, row: Mapping[CodeList, str]) -> tuple[Entry, ...]:
    """Return every entry a text names within what the row says."""
    return _named(which, text, *(_above(row) if which in WITHIN else ("", "")), home_region())


def is_listed(which: CodeList, row: Mapping[CodeList, str]) -> bool:
    """Tell whether a list says what may stand beside what the row says: there are none of most countries."""
    return bool(within_of(which, row)) or not _is_narrowed(which, row)


def standard_name(which: CodeList, text: str, row: Mapping[CodeList, str]) -> str | None:
    """Return the standard name of what a text names, in its writing; None for what is on no list."""
    found = find(which, text, row)
    if found is None:
        return None
    if text in found.standard:
        return text
    return found.chinese if any("\u4e00" <= c <= "\u9fff" for c in text) else found.english


def certain_name(which: CodeList, text: str, row: Mapping[CodeList, str]) -> str | None:
    """Return the standard name of what a text names for certain, in its writing.

    An everyday word for an industry may mean less than the whole of it: law is less than business services.
    """
    found = find(which, text, row)
    names = () if found is None else (*found.standard, found.code, found.code[1:])
    if found is None or (which is CodeList.INDUSTRY and _fold(text) not in {_fold(name) for name in names}):
        return None
    return standard_name(which, text, row)


def shown_name(which: CodeList, text: str, row: Mapping[CodeList, str], language: str) -> str:
    """Return what a reader of the language reads; what is on no list stands as it is."""
    found = find(which, text, row)
    return text if found is None else found.name(language)


@lru_cache(_CACHED)
def spellings(which: CodeList, text: str) -> tuple[str, ...]:
    """Return all names of whatever a text may name, the text itself among them."""
    found = _by_name(which).get(_fold(text), ())
    return tuple(dict.fromkeys((text, *(name for each in found for name in each.spellings))))


def names_in(which: CodeList, row: Mapping[CodeList, str]) -> tuple[str, ...]:
    """Return all names of what a row holds, within what the row says."""
    text = row.get(which, "")
    return (text, *(name for each in named(which, text, row) for name in each.spellings))


def row_of(values: Mapping[str, Any]) -> dict[CodeList, str]:
    """Return what the linked fields of a row hold: they are called as their lists."""
    return {which: str(values.get(which.value) or "") for which in CodeList}


def matching(options: Sequence[Entry], typed: str) -> list[Entry]:
    """Return the entries whose names or code begin with what was typed, then those that hold it."""
    folded = _fold(typed)
    if not folded:
        return list(options)
    begins = [each for each in options if any(key.startswith(folded) for key in _keys(each))]
    holds = [each for each in options if each not in begins and any(folded in key for key in _keys(each))]
    return begins + holds


def _above(row: Mapping[CodeList, str]) -> tuple[str, str]:
    return row.get(CodeList.COUNTRY, "").strip(), row.get(CodeList.PROVINCE, "").strip()


@lru_cache(_CACHED)
def _within(which: CodeList, country: str, province: str, home: str) -> tuple[Entry, ...]:
    row = {CodeList.COUNTRY: country, CodeList.PROVINCE: province}
    upper = WITHIN[which]
    parent = find(upper, row[upper], row)
    if parent is not None:
        return tuple(each for each in entries(which) if each.within == parent.code)
    if row[upper]:
        return ()  # somewhere that is on no list
    if which is CodeList.PROVINCE:
        return tuple(each for each in entries(which) if each.within == home)
    codes = {each.code for each in within_of(upper, row)}
    return tuple(each for each in entries(which) if each.within in codes)


@lru_cache(_CACHED)
def _named(which: CodeList, text: str, country: str, province: str, home: str) -> tuple[Entry, ...]:
    folded = _fold(text)
    found = _by_name(which).get(folded, ()) if folded else ()
    if which not in WITHIN or not found:
        return found
    # A row that leaves the country open may name a province of any.
    row = {CodeList.COUNTRY: country, CodeList.PROVINCE: province}
    allowed = {each.code for each in _within(which, country, province, home)}
    narrowed = tuple(each for each in found if each.code in allowed)
    return narrowed or (() if _is_narrowed(which, row) else found)


def _is_narrowed(which: CodeList, row: Mapping[CodeList, str]) -> bool:
    upper: CodeList | None = WITHIN.get(which)
    while upper is not None:
        if row.get(upper, "").strip():
            return True
        upper = WITHIN.get(upper)
    return False


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    for ending in _ENDINGS:
        plain = plain.removesuffix(ending)
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    return bare.translate(_DROPPED)


@lru_cache(2_000)
def _keys(entry: Entry) -> tuple[str, ...]:
    return (*(_fold(name) for name in entry.spellings), entry.code.casefold().removeprefix("cn-"))


@cache
def _by_name(which: CodeList) -> Mapping[str, tuple[Entry, ...]]:
    named: dict[str, list[Entry]] = {}
    for entry in entries(which):
        for key in dict.fromkeys(_keys(entry)):
            named.setdefault(key, []).append(entry)
    return MappingProxyType({key: tuple(found) for key, found in named.items()})


def _parsed(line: str) -> tuple[str, list[str]]:
    code, _, names = line.partition(" ")
    return code, names.split("/")


def _countries() -> Iterator[Entry]:
    for line in COUNTRIES.strip().replace("\n", "; ").split("; "):
        code, (english, chinese) = _parsed(line)
        yield Entry(code=code, english=english, chinese=chinese, short=SHORT.get(code, ()))


def _parts() -> Iterator[Entry]:
    for country, listed in PARTS.items():
        for line in listed.strip().replace("\n", "; ").split("; "):
            code, (english, chinese) = _parsed(line)
            short = tuple(chinese.removesuffix(end) for end in ("州", "省", "地区") if chinese.endswith(end))
            yield Entry(
                code=f"{country}-{code}", english=english, chinese=chinese, short=short, within=country
            )


@cache
def _china() -> tuple[Entry, ...]:
    made = []
    province = ""
    for line in PROVINCES.strip().splitlines():
        for item in line.removeprefix("= ").split("; "):
            code, (chinese, english, *short) = _parsed(item)
            if line.startswith("= "):
                province, within = f"{CHINA}-{code}", CHINA
            else:
                within = province
            bare = next((chinese.removesuffix(e) for e in _CHINESE_ENDINGS if chinese.endswith(e)), "")
            made.append(
                Entry(
                    code=f"{CHINA}-{code}",
                    chinese=chinese,
                    english=english,
                    short=tuple(short) or ((bare,) if len(bare) > 1 else ()),
                    within=within,
                )
            )
    return tuple(made)


def _industries() -> Iterator[Entry]:
    section = ""
    for line in INDUSTRIES.strip().splitlines():
        code, (chinese, english, *more) = _parsed(line)
        section = code if code.isalpha() else section
        short = tuple(word.strip() for word in more[0].split(",")) if more else ()
        yield Entry(
            code=code if code.isalpha() else section + code,
            chinese=chinese,
            english=english,
            short=short if code.isalpha() else (*short, code),
            within="" if code.isalpha() else section,
        )
