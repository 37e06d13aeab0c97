"""Sending the mails people wrote, every half minute while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import outgoing_mails
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 30
CHORE: Final = "mails"

log = structlog.get_logger("satchel.jobs")


def send_mails(hq: Headquarters) -> AbstractContextManager[None]:
    """Send mails for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, send_due)


def send_due(hq: Headquarters) -> None:
    """Hand over the mails whose time has come."""
    counts = outgoing_mails.send_due(hq, now_ms())
    if any(counts.values()):
        log.info("mails", **counts)
