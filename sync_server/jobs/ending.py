"""Hearing that this process is asked to end, while requests are still under way.

The server waits for those before it ends the application's life; what waits for news by intention must be
told earlier.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
]


@contextmanager
def when_asked_to_end(call: Callable[[], None]) -> Iterator[None]:
    """Call something in the running event loop as soon as a signal asks this process to end.

    Whoever handled the signal before goes on doing so. Outside the main thread no signal is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)
        if callable(before[number]):
            before[number](number, frame)

    for number, handler in before.items():
        if callable(handler):  # a signal that ends the process at once, or none at all, stays as it is
            signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
