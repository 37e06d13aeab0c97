"""Approvals and mandates on laptops without a network: what is final at once, what waits, what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.rules import approval, mandates, segments
from crm_core.rules.approval import State, Step, Verdict, Who
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.segments import AllOf
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.documents import sent_file
from crm_desktop.documents.quote_records import document_of
from crm_desktop.models import repository
from crm_desktop.services import approvals, quotes, records, returned_edits
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


class Firm:
    """Eve sells in the team Lin leads; a pump costs 1000.00 by the list."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        create = office.hq.create
        self.office = office
        lin, self.lin_id = "Lin", office.user("Lin", "sales_manager")
        team = create("team", {"name": "North", "manager_id": self.lin_id})
        self.eve_id = office.user("Eve", "sales", team_id=team)
        self.customer = create("customer", {"name": "Acme（示例）", "owner_id": self.eve_id})
        self.pump = create("product", {"name": "Pump", "list_price": 100_000, "currency": "CNY", "cost": 1})
        self.eve, self.lin = laptops.make("eve", self.eve_id), laptops.make(lin, self.lin_id)

    def sync(self) -> None:
        settle_all([self.eve, self.lin], 2)

    def give_mandate(self, **said: Any) -> str:
        values = {
            "name": "Ten",
            "user_id": self.eve_id,
            "most_percent": "10",
            "valid_from": "2026-12-01",
            "valid_until": "2027-06-30",
        }
        return self.office.hq.create("mandate", {**values, **said})

    def quote(self, less: str) -> str:
        made = quotes.create(self.eve.replica, {"customer_id": self.customer, "currency": "CNY"}).value.id
        line = {"product_id": self.pump, "unit_price": 100_000, "discount_percent": less}
        quotes.add_line(self.eve.replica, made, line)
        return made

    def state(self, laptop: Laptop, quote: str) -> str:
        return str(records.get(laptop.replica, "quote", quote)["status"])


@pytest.fixture
def firm(office: Office, laptops: Laptops) -> Firm:
    return Firm(office, laptops)


def assert_even(firm: Firm) -> None:
    assert [line for laptop in (firm.eve, firm.lin) for line in differences(laptop)] == []


def test_within_the_mandate_a_quote_is_final_without_a_network_and_stays_so(firm: Firm) -> None:
    firm.give_mandate()
    firm.sync()
    quote = firm.quote("10")
    assert not document_of(firm.eve.replica, quote).subject_to_approval
    quotes.set_status(firm.eve.replica, quote, "sent")
    assert firm.state(firm.eve, quote) == "sent"
    firm.sync()
    assert firm.office.row("quote", quote)["status"] == "sent"
    assert firm.office.row("quote", quote)["mandates"][0]["name"] == "Ten"
    assert returned_edits.returned(firm.eve.replica) == ()
    assert_even(firm)


def test_beyond_it_the_quote_waits_and_an_approver_decides_offline(firm: Firm) -> None:
    firm.give_mandate()
    firm.sync()
    quote = firm.quote("15")
    number = records.get(firm.eve.replica, "quote", quote).get("number")
    assert document_of(firm.eve.replica, quote).subject_to_approval
    quotes.set_status(firm.eve.replica, quote, "sent")
    assert firm.state(firm.eve, quote) == "waiting"
    assert document_of(firm.eve.replica, quote).subject_to_approval
    (asked,) = approvals.waiting(firm.eve.replica)
    assert (asked.sent, asked.seats, asked.mine, asked.waits_for) == (False, (), True, ("Lin",))
    with pytest.raises(UserError):
        approvals.decide(firm.eve.replica, asked.request.id, Verdict.APPROVE)
    firm.sync()
    (to_decide,) = approvals.to_decide(firm.lin.replica)
    assert (to_decide.asked_by, str(to_decide.offer.below_list)) == ("Eve", "15.00")  # type: ignore[union-attr]
    assert to_decide.margin_percent is None  # the cost is not for her role
    with pytest.raises(UserError, match="comment"):
        approvals.decide(firm.lin.replica, to_decide.request.id, Verdict.REFUSE)
    approvals.decide(firm.lin.replica, to_decide.request.id, Verdict.APPROVE, "Fine")
    after = approvals.get(firm.lin.replica, to_decide.request.id)
    assert (after.standing.state, after.decisions[0].sent) == (State.APPROVED, False)
    assert approvals.to_decide(firm.lin.replica) == ()
    assert firm.state(firm.lin, quote) == "waiting"  # binding when HQ has accepted it
    firm.sync()
    assert firm.state(firm.eve, quote) == firm.state(firm.lin, quote) == "sent"
    assert records.get(firm.eve.replica, "quote", quote).get("number") == number
    assert not document_of(firm.eve.replica, quote).subject_to_approval
    assert approvals.about(firm.eve.replica, "quote", quote)[0].decisions[0].comment == "Fine"
    assert_even(firm)


