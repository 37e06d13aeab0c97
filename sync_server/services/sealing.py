"""Encrypting a stream with a passphrase: AES-256-GCM in pieces, the key by scrypt.

Pieces carry their number and whether they are the last (the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár, 2015), so none can be changed, left out, moved, or cut off at the end unseen.
"""

from __future__ import annotations

import io
import os
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crm_core.errors import UserError
from crm_core.i18n import N_

MAGIC: Final = b"SATCHEL-SEALED-1\n"
SALT_BYTES: Final = 16
PIECE_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
_SCRYPT_N: Final = 2**16  # 64 MiB and about a fifth of a second a guess


class WrongPassphrase(UserError):
    """The passphrase does not open it, or it was changed."""

    def __init__(self) -> None:
        super().__init__(N_("The passphrase does not open this backup, or the file is damaged"))


class Sealer(io.RawIOBase):
    """A stream that writes sealed to another; `finish` must be called at the end."""

    def __init__(self, target: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._target, self._cipher, self._number = target, _cipher(passphrase, salt), 0
        self._waiting = bytearray()
        target.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, some: bytes) -> int:  # type: ignore[override]
        self._waiting += some
        # One piece always waits: only the end tells which is the last.
        while len(self._waiting) > PIECE_BYTES:
            self._seal(last=False)
        return len(some)

    def finish(self) -> None:
        """Seal what is left as the last piece."""
        self._seal(last=True)

    def _seal(self, *, last: bool) -> None:
        piece = bytes(self._waiting[:PIECE_BYTES])
        del self._waiting[:PIECE_BYTES]
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class Opener(io.RawIOBase):
    """A stream that reads what was sealed. Reading raises `WrongPassphrase`."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        source.seek(len(MAGIC))
        self._source, self._cipher, self._number = source, _cipher(passphrase, source.read(SALT_BYTES)), 0
        self._next = source.read(PIECE_BYTES + TAG_BYTES)
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._ready and self._next:
            piece, self._next = self._next, self._source.read(PIECE_BYTES + TAG_BYTES)
            try:
                nonce = _nonce(self._number, not self._next)
                self._ready = self._cipher.decrypt(nonce, piece, None)
            except InvalidTag as error:
                raise WrongPassphrase from error
            self._number += 1
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def is_sealed(stream: IO[bytes]) -> bool:
    """Tell whether a file is sealed; leaves it at its beginning."""
    begins = stream.read(len(MAGIC))
    stream.seek(0)
    return begins == MAGIC


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    key = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=8, p=1).derive(passphrase.encode())
    return AESGCM(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))
