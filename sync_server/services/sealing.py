"""A stream sealed with a passphrase, for backups."""

from __future__ import annotations

import io
import os
from typing import IO, Final

from cryptography.exceptions import InvalidTag

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.sealing import PIECE_BYTES, SALT_BYTES, TAG_BYTES, PieceCipher, key_of_passphrase

MAGIC: Final = b"SATCHEL-SEALED-1\n"


class WrongPassphrase(UserError):
    """The passphrase does not open it, or it was changed."""

    def __init__(self) -> None:
        super().__init__(N_("The passphrase does not open this backup, or the file is damaged"))


class Sealer(io.RawIOBase):
    """A stream that writes sealed to another; `finish` must be called at the end."""

    def __init__(self, target: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._target, self._cipher = target, PieceCipher(key_of_passphrase(passphrase, salt))
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
        self._target.write(self._cipher.seal(piece, last=last))


class Opener(io.RawIOBase):
    """A stream that reads what was sealed. Reading raises `WrongPassphrase`."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        source.seek(len(MAGIC))
        self._source, self._cipher = (
            source,
            PieceCipher(key_of_passphrase(passphrase, source.read(SALT_BYTES))),
        )
        self._next = source.read(PIECE_BYTES + TAG_BYTES)
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._ready and self._next:
            piece, self._next = self._next, self._source.read(PIECE_BYTES + TAG_BYTES)
            try:
                self._ready = self._cipher.open(piece, last=not self._next)
            except InvalidTag as error:
                raise WrongPassphrase from error
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def is_sealed(stream: IO[bytes]) -> bool:
    """Tell whether a file is sealed; leaves it at its beginning."""
    begins = stream.read(len(MAGIC))
    stream.seek(0)
    return begins == MAGIC
