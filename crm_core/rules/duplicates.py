"""Whether two records are the same customer or person: one check for forms, imports, sync and merging.

`keys_of` gives under what a record is looked up: two that may be the same have one key in common. `compare`
weighs what they have alike. How names are read is in `crm_core.rules.names`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import extract

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.names import Name, name_of, person_of
from crm_core.rules.uniqueness import plain_form
from crm_core.schema.phones import home_region, without_extension

KEYS_VERSION: Final = 2
"""Counted up when `keys_of` gives other keys: laptops then index their records anew."""

SHOWN_FROM: Final = 50
"""Score from which a form says that a record may be there already."""
LIKELY_FROM: Final = 70
"""Score from which a list of duplicates names a pair, and an import asks."""


class Trait(StrEnum):
    """What a field says of who a record is."""

    COMPANY = "company"
    PERSON = "person"
    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"
    SITE = "site"
    WITHIN = "within"
    """To what a person belongs: a name alone says little."""


COMPARED: Final[Mapping[str, Mapping[str, Trait]]] = MappingProxyType(
    {
        "customer": {
            "name": Trait.COMPANY,
            "phone": Trait.PHONE,
            "email": Trait.EMAIL,
            "tax_number": Trait.NUMBER,
            "website": Trait.SITE,
        },
        "contact": {
            "name": Trait.PERSON,
            "phone": Trait.PHONE,
            "email": Trait.EMAIL,
            "customer_id": Trait.WITHIN,
        },
    }
)
"""Fields of each kind of record that is compared."""

DISTINCT: Final = "distinct_from"
"""Field with the ids of records that somebody looked at and found to be others."""


def compared_columns(entity: str) -> list[str]:
    """Return what is read of a record to compare it, besides its id."""
    fields = SCHEMAS[entity].fields
    extra = [name for name in ("kind", DISTINCT) if name in fields]
    return list(dict.fromkeys((*COMPARED.get(entity, ()), *extra, SCHEMAS[entity].meta.title)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a record is compared by; '' where it says nothing."""

    entity: str
    name: Name
    phone: str = ""
    email: str = ""
    number: str = ""
    site: str = ""
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike two records are, 0 to 100, and why; the weightiest reason first."""

    score: int
    reasons: tuple[Message, ...]


SAME_NUMBER = message(N_("Same tax number"))
SAME_EMAIL = message(N_("Same e-mail address"))
SAME_PHONE = message(N_("Same phone number"))
SAME_NAME = message(N_("Same name"))
SAME_CORE = message(N_("Same name but for the region"))
SAME_WORDS = message(N_("Same words in the name"))
SAME_SITE = message(N_("Same web site"))
OTHER_NUMBER = message(N_("But another tax number"))

# How likely one thing alone makes two records the same. Switchboards, web sites and mailboxes are shared
# within groups of companies; a tax number is given once.
_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        SAME_NUMBER.text: 0.95,
        SAME_EMAIL.text: 0.75,
        SAME_NAME.text: 0.85,
        SAME_WORDS.text: 0.75,
        SAME_CORE.text: 0.6,
        SAME_PHONE.text: 0.6,
        SAME_SITE.text: 0.45,
    }
)
_NAMESAKES: Final = 0.3  # two people of one name at different customers
_ANOTHER_NUMBER: Final = 0.55  # what is left of the likeness of two companies with different tax numbers
_SIMILAR_FROM: Final = 0.85
_SIMILAR_WEIGHT: Final = 0.7
_SIMILAR_MOST: Final = (LIKELY_FROM - 1) / 100
"""What names that are only similar make likely by themselves: something else must be alike too."""
_JARO_LENGTH: Final = 8
_SLIP_LENGTH: Final = 5  # from here on one letter may differ
_PHONE_DIGITS: Final = 8  # from the end: what a number has with and without its codes
_FEW_DIGITS: Final = 6
_KEY_BYTES: Final = 6
_HALVES: Final = ("b", "z")  # marks of keys: the first half of a name, and the second
_SITE: Final = "w"
_FREE_MAIL: Final = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com"),
        *("icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "mail.ru", "yandex.ru"),
        *("proton.me", "protonmail.com", "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net"),
        *("sina.com", "sina.cn", "sohu.com", "139.com", "189.cn", "aliyun.com", "naver.com", "t-online.de"),
    )
)
_NOT_A_DIGIT: Final = re.compile(r"[^0-9]+")
_NOT_A_NAME: Final = frozenset(("com", "net", "org", "gov", "edu", "co", "ac"))
_HOST: Final = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+)")


def traits_of(entity: str, values: Mapping[str, Any]) -> Traits:
    """Return what a record with these values is compared by; a value that is missing says nothing."""
    found: dict[str, Any] = {"name": name_of("")}
    for field, trait in COMPARED[entity].items():
        text = str(values.get(field) or "").strip()
        if trait is Trait.COMPANY:
            is_person = values.get("kind") == "person"
            found["name"] = person_of(text) if is_person else name_of(text)
        elif trait is Trait.PERSON:
            found["name"] = person_of(text)
        elif trait is Trait.PHONE:
            found["phone"] = _phone(text)
        elif trait is Trait.EMAIL:
            found["email"] = plain_form(text)
        elif trait is Trait.NUMBER:
            found["number"] = plain_form(text, dense=True)
        elif trait is Trait.SITE:
            found["site"] = _domain(text)
        else:
            found["within"] = text
    if entity == "customer" and not found["site"]:
        found["site"] = _domain_of_address(found["email"])
    return Traits(entity=entity, **found)


def telling_columns(wanted: Traits) -> list[str]:
    """Return what has to be read of others to compare them with this one, by what it says itself."""
    says = {
        Trait.PHONE: wanted.phone,
        Trait.EMAIL: wanted.email or wanted.site,  # an address may say which site
        Trait.NUMBER: wanted.number,
        Trait.SITE: wanted.site,
    }
    silent = {name for name, trait in COMPARED[wanted.entity].items() if not says.get(trait, "yes")}
    return [name for name in compared_columns(wanted.entity) if name not in silent]


def keys_of(traits: Traits) -> tuple[str, ...]:
    """Return the words a record is looked up by, each once; none for one that says nothing of itself."""
    return tuple(dict.fromkeys(f"{mark}{_digest(text)}" for mark, text in _keyed(traits)))


def is_half(key: str) -> bool:
    """Tell whether a key is of half a name, which many have in common by chance."""
    return key[2] in _HALVES


def is_site(key: str) -> bool:
    """Tell whether a key is of a web site; one that very many have is that of a provider of mail."""
    return key[2] == _SITE


def names_tell(least: int) -> bool:
    """Tell whether names that are only similar can reach a score with nothing else alike."""
    return least <= 100 * _SIMILAR_MOST


def are_named_alike(one: Name, other: Name) -> bool:
    """Tell whether two names are the same or similar enough to be one."""
    return _names_alike(one, other) is not None


def like_among(loose: str, others: Sequence[str]) -> list[int]:
    """Return the places of those of some names that may be similar to one; all as `Name.loose`.

    Quick and generous: `compare` has the last word.
    """
    if len(loose) < _SLIP_LENGTH - 1:
        return []
    slips = extract(
        loose, others, scorer=OSA.normalized_similarity, score_cutoff=1 - 1 / _SLIP_LENGTH, limit=None
    )
    places = {place for _, _, place in slips}
    if any(len(each) >= _JARO_LENGTH for each in (loose, *others)):
        near = extract(loose, others, scorer=JaroWinkler.similarity, score_cutoff=_SIMILAR_FROM, limit=None)
        places.update(place for _, _, place in near)
    return sorted(places)


def compare(one: Traits, other: Traits) -> Likeness:
    """Return how alike two records of one kind are. It is the same either way round."""
    found: list[tuple[float, Message]] = []

    def note(reason: Message) -> None:
        found.append((_WEIGHTS[reason.text], reason))

    if one.number and one.number == other.number:
        note(SAME_NUMBER)
    if one.email and one.email == other.email:
        note(SAME_EMAIL)
    elif one.site and one.site == other.site:
        note(SAME_SITE)
    if one.phone and other.phone and _same_phone(one.phone, other.phone):
        note(SAME_PHONE)
    named = _names_alike(one.name, other.name)
    if named is not None:
        weight, reason = named
        if one.entity == "contact" and (one.within != other.within or not one.within):
            weight *= _NAMESAKES / _WEIGHTS[SAME_NAME.text]
        found.append((weight, reason))
    found.sort(key=lambda each: -each[0])
    unlike = 1.0
    for weight, _ in found:
        unlike *= 1 - weight
    likely = 1 - unlike
    reasons = [reason for _, reason in found]
    if found and one.number and other.number and one.number != other.number:
        likely *= _ANOTHER_NUMBER
        reasons.append(OTHER_NUMBER)
    return Likeness(score=round(100 * likely), reasons=tuple(reasons))


def _names_alike(one: Name, other: Name) -> tuple[float, Message] | None:
    if not one.core or not other.core:
        return None
    for reason, same in (
        (SAME_NAME, one.core == other.core),
        (SAME_WORDS, one.words == other.words),
        (SAME_CORE, one.loose == other.loose and (one.region == "" or other.region == "")),
    ):
        if same:
            return _WEIGHTS[reason.text], reason
    longer = max(len(one.loose), len(other.loose))
    if longer < 4 or (one.region and other.region and one.region != other.region):
        return None
    # Two letters exchanged are one slip. Long names bear more of them, yet not in their beginning.
    near = 1 - OSA.distance(one.loose, other.loose) / longer
    near = max(near, JaroWinkler.similarity(one.loose, other.loose) if longer >= _JARO_LENGTH else 0.0)
    if near < _SIMILAR_FROM and not (longer >= _SLIP_LENGTH and OSA.distance(one.loose, other.loose) == 1):
        return None
    percent = round(100 * near)
    return min(_SIMILAR_WEIGHT * near, _SIMILAR_MOST), message(
        N_("Similar name ({percent} %)"), percent=percent
    )


def _keyed(traits: Traits) -> Iterator[tuple[str, str]]:
    kind = traits.entity[:2]
    for mark, text in (("t", traits.number), ("e", traits.email), (_SITE, traits.site)):
        if text:
            yield kind + mark, text
    if len(traits.phone) >= _FEW_DIGITS:
        yield kind + "p", traits.phone[-_PHONE_DIGITS:]
    name = traits.name
    if not name.core:
        return
    if traits.entity == "contact":
        if traits.within:
            yield kind + "n", f"{traits.within} {name.words}"
        return
    yield kind + "n", name.words
    yield kind + "n", name.loose
    # A slip of one letter leaves the first half of a name or the second as it was. Ends are common words
    # such as "trading", so only long ones say anything.
    length, least = len(name.loose), 2 if name.is_chinese else 4
    for half in {length // 2, (length + 1) // 2}:
        if half >= least:
            yield kind + _HALVES[0], name.loose[:half]
        if half > least:
            yield kind + _HALVES[1], name.loose[-half:]


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=_KEY_BYTES).hexdigest()


def _phone(text: str) -> str:
    """Return a phone number's digits, those of an international prefix marked by a plus."""
    plain = without_extension(plain_form(text))
    digits = _NOT_A_DIGIT.sub("", plain)
    if plain.startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def _same_phone(one: str, other: str) -> bool:
    if one == other:
        return len(one) >= _FEW_DIGITS
    if one[-_FEW_DIGITS:] != other[-_FEW_DIGITS:]:
        return False
    import phonenumbers  # noqa: PLC0415 - its tables take a while, and few numbers come so far

    try:
        pair = [phonenumbers.parse(each, home_region()) for each in (one, other)]
    except phonenumbers.NumberParseException:
        return False
    same = phonenumbers.is_number_match(*pair)
    return bool(same in (phonenumbers.MatchType.EXACT_MATCH, phonenumbers.MatchType.NSN_MATCH))


def _domain(text: str) -> str:
    """Return the name a web address belongs to: `shop.acme.com.cn/en` belongs to `acme.com.cn`."""
    if not text:
        return ""
    found = _HOST.match(plain_form(text))
    if found is None:
        return ""
    labels = [label for label in found[1].split(".") if label]
    if len(labels) < 2:
        return ""
    wide = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _NOT_A_NAME
    domain = ".".join(labels[-3 if wide else -2 :])
    return "" if domain in _FREE_MAIL else domain


def _domain_of_address(email: str) -> str:
    _, at, host = email.partition("@")
    return _domain(host) if at else ""


def best_first(matches: Sequence[tuple[str, Likeness]]) -> list[tuple[str, Likeness]]:
    """Return records and their likeness, the likeliest first; of equals the one of the lower id."""
    return sorted(matches, key=lambda each: (-each[1].score, each[0]))
