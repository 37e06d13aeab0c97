"""Points on laptops: the sum shows at once, follows what HQ refuses, and is the same everywhere."""

from __future__ import annotations

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, Invalid
from crm_core.ids import named_id
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.sync import codec
from crm_core.sync.protocol import Code, MsgKind, Put
from crm_desktop.services import records, waiting
from crm_desktop.sync.receive import receive
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


@pytest.fixture
def pair(office: Office, laptops: Laptops) -> tuple[Laptop, Laptop]:
    made = (
        laptops.make("lin", office.user("Lin", "admin")),
        laptops.make("wang", office.user("Wang", "admin")),
    )
    settle_all(list(made), 1)
    return made


def assert_even(*laptops: Laptop) -> None:
    assert [line for laptop in laptops for line in differences(laptop)] == []


def give(laptop: Laptop, customer: str, points: int) -> str:
    values = {"customer_id": customer, "points": points, "reason": "订单 Order"}
    return records.create(laptop.replica, "point_entry", values).value.id


def points(laptop: Laptop, customer: str) -> int | None:
    return records.get(laptop.replica, "customer", customer).get("points")  # type: ignore[no-any-return]


def test_points_show_at_once_and_add_up_whoever_gives_them(pair: tuple[Laptop, Laptop]) -> None:
    lin, wang = pair
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    settle_all([lin, wang])
    give(lin, customer, 100)
    assert points(lin, customer) == 100
    give(wang, customer, -40)
    assert points(wang, customer) == -40
    lin.sync()
    settle_all([wang, lin])
    assert points(lin, customer) == points(wang, customer) == 60
    assert_even(lin, wang)


def test_hqs_sum_never_hides_an_entry_that_waits(pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    customer = records.create(lin.replica, "customer", {"name": "Customer"}).value.id
    give(lin, customer, 30)
    settle_all([lin])
    give(lin, customer, 7)
    schema = SCHEMAS["customer"]
    told = Put(
        kind=MsgKind.PUT,
        optional=0,
        entity=schema.no,
        full=0,
        base=0,
        ids=codec.pack_ids([customer]),
        lives=[1],
        fields=[schema.fields["points"].no],
        columns=[[30]],
    )
    with lin.replica.applying() as session:
        receive(session, [told], "")
    assert points(lin, customer) == 37
    lin.sync()
    assert_even(lin)


def test_a_refused_entry_takes_its_points_with_it(
    office: Office, laptops: Laptops, pair: tuple[Laptop, Laptop]
) -> None:
    lin, _ = pair
    sales = laptops.make("sven", office.user("Sven", "sales"))
    sales.sync()
    customer = records.create(sales.replica, "customer", {"name": "Mine"}).value.id
    give(sales, customer, 50)
    sales.sync()
    give(sales, customer, 25)
    assert points(sales, customer) == 75
    role = named_id("role", "sales")
    rights = STANDARD_ROLES["sales"][1]
    reach = {**rights["reach"], "point_entry": {"read": "own"}}
    office.hq.update("role", role, {"rights": {**rights, "reach": reach}})
    sales.sync()
    sales.sync()
    assert [code for _, _, code in sales.returned()] == [Code.FORBIDDEN_ROW]
    assert points(sales, customer) == 50
    assert_even(sales)
    lin.sync()
    assert points(lin, customer) == 50


def test_an_entry_taken_back_before_it_was_sent_counts_no_more(pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    customer = records.create(lin.replica, "customer", {"name": "Customer"}).value.id
    lin.sync()
    before = points(lin, customer)
    made = give(lin, customer, 9)
    taken = waiting.discard(lin.replica, [("point_entry", made)]).value
    # As if it had never been, and as at HQ, that never heard of it.
    assert points(lin, customer) == before
    assert_even(lin)
    waiting.bring_back(lin.replica, taken)
    assert points(lin, customer) == 9
    lin.sync()
    assert_even(lin)


def test_an_entry_is_never_changed_and_never_of_nothing(pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    customer = records.create(lin.replica, "customer", {"name": "Customer"}).value.id
    made = give(lin, customer, 9)
    with pytest.raises(AccessDenied, match="stays as it was written"):
        records.update(lin.replica, "point_entry", made, {"points": 10})
    with pytest.raises(AccessDenied, match="stays as it was written"):
        records.delete(lin.replica, "point_entry", made)
    with pytest.raises(Invalid):
        give(lin, customer, 0)
    assert points(lin, customer) == 9
