"""HQ under many laptops: real requests with real tokens from one process, no replicas behind them.

`SATCHEL_BENCH_ROWS=1000000 python -m benchmarks many_laptops` measures growth up to that many records. Where
there is no PostgreSQL its figures are left out.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from crm_core.ids import named_id
from sync_server.services.auth import now_ms
from sync_server.services.hq import Edit, EditKind
from tests.support.crowd import Caller, enrol_crowd
from tests.support.postgres import NoPostgres, database_in, running_postgres
from tests.support.server import RunningServer, running_server

TITLE = "Many laptops at one HQ"
LAPTOPS = 500
PEOPLE = 50
INTERVAL_S = 120
CROWD_S = 20.0  # of the crowd's usual life
ROWS_EACH = 200  # customers of each person: 10,000 in all
SIZES = (10_000, 100_000)
BATCH = 5_000
PUSHERS = 4
PUSH_S = 4.0
EDITS = 500  # of one push
TERRITORY = 20_000
RUNS = 9
# The load comes from here, and is not to be held back.
UNLIMITED = {
    "CRM_SERVER_REQUESTS_PER_MINUTE": "0",
    "CRM_SERVER_OPERATIONS_PER_DAY": "0",
    "CRM_SERVER_MEGABYTES_PER_DAY": "0",
}


def measure() -> list[Figure]:
    """Return the figures of HQ on SQLite and, where there is one, on PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        found = _of_engine(Path(name), "SQLite", None, workers=1)
        found += _growth(Path(name) / "growth")
    try:
        with running_postgres() as engine, tempfile.TemporaryDirectory() as name:
            with database_in(engine) as url:
                found += _of_engine(Path(name), "PostgreSQL", url, workers=2)
            with database_in(engine) as url:
                found += _crowd(Path(name) / "crowd", url)
    except NoPostgres:
        pass
    return found


# Pushing


def _of_engine(folder: Path, engine: str, url: str | None, workers: int) -> list[Figure]:
    """Return how fast one engine merges, and what a large upload does to small ones."""
    folder = folder / engine
    with _serving(folder, url, workers) as (server, people):
        crowd = _callers(server, people[:PUSHERS])
        owned = [_fill(caller, people[n], 1_000) for n, caller in enumerate(crowd)]
        by_one = _in_parallel(crowd, lambda n: _edit(crowd[n], owned[n], 1, PUSH_S))
        by_many = _in_parallel(crowd, lambda n: _edit(crowd[n], owned[n], EDITS, PUSH_S))
        beside, upload_s = _beside_an_upload(crowd, owned, people)
        for caller in crowd:
            caller.close()
    served = f"{workers} process{'es' if workers > 1 else ''}, {PUSHERS} laptops at once"
    return [
        Figure(f"{engine}: fields merged, one in a push", by_one.rate, "/s", note=served),
        Figure(f"{engine}: … 95 of 100 pushes within", by_one.percentile(95), "s"),
        Figure(f"{engine}: fields merged, {EDITS} in a push", by_many.rate * EDITS, "/s", note=served),
        Figure(
            f"{engine}: one edit pushed while another laptop uploads 10,000 records, median",
            beside.percentile(50),
            "s",
            upload_s,
            "that upload",
            f"{len(beside.seconds)} pushes, longest {beside.percentile(100) * 1000:.0f} ms",
        ),
    ]


@dataclass
class _Times:
    """How long requests took, and over how long they were made."""

    seconds: list[float] = field(default_factory=list)
    whole_s: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.whole_s

    def percentile(self, share: int) -> float:
        if not self.seconds:
            return 0.0
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def _in_parallel(crowd: Sequence[Caller], work: Callable[[int], list[float]]) -> _Times:
    began = time.perf_counter()
    with ThreadPoolExecutor(len(crowd)) as pool:
        spent = [seconds for each in pool.map(work, range(len(crowd))) for seconds in each]
    return _Times(spent, time.perf_counter() - began)


def _edit(caller: Caller, ids: Sequence[str], at_once: int, for_s: float) -> list[float]:
    spent, number, until = [], 0, time.perf_counter() + for_s
    while time.perf_counter() < until:
        number += 1
        chosen = [ids[(number * at_once + n) % len(ids)] for n in range(at_once)]
        began = time.perf_counter()
        caller.set_many("customer", chosen, "notes", f"visit {number}", now_ms())
        spent.append(time.perf_counter() - began)
    return spent


