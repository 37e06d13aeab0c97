"""Room on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from crm_core.errors import UserError
from crm_core.i18n import N_

# SQLite needs room for its log; below this the next larger sync would fail halfway through a page.
LEAST_FREE_BYTES = 20 * 1024 * 1024
_MIB = 1024 * 1024


def free_bytes(folder: Path) -> int:
    """Return the room left for this user on the disk of `folder`."""
    return shutil.disk_usage(folder).free


def demand_space(folder: Path, needed_bytes: int = 0) -> None:
    """Raise `UserError` unless the disk takes `needed_bytes` and still has room to work."""
    free, needed = free_bytes(folder), needed_bytes + LEAST_FREE_BYTES
    if free < needed:
        raise UserError(
            N_(
                "The disk is nearly full: {free} MB are free, {needed} MB are needed. Make room and try again"
            ),
            free=free // _MIB,
            needed=-(-needed // _MIB),
        )
