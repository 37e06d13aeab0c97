"""Giving leads out, and giving on those nobody answered, every few minutes while HQ serves."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import CrmError
from sync_server.services import assigning, mail_capture
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.store.serving import turn_at_chores

EVERY_S: Final = 5 * 60

log = structlog.get_logger("satchel.jobs")


@contextmanager
def give_leads(hq: Headquarters) -> Iterator[None]:
    """Give leads out for as long as the block runs; of several processes one at a time does."""
    ending = threading.Event()
    worker = threading.Thread(target=_work, args=(hq, ending), name="leads", daemon=True)
    worker.start()
    try:
        yield
    finally:
        ending.set()
        worker.join()


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


def _work(hq: Headquarters, ending: threading.Event) -> None:
    while not ending.wait(EVERY_S * random.uniform(0.5, 1.0)):
        try:
            with turn_at_chores(hq.database) as is_mine:
                if is_mine:
                    take_mails(hq, now_ms())
                    give_out(hq, now_ms())
        except (SQLAlchemyError, CrmError) as error:
            log.error("giving leads out failed", kind=type(error).__name__)  # noqa: TRY400 - texts quote rows
