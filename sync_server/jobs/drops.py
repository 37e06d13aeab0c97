"""Looking into drop folders and writing to them while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from crm_core.errors import CrmError
from sync_server.jobs.every import every
from sync_server.services import drop_in, drop_out, drops
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 10
CHORE: Final = "drop folders"

log = structlog.get_logger("satchel.jobs")


def exchange_files(hq: Headquarters) -> AbstractContextManager[None]:
    """Look every few seconds for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, look)


def look(hq: Headquarters) -> None:
    """Take in and put out what is there; a folder that fails says why and holds up no other."""
    for drop in drops.all_drops(hq):
        try:
            if drop.way == drops.IN:
                drop_in.take_in(hq, drop)
            else:
                drop_out.put_out(hq, drop, now_ms())
            reason = ""
        except CrmError as error:
            reason = str(error.message)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        if reason != drop.reason:
            drops.note(hq, drop.id, reason=reason)
            if reason:
                log.warning("drop folder", drop=drop.name, reason=reason)
