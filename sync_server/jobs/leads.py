"""Giving leads out, and giving on those nobody answered, every few minutes while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from crm_core.errors import CrmError
from sync_server.jobs.every import every
from sync_server.services import assigning, mail_capture
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 5 * 60
CHORE: Final = "leads"

log = structlog.get_logger("satchel.jobs")


def give_leads(hq: Headquarters) -> AbstractContextManager[None]:
    """Give leads out for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, _take_new_mails, _give_leads)


def give_out(hq: Headquarters, at_ms: int) -> tuple[int, int]:
    """Give waiting leads out and silent ones on; return how many of each."""
    given, on = assigning.assign_waiting(hq, at_ms), assigning.reassign_silent(hq, at_ms)
    if given or on:
        log.info("leads", assigned=given, given_on=on)
    return given, on


def take_mails(hq: Headquarters, at_ms: int) -> None:
    """Take in new mails, where a mail server is set; one that does not answer is asked again next time."""
    if not hq.settings.mail_server:
        return
    try:
        counts = mail_capture.fetch(hq, at_ms)
    except CrmError as error:
        log.warning("mails", reason=error.message.text)
        return
    if any(counts.values()):
        log.info("mails", **counts)


def _take_new_mails(hq: Headquarters) -> None:
    take_mails(hq, now_ms())


def _give_leads(hq: Headquarters) -> None:
    give_out(hq, now_ms())
