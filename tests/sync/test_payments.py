"""Payments on laptops and HQ: plan, report, post, match, give back; and what two people do at once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from crm_core.errors import AccessDenied, UserError
from crm_core.money import Money
from crm_core.rules import approval
from crm_core.rules.approval import Step, Verdict
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.payments import Share, State
from crm_core.rules.segments import AllOf, plain_rule
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.services import ageing, approvals, payments, records, returned_edits
from crm_desktop.services.ageing import By
from sync_server.services.ageing import ageing as ageing_at_hq
from sync_server.services.payment_reminders import remind
from tests.support.hq import Office
from tests.support.pages import found_in, number_in
from tests.support.replicas import KEY, Laptop, Laptops, differences, settle_all

COST, PAID = 77_123_456_789_012, 66_123_456_789_012  # six bytes in a row of SQLite, which nothing else holds


class Firm:
    """Eve sells to Acme, Bo to others; Fin and Finn do the money; an order of Acme is 1000.01."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        self.office = office
        self.boss_id = office.user("Boss", "admin")
        team = office.hq.create("team", {"name": "Money", "manager_id": self.boss_id})
        people = {name: office.user(name, "sales") for name in ("Eve", "Bo")}
        people |= {name: office.user(name, "finance", team_id=team) for name in ("Fin", "Finn")}
        self.acme = office.hq.create("customer", {"name": "Acme（示例）", "owner_id": people["Eve"]})
        self.other = office.hq.create("customer", {"name": "Other", "owner_id": people["Bo"]})
        self.eve, self.bo, self.fin, self.finn = (
            laptops.make(name, user_id) for name, user_id in people.items()
        )
        self.sync()

    def sync(self, *laptops: Laptop) -> None:
        settle_all(list(laptops) or [self.eve, self.fin, self.finn], 2)

    def order(self, laptop: Laptop | None = None) -> str:
        """Make and confirm the order on a laptop without a network."""
        replica = (laptop or self.eve).replica
        values = {"customer_id": self.acme, "currency": "CNY", "ordered_on": "2027-01-05"}
        order = records.create(replica, "order", values).value
        line = {"order_id": order.id, "description": "Pump", "unit_price": 1000_01}
        records.create(replica, "order_line", line)
        records.update(replica, "order", order.id, {"status": "confirmed"})
        return order.id

    def signed_contract(self) -> str:
        """Sign a contract of the same amount on Eve's laptop."""
        create, replica = records.create, self.eve.replica
        made = create(replica, "contract", {"customer_id": self.acme, "currency": "CNY"}).value.id
        create(replica, "contract_line", {"contract_id": made, "description": "Pump", "unit_price": 1000_01})
        create(replica, "contract_clause", {"contract_id": made, "title": "Payment", "body": "At once"})
        for step in ("sent", "signed"):
            records.update(replica, "contract", made, {"status": step})
        return made

    def plan(self, parts: str = "30/60/10") -> tuple[str, list[str]]:
        """Agree a plan on Eve's laptop; return order and instalments."""
        order, first = self.order(), self.eve.replica.clock.today()
        made = payments.plan_by_parts(self.eve.replica, "order", order, parts, first).value
        payments.agree(self.eve.replica, "order", order)
        return order, [each.id for each in made]

    def receipt(self, amount: int, laptop: Laptop | None = None) -> str:
        values = {"customer_id": self.acme, "amount": amount, "currency": "CNY", "reference": "B-1"}
        return payments.record_payment((laptop or self.fin).replica, values).value.id

    def states(self, laptop: Laptop, order: str) -> list[tuple[State, int]]:
        view = payments.plan(laptop.replica, "order", order)
        return [(row.state, row.instalment.get("paid") or 0) for row in view.rows]


@pytest.fixture
def firm(office: Office, laptops: Laptops) -> Firm:
    return Firm(office, laptops)


def said(laptop: Laptop) -> list[str]:
    """Return why edits came back."""
    return [str(each.reason) for each in returned_edits.returned(laptop.replica, 20)]


