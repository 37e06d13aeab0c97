"""What laptops carry for HQ without being able to read it: tokens and positions.

A token says where a laptop stands; it is signed, and bound to the device, its incarnation and HQ's epoch.
A position goes out as another whole number, a permutation of its own for each device, so that nobody learns
from it how much happens at HQ.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from crm_core.sync.plan import Token

MAC_BYTES: Final = 16
HALF_BITS: Final = 31  # two halves make 62 bits: a laptop's SQLite keeps signed integers of 64
HALF_MASK: Final = (1 << HALF_BITS) - 1
ROUNDS: Final = 4  # Luby and Rackoff, 1988: four rounds stand against chosen inputs both ways
POSITION_LIMIT: Final = 1 << (2 * HALF_BITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a token says: where its laptop stands, and which settings it was told."""

    token: Token
    settings: int
    offers: int | None = None
    """Which list of refused edits it was shown (`services.offers`); None: its program knows of none."""


class Signer:
    """Signs tokens for one device and reads back only what it signed."""

    def __init__(self, secret: bytes, *, device: int, incarnation: int, epoch: str) -> None:
        self._key = hmac.digest(secret, b"token", "sha256")
        self._offer_key = hmac.digest(secret, b"begin anew", "sha256")
        self._bound = (device, incarnation, epoch)

    def sign(self, standing: Standing) -> bytes:
        """Return the token that travels."""
        body = msgspec.msgpack.encode((standing.token.pack(), standing.settings, standing.offers))
        return self._mac(body) + body

    def read(self, raw: bytes) -> Standing | None:
        """Return what a token says; None for one that was not signed here for this device."""
        mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            return None
        packed, settings, *later = msgspec.msgpack.decode(body, type=tuple[Any, ...])
        try:
            token = Token.unpack(tuple(packed))
            return Standing(token=token, settings=settings, offers=later[0] if later else None)
        except ValueError:
            return None  # of an older HQ, whose tokens had another shape

    def offer(self) -> bytes:
        """Return the nonce under which the laptop takes up this incarnation, offered to it in a file.

        It follows from the names alone, so an offer nobody takes up leaves nothing behind.
        """
        return hmac.digest(self._offer_key, msgspec.msgpack.encode(self._bound), "sha256")[:MAC_BYTES]

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, msgspec.msgpack.encode(self._bound) + body, "sha256")[:MAC_BYTES]


class Disguise:
    """Positions as one device sees them: a keyed permutation of the whole numbers below 2**62."""

    def __init__(self, secret: bytes, device: int) -> None:
        self._key = hmac.digest(secret, b"position:%d" % device, "sha256")
        self._seen: dict[int, int] = {0: 0}
        self._hidden: dict[int, int] = {0: 0}

    def hide(self, seq: int) -> int:
        """Return the number to send for a position; 0, which means none, stays 0."""
        if seq not in self._hidden:
            left, right = seq >> HALF_BITS, seq & HALF_MASK
            for turn in range(ROUNDS):
                left, right = right, left ^ self._round(turn, right)
            self._hidden[seq] = (left << HALF_BITS | right) or POSITION_LIMIT
        return self._hidden[seq]

    def reveal(self, sent: int, head: int) -> int:
        """Return the position behind a number; 0 for one that cannot have come from here."""
        if sent not in self._seen:
            self._seen[sent] = self._reveal(sent, head)
        return self._seen[sent]

    def _reveal(self, sent: int, head: int) -> int:
        if not 0 < sent <= POSITION_LIMIT:
            return 0
        sent %= POSITION_LIMIT
        left, right = sent >> HALF_BITS, sent & HALF_MASK
        for turn in reversed(range(ROUNDS)):
            left, right = right ^ self._round(turn, left), left
        seq = left << HALF_BITS | right
        return seq if seq <= head else 0

    def _round(self, turn: int, half: int) -> int:
        text = bytes((turn,)) + half.to_bytes(4, "big")
        return int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=4).digest(), "big") & HALF_MASK
