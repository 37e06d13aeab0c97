"""Which laptop it is that meets HQ, as far as names and nonces say, and how one begins anew."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from crm_core.i18n import N_
from crm_core.sync.admission import MAX_OPS
from crm_core.sync.protocol import PROTOCOL_VERSION, Msg, SyncRequest
from sync_server.services import audit, numbers
from sync_server.services.auth import NONCE_BYTES, DeviceSession
from sync_server.services.faults import Refusal
from sync_server.services.merge import Merged
from sync_server.store.tables import Device, OpLog, table_of

MIN_SCHEMA: Final = 1
MAX_SERIES: Final = 8

_devices = table_of(Device)
_ops = table_of(OpLog)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What HQ must know of a request that came in a file: it may be old, its answer may never arrive."""

    no: int
    """Number of the file; 0 in the file that signs a laptop in, which is no contact with it."""
    highest_op: int
    """The highest number the laptop had given an operation when it wrote the file."""
    is_first: bool
    """The laptop stood at the request's token, as is not sure of one that goes on from HQ's own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What was found and written down about the laptop in the first half of a request."""

    session: DeviceSession
    epoch: str
    incarnation: int
    is_restored: bool
    """Its database is a copy or an older one: it begins anew under another incarnation."""
    nonce: bytes
    acked_op: int
    held_seq: int
    """Feed position it was seen to hold before."""
    purge_allowed: int
    merged: Merged
    told: list[Msg]
    """What goes along with the answers in any case: numbers, verdicts that could not be carried out."""


class Unrecognised(Exception):
    """A file is not from the laptop as HQ knows it: it is older than a contact since, or from a copy."""


def demand_readable(request: SyncRequest, session: DeviceSession) -> None:
    """Raise `Refusal` for a request of another laptop, another time, or too large."""
    if request.v != PROTOCOL_VERSION:
        raise Refusal("upgrade", N_("This program is too old or too new for this HQ"))
    if request.device != session.device_id:
        raise Refusal("bad_request", N_("The request names another laptop than the one signed in"))
    changes = sum(len(txn.ops) for txn in request.txns) + len(request.told.verdicts if request.told else ())
    if len(request.leases) > MAX_SERIES or changes > MAX_OPS:
        raise Refusal("too_large", N_("The request holds more than {most} changes"), most=MAX_OPS)


def demand_current(carried: Carried, device: Mapping[str, Any], *, is_known: bool) -> None:
    """Raise where a file is not of the laptop as it is known, or HQ has answered a later one."""
    if not is_known:
        raise Unrecognised
    if carried.no < device["file_no"]:
        raise Refusal(
            "bad_request",
            N_("HQ has answered a later file of this laptop. Nothing was changed; bring that answer to it"),
        )
    # One that never gave an operation the number HQ heard of went back to a backup.
    if carried.highest_op < device["acked_op"]:
        raise Unrecognised


def rename(
    connection: Connection, device: Mapping[str, Any], session: DeviceSession, nonce: bytes, at_ms: int
) -> dict[str, Any]:
    """Give a laptop its next incarnation, known by a nonce; return what changed."""
    renamed = {
        "incarnation": device["incarnation"] + 1,
        "nonce": nonce,
        "last_nonce": None,
        "acked_op": 0,
        "file_no": 0,
    }
    connection.execute(update(_devices).where(_devices.c.id == device["id"]).values(**renamed))
    numbers.retire_leases(connection, device["id"])
    audit.record(
        connection,
        "laptop restored",
        at_ms=at_ms,
        user_id=session.user_id,
        device=device["id"],
        detail={"incarnation": renamed["incarnation"]},
    )
    return renamed


def alarm(connection: Connection, session: DeviceSession, op_no: int, at_ms: int) -> Mapping[str, Any]:
    """Note that two laptops write under one name, so that neither goes on by the nonce it knows.

    Returns the device as it was.
    """
    this = _devices.c.id == session.device_id
    device = connection.execute(select(_devices).where(this).with_for_update()).mappings().one()
    nonce = secrets.token_bytes(NONCE_BYTES)
    alarmed = {"nonce": nonce, "last_nonce": None, "alarms": _devices.c.alarms + 1}
    connection.execute(update(_devices).where(this).values(**alarmed))
    audit.record(
        connection,
        "operation changed",
        at_ms=at_ms,
        user_id=session.user_id,
        device=session.device_id,
        detail={"op_no": op_no},
    )
    return dict(device)


def answered(connection: Connection, request: SyncRequest) -> int:
    """Return the last operation HQ remembers to have answered of the incarnation the request names."""
    query = select(func.max(_ops.c.op_no)).where(
        _ops.c.device == request.device, _ops.c.incarnation == request.incarnation
    )
    return connection.execute(query).scalar() or 0


def is_one_of(nonce: bytes, current: bytes, last: bytes | None) -> bool:
    """Tell whether a nonce is the current one, or the one before."""
    return hmac.compare_digest(nonce, current) or (
        last is not None and hmac.compare_digest(nonce, bytes(last))
    )
