"""Asking customers how satisfied they are, every minute while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import survey_mails, surveys
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 60
CHORE: Final = "surveys"

log = structlog.get_logger("satchel.jobs")


def ask_customers(hq: Headquarters) -> AbstractContextManager[None]:
    """Ask for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, decide, end, send)


def ask_now(hq: Headquarters) -> dict[str, int]:
    """Decide who is asked, end what is asked no more and hand the mails over; return what was done."""
    at_ms = now_ms()
    done = surveys.decide(hq, at_ms)
    changed = surveys.look_again(hq, at_ms)
    return {"looked_at": done.looked_at, "ended": changed, **survey_mails.send_due(hq, at_ms)}


def decide(hq: Headquarters) -> None:
    """Decide who is asked; nobody where nothing can be sent."""
    if not survey_mails.can_send(hq):
        return
    done = surveys.decide(hq, now_ms())
    if done != surveys.Decided():
        log.info("surveys", looked_at=done.looked_at, asked=done.asked)


def end(hq: Headquarters) -> None:
    """End what is asked no more."""
    if changed := surveys.look_again(hq, now_ms()):
        log.info("surveys ended or counted anew", changed=changed)


def send(hq: Headquarters) -> None:
    """Hand over the mails whose time has come."""
    counts = survey_mails.send_due(hq, now_ms())
    if any(counts.values()):
        log.info("survey mails", **counts)
