"""Telling webhooks while HQ serves: each address in a thread of its own, so that none waits for another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import CrmError
from sync_server.jobs.every import every
from sync_server.services import telling
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 2
AT_ONCE: Final = 8
"""Addresses told at a time by one process; further ones have their turn as soon as one is done."""
CHORE: Final = "webhooks"
_PATIENCE_S: Final = 2.0  # a message under way comes again; a server that is to end does not wait for it

log = structlog.get_logger("satchel.jobs")


@contextmanager
def tell_webhooks(hq: Headquarters) -> Iterator[None]:
    """Look for news every few seconds for as long as the block runs."""
    ending = threading.Event()
    busy: dict[int, threading.Thread] = {}

    def work(webhook_id: int) -> None:
        try:
            told = telling.tell(hq, webhook_id, ending=ending.is_set)
        except (SQLAlchemyError, CrmError) as error:
            log.warning("webhook", webhook=webhook_id, kind=type(error).__name__)
        except Exception:
            log.exception("webhook broke", webhook=webhook_id)
        else:
            if told.sent or told.failed:
                log.info("webhook", webhook=webhook_id, sent=told.sent, failed=told.failed, dead=told.dead)

    def look(hq: Headquarters) -> None:
        for webhook_id in [each for each, thread in busy.items() if not thread.is_alive()]:
            del busy[webhook_id]
        for webhook_id in telling.due_webhooks(hq, now_ms()):
            if webhook_id not in busy and len(busy) < AT_ONCE:
                busy[webhook_id] = threading.Thread(target=work, args=(webhook_id,), daemon=True)
                busy[webhook_id].start()

    with every(EVERY_S, CHORE, hq, look):
        try:
            yield
        finally:
            ending.set()
            for thread in list(busy.values()):
                thread.join(_PATIENCE_S)
