"""How each laptop is: what it tells of itself and what HQ sees, and what of it somebody should look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select

from crm_core.entities import BY_NO
from crm_core.sync.clock import HLC_MAX, shift_ms
from crm_core.sync.protocol import Exported, SyncRequest
from crm_core.times import DAY_MS
from sync_server.services import audit
from sync_server.store.tables import Audit, table_of

CLOCK_ALARM_MS: Final = 60 * 60 * 1000
"""A clock further off than this is set wrong, not drifting; see docs/sync.md."""
SILENT_MS: Final = 14 * DAY_MS  # longer than most holidays
UNSENT_MS: Final = 7 * DAY_MS  # the time a laptop may work without HQ
EXPORT: Final = "export"
MAX_EXPORTS: Final = 100  # of one request; a laptop tells of fewer
_MOST: Final = 2**31 - 1

_audit = table_of(Audit)


class Flag(StrEnum):
    """What somebody should look at."""

    CLOCK = "clock"
    """Its clock is more than an hour off."""
    SILENT = "silent"
    """Not heard of for two weeks."""
    UNSENT = "unsent"
    """Holds work that is older than a week."""
    PURGE_WAITS = "purge_waits"
    """Rights changed, and an administrator is to allow what follows."""
    DIFFERS = "differs"
    """The last comparison left rows that differ."""
    COPIED = "copied"
    """Two wrote under its name, or its database went back."""
    OLD_PROGRAM = "old_program"
    """Its program knows fewer fields than HQ."""


def heard(request: SyncRequest, server_ms: int, *, by_file: bool = False) -> dict[str, Any]:
    """Return what a request tells of its laptop, as columns of `Device`.

    `by_file`: it was days on its way, so of its clock only being ahead says something.
    """
    ahead_ms = shift_ms(min(max(request.sent_hlc, 0), HLC_MAX), server_ms)
    ahead_ms = max(ahead_ms, 0) if by_file else ahead_ms
    columns: dict[str, Any] = {}
    if (told := request.told) is not None:
        # A laptop corrects its readings by what it measured: what it measured says how its clock stands.
        ahead_ms = max(ahead_ms, -_bounded(told.clock_off_ms, 2**53), key=abs)
        columns |= {
            "waiting": _bounded(told.waiting),
            "oldest_unsent_ms": _instant(told.oldest_ms),
            "returned": _bounded(told.returned),
        }
        if told.compared_ms > 0:
            columns |= {
                "compared_at": min(told.compared_ms, server_ms),
                "repaired": _bounded(told.repaired),
                "differing": _bounded(told.differing),
            }
    return columns | {"clock_shift_ms": ahead_ms}


def note_clock(connection: Connection, device: Any, ahead_ms: int, at_ms: int) -> None:
    """Put into the audit that a laptop's clock was found to be far off, once for each time it is set so."""
    if abs(ahead_ms) > CLOCK_ALARM_MS >= abs(device["clock_shift_ms"]):
        audit.record(
            connection,
            "clock far off",
            at_ms=at_ms,
            user_id=device["user_id"],
            device=device["id"],
            detail={"ahead_ms": ahead_ms},
        )


def note_exports(connection: Connection, device: Any, exports: Sequence[Exported], server_ms: int) -> None:
    """Put into the audit what a laptop wrote into files, each once however often it is told."""
    if not exports:
        return
    told = (
        select(_audit.c.detail)
        .where(_audit.c.device == device["id"], _audit.c.action == EXPORT)
        .order_by(_audit.c.id.desc())
        .limit(1)
    )
    last = connection.execute(told).scalar() or {}
    # A laptop that is found to be a copy counts on from where both were.
    known = last["no"] if last.get("incarnation") == device["incarnation"] else 0
    for each in exports[:MAX_EXPORTS]:
        if each.no > known:
            audit.record(
                connection,
                EXPORT,
                at_ms=min(max(each.at_ms, 0), server_ms),
                user_id=device["user_id"],
                device=device["id"],
                entity=each.entity if each.entity in BY_NO else None,
                detail={
                    "no": each.no,
                    "incarnation": device["incarnation"],
                    "rows": _bounded(each.rows),
                    "form": each.form[:8],
                },
            )


def flags_of(device: Mapping[str, Any], now_ms: int, schema_version: int) -> list[Flag]:
    """Return what somebody should look at; nothing of a laptop that was revoked."""
    if device["revoked"]:
        return []
    seen_ms = device["last_seen_at"] or device["enrolled_at"]
    oldest_ms = device["oldest_unsent_ms"]
    holds = {
        Flag.CLOCK: abs(device["clock_shift_ms"]) > CLOCK_ALARM_MS,
        Flag.SILENT: now_ms - seen_ms > SILENT_MS,
        Flag.UNSENT: oldest_ms is not None and now_ms - oldest_ms > UNSENT_MS,
        Flag.PURGE_WAITS: device["purge_held"] is not None,
        Flag.DIFFERS: device["differing"] > 0,
        Flag.COPIED: device["incarnation"] > 1 or device["alarms"] > 0,
        Flag.OLD_PROGRAM: device["schema"] < schema_version,
    }
    return [flag for flag, is_so in holds.items() if is_so]


def _bounded(number: int, most: int = _MOST) -> int:
    return min(max(number, -most), most)


def _instant(ms: int) -> int | None:
    return min(ms, 2**53) if ms > 0 else None
