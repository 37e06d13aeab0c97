"""Versions of quotes on two laptops and HQ: what was sent is kept, whatever becomes of the quote."""

from __future__ import annotations

from crm_core.sync.protocol import Code
from crm_desktop.services import quote_versions, quotes, records
from crm_desktop.services.quote_versions import Version
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


def made(lin: Laptop) -> str:
    customer = records.create(lin.replica, "customer", {"name": "Blue Heron", "phone": "021 5550 0142"}).value
    quote = quotes.create(lin.replica, {"customer_id": customer.id, "currency": "CNY"}).value
    for description, price in (("Pump", 100_00), ("Valve", 20_00)):
        values = {"description": description, "quantity": "2", "unit_price": price}
        quotes.add_line(lin.replica, quote.id, values)
    return quote.id


def shown(version: Version) -> list[tuple[str, str]]:
    return [(row["description"], row["quantity"]) for row in version.content["lines"]]


def test_a_version_sent_offline_is_kept_and_the_next_one_is_compared_with_it(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    boss = laptops.make("boss", office.user("Boss", "sales_manager"))
    settle_all([lin, boss], 1)
    quote_id = made(lin)
    number = records.get(lin.replica, "quote", quote_id)["number"]
    quotes.set_status(lin.replica, quote_id, "sent")
    quotes.set_status(lin.replica, quote_id, "declined")
    draft = quote_versions.revise(lin.replica, quote_id).value
    assert (draft["number"], draft["version"], draft["status"]) == (number, 2, "draft")
    first_line = quotes.view(lin.replica, quote_id).lines[0]
    records.update(lin.replica, "quote_line", first_line.id, {"quantity": "5"})
    quotes.set_status(lin.replica, quote_id, "sent")
    settle_all([lin])
    assert [(each.number, each.total) for each in quote_versions.versions(lin.replica, quote_id)] == [
        (2, 540_00),
        (1, 240_00),
    ]
    newer, older = quote_versions.versions(lin.replica, quote_id)
    assert shown(older) == [("Pump", "2"), ("Valve", "2")]
    assert shown(newer) == [("Pump", "5"), ("Valve", "2")]
    changes = quote_versions.compare(older, newer)
    assert [(each.entity, each.change, each.fields[0].new) for each in changes] == [
        ("quote_line", "changed", "5")
    ]
    assert older.sent_by == "Lin"
    held = office.hq.find("quote_version", "quote_id", quote_id)
    assert sorted(row["version"] for _, row in held) == [1, 2]
    assert office.row("quote", quote_id)["version"] == 2
    assert list(differences(lin)) == []


def test_hq_writes_down_what_is_sent_by_who_says_nothing_of_it(office: Office) -> None:
    customer = office.hq.create("customer", {"name": "A", "phone": "1234567"})
    facts = {"customer_id": customer, "currency": "CNY", "valid_until": "2031-12-31"}
    quote = office.hq.create("quote", facts)
    line = {"description": "Pump", "quantity": "1", "unit_price": 5_00, "currency": "CNY"}
    office.hq.create("quote_line", {"quote_id": quote, **line})
    office.hq.update("quote", quote, {"status": "sent"})
    ((_, kept),) = office.hq.find("quote_version", "quote_id", quote)
    assert (kept["version"], kept["total"]) == (1, 5_00)
    assert [row["description"] for row in kept["content"]["lines"]] == ["Pump"]


def test_of_two_who_send_the_same_version_the_first_one_is_what_was_sent(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    again = laptops.make("again", lin.user_id)
    settle_all([lin, again], 1)
    quote_id = made(lin)
    settle_all([lin, again])
    for laptop, quantity in ((lin, "3"), (again, "4")):
        line = quotes.view(laptop.replica, quote_id).lines[0]
        records.update(laptop.replica, "quote_line", line.id, {"quantity": quantity})
        quotes.set_status(laptop.replica, quote_id, "sent")
    settle_all([lin])
    settle_all([again, lin])
    for laptop in (lin, again):
        (version,) = quote_versions.versions(laptop.replica, quote_id)
        assert shown(version)[0] == ("Pump", "3")
        assert list(differences(laptop)) == []


def test_terms_written_with_the_sending_are_in_what_was_sent(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([lin], 1)
    quote_id = made(lin)
    records.update(lin.replica, "quote", quote_id, {"status": "sent", "terms": "30 days"})
    (version,) = quote_versions.versions(lin.replica, quote_id)
    assert version.content["quote"]["terms"] == "30 days"
    settle_all([lin])
    assert lin.returned() == []


def test_a_version_made_by_hand_is_refused_unless_it_is_of_the_draft_and_adds_up(office: Office) -> None:
    lin = office.user("Lin", "sales")
    customer = office.hq.create("customer", {"name": "A", "phone": "1234567", "owner_id": lin})
    facts = {"customer_id": customer, "owner_id": lin, "currency": "CNY", "valid_until": "2031-12-31"}
    quote = office.hq.create("quote", facts)
    price = {"unit_price": 5_00, "currency": "CNY"}
    line = office.hq.create(
        "quote_line", {"quote_id": quote, "description": "Pump", "quantity": "1", **price}
    )
    rows = [{"id": line, "quantity": "1"}]
    good = {
        "quote_id": quote,
        "version": 1,
        "content": {"form": {}, "names": {}, "quote": {}, "groups": [], "lines": rows},
        "amounts": {"quote": {"currency": "CNY"}, "lines": {line: price}},
        "total": 5_00,
        "currency": "CNY",
    }
    forger = office.laptop(lin)
    forger.sync()

    def told(**changed: object) -> Code:
        forger.create("quote_version", {**good, **changed})
        forger.sync()
        return forger.code(forger.last_op)

    assert told(total=4_00) == Code.INVALID
    assert told(version=2) == Code.ILLEGAL_STATE
    assert told() == Code.APPLIED
    office.hq.update("quote", quote, {"status": "sent"})
    assert told() == Code.ILLEGAL_STATE
    forger.sync()
    kept = office.hq.find("quote_version", "quote_id", quote)
    tries = [
        forger.set("quote_version", kept[0][0], "version", 7),
        forger.delete("quote_version", kept[0][0]),
    ]
    forger.sync()
    assert [forger.code(number) for number in tries] == [Code.ILLEGAL_STATE] * 2
