"""Bytes for messages and back: MessagePack, zstd, limits on what may come out of either.

`application/x-satchel` is the compact form: zstd around MessagePack. `application/json` is the same
structures as JSON, for people with a debugger. Both carry ids as they are: 16 bytes in the compact form.

A small message has nothing to repeat, so it may be written with a dictionary both sides have; its frame names
which (docs/decisions/0012-steps-of-eight-seconds-and-a-dictionary.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
import zstandard

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.field import Field, Kind
from crm_core.sync.protocol import MSG_TYPES, Msg
from crm_core.sync.wire_dictionary import DICTIONARIES

COMPACT = "application/x-satchel"
JSON = "application/json"

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # decompressed; a page is at most 1 MB, an upload 4 MB
ZSTD_LEVEL = 3
SMALL_BYTES = 4096  # before compression; a larger message holds its own repetitions, and a dictionary harms
SMALL_LEVEL = 9  # of so little it takes no longer
NEWEST_DICTIONARY = max(DICTIONARIES)
ID_BYTES = 16

_T = TypeVar("_T")
_encoder = msgspec.msgpack.Encoder()
_dictionaries = {no: zstandard.ZstdCompressionDict(trained) for no, trained in DICTIONARIES.items()}
for _each in _dictionaries.values():
    _each.precompute_compress(level=SMALL_LEVEL)


class Malformed(UserError):
    """What came is not a message of this protocol."""


class Damaged(Malformed):
    """It was a message once: its checksum or its frame says that it changed on the way."""


def encode(message: Any, dictionary: int = 0) -> bytes:
    """Return the compact form of a message, with a checksum: a flipped bit must not become a name.

    `dictionary` is one the reader is known to have; 0 for none.
    """
    plain = _encoder.encode(message)
    if dictionary not in _dictionaries or len(plain) >= SMALL_BYTES:
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compress(plain)
    shared = _dictionaries[dictionary]
    return zstandard.ZstdCompressor(level=SMALL_LEVEL, write_checksum=True, dict_data=shared).compress(plain)


def dictionary_of(raw: bytes) -> int:
    """Return which dictionary a compact message was written with; 0 for none. Raises `Damaged`."""
    try:
        return zstandard.get_frame_parameters(raw).dict_id
    except zstandard.ZstdError as error:
        raise Damaged(N_("The message was damaged on the way")) from error


def dictionary_for(told: object) -> int:
    """Return the dictionary to write for a reader that told the newest one it has; 0 for none."""
    return min(told, NEWEST_DICTIONARY) if isinstance(told, int) and told > 0 else 0


def plain_size(raw: bytes) -> int:
    """Return what a compact message unpacks to, in bytes; `Malformed` beyond the limit, or `Damaged`."""
    try:
        size = zstandard.frame_content_size(raw)
    except zstandard.ZstdError as error:
        raise Damaged(N_("The message was damaged on the way")) from error
    if not 0 <= size <= MAX_MESSAGE_BYTES:
        raise Malformed(N_("The message is larger than allowed"))
    return size


def unpack(raw: bytes) -> bytes:
    """Return the MessagePack in a compact message; raises what `plain_size` does."""
    size, dictionary = plain_size(raw), dictionary_of(raw)
    if dictionary and dictionary not in _dictionaries:
        raise Malformed(N_("The message was written by a newer version of the program"))
    try:
        reader = zstandard.ZstdDecompressor(dict_data=_dictionaries.get(dictionary))
        return reader.decompress(raw, max_output_size=size)
    except zstandard.ZstdError as error:
        raise Damaged(N_("The message was damaged on the way")) from error


def decode(raw: bytes, kind: type[_T]) -> _T:
    """Return the message in `raw`; `Malformed` where it is none, or unpacks beyond the limit.

    `Damaged` where the bytes are not those that were sent: whoever sends them again may be understood.
    """
    try:
        return msgspec.msgpack.decode(unpack(raw), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Malformed(N_("The message could not be read")) from error


def encode_json(message: Any) -> bytes:
    """Return a message as JSON; byte strings become base64."""
    return msgspec.json.encode(message)


def decode_json(raw: bytes, kind: type[_T]) -> _T:
    """Return the message in JSON text; `Malformed` where it is none."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Malformed(N_("The message could not be read")) from error


def read_message(raw: Any) -> Msg | None:
    """Return a downloaded message; None for a kind of a newer version that may be skipped.

    Raises `Malformed` for an unknown kind that may not.
    """
    try:
        kind, optional = raw[0], raw[1]
        if kind not in MSG_TYPES:
            if isinstance(kind, int) and optional == 1:
                return None
            raise Malformed(N_("HQ sent a kind of message this version does not know"))
        return msgspec.convert(raw, MSG_TYPES[kind])
    except (TypeError, IndexError, KeyError, msgspec.ValidationError) as error:
        raise Malformed(N_("The message could not be read")) from error


def pack_ids(ids: Iterable[str]) -> bytes:
    """Return record ids one after the other."""
    return bytes.fromhex("".join(ids))


def unpack_ids(raw: bytes) -> list[str]:
    """Return the record ids in `raw`; `Malformed` unless its length is a multiple of 16."""
    if len(raw) % ID_BYTES:
        raise Malformed(N_("The message could not be read"))
    text = raw.hex()
    return [text[start : start + 2 * ID_BYTES] for start in range(0, len(text), 2 * ID_BYTES)]


def pack_column(field: Field | None, values: Sequence[Any]) -> list[Any]:
    """Return a column's values for the wire; links become 16 bytes. `field` None: a custom field."""
    if field is not None and field.kind is Kind.REF:
        return [bytes.fromhex(value) if value else None for value in values]
    return list(values)


def pack_value(field: Field | None, value: Any) -> Any:
    """Return one value for the wire."""
    return bytes.fromhex(value) if value and field is not None and field.kind is Kind.REF else value


def unpack_value(value: Any) -> Any:
    """Return a value from the wire: bytes are always an id."""
    return value.hex() if isinstance(value, bytes) else value


def unpack_column(values: Sequence[Any]) -> list[Any]:
    """Return a column's values from the wire."""
    if bytes not in set(map(type, values)):
        return list(values)
    return [value.hex() if isinstance(value, bytes) else value for value in values]
