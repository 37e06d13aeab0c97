"""`python -m tests.support.turned_clock …`: `crm-server` on a machine whose clock the test turns.

The file named by `SATCHEL_TURNED_CLOCK` holds the milliseconds to add to the system's clock.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

VARIABLE = "SATCHEL_TURNED_CLOCK"
PROGRAM = ("-m", "tests.support.turned_clock")


def turn(file: Path, by_ms: int) -> None:
    """Let the clock of who reads the file be off by so much from now on."""
    beside = file.with_suffix(".new")
    beside.write_text(str(by_ms), encoding="ascii")
    beside.replace(file)


def _turn_this_process(file: Path) -> None:
    true_ns = time.time_ns

    def turned_ns() -> int:
        return true_ns() + int(file.read_text(encoding="ascii")) * 1_000_000

    time.time_ns = turned_ns


if __name__ == "__main__":
    _turn_this_process(Path(os.environ[VARIABLE]))
    from sync_server.cli import main

    main()
