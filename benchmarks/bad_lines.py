"""Over the worst line promised: 64 kbit/s with a delay of 0.3 s there and back, segments lost and not.

Real sockets and real time: the laptop calls HQ through the proxy of the tests. A day's work runs on each
line. The first sync of 20,000 customers runs in full on the clean one; with losses it runs over fewer, for
it would take most of an hour. `SATCHEL_WHOLE_BAD_LINES=1` runs it in full on each.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from crm_core.entities import SCHEMAS
from crm_core.errors import Unreachable
from crm_core.ids import new_id
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.sync.report import RoundReport
from tests.support.hq import make
from tests.support.online import OnlineLaptop, online_laptop
from tests.support.proxy import Proxy
from tests.support.replicas import make_template
from tests.support.server import RunningServer, running_server
from tests.support.slow_line import promised_line

TITLE = "Bad lines, 64 kbit/s"
LOSSES = (0.0, 0.1, 0.3)
EDITS = 200
ROWS = 20_000
OWN_ROWS = 200
LOSSY_ROWS = 1_000
SEED = 1
WHOLE = "SATCHEL_WHOLE_BAD_LINES"
MOST_ROUNDS = 200
PAUSE_S = 1.0  # between rounds that failed; the program waits longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What it took until both sides were even."""

    seconds: float
    own_seconds: float
    """Until the person's own customers were here, to be found and worked with."""
    received: int
    again: int
    """Trips and rounds that broke off."""
    carried: int
    """Bytes that arrived, both ways."""
    resent: int
    """Bytes of lost segments that went again."""


def measure() -> list[Figure]:
    """Return the figures of one run of each."""
    figures = []
    whole = bool(os.environ.get(WHOLE))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = make_template(folder / "template")
        for loss in LOSSES:
            rows = ROWS if whole or not loss else LOSSY_ROWS
            with _company(folder / f"{rows} {loss}", rows) as hq:
                figures += _figures(hq, template, folder / f"laptops {loss}", loss, rows)
    return figures


@contextmanager
def _company(folder: Path, rows: int) -> Iterator[RunningServer]:
    """Give a running HQ with customers, of which the first person owns some."""
    folder.mkdir()
    with running_server(folder) as hq:
        ada = hq.add_user("ada", "admin")["id"]
        ben = hq.add_user("ben", "admin")["id"]
        owners = [ada] * OWN_ROWS + [ben] * (rows - OWN_ROWS)
        made = [{**row, "owner_id": owner} for row, owner in zip(customers(rows, ada), owners, strict=True)]
        with hq.headquarters() as beside:
            for start in range(0, rows, 2_000):
                some = made[start : start + 2_000]
                beside.records.write_all([make("customer", new_id(), **row) for row in some])
        yield hq


def _figures(hq: RunningServer, template: Path, folder: Path, loss: float, rows: int) -> list[Figure]:
    folder.mkdir()
    line = promised_line(loss)
    words = f"{loss:.0%} lost"
    with Proxy(hq.url, seed=SEED, line=line) as proxy:
        laptop = online_laptop(hq, template, folder / "ada", "ada", "ada", proxy.url)
        try:
            first = _until_even(laptop, proxy)
            for number, record_id in enumerate(_some_customers(laptop.replica, EDITS)):
                change = {"phone": f"+86 10 5550 {number:05d}"}
                records.update(laptop.replica, "customer", record_id, change)
            day = _until_even(laptop, proxy)
        finally:
            laptop.close()
    floor = line.seconds_of(first.carried)
    return [
        Figure(f"a day of {EDITS} edits handed in, {words}", day.seconds, "s", note=_note(day)),
        Figure(
            f"first sync of {rows:,} customers, {words}",
            first.seconds,
            "s",
            floor,
            "its bytes at 64 kbit/s",
            _note(first),
        ),
        Figure(
            f"… {OWN_ROWS} own customers here, {words}", first.own_seconds, "s", note=f"of {rows:,} in all"
        ),
        Figure(f"… bytes resent, {words}", first.resent, "bytes", note="segments lost"),
    ]


def _until_even(laptop: OnlineLaptop, proxy: Proxy) -> Run:
    began = time.monotonic()
    carried = proxy.up.carried + proxy.down.carried
    resent = proxy.up.resent + proxy.down.resent
    again = received = 0
    own: list[float] = []

    def note(_changed: object) -> None:
        if not own and _own_customers(laptop) >= OWN_ROWS:
            own.append(time.monotonic() - began)

    laptop.replica.on_changed.append(note)
    for _ in range(MOST_ROUNDS):
        try:
            report: RoundReport = laptop.sync()
        except Unreachable:
            again += 1
            time.sleep(PAUSE_S)
            continue
        again += report.retries
        received += report.received
        if report.up_to_date:
            break
    else:
        raise AssertionError(f"not even after {MOST_ROUNDS} rounds")
    laptop.replica.on_changed.remove(note)
    return Run(
        seconds=time.monotonic() - began,
        own_seconds=own[0] if own else 0.0,
        received=received,
        again=again,
        carried=proxy.up.carried + proxy.down.carried - carried,
        resent=proxy.up.resent + proxy.down.resent - resent,
    )


def _own_customers(laptop: OnlineLaptop) -> int:
    table = SCHEMAS["customer"].table
    with laptop.replica.read() as session:
        owned = select(func.count()).select_from(table).where(table.c.owner_id == laptop.user_id)
        return session.scalar(owned) or 0


def _some_customers(replica: Replica, count: int) -> list[str]:
    return [row.id for row in records.page(replica, ListQuery(entity="customer", limit=count)).rows]


def _note(run: Run) -> str:
    return f"{run.carried:,} bytes, {run.again} times again"