def test_from_a_plan_to_money_that_came_and_went_back(firm: Firm) -> None:
    order, (first, second, last) = firm.plan()
    assert firm.states(firm.eve, order) == [(State.OPEN, 0)] * 3
    reported = payments.record_payment(
        firm.eve.replica,
        {"customer_id": firm.acme, "amount": 500_00, "currency": "CNY", "payer": "Acme 东厂"},
    ).value
    assert (reported["status"], reported["number"][:2]) == ("reported", "R-")
    with pytest.raises(AccessDenied, match="does not decide about Receipts"):
        payments.post(firm.eve.replica, reported.id)
    firm.sync()
    view = payments.match_view(firm.fin.replica, reported.id)
    assert [row.proposed_minor for row in view.rows] == [300_00, 200_00, 0]
    with pytest.raises(UserError, match="once it is posted"):
        payments.match_as_proposed(firm.fin.replica, reported.id)
    payments.post(firm.fin.replica, reported.id)
    payments.match_as_proposed(firm.fin.replica, reported.id)
    partly = [(State.PAID, 300_00), (State.PART, 200_00), (State.OPEN, 0)]
    assert firm.states(firm.fin, order) == partly
    firm.sync()
    assert firm.states(firm.eve, order) == partly
    assert firm.office.row("receipt", reported.id)["matched"] == 500_00

    with pytest.raises(UserError, match="Posted"):
        records.update(firm.fin.replica, "receipt", reported.id, {"amount": 1})
    with pytest.raises(UserError, match="Posted"):
        records.delete(firm.fin.replica, "receipt", reported.id)
    with pytest.raises(UserError, match=r"500\.00 CNY can go back, not 500\.01 CNY"):
        payments.refund(firm.fin.replica, reported.id, 500_01, "Too much")
    back = payments.refund(firm.fin.replica, reported.id, 250_00, "Returned goods").value
    assert (back["status"], back["amount"], back["kind"]) == ("posted", -250_00, "refund")
    partly = [(State.PART, 250_00), (State.OPEN, 0), (State.OPEN, 0)]
    assert firm.states(firm.fin, order) == partly
    firm.sync()
    assert firm.states(firm.eve, order) == partly
    assert firm.office.row("instalment", second)["state"] == "open"
    for laptop in (firm.eve, firm.fin, firm.finn):
        assert list(differences(laptop)) == []
        assert laptop.returned() == []
    assert {first, last} <= {
        row.instalment.id for row in payments.plan(firm.fin.replica, "order", order).rows
    }


def test_a_contract_and_an_order_under_it_are_not_both_planned(firm: Firm) -> None:
    replica, today = firm.eve.replica, firm.eve.replica.clock.today()
    contract = firm.signed_contract()
    order = firm.order()
    records.update(replica, "order", order, {"contract_id": contract})
    payments.plan_by_parts(replica, "contract", contract, "50/50", today)
    payments.plan_by_parts(replica, "order", order, "100", today)
    firm.sync()
    payments.agree(replica, "contract", contract)
    with pytest.raises(UserError, match="contract of this order has an agreed"):
        payments.agree(replica, "order", order)
    # Whoever has not heard of it agrees the other, and HQ takes the first.
    payments.agree(firm.fin.replica, "order", order)
    with pytest.raises(UserError, match="Orders of this contract have agreed"):
        payments.agree(firm.fin.replica, "contract", contract)
    firm.sync(firm.eve)
    firm.sync(firm.fin)
    assert said(firm.fin) == ["The contract of this order has an agreed payment plan already"]
    assert {row["status"] for _, row in firm.office.hq.all("instalment") if row["order_id"]} == {"draft"}
    assert list(differences(firm.fin)) == []


def test_an_order_with_an_agreed_plan_is_not_put_under_a_contract_with_one(firm: Firm) -> None:
    replica, today = firm.eve.replica, firm.eve.replica.clock.today()
    contract = firm.signed_contract()
    order, other = firm.order(), firm.order()
    for entity, each in (("contract", contract), ("order", order)):
        payments.plan_by_parts(replica, entity, each, "100", today)
        payments.agree(replica, entity, each)
    records.update(replica, "order", other, {"contract_id": contract})  # nothing is planned of it
    with pytest.raises(UserError, match="contract of this order has an agreed payment plan"):
        records.update(replica, "order", order, {"contract_id": contract})
    firm.sync()
    # Whoever has not heard of one of the plans moves the order, and HQ does not take it.
    payments.plan_again(replica, "contract", contract)
    firm.sync()
    records.update(replica, "order", order, {"contract_id": contract})
    payments.agree(firm.fin.replica, "contract", contract)
    firm.sync(firm.fin)
    firm.sync(firm.eve)
    assert said(firm.eve) == ["The contract of this order has an agreed payment plan already"]
    assert firm.office.row("order", order)["contract_id"] is None
    assert list(differences(firm.eve)) == []


