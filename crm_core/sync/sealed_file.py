"""The `.satchel` file: requests to HQ, HQ's answers, or a whole first fill, sealed for one reader.

`MAGIC`, the length of the head, the `Head` in the clear, then sealed pieces; but for an enrolment a
signature over all of it at the end. Inside the pieces stand messages one after the other, each led by its
length: an opening message of the kind, then what would have travelled over a line (docs/sync.md).

A file is read twice, first to see that it is whole and from whom it should be, then to be used: nothing of
a damaged one is ever applied. `Blocks` gives it from its beginning each time, so it is never all in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import Final, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.codec import MAX_MESSAGE_BYTES
from crm_core.sync.protocol import EnrolResponse, Fault
from crm_core.sync.sealing import (
    PIECE_BYTES,
    SIGNATURE_BYTES,
    TAG_BYTES,
    PieceCipher,
    Sealer,
    is_signed,
    key_of_passphrase,
)

MAGIC: Final = b"SATCHEL-FILE\n"
VERSION: Final = 1
SUFFIX: Final = ".satchel"
_LENGTH_BYTES: Final = 4
_HEAD_MOST: Final = 1024
_SEALED_BYTES: Final = PIECE_BYTES + TAG_BYTES

Blocks: TypeAlias = Callable[[], Iterator[bytes]]
"""Gives the bytes of a file from its beginning, in blocks of any size."""


class FileKind(IntEnum):
    """What a file carries."""

    TO_HQ = 1
    TO_LAPTOP = 2
    ENROLMENT = 3


class Head(msgspec.Struct, array_like=True, frozen=True):
    """What may be read before the file is opened: no word of what is in it."""

    v: int
    kind: int
    epoch: bytes
    """Whose HQ it is to or from."""
    device: int
    """The laptop it is from or to."""
    no: int
    """Number of the laptop's file, the same in the answer to it. Grows; 0 in an enrolment."""
    opening: bytes = b""
    """What the reader finds the key with; of an enrolment the salt of the passphrase."""


class Contents(msgspec.Struct, array_like=True, frozen=True):
    """What contents of attached files a laptop takes with the answer."""

    bytes_most: int
    """Of all of them together."""
    automatic_bytes: int
    """One up to this size comes along with its attachment, and so does its small picture; 0: none does."""
    wanted: list[tuple[str, int]] = []
    """[SHA-256, bytes that are here] of those that wait, first those a person asked for."""


class ContentPart(msgspec.Struct, array_like=True, frozen=True):
    """A part of a content, after an empty message that ends requests or answers."""

    sha256: str
    offset: int
    size: int
    """Of the whole content."""
    content: bytes


class Taken(msgspec.Struct, array_like=True, frozen=True):
    """What HQ has of a content a laptop's file brought."""

    sha256: str
    held: int
    problem: str = ""
    """Why it takes no more of it, as in `Fault.code`."""


class ToHq(msgspec.Struct, array_like=True, frozen=True):
    """First message of a laptop's file; `SyncRequest`s follow, at least one."""

    made_ms: int
    """When it was sealed, by the laptop's clock."""
    highest_op: int
    """The highest number it ever gave an operation under this incarnation."""
    contents: Contents | None = None
    """Then an empty message and `ContentPart`s end the file, and so they do HQ's answer, a list of `Taken`
    before them; None: neither has any."""


class ToLaptop(msgspec.Struct, array_like=True, frozen=True):
    """First message of HQ's answer; `SyncResponse`s follow, each to the token of the one before."""

    server_ms: int
    fault: Fault | None = None
    """HQ does not serve this laptop any more; nothing follows."""
    offer: bool = False
    """HQ does not know the laptop by what it said: it is to begin anew, unless it was in touch since."""


class Enrolment(msgspec.Struct, array_like=True, frozen=True):
    """First message of an enrolment; `SyncResponse`s with everything the user may see follow."""

    answer: EnrolResponse
    address: str
    """Where HQ is reached over the network; empty where it is not said."""
    until_ms: int = 0
    """Until when it may be used; 0: for ever."""


class UnfitFile(UserError):
    """A file that cannot be used here. Nothing was changed."""


def _damaged() -> UnfitFile:
    return UnfitFile(N_("The file is damaged or was cut off. Nothing was changed; copy or write it again"))


def seal(
    head: Head, messages: Iterable[bytes], *, sender: Sealer, reader: bytes, drawn: bytes
) -> Iterator[bytes]:
    """Yield a file from one side to the other, known by its public keys; `drawn` are 32 random bytes."""
    key, opening = sender.key_to(reader, drawn)
    whole = hashlib.sha256()
    for block in _sealed(msgspec.structs.replace(head, opening=opening), key, messages):
        whole.update(block)
        yield block
    yield sender.sign(whole.digest())


def seal_with_passphrase(
    head: Head, messages: Iterable[bytes], *, passphrase: str, salt: bytes
) -> Iterator[bytes]:
    """Yield a file that a passphrase opens; `salt` are 16 random bytes."""
    yield from _sealed(
        msgspec.structs.replace(head, opening=salt), key_of_passphrase(passphrase, salt), messages
    )


