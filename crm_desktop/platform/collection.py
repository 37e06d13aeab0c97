"""How often Python looks for objects that hold one another and nothing else does.

A start, an import and a sync make hundreds of thousands of objects that stay or go by themselves. Walking
them again and again at Python's own pace took a sixth of a start's time.
"""

from __future__ import annotations

import gc

COLLECT_AFTER = 50_000  # new objects; Python's own figure is 700


def hold_back() -> None:
    """Do not collect until `go_on`: for the time of a start."""
    gc.disable()


def go_on() -> None:
    """Collect, seldom; what is there now stays and is left out of it for good."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    gc.set_threshold(COLLECT_AFTER)
