"""What is a person's own comes before everything else of a fill, and nothing comes twice or is left out."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.sync.codec import read_message, unpack_ids
from crm_core.sync.protocol import Progress, Put
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, search
from crm_desktop.sync.pace import Pace
from tests.support.hq import Office, make
from tests.support.replicas import Laptop, Laptops, differences

OWN, OTHERS = 12, 250
SMALL_PAGE = 2_048
CUSTOMER, CONTACT = SCHEMAS["customer"].no, SCHEMAS["contact"].no


class Company:
    """Lin's customers among those of Ann, each with a contact; some of Ann's are lent by a deal of Lin's."""

    def __init__(self, office: Office, role: str) -> None:
        self.office = office
        self.lin = office.user("Lin", role)
        self.ann = office.user("Ann", role)
        chance = random.Random(4)
        owners = [self.lin] * OWN + [self.ann] * OTHERS
        chance.shuffle(owners)
        self.customers = [(new_id(), owner) for owner in owners]
        edits = []
        for number, (customer, owner) in enumerate(self.customers):
            name = f"{chance.randbytes(12).hex()} {number}（示例）"
            edits.append(make("customer", customer, name=name, owner_id=owner))
            edits.append(make("contact", new_id(), name=f"Contact {number}（示例）", customer_id=customer))
        self.lent = self.of(self.ann)[:3]
        deal = {"name": "Deal（示例）", "owner_id": self.lin}
        deal |= {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
        edits += [make("deal", new_id(), customer_id=customer, **deal) for customer in self.lent]
        office.hq.write_all(edits)

    def of(self, owner: str) -> list[str]:
        return [customer for customer, owned_by in self.customers if owned_by == owner]


def rows_of(laptop: Laptop) -> Iterator[tuple[int, int, str]]:
    """Yield what HQ sent: page, entity and record, in its order."""
    for page, response in enumerate(laptop.line.seen):
        for message in map(read_message, response.msgs):
            if isinstance(message, Put):
                for row in unpack_ids(message.ids):
                    yield page, message.entity, row


@pytest.mark.parametrize("role", ["admin", "sales"])
def test_own_customers_and_what_belongs_to_them_come_before_the_rest_and_each_row_once(
    office: Office, laptops: Laptops, role: str
) -> None:
    company = Company(office, role)
    laptop = laptops.make("lin", company.lin, page_bytes=SMALL_PAGE)
    first = {*company.of(company.lin), *company.lent}
    assert laptop.sync().up_to_date
    sent = list(rows_of(laptop))
    assert len(sent) == len({row for _, _, row in sent})
    customers = [row for _, entity, row in sent if entity == CUSTOMER]
    assert set(customers[: len(first)]) == first
    if role == "admin":
        assert len(customers) == OWN + OTHERS
        begins = next(page for page, _, row in sent if row == customers[len(first)])
        assert sum(entity == CONTACT and page <= begins for page, entity, _ in sent) >= OWN
        assert sent[-1][0] > begins
    assert list(differences(laptop)) == []


def test_the_bar_counts_all_of_a_kind_and_says_when_the_rest_begins(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "after_trip", lambda pace, **_: pace)  # customers must not come in one page
    company = Company(office, "admin")
    laptop = laptops.make("lin", company.lin, page_bytes=SMALL_PAGE)
    laptop.sync()
    told = [
        message
        for response in laptop.line.seen
        for message in map(read_message, response.msgs)
        if isinstance(message, Progress) and message.entity == CUSTOMER
    ]
    assert told[0].part == 3  # with the first page, before its turn
    told = told[1:]
    assert {message.total for message in told} == {OWN + OTHERS}
    assert [message.done for message in told] == sorted(message.done for message in told)
    assert [message.part for message in told] == sorted(message.part for message in told)
    assert told[-1].part == 2


@pytest.mark.parametrize("to_lin", [True, False])
def test_a_customer_that_changes_hands_between_the_parts_is_not_left_out(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch, to_lin: bool
) -> None:
    monkeypatch.setattr(Pace, "after_trip", lambda pace, **_: pace)  # the rest must not come in one page
    company = Company(office, "admin")
    laptop = laptops.make("lin", company.lin, page_bytes=SMALL_PAGE)
    moved: list[str] = []

    def move_some() -> bool:
        """Give customers another owner as soon as the first part is here."""
        with laptop.replica.read() as session:
            here = set(session.scalars(select(SCHEMAS["customer"].table.c.id)))
        if not moved and here >= {*company.of(company.lin), *company.lent}:
            office.now_ms += 1_000
            source = company.of(company.ann)[-40:] if to_lin else company.of(company.lin)
            moved.extend(source)
            owner = company.lin if to_lin else company.ann
            for customer in source:
                office.hq.update("customer", customer, {"owner_id": owner})
        return False

    assert laptop.sync(move_some).up_to_date
    assert moved
    assert list(differences(laptop)) == []


def test_own_customers_are_found_and_changed_while_the_rest_still_comes(
    office: Office, laptops: Laptops
) -> None:
    company = Company(office, "admin")
    laptop = laptops.make("lin", company.lin, page_bytes=SMALL_PAGE)
    own = {*company.of(company.lin)}

    def own_are_here() -> bool:
        with laptop.replica.read() as session:
            return own <= set(session.scalars(select(SCHEMAS["customer"].table.c.id)))

    report = laptop.sync(own_are_here)
    assert not report.up_to_date
    assert len(company.customers) > records.count(laptop.replica, ListQuery(entity="customer"))
    office.now_ms += 1_000
    for customer in own:
        name = str(records.get(laptop.replica, "customer", customer)["name"])
        assert customer in {hit.id for hit in search.find(laptop.replica, name.split()[0])}
        records.update(laptop.replica, "customer", customer, {"phone": "+86 21 5550 0000"})
    assert laptop.sync().up_to_date
    assert {office.row("customer", customer)["phone"] for customer in own} == {"+86 21 5550 0000"}
    assert list(differences(laptop)) == []