def test_a_refund_waits_for_whoever_approves_it_and_takes_off_when_he_did(
    firm: Firm, laptops: Laptops
) -> None:
    boss = laptops.make("boss", firm.boss_id)
    refunds = plain_rule(AllOf((Condition(field="kind", op=Op.EQUAL, value="refund"),)))
    flow = {"name": "Refunds", "record_entity": "receipt", "rules": refunds}
    steps = [approval.plain_step(Step(who=approval.Who.NAMED, users=(firm.boss_id,)))]
    firm.office.hq.create("approval_flow", {**flow, "steps": steps})
    order, _ = firm.plan("100")
    firm.sync()
    receipt = firm.receipt(400_00)
    assert records.get(firm.fin.replica, "receipt", receipt)["status"] == "posted"
    payments.match_as_proposed(firm.fin.replica, receipt)
    refund = payments.refund(firm.fin.replica, receipt, 100_00, "Damaged").value
    assert refund["status"] == "waiting"
    with pytest.raises(UserError):
        payments.post(firm.fin.replica, refund.id)
    firm.sync(firm.fin, boss)
    assert firm.states(firm.fin, order) == [(State.PART, 400_00)]
    (waiting,) = approvals.to_decide(boss.replica)
    approvals.decide(boss.replica, waiting.request.id, Verdict.APPROVE)
    firm.sync(boss, firm.fin, firm.eve)
    assert records.get(firm.fin.replica, "receipt", refund.id)["status"] == "posted"
    assert firm.states(firm.eve, order) == firm.states(firm.fin, order) == [(State.PART, 300_00)]
    assert firm.office.row("receipt", refund.id)["matched"] == -100_00
    assert list(differences(firm.fin)) == []


def test_of_two_who_match_one_receipt_the_second_hears_what_is_left(firm: Firm) -> None:
    order, (first, second, _) = firm.plan()
    receipt = firm.receipt(300_00)
    firm.sync()
    payments.match(firm.fin.replica, receipt, [Share(first, 300_00)])
    payments.match(firm.finn.replica, receipt, [Share(second, 300_00)])
    assert firm.states(firm.finn, order)[1] == (State.PART, 300_00)
    firm.sync()
    assert firm.finn.returned() == [("receipt_share", "", Code.ILLEGAL_STATE)]
    assert said(firm.finn) == ["Of this receipt 0.00 CNY is left, not 300.00 CNY"]
    for laptop in (firm.eve, firm.fin, firm.finn):
        assert [paid for _, paid in firm.states(laptop, order)] == [300_00, 0, 0]
        assert list(differences(laptop)) == []


def test_a_plan_is_agreed_when_it_adds_up_and_planned_anew_as_far_as_nothing_is_paid(firm: Firm) -> None:
    order = firm.order()
    replica = firm.eve.replica
    half = {"order_id": order, "share_percent": "50", "due_from": "signing", "due_days": 10}
    part = records.create(replica, "instalment", half).value
    assert (part["amount"], part["customer_id"], part["due_on"][:4]) == (500_01, firm.acme, "2027")
    with pytest.raises(UserError, match=r"lacks 500\.00 CNY of 1000\.01 CNY"):
        payments.agree(replica, "order", order)
    rest = records.create(replica, "instalment", {**half, "share_percent": None, "amount": 500_00}).value
    assert payments.agree(replica, "order", order).value == 2
    with pytest.raises(UserError, match="Agreed"):
        records.update(replica, "instalment", rest.id, {"amount": 1})
    firm.sync()
    receipt = firm.receipt(500_01)
    payments.match(firm.fin.replica, receipt, [Share(part.id, 500_01)])
    firm.sync()
    assert payments.plan_again(replica, "order", order).value == 1
    payments.plan_by_parts(replica, "order", order, "50/50", datetime.date(2027, 1, 31))
    assert payments.agree(replica, "order", order).value == 2
    firm.sync()
    assert firm.eve.returned() == []
    view = payments.plan(firm.fin.replica, "order", order)
    assert [row.instalment["amount"] for row in view.rows] == [500_01, 250_00, 250_00]
    assert [row.instalment["due_on"] for row in view.rows][1:] == ["2027-01-31", "2027-02-28"]
    assert (view.missing_minor, view.agreed, view.open_minor) == (0, True, 500_00)


