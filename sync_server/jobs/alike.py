"""Finding records that may be the same, and telling whom they concern, while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import alike, alike_tasks
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 60

log = structlog.get_logger("satchel.jobs")


def find_alike(hq: Headquarters) -> AbstractContextManager[None]:
    """Look every minute for as long as the block runs."""
    return every(EVERY_S, "alike", hq, look)


def look(hq: Headquarters) -> None:
    """Look at what changed since last time."""
    found = alike.follow(hq.database)
    tasks = alike_tasks.tell(hq.database, now_ms(), tells_known=hq.settings.tell_known_customers)
    if found or tasks:
        log.info("alike", pairs=found, tasks=tasks)
