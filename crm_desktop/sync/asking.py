"""The request of a laptop as it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core import SCHEMA_VERSION
from crm_core.sync.clock import reading
from crm_core.sync.protocol import PROTOCOL_VERSION, DigestAsk, SyncRequest, Told, Txn
from crm_desktop.models.state import Key


def request_of(
    known: Mapping[str, Any],
    now_ms: int,
    txns: list[Txn],
    leases: dict[str, int],
    want_bytes: int,
    digest: DigestAsk | None = None,
    *,
    pull: bool = True,
    told: Told | None = None,
) -> SyncRequest:
    """Return the request of a laptop that stands as `known` says."""
    now = reading(max(0, now_ms))
    return SyncRequest(
        v=PROTOCOL_VERSION,
        epoch=known[Key.EPOCH],
        device=known[Key.DEVICE],
        incarnation=known[Key.INCARNATION],
        nonce=known[Key.NONCE],
        schema=SCHEMA_VERSION,
        sent_hlc=max(now, known[Key.HLC]) if txns else now,
        token=known[Key.TOKEN],
        want_bytes=want_bytes,
        txns=txns,
        leases=leases,
        digest=digest,
        pull=pull,
        told=told,
        opened=opened_by(known),
    )


def opened_by(known: Mapping[str, Any]) -> bytes | None:
    """Return what this laptop drew when it opened its file, until HQ gave it another nonce over a line."""
    opened = known[Key.OPENED]
    return opened[1] if opened and opened[0] == known[Key.NONCE] else None
