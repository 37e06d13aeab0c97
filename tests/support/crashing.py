"""Processes that end at a chosen point as by a power cut: `os._exit`, nothing cleaned up, nothing flushed.

Points are where something becomes lasting or leaves the process: before and after every commit, every fsync
and every renaming or removing of a file, every emptying of a write-ahead log, every message sent or received.
They are counted by hooks laid from here; the programs know nothing of them.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine.default import DefaultDialect

KILLED: Final = 77
"""Exit status of a process that ended at its point."""
_ROOT = str(Path(__file__).parents[2])
_OURS = tuple(f"{_ROOT}/{package}/" for package in ("crm_desktop", "sync_server"))
_COMMON = ("models/replica.py", "models/session.py", "models/engine.py", "store/database.py")
_FILE_CALLS = ("fsync", "replace", "rename", "unlink", "remove")


class Points:
    """Counts the points of this process and ends it at number `fatal`; 0: never."""

    def __init__(self, fatal: int = 0) -> None:
        self._fatal = fatal
        self._lock = threading.Lock()
        self.sites: list[str] = []

    def reach(self, what: str) -> None:
        """Stand at a point."""
        with self._lock:
            self.sites.append(f"{what}, {_place()}")
            if len(self.sites) == self._fatal:
                os._exit(KILLED)

    def lay(self) -> None:
        """Count commits and what is done to files from now on, for as long as the process lives."""
        commit = DefaultDialect.do_commit

        def counted(dialect: Any, connection: Any) -> None:
            self.reach("before a commit")
            commit(dialect, connection)
            self.reach("after a commit")

        DefaultDialect.do_commit = counted  # type: ignore[method-assign]
        for name in _FILE_CALLS:
            setattr(os, name, self._around(name, getattr(os, name)))
        self._watch_checkpoints()

    def _around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.reach(f"before {name}")
            result = call(*arguments, **named)
            self.reach(f"after {name}")
            return result

        return counted

    def _watch_checkpoints(self) -> None:
        from crm_desktop.models import replica  # imported only where there is one

        connect = replica.connect

        def watched(*arguments: Any, **named: Any) -> Any:
            self.reach("before emptying the log")
            return connect(*arguments, **named)

        replica.connect = watched  # type: ignore[attr-defined]


def _place() -> str:
    """Return where in our programs the caller is: file and function, the most telling one."""
    frame = sys._getframe(2)
    nearest = ""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_OURS):
            here = f"{file.removeprefix(_ROOT + '/')}:{frame.f_code.co_name}"
            if not file.endswith(_COMMON):
                return here
            nearest = nearest or here
        frame = frame.f_back  # type: ignore[assignment]
    return nearest or "test"


def fork(work: Callable[[], None], log: Path) -> int:
    """Do the work in a child process and return its number; what it prints or raises goes into `log`."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - told in the log, and by the status
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
