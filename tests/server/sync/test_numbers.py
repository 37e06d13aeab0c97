"""Numbers of quotes: disjoint leases, single use, and what HQ itself gives out."""

from __future__ import annotations

import itertools

import pytest

from crm_core.sync.protocol import Code
from sync_server.services.numbers import parse_number, write_number
from tests.support.hq import Laptop, Office


def _lease(laptop: Laptop, wanted: int = 50) -> tuple[int, int]:
    laptop.sync(leases={"quote": wanted})
    return laptop.leases[-1].lo, laptop.leases[-1].hi


def _quote(laptop: Laptop, customer: str, **values: object) -> int:
    laptop.create(
        "quote", {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31", **values}
    )
    laptop.sync()
    return laptop.last_op


@pytest.fixture
def sellers(office: Office) -> list[Laptop]:
    """Give three laptops: two of one person, one of another."""
    one, other = (office.user(name, "admin") for name in ("One", "Other"))
    laptops = [office.laptop(user) for user in (one, one, other)]
    for laptop in laptops:
        laptop.sync()
    return laptops


def test_no_two_leases_overlap(sellers: list[Laptop]) -> None:
    ranges = [_lease(laptop, wanted) for laptop, wanted in itertools.product(sellers, (50, 1, 7))]
    numbers = [number for lo, hi in ranges for number in range(lo, hi + 1)]
    assert len(numbers) == len(set(numbers)) == 3 * 58
    assert sellers[0].leases[0].pattern == "Q-{year}-{number:04d}"


def test_a_lost_answer_costs_no_numbers_and_a_lease_is_never_huge(sellers: list[Laptop]) -> None:
    laptop = sellers[0]
    request = laptop.request(leases={"quote": 50})
    first, again = laptop.send(request), laptop.send(request)
    assert first.msgs == again.msgs
    laptop.apply(again)
    lo, hi = _lease(laptop, 10**9)
    assert lo == laptop.leases[0].hi + 1
    assert hi - lo < 1000
    assert laptop.sync(leases={"nothing": 5}).msgs == []


def test_a_number_is_used_once_and_only_by_whom_it_was_given(sellers: list[Laptop]) -> None:
    one, _, other = sellers
    customer = one.create("customer", {"name": "Customer"})
    lo, hi = _lease(one)
    other.sync()
    year = "2027"
    assert one.code(_quote(one, customer, number=f"Q-{year}-{lo:04d}")) is Code.APPLIED
    refused = {
        "used": (one, f"Q-{year}-{lo:04d}"),
        "used in another year": (one, f"Q-2028-{lo:04d}"),
        "beyond the lease": (one, f"Q-{year}-{hi + 1:04d}"),
        "somebody else's": (other, f"Q-{year}-{lo + 1:04d}"),
        "written otherwise": (one, f"Q-{year}-{lo + 1}0x"),
        "not as the pattern says": (one, f"Q-{year}-{lo + 1}"),
    }
    for why, (laptop, number) in refused.items():
        assert laptop.code(_quote(laptop, customer, number=number)) is Code.INVALID, why
    assert one.code(_quote(one, customer, number=f"Q-{year}-{lo + 1:04d}")) is Code.APPLIED


def test_a_draft_gets_its_number_later_and_keeps_it(office: Office, sellers: list[Laptop]) -> None:
    one = sellers[0]
    customer = one.create("customer", {"name": "Customer"})
    lo, _ = _lease(one)
    one.create("quote", {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"})
    quote = one.outbox[-1].op.row.hex()
    given = one.set("quote", quote, "number", f"Q-2027-{lo:04d}")
    again = one.set("quote", quote, "number", f"Q-2027-{lo + 1:04d}")
    cleared = one.set("quote", quote, "number", None)
    one.sync()
    assert [one.code(number) for number in (given, again, cleared)] == [
        Code.APPLIED,
        Code.INVALID,
        Code.INVALID,
    ]
    assert office.row("quote", quote)["number"] == f"Q-2027-{lo:04d}"


def test_a_restored_laptop_gives_up_its_lease_but_not_the_quotes_it_made(
    office: Office, sellers: list[Laptop]
) -> None:
    one = sellers[0]
    customer = one.create("customer", {"name": "Customer"})
    lo, _ = _lease(one)
    old_nonce = one.nonce
    one.sync()
    one.create(
        "quote",
        {
            "customer_id": customer,
            "currency": "CNY",
            "valid_until": "2027-12-31",
            "number": f"Q-2027-{lo:04d}",
        },
    )
    one.nonce = old_nonce
    one.sync()
    one.nonce = b"from an old backup"
    one.sync()
    assert one.incarnation == 2
    fresh = _lease(one)
    assert fresh[0] > lo
    assert office.hq.find("quote", "number", f"Q-2027-{lo:04d}")


def test_a_number_a_copy_used_first_is_replaced_once_the_range_was_given_up(
    office: Office, sellers: list[Laptop]
) -> None:
    one = sellers[0]
    customer = one.create("customer", {"name": "Customer"})
    lo, _ = _lease(one)
    values = {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"}
    first = one.create("quote", {**values, "number": f"Q-2027-{lo:04d}"})
    one.sync()
    one.nonce = b"from an old backup"
    one.sync()
    second = one.create("quote", {**values, "number": f"Q-2027-{lo:04d}"})
    unused = one.create("quote", {**values, "number": f"Q-2027-{lo + 1:04d}"})
    one.sync()
    numbers = [office.row("quote", quote)["number"] for quote in (first, second, unused)]
    assert one.code(one.last_op) is Code.APPLIED
    assert numbers[0] == f"Q-2027-{lo:04d}"
    assert numbers[2] == f"Q-2027-{lo + 1:04d}"
    assert parse_number("Q-{year}-{number:04d}", numbers[1]) not in (None, lo, lo + 1)
    assert one.replica == office.projection(one.user_id)
    tasks = [row["subject"] for _, row in office.hq.all("activity")]
    assert any(numbers[0] in subject and numbers[1] in subject for subject in tasks)


def test_hq_numbers_its_own_quotes_beside_the_leases(office: Office, sellers: list[Laptop]) -> None:
    one = sellers[0]
    customer = office.hq.create("customer", {"name": "Customer"})
    values = {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"}
    lo, hi = _lease(one)
    first = office.row("quote", office.hq.create("quote", values))["number"]
    assert parse_number("Q-{year}-{number:04d}", first) == hi + 1
    with pytest.raises(Exception, match="not given"):
        office.hq.create("quote", {**values, "number": f"Q-2027-{lo:04d}"})
    office.hq.create("quote", {**values, "number": "OLD-77"})
    office.hq.create("quote", {**values, "number": "Q-2020-5000"})
    assert _lease(one)[0] == 5001


def test_numbers_are_read_as_they_are_written() -> None:
    for pattern in ("Q-{year}-{number:04d}", "T-{number:06d}", "{number}", "({year})/{number:d}"):
        text = write_number(pattern, 42, 1_800_000_000_000)
        assert parse_number(pattern, text) == 42
        assert parse_number(pattern, text + "0 ") is None
    assert parse_number("Q-{year}-{number:04d}", "Q-2027-12345") == 12345
    assert parse_number("Q-{year}-{number:04d}", "Q-2027-00001") is None
