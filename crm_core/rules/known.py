"""Telling that a customer is held by somebody else, without holding anything of it: hashes under HQ's key.

HQ hashes name, phone and tax number of every customer under a key that its enrolled laptops have, and cuts
the hashes short. Whoever has a name can ask whether it is among them; who it is, whose, and what else there
is of it they do not say. Numbers can be tried one after the other by whoever holds such a laptop:
docs/permissions.md tells the limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from crm_core.i18n import Message
from crm_core.rules.duplicates import SAME_NAME, SAME_NUMBER, SAME_PHONE, traits_of
from crm_core.schema.phones import home_region

ENTITY: Final = "customer"
KEY_BYTES: Final = 32
HASH_BYTES: Final = 5
"""Two of 300,000 hashes are the same by chance once in three million questions: 300,000 / 256 ** 5."""
PAGE_HASHES: Final = 20_000
_SHORTEST_NAME: Final = 4  # letters; two of Chinese: others are the names of hundreds
_SHORTEST_PHONE: Final = 7


class KnownPage(msgspec.Struct, array_like=True, kw_only=False):
    """What changed among the customers HQ knows, since where the laptop stands."""

    epoch: bytes
    """HQ's identity: another one, and the laptop begins anew."""
    key: bytes
    next: int
    """Where the laptop stands afterwards."""
    more: bool
    begins: bool
    """It is the first page of all: what the laptop holds goes first."""
    added: bytes
    """Hashes one after the other."""
    removed: bytes


def known_texts(values: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    """Yield what of a customer is hashed, each with what it means to have it in common."""
    traits = traits_of(ENTITY, values)
    shortest = 2 if traits.name.is_chinese else _SHORTEST_NAME
    if len(traits.name.loose) >= shortest:
        yield f"n{traits.name.words}", SAME_NAME
    if traits.number:
        yield f"t{traits.number}", SAME_NUMBER
    phone = whole_number(traits.phone)
    if len(phone) >= _SHORTEST_PHONE:
        yield f"p{phone}", SAME_PHONE


def whole_number(phone: str) -> str:
    """Return the digits of a phone number with the code of its country; its own where it is no number."""
    if not phone:
        return ""
    import phonenumbers  # noqa: PLC0415 - its tables take a while

    try:
        parsed = phonenumbers.parse(phone, home_region())
    except phonenumbers.NumberParseException:
        return phone.lstrip("+")
    return f"{parsed.country_code}{parsed.national_number}"


def hash_of(key: bytes, text: str) -> bytes:
    """Return the short hash of a text under HQ's key."""
    return blake2b(text.encode(), key=key, digest_size=HASH_BYTES).digest()


def hashes_in(packed: bytes) -> list[int]:
    """Return hashes that stand one after the other, as numbers."""
    whole = len(packed) - len(packed) % HASH_BYTES
    return [int.from_bytes(packed[at : at + HASH_BYTES], "big") for at in range(0, whole, HASH_BYTES)]
