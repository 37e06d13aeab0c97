"""Sending the reports whose time has come, every half minute while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import scheduled_reports
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 30
CHORE: Final = "reports"

log = structlog.get_logger("satchel.jobs")


def send_reports(hq: Headquarters) -> AbstractContextManager[None]:
    """Send reports for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, send_due)


def send_due(hq: Headquarters) -> None:
    """Send what is due."""
    counts = scheduled_reports.run_due(hq, now_ms())
    if any(counts.values()):
        log.info("reports", **counts)
