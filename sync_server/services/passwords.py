"""Passwords as Argon2id hashes, checked in the same time whether the name exists or not."""

from __future__ import annotations

import secrets
import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's second recommendation takes 64 MiB a hash; a handful at once is what a small server has.
AT_ONCE: Final = 4

_hasher: Final = PasswordHasher()
_gate: Final = threading.BoundedSemaphore(AT_ONCE)


@cache
def nobodys() -> str:
    """Return a hash to check against for a name nobody has; made once, before the first question comes."""
    return _hasher.hash(secrets.token_hex())


def hashed(password: str) -> str:
    """Return what to keep instead of a password."""
    with _gate:
        return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Tell whether the password is the one kept; None, for a name nobody has, takes as long and is False."""
    with _gate:
        try:
            _hasher.verify(kept or nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)
