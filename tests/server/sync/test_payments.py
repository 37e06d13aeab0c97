"""What HQ takes of payments from a laptop made by hand, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code, OpKind
from sync_server.services.payment_reminders import remind
from tests.support.hq import Laptop, Office


class Firm:
    """Eve sells to Acme, Fin does the money; 100.00 of an order came and is matched, 900.00 are to come."""

    def __init__(self, office: Office) -> None:
        create, self.office = office.hq.create, office
        eve, fin = office.user("Eve", "sales"), office.user("Fin", "finance")
        self.acme = create("customer", {"name": "Acme", "owner_id": eve})
        self.other = create("customer", {"name": "Other", "owner_id": eve})
        self.agreed = {"customer_id": self.acme, "currency": "CNY"}
        self.order = create("order", {**self.agreed, "owner_id": eve})
        line = {"order_id": self.order, "description": "Pump", "unit_price": 1000_00, "currency": "CNY"}
        create("order_line", {**line, "quantity": "1"})
        office.hq.update("order", self.order, {"status": "confirmed"})
        due = {**self.agreed, "order_id": self.order, "due_day": "2027-01-05"}
        self.first, self.second = (create("instalment", {**due, "amount": each}) for each in (100_00, 900_00))
        for each in (self.first, self.second):
            office.hq.update("instalment", each, {"status": "agreed"})
        self.receipt = self.posted(100_00)
        self.share = create("receipt_share", self.part(self.receipt, self.first, 100_00))
        self.eve, self.fin = office.laptop(eve), office.laptop(fin)
        self.sync()

    def sync(self) -> None:
        for laptop in (self.eve, self.fin):
            laptop.sync()

    def posted(self, amount: int, **said: Any) -> str:
        values = {**self.agreed, "amount": amount, "received_on": "2027-01-10", **said}
        made = self.office.hq.create("receipt", values)
        self.office.hq.update("receipt", made, {"status": "posted"})
        return made

    def part(self, receipt: str, instalment: str, amount: int) -> dict[str, Any]:
        return {"receipt_id": receipt, "instalment_id": instalment, "amount": amount, "currency": "CNY"}

    def step(self, laptop: Laptop, entity: str, record_id: str, name: str, seen: str, **given: Any) -> int:
        fields = SCHEMAS[entity].fields
        value = [name, seen, [[fields[each].no for each in given], list(given.values())]]
        return laptop.do(OpKind.COMMAND, entity, record_id, fields["status"].no, value)

    def answer(self, laptop: Laptop, number: int) -> tuple[Code, str]:
        laptop.sync()
        extra = laptop.answers[number].extra
        return laptop.code(number), str(extra[0]) if extra else ""

    def create(self, laptop: Laptop, entity: str, values: dict[str, Any]) -> tuple[Code, str]:
        laptop.create(entity, values)
        return self.answer(laptop, laptop.last_op)

    def books(self) -> dict[str, Any]:
        """Return all that is said of money."""
        return {
            name: sorted((each, row.get("status", 0), row["amount"]) for each, row in rows)
            for name in ("instalment", "receipt", "receipt_share", "invoice")
            for rows in [self.office.hq.all(name)]
        } | {name: self.office.row("instalment", name)["paid"] for name in (self.first, self.second)}


@pytest.fixture
def firm(office: Office) -> Firm:
    return Firm(office)


def test_nothing_forged_is_matched_over_what_there_is(firm: Firm) -> None:
    before = firm.books()
    tries = [
        (firm.part(firm.receipt, firm.second, 1), "Of this receipt {left} is left, not {amount}"),
        (firm.part(firm.receipt, firm.first, -100_01), "Only {left} of this receipt"),
        (firm.part(firm.receipt, firm.second, -1), "Only {left} of this receipt"),
        ({**firm.part(firm.receipt, firm.first, -1), "currency": "EUR"}, "two currencies"),
    ]
    for values, words in tries:
        code, why = firm.create(firm.fin, "receipt_share", values)
        assert (code, words in why) == (Code.ILLEGAL_STATE, True), (values, why)
    assert firm.books() == before
    more = firm.posted(500_00)
    foreign = firm.posted(5_00, customer_id=firm.other)
    waiting = firm.office.hq.create("receipt", {**firm.agreed, "amount": 5_00, "received_on": "2027-01-10"})
    firm.sync()
    for values, words in (
        (firm.part(more, firm.first, 1), "Of this instalment {left} is open"),
        (firm.part(foreign, firm.second, 1), "two customers"),
        (firm.part(waiting, firm.second, 1), "once it is posted"),
    ):
        code, why = firm.create(firm.fin, "receipt_share", values)
        assert (code, words in why) == (Code.ILLEGAL_STATE, True), (values, why)
    # Two shares in one batch, each alone right, are not more together than there is.
    numbers = []
    for minor in (300_00, 200_01):
        firm.fin.create("receipt_share", firm.part(more, firm.second, minor))
        numbers.append(firm.fin.last_op)
    firm.fin.sync()
    assert [firm.fin.code(each) for each in numbers] == [Code.APPLIED, Code.ILLEGAL_STATE]
    assert firm.office.row("instalment", firm.second)["paid"] == 300_00
    assert firm.office.row("receipt", more)["matched"] == 300_00


def test_what_finance_decides_nobody_else_does_and_what_is_posted_stands(firm: Firm) -> None:
    receipt = firm.office.hq.create("receipt", {**firm.agreed, "amount": 5_00, "received_on": "2027-01-10"})
    asked = {**firm.agreed, "amount": 5_00, "order_id": firm.order, "title_name": "Acme"}
    invoice = firm.office.hq.create("invoice", asked)
    firm.sync()
    issue = {"number": "1", "issued_on": "2027-01-11"}
    for laptop, entity, record_id, name, seen, given, code in (
        (firm.eve, "receipt", receipt, "post", "reported", {}, Code.FORBIDDEN_FIELD),
        (firm.eve, "receipt", receipt, "refuse", "reported", {}, Code.FORBIDDEN_FIELD),
        (firm.eve, "receipt", receipt, "grant", "waiting", {}, Code.ILLEGAL_STATE),
        (firm.eve, "invoice", invoice, "issue", "requested", issue, Code.FORBIDDEN_FIELD),
        (firm.eve, "instalment", firm.second, "void", "agreed", {}, Code.FORBIDDEN_FIELD),
        (firm.fin, "instalment", firm.first, "void", "agreed", {}, Code.ILLEGAL_STATE),
        (firm.fin, "instalment", firm.first, "plan_again", "agreed", {}, Code.ILLEGAL_STATE),
        (firm.fin, "invoice", invoice, "issue", "requested", {}, Code.ILLEGAL_STATE),
        (firm.fin, "invoice", invoice, "issue", "requested", issue, Code.APPLIED),
        (firm.fin, "invoice", invoice, "withdraw", "issued", {}, Code.ILLEGAL_STATE),
    ):
        number = firm.step(laptop, entity, record_id, name, seen, **given)
        assert firm.answer(laptop, number)[0] is code, (entity, name)
    code, _ = firm.create(firm.eve, "receipt_share", firm.part(firm.receipt, firm.first, -1))
    assert code is Code.FORBIDDEN_ROW
    for entity, record_id, name, value in (
        ("receipt", firm.receipt, "reference", "forged"),
        ("receipt", firm.receipt, "received_on", "2020-01-01"),
        ("instalment", firm.second, "share_percent", "1"),
        ("invoice", invoice, "subject", "forged"),
    ):
        number = firm.fin.set(entity, record_id, name, value)
        assert firm.answer(firm.fin, number) == (Code.ILLEGAL_STATE, "“{state}”: this stays as it is")
        number = firm.fin.do(OpKind.DELETE, entity, record_id, 0, 1)
        assert firm.answer(firm.fin, number)[0] is Code.ILLEGAL_STATE
    for entity, record_id, name, value in (
        ("instalment", firm.second, "paid", 900_00),
        ("instalment", firm.second, "state", "paid"),
        ("receipt", receipt, "matched", 5_00),
        ("receipt", receipt, "posted_at", 1),
    ):
        number = firm.fin.set(entity, record_id, name, value)
        assert firm.answer(firm.fin, number)[0] is Code.INVALID, name
    assert firm.office.row("instalment", firm.second)["state"] == "open"


def test_hq_takes_off_what_a_refund_without_shares_gives_back(firm: Firm) -> None:
    back = {"kind": "refund", "reverses_id": firm.receipt}
    with pytest.raises(Exception, match=r"100\.00 CNY can go back, not 100\.01 CNY"):
        firm.posted(-100_01, **back)
    refund = firm.posted(-40_00, **back)
    assert firm.office.row("instalment", firm.first)["paid"] == 60_00
    assert firm.office.row("instalment", firm.first)["state"] == "part"
    assert firm.office.row("receipt", refund)["matched"] == -40_00
    firm.posted(-60_00, **back)
    assert firm.office.row("instalment", firm.first)["state"] == "open"
    with pytest.raises(Exception, match=r"0\.00 CNY can go back"):
        firm.posted(-1, **back)


def test_a_plan_that_does_not_add_up_is_not_agreed_at_hq_either(firm: Firm) -> None:
    number = firm.step(firm.eve, "instalment", firm.second, "plan_again", "agreed")
    assert firm.answer(firm.eve, number)[0] is Code.APPLIED
    amount = SCHEMAS["instalment"].fields["amount"].no
    number = firm.eve.do(OpKind.SET, "instalment", firm.second, amount, [899_99, "CNY"])
    assert firm.answer(firm.eve, number)[0] is Code.APPLIED
    number = firm.step(firm.eve, "instalment", firm.second, "agree", "draft")
    assert firm.answer(firm.eve, number) == (Code.ILLEGAL_STATE, "The plan lacks {amount} of {total}")
    foreign = {
        "order_id": firm.order,
        "customer_id": firm.other,
        "amount": 1,
        "currency": "CNY",
        "due_from": "day",
    }
    code, why = firm.create(firm.eve, "instalment", foreign)
    assert (code, why) == (Code.ILLEGAL_STATE, "This is of another customer than its order or contract")


def test_an_instalment_is_reminded_of_once_before_and_once_after_its_day(firm: Firm) -> None:
    now = firm.office.now_ms  # 2027-01-15
    assert remind(firm.office.database, now, 3, 0) == 0
    assert remind(firm.office.database, now, 0, 11) == 0
    assert remind(firm.office.database, now, 0, 10) == 1
    assert remind(firm.office.database, now, 0, 10) == 0
    ((_, task),) = firm.office.hq.all("activity")
    assert task["subject"] == "900.00 CNY of Acme was due on 2027-01-05 and has not come: "
    assert (task["owner_id"], task["about_id"]) == (firm.eve.user_id, firm.second)
