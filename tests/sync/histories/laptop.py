"""One laptop in a process of its own, which works until it is told to rest, or until it is killed.

`python -m tests.sync.histories.laptop SETUP` reads what it needs from a file of JSON: profile, diary, address
of HQ, secret, seed, customers. A line `rest` on its standard input ends the work: then it syncs until it is
even, writes down how it ended, prints `rested` and ends.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from crm_core.errors import CrmError, Unreachable
from crm_desktop.models.clock import Clock, steady_ms, wall_ms
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.sync.engine import Engine
from crm_desktop.sync.transport import HttpHeadquarters
from tests.support.replicas import KEY
from tests.sync.histories.work import Diary, Worker

YEAR_MS: Final = 365 * 24 * 3600 * 1000
PROTECTED: Final = 3
"""Exit status where the replica cannot be opened, as on a disk that may not be written."""
PAUSE_S: Final = 0.05
AGAIN_S: Final = 0.3
"""Between two rounds while the other end is not there. The program waits longer."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a laptop's process is told."""

    who: str
    profile: str
    diary: str
    address: str
    secret: str
    seed: int
    customers: list[str]


def live(setup: Setup, rest: threading.Event) -> None:
    """Work and sync by turns, at random, until `rest`; then end even."""
    diary = Diary(Path(setup.diary), setup.who)
    # Each life has its own chance and its own wrong clock.
    chance = Random(f"{setup.seed} {setup.who} {diary.begun()}")
    wrong_ms = chance.choice((0, 0, -YEAR_MS, YEAR_MS))
    replica = Replica.open(Profile(Path(setup.profile)), KEY, Clock(lambda: wall_ms() + wrong_ms, steady_ms))
    line = HttpHeadquarters(setup.address, setup.secret)
    engine = Engine(replica, line, counter=line.counter, patience=line.have_patience)
    worker = Worker(diary, lambda: replica, engine.run_round, setup.customers, chance)
    while not rest.is_set():
        for _ in range(chance.randrange(1, 6)):
            worker.step()
            time.sleep(PAUSE_S)
        worker.round()
    while not worker.round():
        time.sleep(AGAIN_S)
    replica.close()
    line.close()


def main() -> int:
    """Live, and return the exit status."""
    setup = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Setup)
    rest = threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        rest.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        live(setup, rest)
    except Unreachable:
        raise
    except CrmError as error:
        print(error, file=sys.stderr)
        return PROTECTED
    print("rested", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
