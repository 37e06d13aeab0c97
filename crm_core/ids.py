"""Record ids: UUIDs as 32 lower-case hexadecimal digits, made on the laptop, ordered by time."""

from __future__ import annotations

import re
import secrets
import time
import uuid

# Ids of records every HQ has from the start (roles, pipelines, stages) are made from their names in
# this namespace, so that two installations and every test agree on them.
NAMESPACE = uuid.UUID("6f1d3c0e-5a3b-4c57-9c0e-7a1f0f6f5a11")
_ID = re.compile(r"[0-9a-f]{32}\Z")


def new_id() -> str:
    """Return a fresh UUIDv7 (RFC 9562, section 5.7) as 32 hexadecimal digits."""
    unix_ms = time.time_ns() // 1_000_000
    random = int.from_bytes(secrets.token_bytes(10))
    value = (unix_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return f"{value:032x}"


def named_id(kind: str, name: str) -> str:
    """Return the id of a record that has the same one in every installation."""
    return uuid.uuid5(NAMESPACE, f"{kind}:{name}").hex


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of a record id."""
    return _ID.match(text) is not None


def to_bytes(record_id: str) -> bytes:
    """Return the 16 bytes that travel on the wire."""
    return bytes.fromhex(record_id)


def from_bytes(raw: bytes) -> str:
    """Return the id for its 16 bytes."""
    return raw.hex()
