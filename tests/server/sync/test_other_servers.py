"""HQ's database goes on at another server: a standby takes over, or a dump is restored there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_core.sync.protocol import Code
from sync_server.services.hq import Hq
from sync_server.services.sync import SyncService
from sync_server.store.database import Database
from sync_server.store.tables import OpLog, table_of
from tests.support.hq import Laptop, Office
from tests.support.postgres import NoPostgres, database_in, dumped_into, promote, standby_of

pytestmark = [pytest.mark.postgres, pytest.mark.soak]


@contextmanager
def goes_on_at(office: Office, url: str) -> Iterator[None]:
    """Let the office work on another database until the end of the block."""
    first = office.database
    office.database = Database(url)
    office.hq = Hq(office.database, office.clock)
    office.sync = SyncService(office.database, office.settings, office.clock)
    try:
        yield
    finally:
        office.database.close()
        office.database = first


@pytest.fixture
def office(tmp_path: Path, tabled_postgres: str) -> Iterator[Office]:
    made = Office(tmp_path / "hq", tabled_postgres)
    yield made
    made.close()


def at_work(office: Office) -> tuple[Laptop, Laptop, str]:
    """Return two laptops, one of which has an answer on its way and more that waits."""
    lin, maya = (office.laptop(office.user(name, "admin")) for name in ("Lin", "Maya"))
    known = lin.create("customer", {"name": "Known", "tags": ["vip"]})
    lin.sync()
    maya.sync()
    lin.set("customer", known, "industry", "answer lost")
    lin.send(lin.request())
    maya.set("customer", known, "intent", "waits")
    return lin, maya, known


def assert_nothing_happened(office: Office, lin: Laptop, maya: Laptop, known: str) -> None:
    """Hold that both go on as if HQ had stayed where it was."""
    token = maya.token
    for laptop in (lin, maya, lin, maya):
        answered = laptop.sync()
        assert not answered.resync
        assert not answered.incarnation
    assert maya.token != token
    assert [lin.code(lin.last_op), maya.code(maya.last_op)] == [Code.APPLIED, Code.APPLIED]
    row = office.row("customer", known)
    assert (row["industry"], row["intent"]) == ("answer lost", "waits")
    for laptop in (lin, maya):
        assert laptop.replica == office.projection(laptop.user_id)
        assert laptop.outbox == []
    log = table_of(OpLog)
    with office.database.read() as snapshot:
        taken = snapshot.connection.execute(select(log.c.op_no).where(log.c.device == lin.device)).all()
    assert len(taken) == lin.last_op


def test_a_standby_that_takes_over_goes_on_where_the_first_stood(office: Office) -> None:
    try:
        with standby_of(office.database.url) as url:
            lin, maya, known = at_work(office)
            promote(office.database.url, url)
            with goes_on_at(office, url):
                assert_nothing_happened(office, lin, maya, known)
    except NoPostgres as absent:
        pytest.skip(str(absent))


def test_a_dump_restored_at_another_server_goes_on_where_the_first_stood(
    office: Office, postgres_url: str
) -> None:
    lin, maya, known = at_work(office)
    with database_in(postgres_url) as url:
        dumped_into(office.database.url, url)
        with goes_on_at(office, url):
            assert_nothing_happened(office, lin, maya, known)
