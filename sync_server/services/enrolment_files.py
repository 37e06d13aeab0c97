"""Files that sign laptops in: each for one laptop, and for so many days.

A laptop that opens one draws a number of its own and says it until HQ has answered over a line. So HQ knows
at the first contact whether another laptop opened the same file before.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import update

from crm_core.i18n import N_
from crm_core.sync.protocol import SyncRequest
from sync_server.services import audit
from sync_server.services.auth import DeviceSession
from sync_server.services.faults import Refusal
from sync_server.services.meeting import Carried
from sync_server.store.database import Database
from sync_server.store.tables import Device, table_of

VALID_DAYS: Final = 14  # it holds all its user may see, and travels in a bag
VALID_DAYS_MOST: Final = 365

_device = table_of(Device)


class OpenedElsewhere(Refusal):
    """Another laptop opened the same file, and was in touch first."""

    def __init__(self) -> None:
        super().__init__(
            "sign_in",
            N_(
                "Another laptop was signed in with the same file. Sign in with your password, or have HQ"
                " write a new file; what you entered stays and is sent then"
            ),
        )


def used(device: Mapping[str, Any], request: SyncRequest, carried: Carried | None) -> dict[str, Any]:
    """Return what a request says of the file its laptop was signed in with, as columns of `Device`.

    Raises `OpenedElsewhere`.
    """
    if device["file_until"] is None or (carried is not None and not carried.no):
        return {}
    known = device["file_opened"]
    if known is None:
        return {"file_opened": request.opened or b""}
    if request.opened is not None and not hmac.compare_digest(bytes(known), request.opened):
        raise OpenedElsewhere
    return {}


def demand_opener(session: DeviceSession, said: str) -> None:
    """Raise `OpenedElsewhere` where a request says that another laptop than the first opened the file.

    `said` is what `OPENED_HEADER` holds; one that says nothing was answered over a line before.
    """
    if said and session.opened is not None and not hmac.compare_digest(session.opened.hex(), said):
        raise OpenedElsewhere


def note_second_opening(database: Database, session: DeviceSession, at_ms: int) -> None:
    """Put into the audit that a file was opened on a second laptop, and flag the one it was for."""
    with database.note() as connection:
        of_device = update(_device).where(_device.c.id == session.device_id)
        connection.execute(of_device.values(alarms=_device.c.alarms + 1))
        audit.record(
            connection,
            "file opened twice",
            at_ms=at_ms,
            user_id=session.user_id,
            device=session.device_id,
        )
