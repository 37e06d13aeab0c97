"""`kill -9` of HQ at any statement of a merge: nothing is there, and what is sent again is taken once."""

from __future__ import annotations

import copy
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select

from crm_core.sync.protocol import Code
from sync_server.services.auth import DeviceSession
from sync_server.services.hq import Hq
from sync_server.services.sync import SyncService
from sync_server.store.database import Database
from sync_server.store.tables import OpLog, table_of
from tests.support.crashing import fork
from tests.support.hq import Laptop, Office

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks a process that holds databases")


def in_another_process(office: Office, work: Callable[[Office], None], log: Path) -> int:
    """Do the work as a server process of its own; return the signal or status it ended with."""
    office.database.engine.dispose()  # a connection must not be shared

    def serve() -> None:
        other = copy.copy(office)
        other.database = Database(office.settings.database_url)
        other.hq = Hq(other.database, other.clock)
        other.sync = SyncService(other.database, other.settings, other.clock)
        work(other)

    return os.waitstatus_to_exitcode(os.waitpid(fork(serve, log), 0)[1])


def killed_at(number: int) -> Callable[..., None]:
    """Return a hook that ends the process for good at the so many-th statement or commit."""
    seen = [0]

    def reached(*_: object) -> None:
        seen[0] += 1
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def day_of_work(office: Office) -> tuple[Laptop, Laptop]:
    """Return a laptop with a batch of everything in its outbox, and a colleague's."""
    lin, maya = (office.laptop(office.user(name, "sales")) for name in ("Lin", "Maya"))
    lin.sync(leases={"quote": 5})
    known = lin.create("customer", {"name": "Known"})
    lin.sync()
    customer = lin.create("customer", {"name": "纸鹤食品（示例）", "tags": ["vip"]})
    lin.create("contact", {"name": "何苗", "customer_id": customer})
    lin.set("customer", known, "industry", "food")
    lin.tag("customer", known, "asia")
    lin.set("customer", known, "owner_id", maya.user_id)
    lin.delete("customer", customer)
    lin.do(99, "customer", known, 0, None)  # refused, and kept
    return lin, maya


def taken(office: Office) -> int:
    ops = table_of(OpLog)
    with office.database.read() as snapshot:
        return int(
            snapshot.connection.execute(
                select(func.count()).select_from(ops).where(ops.c.device > 0)
            ).scalar_one()
        )


def sweep(office: Office, tmp_path: Path, choose: Callable[[int], list[int]]) -> None:
    lin, maya = day_of_work(office)
    request, session = lin.request(), DeviceSession(device_id=lin.device, user_id=lin.user_id)
    before = taken(office)
    log = tmp_path / "log"

    def answer_killed(number: int) -> Callable[[Office], None]:
        def work(other: Office) -> None:
            reached = killed_at(number)
            event.listen(Engine, "before_cursor_execute", reached)
            event.listen(Engine, "commit", reached)
            other.sync.answer(request, session)

        return work

    # How many there are is not known before one went through, which no later one could be killed in: so the
    # numbers are tried upwards until one is beyond the end of the merge.
    number, points = 0, 0
    for number in choose(10_000):
        ended = in_another_process(office, answer_killed(number), log)
        assert ended in (0, -signal.SIGKILL), log.read_text()
        if taken(office) != before:
            break
        points += 1
        assert ended == -signal.SIGKILL
    assert points, "no point was before the commit"
    lin.apply(lin.send(lin.request()))
    for _ in range(2):
        for laptop in (lin, maya):
            laptop.sync()
    assert lin.outbox == []
    assert lin.code(lin.last_op) == Code.INVALID
    assert taken(office) == before + 7
    assert lin.replica == office.projection(lin.user_id)
    assert maya.replica == office.projection(maya.user_id)


@pytest.mark.postgres
def test_an_hq_killed_at_some_statements_of_a_merge_takes_what_is_sent_again_once(
    tmp_path: Path, tabled_postgres: str
) -> None:
    office = Office(tmp_path / "hq", tabled_postgres)
    sweep(office, tmp_path, lambda most: [3, 14, 26, *range(60, most, 60)])
    office.close()


@pytest.mark.soak
def test_an_hq_killed_at_every_statement_of_a_merge_takes_what_is_sent_again_once(
    office: Office, tmp_path: Path
) -> None:
    sweep(office, tmp_path, lambda most: list(range(1, most)))
