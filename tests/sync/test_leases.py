"""Numbers a laptop holds: one lease in use and one spare, as large as what it uses."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_core.times import DAY_MS
from crm_desktop.models import numbers
from crm_desktop.models.device_tables import NumberLease
from crm_desktop.services import records
from sync_server.store.tables import NumberSeries, table_of
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops


@pytest.fixture
def lin(office: Office, laptops: Laptops) -> Laptop:
    made = laptops.make("lin", office.user("Lin", "sales"))
    made.sync()
    made.sync()
    return made


def leases(lin: Laptop, series: str = "quote") -> list[tuple[int, int]]:
    """Return size and numbers left of each lease, the one in use first."""
    with lin.replica.read() as session:
        rows = session.scalars(
            select(NumberLease).where(NumberLease.series == series).order_by(NumberLease.lo)
        )
        return [(row.hi - row.lo + 1, row.hi - row.next + 1) for row in rows]


def make_quotes(lin: Laptop, count: int) -> list[str]:
    customer = records.create(lin.replica, "customer", {"name": "A"}).value.id
    made = (records.create(lin.replica, "quote", {"customer_id": customer}).value for _ in range(count))
    return [quote["number"] for quote in made]


def next_of(office: Office, series: str) -> int:
    table = table_of(NumberSeries)
    with office.database.read() as snapshot:
        return int(
            snapshot.connection.execute(select(table.c.next).where(table.c.series == series)).scalar_one()
        )


def test_a_laptop_holds_one_lease_and_a_spare_and_asks_for_no_more(office: Office, lin: Laptop) -> None:
    assert leases(lin) == [(50, 50), (50, 50)]
    before = next_of(office, "quote")
    for _ in range(3):
        lin.sync()
    assert next_of(office, "quote") == before


def test_the_spare_goes_on_where_the_lease_ends_and_the_next_is_as_large_as_the_use(
    office: Office, lin: Laptop
) -> None:
    given = make_quotes(lin, 60)
    assert len(set(given)) == 60
    assert None not in given
    assert leases(lin) == [(50, 0), (50, 40)]
    lin.sync()
    assert leases(lin) == [(50, 40), (60, 60)]
    office.now_ms += 40 * DAY_MS
    make_quotes(lin, 45)
    lin.sync()
    assert leases(lin)[1][0] == 45


def test_who_uses_few_is_given_few_and_nobody_more_than_the_most(office: Office, lin: Laptop) -> None:
    make_quotes(lin, 3)
    with lin.replica.read() as session:
        assert numbers._size(session, "quote", office.now_ms) == numbers.LEAST
        assert numbers._size(session, "ticket", office.now_ms) == 50


def test_a_laptop_that_asks_on_and_on_uses_up_no_series(office: Office, lin: Laptop) -> None:
    device = office.laptop(lin.user_id)
    device.sync()
    ends = []
    for _ in range(12):
        device.sync(leases={"quote": 500})
        ends.append(next_of(office, "quote"))
    assert len(set(ends)) == 5
    assert len({(lease.lo, lease.hi) for lease in device.leases}) == 5