def _sealed(head: Head, key: bytes, messages: Iterable[bytes]) -> Iterator[bytes]:
    packed = msgspec.msgpack.encode(head)
    before = MAGIC + len(packed).to_bytes(2, "big") + packed
    yield before
    cipher = PieceCipher(key, bound=before)
    waiting = bytearray()
    for message in messages:
        waiting += len(message).to_bytes(_LENGTH_BYTES, "big")
        waiting += message
        # One piece always waits: only the end tells which is the last.
        while len(waiting) > PIECE_BYTES:
            yield cipher.seal(bytes(waiting[:PIECE_BYTES]), last=False)
            del waiting[:PIECE_BYTES]
    yield cipher.seal(bytes(waiting), last=True)


class SealedFile:
    """A file somebody brought. Making one reads its head; raises `UnfitFile` where it has none."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        reader = _Reader(blocks())
        if reader.take(len(MAGIC)) != MAGIC:
            raise UnfitFile(N_("This is no file of Satchel's sync"))
        length = int.from_bytes(reader.take(2), "big")
        packed = reader.take(length) if length <= _HEAD_MOST else b""
        self._before = MAGIC + length.to_bytes(2, "big") + packed
        try:
            version = msgspec.msgpack.decode(packed, type=list[object])[0]
            if isinstance(version, int) and version > VERSION:
                raise UnfitFile(N_("The file was written by a newer version of the program"))
            self.head = msgspec.msgpack.decode(packed, type=Head)
        except (msgspec.DecodeError, msgspec.ValidationError, IndexError) as error:
            raise _damaged() from error

    def demand_kind(self, kind: FileKind) -> None:
        """Raise `UnfitFile`, saying where the file belongs, unless it is of a kind."""
        if self.head.kind == kind:
            return
        match self.head.kind:
            case FileKind.TO_HQ:
                raise UnfitFile(N_("This file is for HQ. Bring it there; the answer is what a laptop reads"))
            case FileKind.TO_LAPTOP:
                raise UnfitFile(N_("This file is HQ's answer to a laptop, which reads it with Sync by file"))
            case FileKind.ENROLMENT:
                raise UnfitFile(N_("This file signs a new laptop in. Use it there, with its passphrase"))
            case _:
                raise UnfitFile(N_("The file was written by a newer version of the program"))

    def demand_whole(self, sender: bytes) -> None:
        """Raise `UnfitFile` unless every byte is as the sender, known by its public keys, signed it."""
        whole, kept = hashlib.sha256(), b""
        for block in self._blocks():
            kept += block
            whole.update(kept[:-SIGNATURE_BYTES])
            kept = kept[-SIGNATURE_BYTES:]
        if not is_signed(whole.digest(), kept, sender):
            raise _damaged()

    def messages(self, reader: Sealer, sender: bytes) -> Iterator[bytes]:
        """Yield what the sender sealed for this reader, message by message."""
        try:
            key = reader.key_from(sender, self.head.opening)
        except ValueError as error:
            raise _damaged() from error
        yield from self._messages(key, after=SIGNATURE_BYTES)

    def messages_by_passphrase(self, passphrase: str) -> Iterator[bytes]:
        """Yield what a passphrase opens; raises `WrongPassphrase` where it does not."""
        key = key_of_passphrase(passphrase, self.head.opening)
        yield from self._messages(key, after=0, unopened=WrongPassphrase())

    def _messages(self, key: bytes, *, after: int, unopened: UnfitFile | None = None) -> Iterator[bytes]:
        """Yield the messages; `after` bytes follow the last piece, `unopened` is said of a first one shut."""
        source = _Reader(self._blocks(), after)
        source.take(len(self._before))
        cipher = PieceCipher(key, bound=self._before)
        ready = bytearray()
        piece, is_first = source.take(_SEALED_BYTES), True
        while piece:
            following = source.take(_SEALED_BYTES)
            try:
                ready += cipher.open(piece, last=not following)
            except InvalidTag as error:
                raise (unopened if is_first and unopened is not None else _damaged()) from error
            piece, is_first = following, False
            while len(ready) >= _LENGTH_BYTES:
                end = _LENGTH_BYTES + int.from_bytes(ready[:_LENGTH_BYTES], "big")
                if end > MAX_MESSAGE_BYTES:
                    raise _damaged()
                if len(ready) < end:
                    break
                yield bytes(ready[_LENGTH_BYTES:end])
                del ready[:end]
        if ready or is_first:
            raise _damaged()


class WrongPassphrase(UnfitFile):
    """The passphrase does not open the file, or it was changed."""

    def __init__(self) -> None:
        super().__init__(N_("The passphrase does not open this file, or the file is damaged"))


class _Reader:
    """Takes so many bytes at a time from blocks of any size, all but some at the end."""

    def __init__(self, blocks: Iterator[bytes], after: int = 0) -> None:
        self._blocks = blocks
        self._after = after
        self._held = bytearray()

    def take(self, count: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        while len(self._held) < count + self._after and (block := next(self._blocks, b"")):
            self._held += block
        taken = bytes(self._held[: min(count, max(0, len(self._held) - self._after))])
        del self._held[: len(taken)]
        return taken
