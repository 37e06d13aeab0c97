"""What HQ does by itself now and then: the pool, neglected deals, forgetting what nobody needs any more."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from sync_server.services import forgetting, neglect, recycling, share_ends
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.store.serving import turn_at_chores

EVERY_S: Final = 60 * 60

log = structlog.get_logger("satchel.jobs")


@contextmanager
def keep_house(hq: Headquarters) -> Iterator[None]:
    """Do the chores every hour for as long as the block runs; of several processes one at a time does."""
    ending = threading.Event()
    worker = threading.Thread(target=_work, args=(hq, ending), name="housekeeping", daemon=True)
    worker.start()
    try:
        yield
    finally:
        ending.set()
        worker.join()


def do_chores(hq: Headquarters) -> None:
    """Return customers to the pool, tell of neglected deals, and forget what nobody needs any more."""
    done = recycling.recycle(hq.database, now_ms())
    if done != recycling.Recycled():
        log.info("pool", warned=done.warned, returned=done.returned, put_in=done.put_in)
    if told := neglect.tell_managers(hq.database, now_ms()):
        log.info("neglect", deals=told)
    if ended := share_ends.end_shares(hq.database, now_ms()):
        log.info("shares ended", records=ended)
    log.info(
        "housekeeping",
        attempts_forgotten=hq.auth.forget_old_attempts(),
        files_dropped=hq.blobs.collect(),
    )
    if forgetting.is_due(hq.database, now_ms()):
        log.info("forgotten", **forgetting.forget(hq.database, hq.settings.keep_days, now_ms()))


def _work(hq: Headquarters, ending: threading.Event) -> None:
    # Processes started together do not all come at once.
    while not ending.wait(EVERY_S * random.uniform(0.5, 1.0)):
        try:
            with turn_at_chores(hq.database) as is_mine:
                if is_mine:
                    do_chores(hq)
        except SQLAlchemyError as error:
            log.error("housekeeping failed", kind=type(error).__name__)  # noqa: TRY400 - its text may quote rows
