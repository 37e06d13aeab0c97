"""Laptops and HQ as processes, and what goes wrong: killed, stopped, cut off, disks full, clocks off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from crm_core.ids import new_id
from sync_server.services.entitlements import person_of
from tests.support.hq import make, visible_to
from tests.support.online import OnlineLaptop, online_laptop
from tests.support.proxy import Fault, Kind, Proxy
from tests.support.server import ROOT, RunningServer
from tests.support.turned_clock import turn
from tests.sync.histories.events import Event, History
from tests.sync.histories.laptop import PROTECTED, YEAR_MS, Setup
from tests.sync.histories.work import Diary, Worker, rest_of_hq

DISK_MB: Final = 8
_FAULTS: Final = tuple(
    kind for kind in Kind if kind not in (Kind.NOTHING, Kind.SILENCE, Kind.REQUEST_CUT, Kind.ANSWER_CUT)
)
"""What a proxy may do to single requests; cuts need a place, silence takes its minutes."""


class LaptopProcess:
    """A laptop's process, its line, and perhaps a disk of its own that is soon full."""

    def __init__(self, setup: Setup, file: Path, line: Proxy, disk: Path | None) -> None:
        self.setup, self.line, self.disk = setup, line, disk
        self._file = file
        self._process: subprocess.Popen[str] | None = None
        file.write_bytes(msgspec.json.encode(setup))

    def start(self) -> None:
        """Begin a life."""
        command = [sys.executable, "-m", "tests.sync.histories.laptop", str(self._file)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8", cwd=ROOT
        )

    def kill(self) -> None:
        """End a life as a power cut would; `AssertionError` where it had ended by itself."""
        assert self._process is not None
        assert self._process.poll() is None, self._said()
        self._process.kill()
        self._process.communicate()

    def rest(self) -> None:
        """Ask for the end of the work."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.poll() is None, self._said()
        self._process.stdin.write("rest\n")
        self._process.stdin.flush()

    def wait(self, within_s: float) -> None:
        """Wait until it has come to rest; `AssertionError` where it does not in time."""
        assert self._process is not None
        try:
            said, errors = self._process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"{self.setup.who} does not come to rest: {self._said()}") from None
        assert said.endswith("rested\n"), errors[-3000:]

    def end(self) -> None:
        """End it in any case."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def try_on(self, disk: Path, seconds: float) -> None:
        """Live for so long on a disk that may not be written; where it ends, it must have said why."""
        if subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=False).returncode:
            return  # this system does not let a disk become read-only
        try:
            self.start()
            assert self._process is not None
            try:
                errors = self._process.communicate(timeout=seconds)[1]
            except subprocess.TimeoutExpired:  # it reads what is there, and each save fails
                self.end()
            else:
                assert self._process.returncode == PROTECTED, errors[-3000:]
        finally:
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)

    def _said(self) -> str:
        assert self._process is not None
        return self._process.communicate()[1][-3000:]


