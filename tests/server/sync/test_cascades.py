"""What goes with a deleted record and what comes back, where records belong to two and move meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.ids import named_id
from crm_core.rules.quote_sums import total_of
from crm_core.sync.merge import lives
from crm_core.sync.protocol import Code
from tests.support.hq import Laptop, Office

DEAL = {
    "name": "Deal",
    "pipeline_id": named_id("pipeline", "Sales"),
    "stage_id": named_id("stage", "open"),
}


class Stand:
    """Two people who see everything, each at a laptop."""

    def __init__(self, office: Office, people: list[str]) -> None:
        self.office = office
        self.one, self.other = (office.laptop(person) for person in people)
        self.sync()

    def sync(self) -> None:
        for laptop in (self.one, self.other, self.one):
            self.office.now_ms += 1000
            laptop.sync()

    def make(self, entity: str, **values: Any) -> str:
        made = self.one.create(entity, values)
        self.sync()
        assert self.lives(entity, made)
        return made

    def do(self, laptop: Laptop, number: int) -> Code:
        laptop.sync()
        code = laptop.code(number)
        self.sync()
        return code

    def lives(self, entity: str, record_id: str) -> bool:
        return lives(self.office.row(entity, record_id)["life"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, list[str]]]:
    office = Office(tmp_path_factory.mktemp("cascades") / "hq")
    yield office, [office.user(name, "admin") for name in ("Lin", "Maya")]
    office.close()


@pytest.fixture
def stand(shared: tuple[Office, list[str]]) -> Stand:
    return Stand(*shared)


def test_what_belongs_to_two_stays_deleted_until_both_are_back(stand: Stand) -> None:
    mine, theirs = stand.make("customer", name="Mine"), stand.make("customer", name="Theirs")
    deal = stand.make("deal", customer_id=mine, **DEAL)
    note = stand.make("activity", kind="note", subject="Note", deal_id=deal, customer_id=theirs)
    assert stand.do(stand.one, stand.one.delete("deal", deal)) is Code.APPLIED
    assert stand.do(stand.other, stand.other.delete("customer", theirs)) is Code.APPLIED
    assert stand.do(stand.one, stand.one.restore("deal", deal)) is Code.APPLIED
    assert not stand.lives("activity", note), "it would live below a deleted customer"
    assert stand.do(stand.other, stand.other.restore("customer", theirs)) is Code.APPLIED
    assert stand.lives("activity", note), "nobody deleted it by itself, so nothing may keep it away"


def test_what_is_made_below_two_deleted_records_comes_back_with_the_second(stand: Stand) -> None:
    customer = stand.make("customer", name="Customer")
    deal = stand.make("deal", customer_id=customer, **DEAL)
    stand.do(stand.one, stand.one.delete("deal", deal))
    note = stand.other.create(
        "activity", {"kind": "note", "subject": "Note", "deal_id": deal, "customer_id": customer}
    )
    assert stand.do(stand.one, stand.one.delete("customer", customer)) is Code.APPLIED
    stand.sync()
    assert not stand.lives("activity", note)
    stand.do(stand.one, stand.one.restore("customer", customer))
    assert not stand.lives("activity", note)
    stand.do(stand.one, stand.one.restore("deal", deal))
    assert stand.lives("activity", note)


def test_what_was_moved_while_it_lay_deleted_comes_back_with_what_took_it(stand: Stand) -> None:
    customer, place = stand.make("customer", name="Customer"), stand.make("customer", name="New place")
    contact = stand.make("contact", name="Contact", customer_id=customer)
    deletion = stand.one.delete("customer", customer)
    stand.other.set("contact", contact, "customer_id", place)
    stand.do(stand.one, deletion)
    assert not stand.lives("contact", contact)
    stand.do(stand.one, stand.one.restore("customer", customer))
    assert stand.lives("contact", contact)
    assert stand.office.row("contact", contact)["customer_id"] == place


def test_what_was_moved_away_comes_back_alone_where_it_is_restored_by_itself(stand: Stand) -> None:
    customer, place = stand.make("customer", name="Customer"), stand.make("customer", name="New place")
    contact = stand.make("contact", name="Contact", customer_id=customer)
    deletion = stand.one.delete("customer", customer)
    stand.other.set("contact", contact, "customer_id", place)
    stand.do(stand.one, deletion)
    assert stand.do(stand.other, stand.other.restore("contact", contact)) is Code.APPLIED
    assert stand.lives("contact", contact)
    assert not stand.lives("customer", customer)


@pytest.mark.parametrize("how", ["added", "changed"])
def test_a_quote_restored_comes_to_what_its_lines_say(stand: Stand, how: str) -> None:
    customer = stand.make("customer", name="Customer")
    quote = stand.make("quote", customer_id=customer, currency="CNY", valid_until="2031-12-31")
    line = {"description": "Line", "quantity": "1", "unit_price": 100, "currency": "CNY"}
    first = stand.make("quote_line", quote_id=quote, **line)
    deletion = stand.one.delete("customer", customer)
    if how == "added":
        stand.other.create("quote_line", {"quote_id": quote, **line})
    else:
        stand.other.set("quote_line", first, "quantity", "7")
    stand.do(stand.one, deletion)
    stand.do(stand.one, stand.one.restore("customer", customer))
    held = stand.office.row("quote", quote)
    lines = stand.office.hq.find("quote_line", "quote_id", quote)
    assert held["total"] == total_of(held, lines) != 0
    for laptop in (stand.one, stand.other):
        assert laptop.replica == stand.office.projection(laptop.user_id)
