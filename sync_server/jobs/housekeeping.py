"""What HQ does by itself now and then: the pool, neglected deals, forgetting what nobody needs any more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import forgetting, neglect, recycling, share_ends
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 60 * 60

log = structlog.get_logger("satchel.jobs")


def keep_house(hq: Headquarters) -> AbstractContextManager[None]:
    """Do the chores every hour for as long as the block runs."""
    return every(EVERY_S, "housekeeping", hq, do_chores)


def do_chores(hq: Headquarters) -> None:
    """Return customers to the pool, tell of neglected deals, and forget what nobody needs any more."""
    done = recycling.recycle(hq.database, now_ms())
    if done != recycling.Recycled():
        log.info("pool", warned=done.warned, returned=done.returned, put_in=done.put_in)
    if told := neglect.tell_managers(hq.database, now_ms()):
        log.info("neglect", deals=told)
    if ended := share_ends.end_shares(hq.database, now_ms()):
        log.info("shares ended", records=ended)
    log.info(
        "housekeeping",
        attempts_forgotten=hq.auth.forget_old_attempts(),
        files_dropped=hq.blobs.collect(),
    )
    if forgetting.is_due(hq.database, now_ms()):
        log.info("forgotten", **forgetting.forget(hq.database, hq.settings.keep_days, now_ms()))