def test_invoices_are_asked_for_by_who_sells_and_issued_by_finance(firm: Firm) -> None:
    order, (first, *_) = firm.plan()
    title = {"customer_id": firm.acme, "name": "Acme Ltd", "tax_number": "91310000", "standard": True}
    records.create(firm.eve.replica, "invoice_title", title)
    asked = records.create(firm.eve.replica, "invoice", {"instalment_id": first}).value
    assert (asked["amount"], asked["order_id"], asked["title_name"]) == (300_00, order, "Acme Ltd")
    with pytest.raises(UserError, match=r"0\.01 CNY more than the 1000\.01 CNY agreed"):
        records.create(firm.eve.replica, "invoice", {"order_id": order, "amount": 700_02})
    rest = records.create(firm.eve.replica, "invoice", {"order_id": order}).value
    assert rest["amount"] == 700_01
    issued = {"status": "issued", "number": "04403", "issued_on": "2027-01-20"}
    with pytest.raises(AccessDenied, match="does not decide about Invoices"):
        records.update(firm.eve.replica, "invoice", asked.id, issued)
    firm.sync()
    with pytest.raises(UserError, match="number and its date"):
        records.update(firm.fin.replica, "invoice", asked.id, {"status": "issued"})
    records.update(firm.fin.replica, "invoice", asked.id, issued)
    red = records.create(firm.fin.replica, "invoice", {"reverses_id": asked.id}).value
    assert (red["amount"], red["title_name"], red["order_id"]) == (-300_00, "Acme Ltd", order)
    with pytest.raises(UserError, match="More is reversed"):
        records.create(firm.fin.replica, "invoice", {"reverses_id": asked.id})
    firm.sync()
    held = records.get(firm.eve.replica, "invoice", asked.id)
    assert (held["number"], held["status"], held["issued_on"]) == ("04403", "issued", "2027-01-20")
    for laptop in (firm.eve, firm.fin):
        assert laptop.returned() == []
        assert list(differences(laptop)) == []


def test_no_two_invoices_are_issued_under_one_number(firm: Firm) -> None:
    order, _ = firm.plan()
    records.create(firm.eve.replica, "invoice_title", {"customer_id": firm.acme, "name": "Acme Ltd"})
    first, second, third = (
        records.create(firm.eve.replica, "invoice", {"order_id": order, "amount": each}).value.id
        for each in (100_00, 200_00, 300_00)
    )
    # A number on a mere request is nobody's yet.
    records.update(firm.eve.replica, "invoice", third, {"number": "04403"})
    firm.sync()
    issued = {"status": "issued", "number": "04403", "issued_on": "2027-01-20"}
    records.update(firm.fin.replica, "invoice", first, issued)
    with pytest.raises(UserError, match="an invoice with the number 04403 already"):
        records.update(firm.fin.replica, "invoice", second, issued)
    firm.sync()
    # At HQ, where a program or another laptop issues: the same, and void numbers are used up too.
    hq = firm.office.hq
    hq.update("invoice", first, {"status": "void", "reason": "Wrong title"})
    with pytest.raises(UserError, match="an invoice with the number 04403 already"):
        hq.update("invoice", second, issued)
    hq.update("invoice", second, {**issued, "number": "04404"})
    with pytest.raises(UserError, match="an invoice with the number 04403 already"):
        hq.update("invoice", second, {"number": "04403"})
    # Who has not heard of it issues all the same, and it comes back with the reason.
    records.update(firm.fin.replica, "invoice", third, {**issued, "number": "04404"})
    firm.sync()
    assert said(firm.fin) == ["There is an invoice with the number 04404 already"]
    assert [firm.office.row("invoice", each)["status"] for each in (first, second, third)] == [
        *("void", "issued", "requested")
    ]