def _beside_an_upload(
    crowd: Sequence[Caller], owned: Sequence[Sequence[str]], people: Sequence[str]
) -> tuple[_Times, float]:
    rows, took = customers(10_000, people[0], seed=7), [0.0]

    def upload() -> None:
        began = time.perf_counter()
        crowd[0].create("customer", rows, now_ms())
        took[0] = time.perf_counter() - began

    uploading = threading.Thread(target=upload)
    times, began = _Times(), time.perf_counter()
    uploading.start()
    while uploading.is_alive():
        times.seconds += _edit_once(crowd[1], owned[1])
        time.sleep(0.05)
    uploading.join()
    times.whole_s = time.perf_counter() - began
    return times, took[0]


def _edit_once(caller: Caller, ids: Sequence[str]) -> list[float]:
    began = time.perf_counter()
    caller.set("customer", ids[0], "notes", f"beside {began}", now_ms())
    return [time.perf_counter() - began]


# A company's laptops


def _crowd(folder: Path, url: str) -> list[Figure]:
    """Return what 500 laptops cost that ask every two minutes, one in ten of them with an edit."""
    with _serving(folder, url, 2) as (server, people):
        crowd = _callers(server, [people[n % PEOPLE] for n in range(LAPTOPS)])
        owned = {people[n]: _fill(crowd[n], people[n], ROWS_EACH) for n in range(PEOPLE)}
        fill_s = []
        for caller in crowd[PEOPLE : PEOPLE + 20]:
            began = time.perf_counter()
            caller.catch_up()
            fill_s.append(time.perf_counter() - began)
        active = crowd[: PEOPLE + 20]  # the rest of the crowd stands where these do
        for caller in active:
            caller.catch_up()
        cpu_before, began = _cpu_s(server.pid), time.perf_counter()
        for _ in range(2):
            for caller in active:
                caller.pull()
        empty = (_cpu_s(server.pid) - cpu_before) / (2 * len(active))
        empty_s = (time.perf_counter() - began) / (2 * len(active))
        times = _two_minutes(active, people, owned)
        memory = _memory_bytes(server.pid)
        for caller in crowd:
            caller.close()
    note = f"{len(times.seconds)} rounds in {times.whole_s:.0f} s, one in ten brings an edit"
    return [
        Figure("500 laptops, a round each two minutes: median", times.percentile(50), "s", note=note),
        Figure("… 95 of 100", times.percentile(95), "s"),
        Figure("… 99 of 100", times.percentile(99), "s"),
        Figure("processor's time of an empty pull", empty, "s", empty_s, "the whole of it"),
        Figure("memory of HQ's processes together", memory, "bytes", note="2 processes"),
        Figure(f"first sync of {ROWS_EACH} customers at HQ", statistics.median(fill_s), "s"),
    ]


def _two_minutes(crowd: Sequence[Caller], people: Sequence[str], owned: dict[str, list[str]]) -> _Times:
    """Make rounds at the pace of 500 laptops for a part of their two minutes."""
    times = _Times()
    pace_s, began, number = INTERVAL_S / LAPTOPS, time.perf_counter(), 0

    def make_round(turn: int) -> None:
        caller, person = crowd[turn % len(crowd)], people[turn % len(crowd) % PEOPLE]
        started = time.perf_counter()
        if turn % 10 == 0:
            caller.set("customer", owned[person][turn % ROWS_EACH], "notes", f"{turn}", now_ms())
        else:
            caller.pull()
        times.seconds.append(time.perf_counter() - started)

    with ThreadPoolExecutor(16) as pool:
        while (due := began + number * pace_s) < began + CROWD_S:
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(make_round, number)
            number += 1
    times.whole_s = time.perf_counter() - began
    return times


# Growth


def _growth(folder: Path) -> list[Figure]:
    """Return how rounds, a territory that moves and sizes grow with the records at HQ, on SQLite."""
    most = int(os.environ.get("SATCHEL_BENCH_ROWS", str(SIZES[-1])))
    sizes = [size for size in (*SIZES, 1_000_000) if size <= most]
    found: list[Figure] = []
    first: dict[str, float] = {}
    with _serving(folder, None, 1) as (server, people):
        mover, pusher, newcomer = _callers(server, [people[1], people[0], people[2]])
        ids: list[str] = []
        held = 0
        for size in sizes:
            while held < size:
                made, _ = pusher.create("customer", customers(BATCH, people[0], held, first=held), now_ms())
                ids, held = [*ids[:1000], *made], held + BATCH
                pusher.pull()
            figures = _rounds_at(pusher, ids)
            newcomer.token = b""
            began = time.perf_counter()
            _as(server, newcomer, people[0]).pull()
            figures["first page of a first sync"] = time.perf_counter() - began
            for name, seconds in figures.items():
                if size == sizes[0]:
                    first[name] = seconds
                found.append(
                    Figure(
                        f"{size:,} customers at HQ: {name}",
                        seconds,
                        "s",
                        first[name] if size != sizes[0] else None,
                        f"with {sizes[0]:,}" if size != sizes[0] else "",
                    )
                )
        found += _moved_territory(server, mover, people)
        found += _share_of_bookkeeping(server)
    return found


