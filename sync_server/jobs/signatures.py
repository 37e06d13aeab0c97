"""Sealing signatures and doing what follows from them, while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import certificates
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 15
CHORE: Final = "signatures"

log = structlog.get_logger("satchel.jobs")


def seal_signatures(hq: Headquarters) -> AbstractContextManager[None]:
    """Seal signatures for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, seal)


def seal(hq: Headquarters) -> None:
    """Seal those that are not sealed."""
    if sealed := certificates.follow_signatures(hq, now_ms()):
        log.info("signatures", sealed=sealed)
