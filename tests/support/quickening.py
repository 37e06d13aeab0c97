"""What makes thousands of tests in one process quick, and changes nothing of what they try.

Each test opens databases of its own and with them engines, which would put every statement together anew; the
objects of all the tests that were collected would be looked through again and again by the collector of
garbage; and each commit would wait for a disk.
"""

from __future__ import annotations

import gc
import os
import shutil
import weakref
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from argon2 import PasswordHasher
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from crm_desktop.platform import secrets
from sync_server.services import passwords

IN_MEMORY: Final = Path("/dev/shm")
LEAST_FREE_BYTES: Final = 6 << 30
"""Room in memory below which tests write to the disk: a whole run holds some two and a half gigabytes."""
COLLECT_AFTER: Final = 20_000
_STATEMENTS: Final = 20_000
_caches: Final[dict[type, LRUCache[Any, Any]]] = defaultdict(lambda: LRUCache(_STATEMENTS))
_types: Final[dict[type, Any]] = defaultdict(weakref.WeakKeyDictionary)


class _OfItsDialect:
    """The statements that were put together for any engine of the same kind."""

    def __get__(self, engine: Engine, owner: type | None = None) -> LRUCache[Any, Any]:
        return _caches[type(engine.dialect)]

    def __set__(self, engine: Engine, cache: Any) -> None:
        """Let go of the engine's own."""


def share_statements() -> None:
    """Let all engines of one kind share the statements that were put together for one of them."""
    Engine._compiled_cache = _OfItsDialect()  # type: ignore[assignment]
    dialect: Any = DefaultDialect
    dialect._type_memos = property(lambda self: _types[type(self)])
    dialect.__eq__ = lambda self, other: type(self) is type(other)
    dialect.__hash__ = lambda self: hash(type(self))


def try_secrets_quickly() -> None:
    """Make passphrases and passwords that are quickly tried: what it takes is kept in each of them."""
    secrets._MEMORY_KIB, secrets._PASSES = 64, 1  # type: ignore[misc]
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # type: ignore[misc]


def leave_what_stays() -> None:
    """Never look again through the objects that are there by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def place_of_files() -> Path | None:
    """Return a folder in memory for what tests write; None where there is too little room."""
    try:
        roomy = shutil.disk_usage(IN_MEMORY).free > LEAST_FREE_BYTES and os.access(IN_MEMORY, os.W_OK)
        memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
    return IN_MEMORY if roomy and memory > LEAST_FREE_BYTES else None