def _rounds_at(caller: Caller, ids: Sequence[str]) -> dict[str, float]:
    caller.catch_up()

    pushed, idle = [], []
    for number in range(RUNS):
        began = time.perf_counter()
        caller.set("customer", ids[number], "notes", f"{began}", now_ms())
        pushed.append(time.perf_counter() - began)
        began = time.perf_counter()
        caller.pull()
        idle.append(time.perf_counter() - began)
    return {"one edit pushed": statistics.median(pushed), "nothing to do": statistics.median(idle)}


def _as(server: RunningServer, caller: Caller, user_id: str) -> Caller:
    """Return another laptop of a user, which knows nothing yet."""
    caller.close()
    return _callers(server, [user_id])[0]


def _moved_territory(server: RunningServer, taker: Caller, people: Sequence[str]) -> list[Figure]:
    """Return what it takes to hand 20,000 customers to another person: at HQ, and down to his laptop."""
    taker.catch_up()
    with server.headquarters() as hq:
        rows = [record_id for record_id, _ in hq.records.find("customer", "owner_id", people[0])][:TERRITORY]
        began = time.perf_counter()
        for start in range(0, len(rows), BATCH):
            hq.records.write(
                [
                    Edit(
                        kind=EditKind.UPDATE,
                        entity="customer",
                        record_id=record_id,
                        values={"owner_id": people[1]},
                    )
                    for record_id in rows[start : start + BATCH]
                ]
            )
        moved_s = time.perf_counter() - began
    before, began = taker.bytes_down, time.perf_counter()
    rounds = taker.catch_up()
    fetched_s = time.perf_counter() - began
    return [
        Figure(f"{len(rows):,} customers handed over at HQ", moved_s, "s"),
        Figure(
            f"{len(rows):,} customers to who takes over",
            fetched_s,
            "s",
            note=f"{rounds} pages",
        ),
        Figure(f"{len(rows):,} customers to who takes over, bytes", taker.bytes_down - before, "bytes"),
    ]


def _share_of_bookkeeping(server: RunningServer) -> list[Figure]:
    """Return how much of the database is bookkeeping of the sync, beside the records themselves."""
    bookkeeping = ("row_meta", "cell", "row_scope", "scope_exit", "set_dot", "op_log", "lost_edit")
    with server.headquarters() as hq, hq.database.engine.connect() as connection:
        query = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name"
        sizes: dict[str, int] = {}
        for name, size in connection.exec_driver_sql(query):
            table = connection.exec_driver_sql(
                "SELECT tbl_name FROM sqlite_master WHERE name = ?", (name,)
            ).scalar()
            sizes[table or name] = sizes.get(table or name, 0) + size
    kept = sum(size for name, size in sizes.items() if name in bookkeeping)
    own = sizes["customer"]
    return [
        Figure("bookkeeping of the sync, on disk", kept, "bytes", own, "the customers"),
        Figure("… as a share of the customers", 100 * kept / own, "%"),
    ]


# Parts


@contextmanager
def _serving(folder: Path, url: str | None, workers: int) -> Iterator[tuple[RunningServer, list[str]]]:
    folder.mkdir(parents=True)
    options = ["--workers", str(workers)]
    with running_server(folder, url, options=options, environment=UNLIMITED) as server:
        with server.headquarters() as hq:
            role = named_id("role", "sales")
            people = [
                hq.records.create("user", {"name": f"person {number}", "role_id": role})
                for number in range(PEOPLE)
            ]
        yield server, people


def _callers(server: RunningServer, user_ids: Sequence[str]) -> list[Caller]:
    with server.headquarters() as hq:
        return enrol_crowd(hq, server.url, user_ids)


def _fill(caller: Caller, user_id: str, count: int) -> list[str]:
    caller.catch_up()
    rows: list[dict[str, Any]] = customers(count, user_id)
    made, _ = caller.create("customer", rows, now_ms())
    caller.catch_up()
    return made


def _family(pid: int) -> list[int]:
    """Return a process and those it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(int(child) for child in children)]


def _cpu_s(pid: int) -> float:
    ticks = 0
    for each in _family(pid):
        words = Path(f"/proc/{each}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory_bytes(pid: int) -> int:
    total = 0
    for each in _family(pid):
        status = Path(f"/proc/{each}/status").read_text(encoding="ascii").splitlines()
        total += next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))
    return total
