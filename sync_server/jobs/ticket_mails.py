"""Taking in what customers write to the service address, every minute while HQ serves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Final

import structlog

from crm_core.errors import CrmError
from sync_server.jobs.every import every
from sync_server.services import ticket_mail
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.later import Later

EVERY_S: Final = 60
CHORE: Final = "ticket mails"

log = structlog.get_logger("satchel.jobs")


def take_ticket_mails(hq: Headquarters) -> AbstractContextManager[None]:
    """Take in mails for as long as the block runs."""
    return every(EVERY_S, CHORE, hq, partial(_take, Later()))


def _take(later: Later, hq: Headquarters) -> None:
    if not hq.settings.service_server:
        return
    try:
        counts = ticket_mail.fetch(hq, now_ms(), later)
    except CrmError as error:  # a mail server that does not answer is asked again next time
        log.warning("ticket mails", reason=error.message.text)
        return
    if any(counts.values()):
        log.info("ticket mails", **counts)
