"""Processes of HQ's that need not read the program anew: forked from one that has read it already.

What is forked is a process of its own in everything a test asks of it: it has its own number, streams, folder
and environment, is killed and waited for, and runs `python -m sync_server` from its first line. Only the
modules that look at the environment as they are read are left for each to read.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import IO, Any, Final, NoReturn

START_TIMEOUT_S: Final = 60.0
_READ_BEFORE: Final = (
    "sync_server.app",
    "sync_server.services.founding",
    "sync_server.services.backup",
    "uvicorn",
)
_STREAMS: Final = ("stdin", "stdout", "stderr")


class Child:
    """A process that was forked for a test; the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, status: int, out: IO[str], err: IO[str]) -> None:
        self.pid = pid
        self.stdout, self.stderr = out, err
        self.returncode: int | None = None
        self._status = status
        self._ends = select.poll()
        self._ends.register(status, select.POLLIN)

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended. Raises `subprocess.TimeoutExpired`."""
        found = self._look(timeout)
        if found is None:
            raise subprocess.TimeoutExpired(("sync_server",), timeout or 0)
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
        if self.returncode is None and self._ends.poll(None if timeout is None else round(timeout * 1000)):
            told = os.read(self._status, 16)
            self.returncode = int(told) if told else -signal.SIGKILL
            os.close(self._status)
        return self.returncode


def fork(arguments: Sequence[str], stdin: int, environment: Mapping[str, str], folder: str) -> Child:
    """Start `python -m sync_server` with these arguments; its output is read as text."""
    asked = json.dumps({"argv": [*arguments], "env": {**environment}, "cwd": folder}).encode()
    out, err, status = os.pipe(), os.pipe(), os.pipe()
    handed = array.array("i", (stdin, out[1], err[1], status[1]))
    with _LOCK:
        nursery = _nursery()
        nursery.sendmsg([asked], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)])
        pid = int(nursery.recv(16))
    for each in (out[1], err[1], status[1]):
        os.close(each)
    return Child(pid, status[0], *(open(each[0], encoding="utf-8") for each in (out, err)))


_LOCK: Final = threading.Lock()


@cache
def _nursery() -> socket.socket:
    """Return the line to the process that forks, started with the first that is wanted."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("CRM_", "LC_", "LANG"))}
    process = subprocess.Popen(
        [sys.executable, "-m", __spec__.name, str(there.fileno())],
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


def _serve(line: socket.socket) -> None:
    """Fork one process for each request until the tests are over."""
    for name in _READ_BEFORE:
        import_module(name)
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
    sys.argv = ["sync_server", *asked["argv"]]
    runpy.run_module("sync_server", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
