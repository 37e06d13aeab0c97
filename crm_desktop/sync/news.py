"""Hearing of news at HQ while the laptop is online and idle: one request that waits, on a line of its own.

HQ answers as soon as a round would bring something. Where it is older, or where something on the way cuts a
line that is silent, the listener asks ever more seldom, and the interval does alone as before.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from crm_core.errors import CrmError

_log = logging.getLogger(__name__)

FIRST_RETRY_S = 2
LAST_RETRY_S = 15 * 60  # an HQ that knows no news costs a request in a quarter of an hour
SOON_S = 5  # "nothing" sooner than this is no wait: HQ is ending, or something else answers
STOP_WAIT_S = 1  # after the line is cut, which ends the thread at once unless it is just connecting


class News(Protocol):
    """The way to HQ that a listener waits on."""

    def token(self) -> bytes:
        """Return where this laptop stands."""

    def wait(self, token: bytes, is_wanted: Callable[[], bool]) -> bool:
        """Tell whether HQ holds something after `token`, when it does or after a while.

        Asks only while `is_wanted`. Raises `CrmError` where no answer comes, as after `break_off`.
        """

    def break_off(self) -> None:
        """End the wait under way; from any thread, and at once."""


class Listener:
    """The thread that waits. `on_news` is called from it; after that it waits for the next `listen`."""

    def __init__(self, news: News, on_news: Callable[[], None]) -> None:
        self._news = news
        self._on_news = on_news
        self._wake = threading.Condition()
        self._is_listening = False
        self._is_stopping = False
        self._failures = 0
        self._told_at: bytes | None = None
        """Where this laptop stood when it was last told of news."""
        self._thread = threading.Thread(target=self._run, name="news", daemon=True)

    def start(self) -> None:
        """Begin; nothing is asked before `listen`."""
        self._thread.start()

    def listen(self) -> None:
        """Wait for news from now on."""
        with self._wake:
            self._is_listening = not self._is_stopping
            self._wake.notify_all()

    def rest(self) -> None:
        """Wait for nothing until `listen`; the request under way is broken off."""
        with self._wake:
            was_listening, self._is_listening = self._is_listening, False
            self._failures = 0  # whatever made it rest, the next line may be another
            self._wake.notify_all()
        if was_listening:
            self._news.break_off()

    def stop(self) -> None:
        """End the thread, without waiting for HQ."""
        with self._wake:
            self._is_stopping = True
            self._is_listening = False
            self._wake.notify_all()
        self._news.break_off()
        if self._thread.is_alive():
            self._thread.join(STOP_WAIT_S)

    def _is_wanted(self) -> bool:
        return self._is_listening

    def _run(self) -> None:
        delay_s = 0.0
        while True:
            with self._wake:
                if delay_s:
                    self._wake.wait_for(lambda: not self._is_listening, delay_s)
                self._wake.wait_for(lambda: self._is_stopping or self._is_listening)
                if self._is_stopping:
                    return
            delay_s = 0.0 if self._ask() else self._next_delay_s()

    def _ask(self) -> bool:
        """Wait once; False where it was no use and should not be repeated at once."""
        began = time.monotonic()
        try:
            token = self._news.token()
            is_told = self._news.wait(token, self._is_wanted)
            if not self._is_wanted():
                return True  # of no interest any more
            if not is_told:
                return self._succeeded(time.monotonic() - began >= SOON_S)
            if token != self._news.token():
                return True  # a round brought it meanwhile
        except CrmError as error:
            if self._is_wanted():
                _log.info("cannot wait for news: %s", error.message)
            return not self._is_wanted()
        except Exception:  # noqa: BLE001
            # The thread must outlive a bug of ours; rounds go on at their interval meanwhile.
            _log.exception("waiting for news broke")
            return False
        if token == self._told_at:
            return False  # the round it was told for brought nothing: not the same again at once
        self._told_at = token
        with self._wake:
            self._is_listening = False
        self._on_news()
        return self._succeeded(True)

    def _succeeded(self, has: bool) -> bool:
        self._failures = 0 if has else self._failures
        return has

    def _next_delay_s(self) -> float:
        """Return how long to leave HQ alone: longer each time, with full jitter as in `Schedule`."""
        longest_s: float = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(self._failures, 16))
        self._failures += 1
        return max(1.0, longest_s * random.random())
