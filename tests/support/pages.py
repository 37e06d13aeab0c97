"""Every byte of an encrypted profile in the clear: pages in use and free ones, the log's, the copies'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
RESERVED = 80  # SQLCipher 4: 16 bytes of initialisation vector, 64 of HMAC-SHA512
SALT = 16
WAL_HEADER, FRAME_HEADER = 32, 24


def plain_pages(file: Path, key: bytes) -> Iterator[bytes]:
    """Yield the decrypted pages of a database or of a write-ahead log."""
    raw = file.read_bytes()
    if file.name.endswith("-wal"):
        step = FRAME_HEADER + PAGE
        for start in range(WAL_HEADER, len(raw) - step + 1, step):
            is_first = int.from_bytes(raw[start : start + 4], "big") == 1
            yield _plain(raw[start + FRAME_HEADER : start + step], key, is_first=is_first)
    else:
        for start in range(0, len(raw) - PAGE + 1, PAGE):
            yield _plain(raw[start : start + PAGE], key, is_first=start == 0)


def _plain(page: bytes, key: bytes, *, is_first: bool) -> bytes:
    vector = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(vector)).decryptor()
    return decryptor.update(page[SALT if is_first else 0 : PAGE - RESERVED]) + decryptor.finalize()


def found_in(profile: Path, key: bytes, texts: list[str]) -> set[tuple[str, str]]:
    """Return (file, text) for every text that stands anywhere below a profile's folder, whatever its case."""
    found = set()
    for file in sorted(path for path in profile.rglob("*") if path.is_file()):
        encrypted = file.suffix == ".db" or file.name.endswith(".db-wal")
        pieces = [file.read_bytes(), *(plain_pages(file, key) if encrypted else ())]
        for text in texts:
            wanted = text.lower().encode()
            if any(wanted in piece.lower() for piece in pieces):
                found.add((file.name, text))
    return found


def number_in(root: Path, key: bytes, number: int) -> list[str]:
    """Return the files of a profile in which a number of six bytes stands, as a number or as text."""
    wanted = number.to_bytes(6, "big")
    files = [path for path in root.rglob("*") if path.suffix == ".db" or path.name.endswith(".db-wal")]
    held = [file.name for file in files if any(wanted in page for page in plain_pages(file, key))]
    return sorted({*held, *(name for name, _ in found_in(root, key, [str(number)]))})
