"""Something HQ does by itself again and again while it serves; of several processes one at a time does."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import CrmError
from sync_server.services import measures
from sync_server.services.headquarters import Headquarters
from sync_server.store.serving import turn_at

SOON_S: Final = 60.0  # a database that restarts answers again by then
SELDOM_S: Final = 60.0 * 60

Step = Callable[[Headquarters], object]

log = structlog.get_logger("satchel.jobs")


@contextmanager
def every(seconds: float, name: str, hq: Headquarters, *steps: Step) -> Iterator[None]:
    """Take steps every so many seconds, in a thread of its own, for as long as the block runs.

    A step that fails is logged and counted, holds up none of the others, and has all tried again soon, then
    less and less often.
    """
    ending = threading.Event()

    def work() -> None:
        failures = 0
        # Processes started together do not all come at once.
        while not ending.wait(pause_s(seconds, failures) * random.uniform(0.5, 1.0)):
            failures = failures + 1 if _fails(name, hq, steps) else 0

    worker = threading.Thread(target=work, name=name, daemon=True)
    worker.start()
    try:
        yield
    finally:
        ending.set()
        worker.join()


def pause_s(seconds: float, failures: int) -> float:
    """Return how long to wait until the next time, after so many failures one after the other."""
    if not failures:
        return seconds
    again_s = min(seconds, SOON_S) * 2.0 ** min(failures - 1, 12)
    return min(again_s, max(seconds, SELDOM_S))


def _fails(name: str, hq: Headquarters, steps: tuple[Step, ...]) -> bool:
    """Take the steps where it is this process' turn; tell whether one of them failed."""
    outcomes: list[bool] = []

    def take_steps(_hq: Headquarters) -> None:
        with turn_at(hq.database, name) as is_mine:
            if is_mine:
                outcomes.extend(_is_done(name, hq, step) for step in steps)

    outcomes.append(_is_done(name, hq, take_steps))
    if not all(outcomes):
        measures.chore_failures.labels(chore=name).inc()
    elif len(outcomes) > 1:
        measures.chore_done.labels(chore=name).set(time.time())
    return not all(outcomes)


def _is_done(name: str, hq: Headquarters, step: Step) -> bool:
    """Take one step; tell whether it came to its end, and write down why where it did not."""
    try:
        step(hq)
    except (SQLAlchemyError, CrmError) as error:
        kind = type(error).__name__
        log.error("chore failed", chore=name, step=step.__name__, kind=kind)  # noqa: TRY400 - texts quote rows
    except Exception:
        log.exception("chore broke", chore=name, step=step.__name__)
    else:
        return True
    return False
