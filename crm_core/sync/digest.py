"""What a replica holds, in few bytes: laptop and HQ work it out from their own rows and compare.

A row counts with its life and its filled fields, of a set every addition; stamps and positions do not. Rows
fall into buckets by the last byte of their id (the first ones are its time, the same for years). A bucket is
the number of its rows and the sums of their hashes, so neither order nor engine matters. Nobody ever takes
over the other's digest: only rows are mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

ROW_HASH_BYTES: Final = 16
KIND_HASH_BYTES: Final = 8
_WORD_BYTES: Final = 4
_MODULUS: Final = 2**32

Bucket = tuple[int, int, int, int, int, int]
"""Its number, how many rows it holds, and the four sums of their hashes."""

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def row_hash(entity: int, row_id: str, life: int, values: Mapping[int | str, Any]) -> bytes:
    """Return the hash of a row; `values` by field number, custom ones by `x:key`, sets as [word, dot] pairs.

    Empty fields count as absent, so a field only one side has ever heard of makes no difference.
    """
    filled = [(str(field), value) for field, value in values.items() if value is not None]
    canonical = _encoder.encode((entity, row_id, life, sorted(filled, key=lambda pair: pair[0])))
    return hashlib.blake2b(canonical, digest_size=ROW_HASH_BYTES).digest()


def set_value(pairs: Iterable[Iterable[str]]) -> list[list[str]] | None:
    """Return the (word, dot) pairs of a set in the order in which they are hashed; None for an empty one."""
    return sorted([str(part) for part in pair] for pair in pairs) or None


def bucket_of(row_id: str) -> int:
    """Return the bucket of a row."""
    return int(row_id[-2:], 16)


def bucket_ending(bucket: int) -> str:
    """Return how the ids of a bucket's rows end."""
    return f"{bucket:02x}"


class Digest:
    """The rows of one entity, bucket by bucket."""

    def __init__(self, hashes: Iterable[tuple[str, bytes]] = ()) -> None:
        self._sums: dict[int, list[int]] = {}
        for row_id, hashed in hashes:
            self.add(row_id, hashed)

    def add(self, row_id: str, hashed: bytes) -> None:
        """Count a row."""
        sums = self._sums.setdefault(bucket_of(row_id), [0, 0, 0, 0, 0])
        sums[0] += 1
        for place in range(4):
            word = hashed[place * _WORD_BYTES : (place + 1) * _WORD_BYTES]
            sums[place + 1] = (sums[place + 1] + int.from_bytes(word, "big")) % _MODULUS

    def buckets(self) -> list[Bucket]:
        """Return the buckets that hold rows, by number."""
        return [
            (number, count, first, second, third, fourth)
            for number, (count, first, second, third, fourth) in sorted(self._sums.items())
        ]

    def summary(self) -> bytes:
        """Return one hash of all buckets."""
        return hashlib.blake2b(_encoder.encode(self.buckets()), digest_size=KIND_HASH_BYTES).digest()


def differing_buckets(here: Iterable[Bucket], there: Iterable[Bucket]) -> list[int]:
    """Return the numbers of the buckets that are not the same on both sides."""
    return sorted({bucket[0] for bucket in set(map(tuple, here)) ^ set(map(tuple, there))})
