"""Sealing what is carried by hand: AES-256-GCM in pieces, keys by X25519 or a passphrase, Ed25519 under it.

Pieces carry their number and whether they are the last (the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár, 2015), so none can be changed, left out, moved, or cut off at the end unseen.
Nothing here reads or writes a file, or draws a random number: both are handed in.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SALT_BYTES: Final = 16
PIECE_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
PUBLIC_BYTES: Final = 2 * KEY_BYTES
_SCRYPT_N: Final = 2**16  # 64 MiB and about a fifth of a second a guess


class PieceCipher:
    """Seals or opens the pieces of one stream in their order; `bound` is what they are read together with."""

    def __init__(self, key: bytes, bound: bytes = b"") -> None:
        self._cipher = AESGCM(key)
        self._bound = bound or None
        self._number = 0

    def seal(self, piece: bytes, *, last: bool) -> bytes:
        """Return the next piece sealed."""
        return self._cipher.encrypt(self._nonce(last), piece, self._bound)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """Return the next piece; `InvalidTag` where it is not the one that was sealed there."""
        return self._cipher.decrypt(self._nonce(last), sealed, self._bound)

    def _nonce(self, last: bool) -> bytes:
        nonce = self._number.to_bytes(11, "big") + bytes((last,))
        self._number += 1
        return nonce


def key_of_passphrase(passphrase: str, salt: bytes) -> bytes:
    """Return the key a passphrase stands for; slow, so that guessing is."""
    return Scrypt(salt=salt, length=KEY_BYTES, n=_SCRYPT_N, r=8, p=1).derive(passphrase.encode())


class Sealer:
    """One side's key pairs: opens what was sealed for it, signs what it sends.

    Both pairs follow from one secret, so nothing is kept beside it: a laptop's are those of its device
    token, HQ's those of the key in its settings.
    """

    def __init__(self, secret: bytes) -> None:
        seed = HKDF(SHA256(), 2 * KEY_BYTES, salt=None, info=b"satchel sealed files").derive(secret)
        self._box = X25519PrivateKey.from_private_bytes(seed[:KEY_BYTES])
        self._pen = Ed25519PrivateKey.from_private_bytes(seed[KEY_BYTES:])

    @cached_property
    def public(self) -> bytes:
        """What the other side knows it by: both public keys, one after the other."""
        return self._box.public_key().public_bytes_raw() + self._pen.public_key().public_bytes_raw()

    def sign(self, digest: bytes) -> bytes:
        """Return the signature under a hash."""
        return self._pen.sign(digest)

    def key_to(self, other: bytes, drawn: bytes) -> tuple[bytes, bytes]:
        """Return the key of one file to the other side, and what it needs to find it.

        `drawn` are 32 random bytes for this file alone. The key follows from them and from this side's own
        pair, so only the two sides can have made the file, and this side's secret opens nothing it sent.
        """
        passing = X25519PrivateKey.from_private_bytes(drawn)
        theirs = X25519PublicKey.from_public_bytes(other[:KEY_BYTES])
        opening = passing.public_key().public_bytes_raw()
        return _mixed(passing.exchange(theirs), self._box.exchange(theirs), opening), opening

    def key_from(self, other: bytes, opening: bytes) -> bytes:
        """Return the key of a file the other side sealed; `ValueError` for an opening that is none."""
        theirs = X25519PublicKey.from_public_bytes(other[:KEY_BYTES])
        passing = X25519PublicKey.from_public_bytes(opening)
        return _mixed(self._box.exchange(passing), self._box.exchange(theirs), opening)


def is_signed(digest: bytes, signature: bytes, public: bytes) -> bool:
    """Tell whether whoever is known by `public` signed a hash."""
    try:
        Ed25519PublicKey.from_public_bytes(public[KEY_BYTES:]).verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def _mixed(passing: bytes, standing: bytes, opening: bytes) -> bytes:
    mixed = HKDF(SHA256(), KEY_BYTES, salt=opening, info=b"satchel sealed file")
    return mixed.derive(passing + standing)