def test_what_is_withdrawn_offline_can_be_changed_at_once_and_asked_again(firm: Firm) -> None:
    firm.give_mandate()
    firm.sync()
    quote = firm.quote("15")
    quotes.set_status(firm.eve.replica, quote, "sent")
    (asked,) = approvals.waiting(firm.eve.replica)
    approvals.withdraw(firm.eve.replica, asked.request.id)
    assert firm.state(firm.eve, quote) == "draft"
    (line,) = quotes.view(firm.eve.replica, quote).lines
    records.update(firm.eve.replica, "quote_line", line.id, {"discount_percent": "12"})
    approvals.ask(firm.eve.replica, "quote", quote, "The customer is new")
    firm.sync()
    assert firm.office.row("quote", quote)["status"] == "waiting"
    (to_decide,) = approvals.to_decide(firm.lin.replica)
    assert to_decide.request["reason"] == "The customer is new"
    assert returned_edits.returned(firm.eve.replica) == ()
    approvals.decide(firm.lin.replica, to_decide.request.id, Verdict.RETURN, "10 % is enough")
    firm.sync()
    assert firm.state(firm.eve, quote) == "draft"
    assert approvals.about(firm.eve.replica, "quote", quote)[0].standing.state is State.RETURNED
    assert_even(firm)


def test_a_decision_that_came_too_late_comes_back_with_its_reason(firm: Firm) -> None:
    firm.give_mandate()
    firm.sync()
    quote = firm.quote("15")
    quotes.set_status(firm.eve.replica, quote, "sent")
    firm.sync()
    (asked,) = approvals.to_decide(firm.lin.replica)
    approvals.decide(firm.lin.replica, asked.request.id, Verdict.APPROVE)
    approvals.withdraw(firm.eve.replica, asked.request.id)
    settle_all([firm.eve])
    settle_all([firm.lin])
    (back,) = returned_edits.returned(firm.lin.replica)
    assert (back.code, back.reason.text) == (Code.ILLEGAL_STATE, approval.NOT_WAITING.text)  # type: ignore[union-attr]
    assert firm.state(firm.lin, quote) == "draft"


def test_an_altered_mandate_is_not_relied_on_and_an_ended_one_comes_back(firm: Firm) -> None:
    mandate = firm.give_mandate()
    firm.sync()
    (held,) = approvals.own_mandates(firm.eve.replica)
    assert held.id == mandate
    quote = firm.quote("10")
    firm.office.hq.update("mandate", mandate, {"most_percent": "3"})
    firm.office.now_ms += 1_000
    quotes.set_status(firm.eve.replica, quote, "sent")
    settle_all([firm.eve], 2)
    (back,) = returned_edits.returned(firm.eve.replica)
    assert back.reason is not None
    assert back.reason.text == mandates.NOT_COVERED.text
    assert firm.state(firm.eve, quote) == "draft"
    with firm.eve.replica.applying() as session:  # as if somebody had written into the database
        signed = dict(repository.get(session, "mandate", mandate)["signed"], percent="90")  # type: ignore[index]
        session.execute(_table().update().where(_table().c.id == mandate).values(signed=signed))
    assert approvals.own_mandates(firm.eve.replica) == ()
    other = firm.quote("10")
    quotes.set_status(firm.eve.replica, other, "sent")
    assert firm.state(firm.eve, other) == "waiting"


