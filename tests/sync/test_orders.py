"""Orders and contracts on laptops and HQ: made of quotes offline, delivered by two, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_core.errors import UserError
from crm_core.money import round_half_up
from crm_core.rules.approval import Verdict
from crm_core.sync.protocol import Code
from crm_desktop.models.query import ListQuery
from crm_desktop.services import approvals, attention, contracts, orders, picking, purchases, quotes, records
from crm_desktop.services.orders import Moving
from sync_server.services.contract_ends import follow_calendar
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


def sent_quote(lin: Laptop, product: str | None = None) -> str:
    customer = records.create(lin.replica, "customer", {"name": "Blue Heron", "phone": "021 5550 0142"}).value
    quote = quotes.create(
        lin.replica, {"customer_id": customer.id, "currency": "CNY", "discount_percent": "10"}
    ).value
    group = quotes.add_group(lin.replica, quote.id, "Supply").value.id
    pump = {"product_id": product, "description": "Pump", "quantity": "10", "unit_price": 100_00}
    quotes.add_line(lin.replica, quote.id, {**pump, "tax_rate": "13", "group_id": group})
    quotes.add_line(lin.replica, quote.id, {"description": "Valve", "unit_price": 20_00, "optional": True})
    quotes.set_status(lin.replica, quote.id, "sent")
    return quote.id


def every(laptop: Laptop, entity: str) -> list[Any]:
    return list(records.page(laptop.replica, ListQuery(entity=entity, limit=50)).rows)


def test_an_order_is_made_of_a_quote_offline_delivered_and_partly_taken_back(
    office: Office, laptops: Laptops
) -> None:
    product = office.hq.create("product", {"name": "Pump", "warranty_months": 24})
    lin = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([lin], 1)
    quote_id = sent_quote(lin, product)
    order = orders.from_quote(lin.replica, quote_id).value
    assert order["number"].startswith("O-")
    assert order["total"] == records.get(lin.replica, "quote", quote_id)["total"] == 1017_00
    assert records.get(lin.replica, "quote", quote_id)["status"] == "accepted"
    (line,) = orders.state(lin.replica, order.id).lines
    assert (line[1]["heading"], line[1]["quantity"]) == ("Supply", "10")
    with pytest.raises(UserError):
        orders.from_quote(lin.replica, quote_id)
    with pytest.raises(UserError):
        orders.deliver(lin.replica, order.id, [Moving(order_line_id=line[0], quantity=Decimal(1))])
    records.update(lin.replica, "order", order.id, {"status": "confirmed"})
    with pytest.raises(UserError):
        records.delete(lin.replica, "order_line", line[0])
    for changed in ({"discount_percent": "20"}, {"currency": "USD"}):
        with pytest.raises(UserError):
            records.update(lin.replica, "order", order.id, changed)
    with pytest.raises(UserError):
        records.update(lin.replica, "order_line", line[0], {"unit_price": 1})
    serials = ("P-1", "P-2")
    orders.deliver(
        lin.replica, order.id, [Moving(order_line_id=line[0], quantity=Decimal(6), serials=serials)]
    )
    assert records.get(lin.replica, "order", order.id)["delivered"] == "part"
    with pytest.raises(UserError):
        orders.deliver(lin.replica, order.id, [Moving(order_line_id=line[0], quantity=Decimal(5))])
    orders.deliver(lin.replica, order.id, [Moving(order_line_id=line[0], quantity=Decimal(4))])
    assert records.get(lin.replica, "order", order.id)["delivered"] == "whole"
    with pytest.raises(UserError):
        records.update(lin.replica, "order", order.id, {"status": "cancelled"})
    for each in every(lin, "delivery"):
        with pytest.raises(UserError):
            records.delete(lin.replica, "delivery", each.id)
    orders.take_back(
        lin.replica,
        order.id,
        [Moving(order_line_id=line[0], quantity=Decimal(2), serials=("P-2",))],
        "faulty",
    )
    assert records.get(lin.replica, "order", order.id)["delivered"] == "part"
    standing = {
        (each["serial"], each["quantity"], each["status"]) for each in every(lin, "installed_product")
    }
    assert standing == {
        ("P-1", "1", "in_use"),
        ("P-2", "1", "retired"),
        (None, "3", "in_use"),
        (None, "4", "in_use"),
    }
    assert all(each["warranty_until"] for each in every(lin, "installed_product"))
    settle_all([lin], 2)
    assert list(differences(lin)) == []
    assert office.row("order", order.id)["delivered"] == "part"
    assert office.row("order", order.id)["total"] == 1017_00
    assert len(office.hq.find("installed_product", "order_id", order.id)) == 4


def test_two_laptops_that_deliver_too_much_together_hear_of_it_and_nothing_is_lost(
    office: Office, laptops: Laptops
) -> None:
    product = office.hq.create("product", {"name": "Pump"})
    boss = office.user("Boss", "sales_manager")
    team = office.hq.create("team", {"name": "North", "manager_id": boss})
    lin = laptops.make("lin", office.user("Lin", "sales", team_id=team))
    chief = laptops.make("chief", boss)
    settle_all([lin, chief], 1)
    order = orders.from_quote(lin.replica, sent_quote(lin, product)).value
    records.update(lin.replica, "order", order.id, {"status": "confirmed"})
    settle_all([lin, chief], 2)
    (line,) = orders.state(chief.replica, order.id).lines
    first = orders.deliver(lin.replica, order.id, [Moving(order_line_id=line[0], quantity=Decimal(4))]).value
    second = orders.deliver(
        chief.replica, order.id, [Moving(order_line_id=line[0], quantity=Decimal(7))]
    ).value
    settle_all([lin, chief], 3)
    assert office.row("delivery", first.id)["status"] == "delivered"
    assert office.row("order", order.id)["delivered"] == "part"
    assert records.get(chief.replica, "delivery", second.id)["status"] == "planned"
    ((kept_id, kept),) = office.hq.find("delivery_line", "delivery_id", second.id)
    assert (kept["order_line_id"], kept["quantity"]) == (line[0], "7")
    told = {(entity, code) for entity, _, code in chief.returned()}
    assert ("delivery", Code.ILLEGAL_STATE) in told
    assert lin.returned() == []
    for laptop in (lin, chief):
        assert [each["quantity"] for each in every(laptop, "installed_product")] == ["4"]
        assert records.get(laptop.replica, "order", order.id)["delivered"] == "part"
        assert list(differences(laptop)) == []
    records.update(chief.replica, "delivery_line", kept_id, {"quantity": "6"})
    records.update(chief.replica, "delivery", second.id, {"status": "delivered"})
    settle_all([lin, chief], 2)
    assert office.row("order", order.id)["delivered"] == "whole"
    assert sorted(each["quantity"] for each in every(lin, "installed_product")) == ["4", "6"]


def test_hq_writes_down_what_stands_there_and_refuses_what_cannot_be(office: Office) -> None:
    hq = office.hq
    product = hq.create("product", {"name": "Pump", "warranty_months": 12})
    customer = hq.create("customer", {"name": "Heron", "phone": "021 5550 0142"})
    order = hq.create("order", {"customer_id": customer, "currency": "CNY"})
    price = {"unit_price": 100_00, "currency": "CNY"}
    line = hq.create(
        "order_line",
        {"order_id": order, "product_id": product, "description": "Pump", "quantity": "3", **price},
    )
    assert office.row("order", order)["total"] == 300_00
    delivery = hq.create("delivery", {"order_id": order})
    part = hq.create("delivery_line", {"delivery_id": delivery, "order_line_id": line, "quantity": "4"})
    for wrong in ("draft", "too many"):
        with pytest.raises(UserError):
            hq.update("delivery", delivery, {"status": "delivered"})
        if wrong == "draft":
            hq.update("order", order, {"status": "confirmed"})
    hq.update("delivery_line", part, {"quantity": "2", "serials": "A, B"})
    hq.update("delivery", delivery, {"status": "delivered"})
    assert office.row("delivery", delivery)["delivered_on"]
    assert office.row("order", order)["delivered"] == "part"
    made = hq.find("installed_product", "order_id", order)
    assert {row["serial"] for _, row in made} == {"A", "B"}
    assert all(row["warranty_until"] and row["customer_id"] == customer for _, row in made)
    for entity, record, changes in (
        ("delivery_line", part, {"quantity": "1"}),
        ("order_line", line, {"unit_price": 1, "currency": "CNY"}),
        ("order", order, {"discount_percent": "50"}),
        ("order", order, {"status": "cancelled"}),
    ):
        with pytest.raises(UserError):
            hq.update(entity, record, changes)
    for entity, record in (("delivery", delivery), ("delivery_line", part), ("order_line", line)):
        with pytest.raises(UserError):
            hq.delete(entity, record)
    back = hq.create("delivery", {"order_id": order, "kind": "return", "reason": "faulty"})
    hq.create(
        "delivery_line", {"delivery_id": back, "order_line_id": line, "quantity": "2", "serials": "A\nB"}
    )
    hq.update("delivery", back, {"status": "delivered"})
    assert {row["status"] for _, row in hq.find("installed_product", "order_id", order)} == {"retired"}
    hq.update("order", order, {"status": "cancelled"})
    assert office.row("order", order)["delivered"] == "none"


def test_a_contract_is_drafted_of_a_quote_with_the_clauses_of_the_library_and_goes_on(
    office: Office, laptops: Laptops
) -> None:
    for rank, title in enumerate(("Delivery", "Liability")):
        office.hq.create("clause", {"title": title, "body": f"Of {title}", "rank": rank, "standard": True})
    office.hq.create("clause", {"title": "Secrecy", "body": "None is told"})
    lin = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([lin], 1)
    contract = contracts.from_quote(lin.replica, sent_quote(lin)).value
    assert (contract["total"], contract["status"]) == (1017_00, "draft")
    first, second = contracts.clauses(lin.replica, contract.id)
    assert [each["title"] for each in (first, second)] == ["Delivery", "Liability"]
    records.update(lin.replica, "contract_clause", first.id, {"body": "Within ten days"})
    term = {"starts_on": "2027-01-01", "ends_on": "2027-12-31", "notice_days": 60, "renewal": "agree"}
    records.update(lin.replica, "contract", contract.id, term)
    for step in ("sent", "signed", "in_force"):
        with pytest.raises(UserError):
            contracts.renew(lin.replica, contract.id)
        records.update(lin.replica, "contract", contract.id, {"status": step})
        with pytest.raises(UserError):
            records.update(lin.replica, "contract_clause", first.id, {"body": "At once"})
        if step != "sent":
            break
    assert records.get(lin.replica, "contract", contract.id)["signed_on"]
    follower = contracts.renew(lin.replica, contract.id).value
    assert (follower["starts_on"], follower["ends_on"]) == ("2028-01-01", "2028-12-31")
    assert (follower["follows_id"], follower["total"]) == (contract.id, 1017_00)
    assert contracts.clauses(lin.replica, follower.id)[0]["body"] == "Within ten days"
    with pytest.raises(UserError):
        contracts.renew(lin.replica, contract.id)
    order = orders.from_contract(lin.replica, contract.id).value
    assert (order["total"], order["contract_id"]) == (1017_00, contract.id)
    settle_all([lin], 2)
    assert list(differences(lin)) == []
    assert office.row("contract", follower.id)["total"] == 1017_00


def test_a_contract_waits_for_its_approval_and_a_changed_clause_is_approved_anew(
    office: Office, laptops: Laptops
) -> None:
    boss_id = office.user("Boss", "sales_manager")
    team = office.hq.create("team", {"name": "North", "manager_id": boss_id})
    lin = laptops.make("lin", office.user("Lin", "sales", team_id=team))
    boss = laptops.make("boss", boss_id)
    flow = {"name": "Contracts", "record_entity": "contract", "steps": [{"who": "superior"}]}
    office.hq.create("approval_flow", {**flow, "mandate_suffices": False})
    office.hq.create("clause", {"title": "Payment", "body": "At once", "standard": True})
    settle_all([lin, boss], 1)
    contract = contracts.from_quote(lin.replica, sent_quote(lin)).value.id
    records.update(lin.replica, "contract", contract, {"status": "sent"})
    assert records.get(lin.replica, "contract", contract)["status"] == "waiting"
    settle_all([lin, boss], 2)
    (request,) = approvals.to_decide(boss.replica)
    approvals.decide(boss.replica, request.request.id, Verdict.APPROVE, "Good")
    settle_all([lin, boss], 2)
    assert records.get(lin.replica, "contract", contract)["status"] == "sent"
    records.update(lin.replica, "contract", contract, {"status": "draft"})
    (clause,) = contracts.clauses(lin.replica, contract)
    records.update(lin.replica, "contract_clause", clause.id, {"body": "In a year"})
    records.update(lin.replica, "contract", contract, {"status": "sent"})
    assert records.get(lin.replica, "contract", contract)["status"] == "waiting"
    settle_all([lin, boss], 2)
    assert office.row("contract", contract)["status"] == "waiting"
    assert list(differences(lin)) == []


def test_contracts_begin_end_and_renew_themselves_and_are_spoken_of_once(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([lin], 1)
    customer = records.create(lin.replica, "customer", {"name": "Heron", "phone": "021 5550 0142"}).value.id
    today = lin.replica.clock.today()
    made = {}
    for renewal, last in (("agree", 40), ("auto", 40), ("none", 400)):
        term = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=last)).isoformat()}
        values = {"customer_id": customer, "renewal": renewal, "notice_days": 20, **term}
        made[renewal] = contracts.create(lin.replica, values).value.id
        clause = {"contract_id": made[renewal], "title": "Law", "body": "Ours"}
        records.create(lin.replica, "contract_clause", clause)
        for state in ("sent", "signed"):
            records.update(lin.replica, "contract", made[renewal], {"status": state})
    settle_all([lin])
    day_ms = 24 * 60 * 60 * 1000

    def tick(days: int) -> int:
        office.now_ms += days * day_ms
        return follow_calendar(office.database, office.now_ms)

    assert (tick(0), tick(0)) == (3, 0)
    assert {office.row("contract", each)["status"] for each in made.values()} == {"in_force"}
    settle_all([lin])
    assert [each.group for each in attention.attention(lin.replica)] == []
    assert (tick(25), tick(1)) == (2, 0)
    settle_all([lin])
    found = [each for each in attention.attention(lin.replica) if each.group == "contracts"]
    assert {each.record_id for each in found} == {made["agree"], made["auto"]}
    contracts.renew(lin.replica, made["agree"])
    found = [each for each in attention.attention(lin.replica) if each.group == "contracts"]
    assert {each.record_id for each in found} == {made["auto"]}
    assert (tick(20), tick(1)) == (2, 0)
    assert office.row("contract", made["agree"])["status"] == "ended"
    kept = office.row("contract", made["auto"])
    assert (kept["status"], kept["ends_on"] > (today + timedelta(days=75)).isoformat()) == ("in_force", True)
    subjects = [row["subject"] for _, row in office.hq.find("activity", "about_id", made["auto"])]
    assert len(subjects) == 2
    assert any("renewed itself" in each for each in subjects)
    settle_all([lin], 2)
    assert list(differences(lin)) == []


def test_what_was_bought_is_summed_and_what_comes_next_is_said_with_its_reason(
    office: Office, laptops: Laptops
) -> None:
    pump, valve, hose = (office.hq.create("product", {"name": name}) for name in ("Pump", "Valve", "Hose"))
    lin = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([lin], 1)
    make = records.create
    heron, other = (
        make(lin.replica, "customer", {"name": name, "phone": f"021 5550 01{place}2"}).value.id
        for place, name in enumerate(("Heron", "Other"))
    )
    today = lin.replica.clock.today()

    def buy(customer: str, ago: int, *products: str, state: str = "confirmed") -> None:
        day = (today - timedelta(days=ago)).isoformat()
        head = {"customer_id": customer, "currency": "CNY", "ordered_on": day, "discount_percent": "10"}
        order = make(lin.replica, "order", head).value.id
        for product in products:
            line = {"order_id": order, "product_id": product, "quantity": "2.5", "unit_price": 100_00 + ago}
            make(lin.replica, "order_line", line)
        if state != "draft":
            records.update(lin.replica, "order", order, {"status": state})

    for ago in (95, 63, 34):
        buy(heron, ago, pump)
        buy(other, ago + 1, pump, valve)
    for ago in (10, 20, 30):
        buy(other, ago, hose)
    buy(heron, 1, pump, state="draft")
    ((bought,),) = (purchases.history(lin.replica, heron),)
    assert (bought.product, bought.times, bought.quantity, bought.last_price) == (
        "Pump",
        3,
        Decimal("7.5"),
        100_34,
    )
    nets = [round_half_up(Decimal(100_00 + ago) * Decimal("2.5")) for ago in (95, 63, 34)]
    assert bought.sum_minor == sum(net - round_half_up(Decimal(net) / 10) for net in nets)
    found = purchases.suggestions(lin.replica, heron)
    (again,) = found.expected
    assert (again.every_days, again.expected_on) == (29, today - timedelta(days=5))
    assert purchases.why_expected(again).places["days"] == 29
    (beside,) = found.related
    assert (beside.product_id, beside.together, beside.of) == (valve, 3, 6)
    late = purchases.due(lin.replica, today)
    assert ("Heron", "Pump") in {(each.customer, each.product) for each in late}
    assert [each.expected.expected_on for each in late] == sorted(each.expected.expected_on for each in late)
    quote = quotes.create(lin.replica, {"customer_id": heron}).value.id
    first, second = picking.products(lin.replica, "", quote_id=quote)[:2]
    assert (first.id, second.id) == (pump, valve)
    assert first.why is not None
    assert all(each.why is None for each in picking.products(lin.replica, "hose", quote_id=quote))
    assert "purchases" in {each.group for each in attention.attention(lin.replica)}
