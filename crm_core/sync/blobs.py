"""Contents of files on their way: cut into parts, known by hashes, proved without being sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

PART_BYTES = 32 * 1024
"""A content travels in parts of this size; the last one is shorter. 4 s at 64 kbit/s."""

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A content from some byte to the end of its part."""

    content: bytes
    part_sha256: str
    """Of the whole part, however much of it is sent."""
    size: int
    """Of the whole content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a laptop has sent a content."""

    held: int
    challenge: bytes
    """What to prove possession with; says nothing about whether HQ has the content."""


def is_sha256(text: object) -> bool:
    """Tell whether a value has the form of a SHA-256: 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _SHA256.match(text) is not None


def part_of(offset: int, size: int) -> tuple[int, int, int]:
    """Return number, beginning and end of the part that holds the byte at `offset`."""
    number = offset // PART_BYTES
    start = number * PART_BYTES
    return number, start, min(start + PART_BYTES, size)


def hash_of(pieces: Iterable[bytes]) -> str:
    """Return the SHA-256 of a content given in pieces."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def proof_of(challenge: bytes, pieces: Iterable[bytes]) -> str:
    """Return what only somebody who has the content can know: its HMAC-SHA256 under HQ's challenge."""
    found = hmac.new(challenge, digestmod="sha256")
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()
