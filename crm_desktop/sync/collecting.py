"""Python's search for cycles, put off while thousands of rows pass."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Look for no cycles in the block: rows on their way form none, and each look walks over all of them."""
    was_on = gc.isenabled()  # the window has it off anyway, and looks on a thread of its own
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
