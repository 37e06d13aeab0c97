"""Reading a laptop's request within bounds, whatever it holds: a byte can become a hundred in memory.

An empty list takes one byte of MessagePack and 56 of Python. So the operations are taken out one by one,
counted, and what they hold with them, before the next is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.codec import Malformed
from crm_core.sync.protocol import DigestAsk, Op, SyncRequest, Txn

MAX_OPS: Final = 50_000  # of one request; a first upload of a year's work comes in several
MAX_ITEMS: Final = 2_000_000  # values in all operations together: forty fields of each
MAX_VALUE_BYTES: Final = 1024 * 1024  # of one operation; a long note has a tenth of it
MAX_LEASES_BYTES: Final = 4096
MAX_DIGEST_BYTES: Final = 4 * 1024 * 1024  # half of the rows of 100,000 in one step


class TooLarge(UserError):
    """A request holds more than one request may."""


_List = Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_OPS)]


def _with_raw(kind: type[msgspec.Struct], raw: Mapping[str, Any]) -> type[Any]:
    """Return the structure with some members left as their bytes, in the same order."""
    members: list[Any] = []
    for member in msgspec.structs.fields(kind):
        shape = raw.get(member.name, member.type)
        if member.required:
            members.append((member.name, shape))
        elif member.name in raw:
            members.append((member.name, shape, [] if shape is _List else msgspec.Raw()))
        else:
            members.append((member.name, shape, member.default))
    return msgspec.defstruct(f"Raw{kind.__name__}", members, array_like=True, frozen=True)


_Request = _with_raw(SyncRequest, {"txns": _List, "leases": msgspec.Raw, "digest": msgspec.Raw})
_Txn = _with_raw(Txn, {"ops": _List})
_Op = _with_raw(Op, {"value": msgspec.Raw})


def read_request(plain: bytes, *, is_json: bool) -> SyncRequest:
    """Return a request from MessagePack or JSON.

    Raises `Malformed` where it is none, and `TooLarge` where it holds more than is good for whoever reads it.
    """
    read = msgspec.json.decode if is_json else msgspec.msgpack.decode
    try:
        return _Reading(read).request(plain)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Malformed(N_("The message could not be read")) from error


class _Reading:
    """One request on its way in."""

    def __init__(self, read: Any) -> None:
        self._read = read
        self._ops = self._items = 0

    def request(self, plain: bytes) -> SyncRequest:
        raw = self._read(plain, type=_Request)
        members = {name: getattr(raw, name) for name in SyncRequest.__struct_fields__}
        members["txns"] = [self._txn(each) for each in raw.txns]
        members["leases"] = self._part(raw.leases, dict[str, int], MAX_LEASES_BYTES) or {}
        members["digest"] = self._part(raw.digest, DigestAsk | None, MAX_DIGEST_BYTES)
        return SyncRequest(**members)

    def _part(self, raw: msgspec.Raw, kind: Any, most: int) -> Any:
        if not len(raw):
            return None
        _demand(len(raw) <= most)
        return self._read(raw, type=kind)

    def _txn(self, plain: msgspec.Raw) -> Txn:
        raw = self._read(plain, type=_Txn)
        self._ops += len(raw.ops)
        _demand(self._ops <= MAX_OPS)
        return Txn(raw.no, raw.flags, raw.hlc, [self._op(each) for each in raw.ops])

    def _op(self, plain: msgspec.Raw) -> Op:
        raw = self._read(plain, type=_Op)
        _demand(len(raw.value) <= MAX_VALUE_BYTES)
        value = self._read(raw.value)
        if isinstance(value, list | dict):
            self._items += _count(value, MAX_ITEMS - self._items)
            _demand(self._items <= MAX_ITEMS)
        return Op(raw.no, raw.kind, raw.entity, raw.row, raw.field, value, raw.hlc_delta, raw.base)


def _count(value: Any, most: int) -> int:
    """Return how many values there are inside a value; more than `most` are not counted further."""
    found, open_ones = 0, [value]
    while open_ones and found <= most:
        inside = open_ones.pop()
        found += len(inside)
        each: Any = inside.values() if isinstance(inside, dict) else inside
        open_ones.extend(item for item in each if isinstance(item, list | dict))
    return found


def _demand(fits: bool) -> None:
    if not fits:
        raise TooLarge(N_("The request holds more than one request may"))
