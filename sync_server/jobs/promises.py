"""Keeping the deadlines of tickets in sight, also of who is away, every minute while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import escalating, promises, standing_in
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 60
CHORE: Final = "promises"

log = structlog.get_logger("satchel.jobs")


def keep_promises(hq: Headquarters) -> AbstractContextManager[None]:
    """Warn of deadlines and escalate what is late for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, _follow_rules, _stand_in, _escalate)


def _follow_rules(hq: Headquarters) -> None:
    done = promises.follow_rules(hq.database, now_ms())
    if done:
        log.info("open tickets judged by changed service levels", tickets=done)


def _escalate(hq: Headquarters) -> None:
    done = escalating.escalate(hq.database, now_ms())
    if done != escalating.Escalated():
        log.info("deadlines", warned=done.warned, levels=done.levels)


def _stand_in(hq: Headquarters) -> None:
    done = standing_in.follow(hq.database, now_ms())
    if done != standing_in.StoodIn():
        log.info("tickets of who is away", offered=done.offered, handed=done.handed)