def test_what_is_owed_is_known_without_a_network_and_told_once(firm: Firm) -> None:
    order, (first, *_) = firm.plan()
    firm.sync()
    receipt = firm.receipt(100_00)
    payments.match(firm.fin.replica, receipt, [Share(first, 100_00)])
    firm.sync()
    firm.office.now_ms += 40 * DAY_MS
    for laptop in (firm.eve, firm.fin):
        (row,) = ageing.ageing(laptop.replica, By.CUSTOMER)
        assert (row.name, row.currency, row.count) == ("Acme（示例）", "CNY", 3)
        assert dict(row.buckets) == {
            "not_due": 100_00,
            "d30": 600_01,
            "d60": 200_00,
            "d90": 0,
            "older": 0,
        }
    today = firm.fin.replica.clock.today()
    for laptop in (firm.fin, firm.eve, firm.bo):
        firm.sync(laptop)
        with firm.office.hq.reader(laptop.user_id) as reader:
            at_hq = ageing_at_hq(reader, "customer", today)
        here = ageing.ageing(laptop.replica, By.CUSTOMER)
        assert [(row["name"], row["d30"], row["total"], row["count"]) for row in at_hq] == [
            (
                row.name,
                str(Money(row.buckets["d30"], row.currency)),
                str(Money(row.total_minor, row.currency)),
                row.count,
            )
            for row in here
        ]
    (of_eve,) = ageing.ageing(firm.fin.replica, By.OWNER)
    assert (of_eve.name, of_eve.overdue_minor) == ("Eve", 800_01)
    firm.sync(firm.bo)
    assert ageing.ageing(firm.bo.replica, By.ALL) == ()
    bucket = next(each for each in ageing.BUCKETS if each.key == "d60")
    listed = ageing.list_of(bucket, firm.fin.replica.clock.today(), firm.acme)
    found = records.page(firm.fin.replica, records.ListQuery(entity="instalment", conditions=listed))
    assert [row.id for row in found.rows] == [first]

    assert remind(firm.office.database, firm.office.now_ms, 30, 5) == 3
    assert remind(firm.office.database, firm.office.now_ms, 30, 5) == 0
    firm.sync()
    tasks = records.page(firm.eve.replica, records.ListQuery(entity="activity")).rows
    assert sorted(task["subject"].split(" of ")[0] for task in tasks) == [
        "100.00 CNY",
        "200.00 CNY",
        "600.01 CNY",
    ]
    assert {task["about_id"] for task in tasks} == {
        row.instalment.id for row in payments.plan(firm.eve.replica, "order", order).rows
    }
    assert list(differences(firm.fin)) == []


def test_each_laptop_holds_what_its_person_may_see_and_no_byte_more(firm: Firm) -> None:
    """The files page by page: finance holds no communication, Bo nothing of what Acme pays, Eve no cost."""
    create = firm.office.hq.create
    words = ("call", "notes", "customer", "comment", "ticket", "message", "order")
    note = {"customer_id": firm.acme, "kind": "call", "subject": "canarycall", "notes": "canarynotes"}
    create("activity", note)
    firm.office.hq.update("customer", firm.acme, {"notes": "canarycustomer"})
    create("comment", {"record_entity": "customer", "record_id": firm.acme, "body": "canarycomment"})
    ticket = create("ticket", {"customer_id": firm.acme, "subject": "canaryticket"})
    create("ticket_message", {"ticket_id": ticket, "body": "canarymessage"})
    create("product", {"name": "Pump", "cost": COST, "cost_currency": "CNY"})
    order, _ = firm.plan()
    records.update(firm.eve.replica, "order", order, {"notes": "canaryorder"})
    values: dict[str, Any] = {"customer_id": firm.acme, "amount": PAID, "currency": "CNY"}
    payments.record_payment(firm.fin.replica, {**values, "reference": "canarybank"})
    firm.sync(firm.eve, firm.fin, firm.bo)
    canaries = [f"canary{word}" for word in (*words, "bank")]

    def words_at(laptop: Laptop) -> set[str]:
        return {text for _, text in found_in(laptop.replica.profile.root, KEY, canaries)}

    def holds(laptop: Laptop, number: int) -> bool:
        return bool(number_in(laptop.replica.profile.root, KEY, number))

    assert words_at(firm.fin) == {"canarybank"}
    assert words_at(firm.eve) >= {"canarybank", "canaryorder", "canarynotes"}
    assert words_at(firm.bo) == set()
    assert [holds(laptop, PAID) for laptop in (firm.fin, firm.eve, firm.bo)] == [True, True, False]
    assert [holds(laptop, COST) for laptop in (firm.fin, firm.eve, firm.bo)] == [True, False, False]
