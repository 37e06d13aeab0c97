"""Something HQ does by itself again and again while it serves; of several processes one at a time does."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import CrmError
from sync_server.services.headquarters import Headquarters
from sync_server.store.serving import turn_at_chores

log = structlog.get_logger("satchel.jobs")


@contextmanager
def every(seconds: float, name: str, hq: Headquarters, do: Callable[[Headquarters], None]) -> Iterator[None]:
    """Do something every so many seconds, in a thread of its own, for as long as the block runs."""
    ending = threading.Event()

    def work() -> None:
        # Processes started together do not all come at once.
        while not ending.wait(seconds * random.uniform(0.5, 1.0)):
            try:
                with turn_at_chores(hq.database) as is_mine:
                    if is_mine:
                        do(hq)
            except (SQLAlchemyError, CrmError) as error:
                log.error("chore failed", chore=name, kind=type(error).__name__)  # noqa: TRY400 - texts quote rows

    worker = threading.Thread(target=work, name=name, daemon=True)
    worker.start()
    try:
        yield
    finally:
        ending.set()
        worker.join()