class Company:
    """Three laptops of two people, each at one of the servers, and everything that goes wrong."""

    def __init__(self, servers: Sequence[RunningServer], clock: Path, seed: int) -> None:
        self.servers, self._clock, self.chance = servers, clock, Random(seed)
        self.laptops: list[LaptopProcess] = []
        self.users: dict[str, OnlineLaptop] = {}
        self.happened: list[str] = []

    def suffer(self, seconds: float) -> None:
        """Let one thing after the other go wrong for so long."""
        until = time.monotonic() + seconds
        what = (
            self._kill_a_laptop,
            self._kill_a_server,
            self._stop_a_server,
            self._cut_off,
            self._spoil_requests,
            self._fill_a_disk,
            self._protect_a_disk,
            self._turn_hqs_clock,
        )
        while time.monotonic() < until:
            happens = self.chance.choice(what)
            self.happened.append(happens.__name__)
            happens()
            time.sleep(self.chance.uniform(0.2, 1.0))

    def heal(self, within_s: float) -> float:
        """Let everything work again and all come to rest; return when it was healed."""
        healed_at_s = time.monotonic()
        for laptop in self.laptops:
            laptop.rest()
        for laptop in self.laptops:
            laptop.wait(within_s)
        return healed_at_s

    def history(self) -> History:
        """Let all hear of what the others did last, and return what happened."""
        customers = self.laptops[0].setup.customers
        workers = []
        for laptop in self.laptops:
            online = self.users[laptop.setup.who]
            online.reopen()
            diary = Diary(Path(laptop.setup.diary), laptop.setup.who)
            workers.append(
                Worker(diary, lambda each=online: each.replica, online.sync, customers, self.chance)  # type: ignore[misc]
            )
        for _ in range(2):
            for worker in workers:
                assert worker.round(), "a round failed at rest"
        for worker in workers:
            worker.rest()
        found = History.read(Path(laptop.setup.diary) for laptop in self.laptops)
        return History.of([*found, self._rest_of_hq(customers)])

    def _rest_of_hq(self, customers: Sequence[str]) -> Event:
        user_id = next(iter(self.users.values())).user_id
        with self.servers[0].headquarters() as hq:
            with hq.database.read() as snapshot:
                person = person_of(snapshot.connection, user_id)
            return rest_of_hq(visible_to(hq.database, person), customers)

    # What goes wrong

    def _kill_a_laptop(self) -> None:
        laptop = self.chance.choice(self.laptops)
        laptop.kill()
        time.sleep(self.chance.uniform(0, 0.5))
        laptop.start()

    def _kill_a_server(self) -> None:
        server = self.chance.choice(self.servers)
        server.kill()
        time.sleep(self.chance.uniform(0, 1))
        server.start()

    def _stop_a_server(self) -> None:
        server = self.chance.choice(self.servers)
        server.pause()
        time.sleep(self.chance.choice((0.5, 2, 6)))
        server.go_on()

    def _cut_off(self) -> None:
        """Let nothing through to HQ, or nothing back, for one laptop or for all."""
        cut = self.chance.sample(self.laptops, self.chance.choice((1, len(self.laptops))))
        how = self.chance.choice((Kind.REQUEST_LOST, Kind.ANSWER_LOST))
        for laptop in cut:
            laptop.line.always = how
        time.sleep(self.chance.choice((1, 3)))
        for laptop in cut:
            laptop.line.always = Kind.NOTHING

    def _spoil_requests(self) -> None:
        line = self.chance.choice(self.laptops).line
        line.faults.extend(
            Fault(kind=self.chance.choice(_FAULTS), at=self.chance.randrange(400)) for _ in range(3)
        )

    def _fill_a_disk(self) -> None:
        for disk in self._disks():
            filler = disk / "filler"
            filler.write_bytes(b"\0" * max(0, shutil.disk_usage(disk).free - self.chance.choice((0, 40_000))))
            time.sleep(2)
            filler.unlink()

    def _protect_a_disk(self) -> None:
        for laptop in self.laptops:
            if laptop.disk is not None:
                laptop.kill()
                laptop.try_on(laptop.disk, 6)
                laptop.start()

    def _turn_hqs_clock(self) -> None:
        turn(self._clock, -self.chance.choice((YEAR_MS, 60_000)))
        time.sleep(2)
        turn(self._clock, 0)

    def _disks(self) -> list[Path]:
        return [laptop.disk for laptop in self.laptops if laptop.disk is not None]


@contextmanager
def company(
    folder: Path, template: Path, servers: Sequence[RunningServer], clock: Path, seed: int
) -> Iterator[Company]:
    """Give a company at work; all of it is ended at the end."""
    made = Company(servers, clock, seed)
    customers = [new_id() for _ in range(2)]
    for user in ("lin", "maya"):
        servers[0].add_user(user, "admin")
    with servers[0].headquarters() as hq:
        hq.records.write_all([make("customer", each, name=each[:8]) for each in customers])
    with ExitStack() as stack:
        disk = stack.enter_context(_small_disk(folder / "disk"))
        for number, (who, user) in enumerate((("lin", "lin"), ("lin-2", "lin"), ("maya", "maya"))):
            server = servers[number % len(servers)]
            line = stack.enter_context(Proxy(server.url, seed=seed + number))
            own_disk = disk if number == 0 else None
            profile = (own_disk or folder) / who
            laptop = online_laptop(server, template, profile, user, user)
            stack.callback(laptop.close)
            laptop.sync()
            laptop.replica.close()
            made.users[who] = laptop
            setup = Setup(
                who=who,
                profile=str(profile),
                diary=str(folder / f"{who}.jsonl"),
                address=line.url,
                secret=laptop.secret,
                seed=seed,
                customers=customers,
            )
            process = LaptopProcess(setup, folder / f"{who}.json", line, own_disk)
            stack.callback(process.end)
            made.laptops.append(process)
        for process in made.laptops:
            process.start()
        yield made


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Give the folder of a small file system of its own; None where that needs rights we do not have."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
