"""A series without gaps (I11): numbers follow each other whatever is refused, repeated or copied."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code, OpKind, TxnFlag
from sync_server.services.numbers import parse_number
from tests.support.hq import Laptop, Office

PATTERN = "Q-{year}-{number:04d}"
QUOTE = {"currency": "CNY", "valid_until": "2027-12-31"}


@pytest.fixture(autouse=True)
def gapless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let quotes be what invoices will be: numbered by HQ when they are sent."""
    schema = SCHEMAS["quote"]
    machine = schema.meta.machine
    assert machine is not None
    steps = tuple(
        replace(
            step, posts=step.name == "send", needs_child=None if step.name == "send" else step.needs_child
        )
        for step in machine.steps
    )
    meta = replace(schema.meta, gapless=True, machine=replace(machine, steps=steps))
    monkeypatch.setattr(schema.model, "meta", meta)


@pytest.fixture
def sellers(office: Office) -> list[Laptop]:
    made = [office.laptop(office.user(name, "admin")) for name in ("One", "Two", "Three")]
    for laptop in made:
        laptop.sync()
    return made


def draft(laptop: Laptop, customer: str) -> str:
    laptop.create("quote", {"customer_id": customer, **QUOTE})
    return laptop.outbox[-1].op.row.hex()


def send(laptop: Laptop, quote: str) -> tuple[int, str, str, int, list[object]]:
    number = SCHEMAS["quote"].fields["status"].no
    return OpKind.COMMAND, "quote", quote, number, ["send", "draft", [[], []]]


def given(office: Office) -> list[int]:
    """Return the numbers of all quotes, in order; every sent one has one, and no other."""
    numbers = []
    for _, values in office.hq.all("quote", deleted=None):
        assert bool(values["number"]) == (values["status"] not in (None, "draft"))
        if values["number"]:
            numbers.append(parse_number(PATTERN, values["number"]))
    return sorted(number for number in numbers if number is not None)


def test_posting_numbers_a_record_and_its_laptop_hears_it(office: Office, sellers: list[Laptop]) -> None:
    one = sellers[0]
    customer = one.create("customer", {"name": "A"})
    quote = draft(one, customer)
    one.sync(leases={"quote": 50})
    assert one.leases == []
    assert office.row("quote", quote)["number"] is None
    one.together([send(one, quote)], flags=TxnFlag.NONE)
    one.sync()
    assert one.code(one.last_op) is Code.APPLIED
    assert office.row("quote", quote)["number"] == "Q-2027-0001"
    assert one.shown("quote", quote)["number"] == "Q-2027-0001"  # type: ignore[index]
    taken = one.set("quote", draft(one, customer), "number", "Q-2027-0002")
    one.delete("quote", quote)
    one.sync()
    assert (one.code(taken), one.code(one.last_op)) == (Code.INVALID, Code.ILLEGAL_STATE)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 60))])
def test_no_number_is_missing_and_none_is_double_whatever_goes_wrong(
    office: Office, sellers: list[Laptop], seed: int
) -> None:
    chance = random.Random(seed)
    customers = {laptop.device: laptop.create("customer", {"name": "A"}) for laptop in sellers}
    drafts: list[str] = []
    for _ in range(40):
        laptop = chance.choice(sellers)
        match chance.randrange(6):
            case 0 | 1:
                drafts.append(draft(laptop, customers[laptop.device]))
            case 2 if drafts:
                laptop.together([send(laptop, chance.choice(drafts))], flags=TxnFlag.NONE)
            case 3 if len(drafts) > 1:  # stands or falls together: the second may be sent already
                laptop.together([send(laptop, quote) for quote in chance.sample(drafts, 2)])
            case 4:  # a lost answer, and a request that comes twice
                request = laptop.request()
                laptop.send(request)
                laptop.apply(laptop.send(request))
            case 5:
                laptop.nonce = b"of a copied profile" if chance.random() < 0.3 else laptop.nonce
                laptop.sync()
        if chance.random() < 0.3:
            laptop.sync()
    for laptop in sellers * 2:
        laptop.sync()
    numbers = given(office)
    assert len(numbers) > 2
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.postgres
def test_several_who_post_at_once_leave_no_gap(office: Office, sellers: list[Laptop]) -> None:
    quotes: dict[int, list[str]] = {}
    for laptop in sellers:
        customer = laptop.create("customer", {"name": "A"})
        quotes[laptop.device] = [draft(laptop, customer) for _ in range(8)]
        laptop.sync()

    def post(laptop: Laptop) -> None:
        for quote in quotes[laptop.device]:
            laptop.together([send(laptop, quote)], flags=TxnFlag.NONE)
            laptop.sync()

    threads = [threading.Thread(target=post, args=(laptop,)) for laptop in sellers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given(office) == list(range(1, 25))
