"""How often Python looks for objects that hold one another and nothing else does; what C's allocator keeps.

A start, an import and a sync make hundreds of thousands of objects that stay or go by themselves. Walking
them again and again at Python's own pace took a sixth of a start's time.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

_MOST_ARENAS = -8  # M_ARENA_MAX of glibc's malloc.h
COLLECT_AFTER = 50_000  # new objects; Python's own figure is 700


def collect_seldom() -> None:
    """Let Python collect by itself, at a pace fit for much work."""
    gc.set_threshold(COLLECT_AFTER)
    gc.enable()


def stop_collecting() -> None:
    """Leave it to `collect_if_due`."""
    gc.disable()


def collect_if_due(*, whole: bool) -> None:
    """Collect on this thread if enough was made since; `whole`: what has survived before too."""
    if gc.get_count()[0] >= COLLECT_AFTER or (whole and gc.get_count()[1]):
        gc.collect(2 if whole else 1)


def leave_out() -> None:
    """What is there now stays: leave it out of all that is collected from now on."""
    gc.freeze()


def share_heaps() -> None:
    """Let all threads take their memory from two heaps, to be called before there are any.

    By itself glibc gives each thread one of its own, and what is free in one is of no use to the others: with
    a hundred thousand customers 30 MB after an hour's work.
    """
    set_option = _of_glibc("mallopt")
    if set_option is not None:
        set_option(_MOST_ARENAS, 2)


def trim_heap() -> None:
    """Give back to the system what C's allocator holds and nothing lies in; only Linux's keeps that."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Any:
    """Return a function of glibc's allocator; None elsewhere, and with musl, which has none."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
