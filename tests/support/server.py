"""A real headquarters for tests: a process on a free port of this machine, with a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync_server.services import founding, people
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.settings import fresh_settings, read_settings
from tests.support.nursery import Child, fork

ADMIN = "admin"
ADMIN_PASSWORD = "correct horse battery"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 120.0
PROGRAM = ("-m", "sync_server")
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the one JSON value printed."""
        return json.loads(self.out)

    def rows(self) -> list[Any]:
        """Return the JSON values printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def run_program(
    program: str, arguments: Sequence[str], *, stdin: str = "", environment: Mapping[str, str]
) -> Ran:
    """Run a command of one of the programs to its end, in a process and an environment of its own."""
    reading, writing = os.pipe()
    child = fork(program, arguments, reading, environment, str(ROOT))
    os.close(reading)
    said: dict[str, str] = {}

    def read(name: str, stream: Any) -> None:
        with stream:
            said[name] = stream.read()

    readers = [
        threading.Thread(target=read, args=(name, stream))
        for name, stream in (("out", child.stdout), ("err", child.stderr))
    ]
    for reader in readers:
        reader.start()
    with contextlib.suppress(BrokenPipeError), open(writing, "w", encoding="utf-8") as given:
        given.write(stdin)
    try:
        status = child.wait(COMMAND_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    for reader in readers:
        reader.join()
    return Ran(status, said["out"], said["err"])


def crm_server(
    data: Path, *arguments: str, stdin: str = "", environment: dict[str, str] | None = None
) -> Ran:
    """Run one `crm-server` command to its end."""
    asked = ("--data", str(data), *arguments)
    return run_program("sync_server", asked, stdin=stdin, environment=_environment(environment))


def initialised(data: Path, database_url: str | None = None, **settings: Any) -> Path:
    """Make a headquarters in `data` with the administrator `ADMIN`, and return the folder."""
    founding.found(fresh_settings(data, database=database_url, **settings), ADMIN, ADMIN_PASSWORD)
    return data


@dataclass
class RunningServer:
    """A `crm-server serve` that answers at `url`."""

    data: Path
    options: Sequence[str] = ()
    environment: dict[str, str] | None = None
    program: Sequence[str] = PROGRAM
    url: str = ""
    log: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | Child | None = None
    _port: int = 0

    def start(self) -> None:
        """Start the process and wait until it answers; after `kill` or `stop` on the same port again."""
        options = [*self.options, "--host", "127.0.0.1", "--port", str(self._port)]
        arguments = ["--data", str(self.data), "--json", "serve", *options]
        environment = _environment(self.environment)
        if self.program == PROGRAM:
            with open(os.devnull) as nothing:
                self._process = fork("sync_server", arguments, nothing.fileno(), environment, str(ROOT))
        else:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                cwd=ROOT,
                env=environment,
            )
        said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stderr, self.log.append), daemon=True).start()
        threading.Thread(target=self._read, args=(self._process.stdout, said.put), daemon=True).start()
        try:
            self.url = json.loads(said.get(timeout=START_TIMEOUT_S))["url"]
        except (queue.Empty, ValueError):
            self.kill()
            raise AssertionError("".join(self.log)) from None
        self._port = int(self.url.rpartition(":")[2])
        self._wait_until_serving()

    def pause(self) -> None:
        """Let the process stand still, as a machine that swaps or a virtual one that is moved."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a process that stood still go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)

    def stop(self) -> int:
        """Ask the process to end as a service manager does, and return its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(STOP_TIMEOUT_S)

    def restart(self) -> None:
        """Kill the process where it still runs and start it anew at the same address."""
        if self.is_running:
            self.kill()
        self.start()

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def command(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a `crm-server` command on the same headquarters."""
        return crm_server(self.data, *arguments, stdin=stdin, environment=self.environment)

    def add_user(self, name: str, role: str, password: str = "", **where: str) -> dict[str, Any]:
        """Add a user with a password (his name, if none is given) and return him.

        `where` may name `team`, `territory` and the like, as the options of `crm-server user add` do.
        """
        with self.headquarters() as hq:
            values = people.user_values(hq, {"role": role, **where})
            return people.add_user(hq, name, values, password or name)

    @contextmanager
    def headquarters(self) -> Iterator[Headquarters]:
        """Give the same headquarters opened in the test's own process, beside the one that serves."""
        hq = open_headquarters(read_settings(self.data, self.environment or {}))
        try:
            yield hq
        finally:
            hq.close()

    def _read(self, stream: Any, take: Any) -> None:
        for line in stream:
            take(line)

    def _wait_until_serving(self) -> None:
        """Wait for the line that says the application is up: the port is open before that."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not any("startup complete" in line for line in self.log):
            if time.monotonic() > deadline or not self.is_running:
                raise AssertionError("".join(self.log))
            time.sleep(0.02)


@contextmanager
def running_server(
    tmp_path: Path,
    database_url: str | None = None,
    *,
    options: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> Iterator[RunningServer]:
    """Give a headquarters of this test's own that answers: its administrator is `ADMIN`.

    It lies in `tmp_path / "hq"`, is made there unless it is there already, on SQLite unless a URL is given.
    """
    data = tmp_path / "hq"
    if not (data / "crm-server.toml").exists():
        initialised(data, database_url)
    server = RunningServer(data, options, environment)
    server.start()
    try:
        yield server
    finally:
        if server.is_running:
            server.kill()


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    return {**kept, "LANG": "C.UTF-8", **(more or {})}
