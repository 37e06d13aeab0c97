"""Answers given before, by number and by content: whole as long as they are kept, afterwards what is left.

An operation can come again after any time: the answer was lost and the laptop lay in a drawer, or its
database is a copy. Of an answer collected as garbage there remains that it was given and what it said
(`op_seen`), so the operation still ends once; only the reason of a refusal is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from crm_core.i18n import N_
from crm_core.sync.clock import reading, shift_ms
from crm_core.sync.protocol import Answer, Code
from sync_server.services.records import chunks
from sync_server.store.tables import Device, OpLog, OpSeen, table_of

REASON_GONE: Final = N_("HQ refused this change long ago and keeps the reason no more")

_SIGNING_IN_MS: Final = 15 * 60 * 1000  # clocks are not even to the second, and a first sync may be long

_devices = table_of(Device)
_ops = table_of(OpLog)
_seen = table_of(OpSeen)


class Remembered(NamedTuple):
    """An answer given before."""

    sha: bytes
    answer: Answer
    is_whole: bool
    """Not so for what is left of a collected one: nobody can tell what it was based on."""


def by_number(
    connection: Connection, device: int, incarnation: int, numbers: Collection[int]
) -> dict[int, Remembered]:
    """Return the answers kept whole to these operations of one incarnation."""
    found: dict[int, Remembered] = {}
    for some in chunks(sorted(numbers)):
        query = select(_ops.c.op_no, _ops.c.payload_sha, _ops.c.answer).where(
            _ops.c.device == device, _ops.c.incarnation == incarnation, _ops.c.op_no.in_(some)
        )
        for row in connection.execute(query):
            answer = msgspec.msgpack.decode(row.answer, type=Answer)
            found[row.op_no] = Remembered(bytes(row.payload_sha), answer, True)
    return found


def collected(connection: Connection, device: int, shas: Collection[bytes]) -> dict[bytes, Remembered]:
    """Return what is left of answers to operations of this content that the laptop sent long ago."""
    return {
        bytes(row.payload_sha): Remembered(bytes(row.payload_sha), _left_of(row), False)
        for row in _by_sha(connection, _seen, (device,), shas, incarnation=None)
    }


def before_sign_in(enrolled_ms: int, sent_hlc: int, server_ms: int) -> int:
    """Return the last reading, by the sender's clock, of what it did before it was signed in.

    Only that can have been sent by what is another laptop now: what somebody's other laptop did with the
    same content at the same reading of a wrong clock is an edit of its own.
    """
    return reading(enrolled_ms + _SIGNING_IN_MS + shift_ms(sent_hlc, server_ms))


def by_content(
    connection: Connection,
    user_id: str,
    device: int,
    incarnation: int,
    shas: Collection[bytes],
    *,
    elsewhere: Collection[bytes],
) -> dict[bytes, Remembered]:
    """Return the answers to operations of this content sent under an earlier name.

    Earlier names are the laptop's former incarnations and, for those `elsewhere`, the user's other laptops:
    one that was signed in again is another.
    """
    found: dict[bytes, Remembered] = {}
    has_sent = (_devices.c.acked_op > 0) | (_devices.c.incarnation > 1)
    query = select(_devices.c.id).where(_devices.c.user_id == user_id, _devices.c.id != device, has_sent)
    others = tuple(connection.execute(query).scalars()) if elsewhere else ()
    for devices, wanted, before in (
        (others, elsewhere, None),
        ((device,) if incarnation > 1 else (), shas, incarnation),
    ):
        for row in _by_sha(connection, _seen, devices, wanted, incarnation=before):
            found[bytes(row.payload_sha)] = Remembered(bytes(row.payload_sha), _left_of(row), False)
        for row in _by_sha(connection, _ops, devices, wanted, incarnation=before):
            answer = msgspec.msgpack.decode(row.answer, type=Answer)
            found[bytes(row.payload_sha)] = Remembered(bytes(row.payload_sha), answer, True)
    return found


def _by_sha(
    connection: Connection,
    table: Any,
    devices: Collection[int],
    shas: Collection[bytes],
    *,
    incarnation: int | None,
) -> Iterator[Any]:
    if not devices:
        return
    for some in chunks(sorted(shas)):
        query = select(table).where(table.c.device.in_(sorted(devices)), table.c.payload_sha.in_(some))
        if incarnation is not None:
            query = query.where(table.c.incarnation < incarnation)
        yield from connection.execute(query)


def _left_of(row: Any) -> Answer:
    code = Code(row.code)
    is_refusal = not code.took_effect and code is not Code.SUPERSEDED
    return Answer(0, code, row.hlc, 0, [REASON_GONE, {}, None] if is_refusal else None)