def test_a_mandate_is_shown_as_one_to_renew_before_it_ends(firm: Firm, tmp_path: Path) -> None:
    firm.give_mandate()
    firm.sync()
    assert approvals.mandates_to_renew(firm.eve.replica) == ()
    (held,) = approvals.own_mandates(firm.eve.replica)
    firm.office.now_ms = held.until_ms - 3 * DAY_MS
    firm.sync()
    assert [each.id for each in approvals.mandates_to_renew(firm.eve.replica)] == [held.id]
    firm.office.now_ms = held.until_ms
    firm.sync()
    assert approvals.own_mandates(firm.eve.replica) == ()


def _table() -> Any:

    return SCHEMAS["mandate"].table


def test_a_contract_that_leaves_the_library_of_clauses_is_asked_about(firm: Firm) -> None:
    create = firm.office.hq.create
    usual = {"body": "Thirty days net.", "body_en": "30 days", "standard": True}
    clause = create("clause", {"title": "Payment", **usual})
    rules = [
        segments.plain_rule(AllOf((Condition(field=name, op=Op.AT_LEAST, value=1),)))
        for name in ("other_clauses", "standard_left_out")
    ]
    step = approval.plain_step(Step(who=Who.NAMED, users=(firm.lin_id,)))
    for number, rule in enumerate(rules):
        flow = {"name": f"Clauses {number}", "record_entity": "contract", "rank": number, "steps": [step]}
        create("approval_flow", {**flow, "rules": rule})
    firm.sync()
    replica = firm.eve.replica

    def contract(**said: Any) -> str:
        made = records.create(replica, "contract", {"customer_id": firm.customer, "currency": "CNY"}).value.id
        line = {"contract_id": made, "description": "Pump", "unit_price": 100_000}
        records.create(replica, "contract_line", line)
        records.create(replica, "contract_clause", {"contract_id": made, "clause_id": clause, **said})
        return str(records.update(replica, "contract", made, {"status": "sent"}).value.id)

    def state(record_id: str) -> str:
        return str(records.get(replica, "contract", record_id)["status"])

    as_it_is, changed = contract(), contract(body="Ninety days  net.")
    spaced, without = contract(body="Thirty  days\nnet."), contract(clause_id=None, title="Own", body="Other")
    wanted = {as_it_is: "sent", changed: "waiting", spaced: "sent", without: "waiting"}
    assert {each: state(each) for each in wanted} == wanted
    firm.sync()
    assert returned_edits.returned(replica) == ()
    assert {each: firm.office.row("contract", each)["status"] for each in wanted} == wanted
    # What this laptop did not know yet HQ asks: the library says something else by now.
    late = contract()
    firm.office.hq.update("clause", clause, {"body": "Cash in advance."})
    assert state(late) == "sent"
    firm.sync()
    assert [str(each.reason) for each in returned_edits.returned(replica)] == [
        "This needs approval: ask for it first"
    ]


def test_the_laptop_that_asked_keeps_the_very_file_once_hq_grants_it(firm: Firm) -> None:
    replica = firm.eve.replica
    firm.give_mandate()
    firm.sync()
    granted, refused = firm.quote("15"), firm.quote("15")
    for quote in (granted, refused):
        sent_file.send(replica, "quote", quote, "en")
        assert firm.state(firm.eve, quote) == "waiting"
    assert sent_file.keep_granted(replica) == frozenset()
    with pytest.raises(UserError, match="not gone out"):
        sent_file.keep(replica, "quote", granted, "en")
    firm.sync()
    for each in approvals.to_decide(firm.lin.replica):
        approves = each.request["record_id"] == granted
        verdict = Verdict.APPROVE if approves else Verdict.REFUSE
        approvals.decide(firm.lin.replica, each.request.id, verdict, "Said")
    firm.sync()
    assert firm.state(firm.eve, granted) == "sent"
    assert sent_file.sent_file(replica, "quote", granted) is None
    assert ("attachment",) in {key[:1] for key in sent_file.keep_granted(replica)}
    kept = sent_file.sent_file(replica, "quote", granted)
    assert kept is not None
    assert kept.content is not None
    assert sent_file.keep_granted(replica) == frozenset(), "once"
    assert sent_file.sent_file(replica, "quote", refused) is None
    firm.sync()
    assert firm.eve.returned() == []
    (file,) = [each for _, each in firm.office.hq.all("attachment") if each["role"] == "sent"]
    assert (file["record_id"], file["sha256"]) == (granted, kept.sha256)
    assert_even(firm)
