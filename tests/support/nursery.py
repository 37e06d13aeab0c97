"""Processes of both programs that need not read them anew: forked from one that has read its program already.

What is forked is a process of its own in everything a test asks of it: it has its own number, streams, folder
and environment, is killed and waited for, and runs `python -m sync_server` or `python -m crm_desktop` from
the first line. The modules of the command line, which look at the environment as they are read, each reads
for itself. At the end it does all that Python does but take its memory apart piece by piece.
"""

from __future__ import annotations

import array
import atexit
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import IO, Any, Final, NoReturn

from tests.support import quickening

START_TIMEOUT_S: Final = 300.0  # seconds of work, but the machines that run this are shared
READ_BEFORE: Final = MappingProxyType(
    {
        "sync_server": (
            "sync_server.app",
            "sync_server.services.backup",
            "sync_server.services.founding",
            "uvicorn.lifespan.on",
            "uvicorn.loops.asyncio",
            "uvicorn.protocols.http.h11_impl",
            "phonenumbers",
        ),
        "crm_desktop": (
            "crm_desktop.assembly",
            "crm_desktop.documents",
            "crm_desktop.interchange",
            "phonenumbers",
        ),
    }
)
"""The programs, with modules they read only when something is done."""
_STREAMS: Final = ("stdin", "stdout", "stderr")


class Child:
    """A process that was forked for a test; the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, status: int, out: IO[str], err: IO[str]) -> None:
        self.pid = pid
        self.stdout, self.stderr = out, err
        self.returncode: int | None = None
        # Closed with this object, and not before: another thread may be looking at it.
        self._status = os.fdopen(status, "rb", buffering=0)
        self._reading = threading.Lock()

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended. Raises `subprocess.TimeoutExpired`."""
        found = self._look(timeout)
        if found is None:
            raise subprocess.TimeoutExpired((f"process {self.pid}",), timeout or 0)
        return found

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _look(self, timeout: float | None) -> int | None:
        ends = select.poll()
        ends.register(self._status, select.POLLIN)
        if self.returncode is None and ends.poll(None if timeout is None else round(timeout * 1000)):
            with self._reading:
                if self.returncode is None:
                    told = self._status.read(16)
                    self.returncode = int(told) if told else -signal.SIGKILL
        return self.returncode


def fork(
    program: str, arguments: Sequence[str], stdin: int, environment: Mapping[str, str], folder: str
) -> Child:
    """Start `python -m program` with these arguments; its output is read as text."""
    asked = json.dumps({"argv": [program, *arguments], "env": {**environment}, "cwd": folder}).encode()
    out, err, status = os.pipe(), os.pipe(), os.pipe()
    handed = array.array("i", (stdin, out[1], err[1], status[1]))
    with _LOCK:
        nursery = _nursery(program)
        nursery.sendmsg([asked], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)])
        pid = int(nursery.recv(16))
    for each in (out[1], err[1], status[1]):
        os.close(each)
    return Child(pid, status[0], *(open(each[0], encoding="utf-8") for each in (out, err)))


_LOCK: Final = threading.Lock()


@cache
def _nursery(program: str) -> socket.socket:
    """Return the line to the process that forks one program, started with the first that is wanted."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("CRM_", "LC_", "LANG"))}
    process = subprocess.Popen(
        [sys.executable, "-m", __spec__.name, program, str(there.fileno())],
        pass_fds=[there.fileno()],
        env=bare,
        stdin=subprocess.DEVNULL,
    )
    there.close()
    atexit.register(process.wait)
    atexit.register(here.close)
    here.settimeout(START_TIMEOUT_S)
    assert here.recv(16) == b"ready"
    return here


# In the process that forks


def _serve(program: str, line: socket.socket) -> None:
    """Fork one process for each request until the tests are over."""
    quickening.try_secrets_quickly()
    _read(program)
    gc.collect()
    gc.freeze()  # what is not looked through need not be copied by each that is forked
    line.send(b"ready")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asked, handed, _, _ = socket.recv_fds(line, 1 << 20, 4)
        if not asked:
            return
        if os.fork() == 0:
            _keep(line, json.loads(asked), handed)
        for each in handed:
            os.close(each)


def _read(program: str) -> None:
    """Read a program, then forget its command line, which each process reads in its own environment."""
    for name in READ_BEFORE[program]:
        import_module(name)
    commands = import_module(f"{program}.cli")
    for found in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        import_module(found.name)
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{commands.__name__}.")]:
        del sys.modules[name]
    del sys.modules[program].cli


def _keep(line: socket.socket, asked: dict[str, Any], handed: list[int]) -> NoReturn:
    """Start the program, say its number, wait for it, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, status = handed
    pid = os.fork()
    if pid == 0:
        line.close()
        os.close(status)
        _run(asked, streams)
    line.send(str(pid).encode())
    line.close()
    for each in (*streams, 0, 1, 2):
        os.close(each)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(status, str(ended).encode())
    os._exit(0)


def _run(asked: dict[str, Any], streams: list[int]) -> NoReturn:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    for number, name in enumerate(_STREAMS):
        setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))
    sys.argv = asked["argv"]
    status = _ended(sys.argv[0])
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def _ended(program: str) -> int:
    """Run a program to its end and return its status."""
    try:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - told as Python tells it
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
