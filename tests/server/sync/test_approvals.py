"""Approvals at HQ: who is asked, what counts, what follows; and that nobody gets past them by hand."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.rules import approval
from crm_core.rules.approval import Mode, Own, Who
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from tests.server.sync.approval_firm import ApprovalFirm, below_list, step
from tests.support.hq import Office


@pytest.fixture
def firm(quick_office: Office) -> ApprovalFirm:
    return ApprovalFirm(quick_office)


@pytest.fixture
def quick_office(tmp_path: Any) -> Any:
    office = Office(tmp_path / "hq")
    yield office
    office.close()


def test_an_approved_quote_is_sent_and_the_one_who_asked_hears_of_it(firm: ApprovalFirm) -> None:
    firm.flow(rules=below_list("10"))
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    assert firm.state(quote) == "waiting"
    assert firm.office.row("approval_request", request)["waits_for"] == [firm.lin_id]
    firm.lin.sync()
    assert firm.answer(firm.lin, firm.decide(firm.lin, request, "approve")) is Code.APPLIED
    assert firm.state(quote) == "sent"
    firm.eve.sync()
    assert (firm.eve.shown("quote", quote) or {})["status"] == "sent"
    assert (firm.eve.shown("approval_request", request) or {})["status"] == "approved"
    assert firm.eve.replica == firm.office.projection(firm.eve_id)


def test_a_quote_no_flow_is_for_is_sent_at_once_and_one_that_needs_approval_is_not(
    firm: ApprovalFirm,
) -> None:
    firm.flow(rules=below_list("10"))
    small, _ = firm.quote("5")
    large, _ = firm.quote("15")
    sent = [firm.command(firm.eve, "quote", each, "send", "draft") for each in (small, large)]
    firm.eve.sync()
    assert [firm.eve.code(each) for each in sent] == [Code.APPLIED, Code.ILLEGAL_STATE]
    assert firm.why(firm.eve, sent[1]) == approval.NOT_ASKED.text


def test_a_lower_price_is_below_list_as_much_as_a_discount(firm: ApprovalFirm) -> None:
    firm.flow(rules=below_list("10"))
    quote, _ = firm.quote("0", price=85_000)
    sent = firm.command(firm.eve, "quote", quote, "send", "draft")
    assert firm.answer(firm.eve, sent) is Code.ILLEGAL_STATE


def test_who_sold_by_the_list_he_had_is_not_below_the_new_one(firm: ApprovalFirm) -> None:
    firm.flow(rules=below_list("10"))
    firm.sync()
    quote, _ = firm.quote("0")
    firm.office.hq.update("product", firm.pump, {"list_price": 200_000})
    sent = firm.command(firm.eve, "quote", quote, "send", "draft")
    assert firm.answer(firm.eve, sent) is Code.APPLIED


def test_a_refused_or_returned_quote_is_a_draft_again_and_can_be_asked_about_anew(firm: ApprovalFirm) -> None:
    firm.flow()
    for verdict, state in (("refuse", "refused"), ("return", "returned")):
        quote, line = firm.quote("15")
        request = firm.ask(quote)
        firm.lin.sync()
        assert firm.answer(firm.lin, firm.decide(firm.lin, request, verdict)) is Code.APPLIED
        assert firm.office.row("approval_request", request)["status"] == state
        assert firm.state(quote) == "draft"
        firm.eve.sync()
        assert (
            firm.answer(firm.eve, firm.eve.set("quote_line", line, "discount_percent", "12")) is Code.APPLIED
        )
        firm.ask(quote)
        assert firm.state(quote) == "waiting"
        tasks = [row for _, row in firm.office.hq.all("activity") if row["about_id"] == quote]
        assert [task["owner_id"] for task in tasks] == [firm.eve_id]


def test_only_who_asked_withdraws_and_nothing_is_decided_afterwards(firm: ApprovalFirm) -> None:
    firm.flow()
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    firm.lin.sync()
    number = firm.command(firm.lin, "approval_request", request, "withdraw", "waiting")
    assert firm.answer(firm.lin, number) is Code.ILLEGAL_STATE
    late = firm.decide(firm.lin, request, "approve")
    number = firm.command(firm.eve, "approval_request", request, "withdraw", "waiting")
    assert firm.answer(firm.eve, number) is Code.APPLIED
    assert firm.state(quote) == "draft"
    assert firm.answer(firm.lin, late) is Code.ILLEGAL_STATE
    assert firm.why(firm.lin, late) == approval.NOT_WAITING.text


def test_a_request_keeps_the_flow_it_began_with(firm: ApprovalFirm) -> None:
    flow = firm.flow()
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    legal = firm.office.user("Legal", "sales_manager")
    named = [step(who=Who.NAMED, users=(legal,))]
    firm.office.hq.update("approval_flow", flow, {"steps": named})
    firm.lin.sync()
    assert firm.answer(firm.lin, firm.decide(firm.lin, request, "approve")) is Code.APPLIED
    assert firm.state(quote) == "sent"
    other, _ = firm.quote("15")
    asked = firm.ask(other)
    assert firm.office.row("approval_request", asked)["waits_for"] == [legal]


def test_whoever_is_asked_gets_the_quote_with_its_lines_and_loses_it_when_it_is_over(
    firm: ApprovalFirm,
) -> None:
    firm.flow(step(who=Who.NAMED, users=(firm.bo_id, firm.lin_id), mode=Mode.ANY))
    quote, line = firm.quote("15")
    firm.bo.sync()
    assert firm.bo.shown("quote", quote) is None
    request = firm.ask(quote)
    firm.bo.sync()
    for entity, record in (("quote", quote), ("quote_line", line), ("approval_request", request)):
        assert firm.bo.shown(entity, record) is not None, entity
    assert firm.bo.shown("customer", firm.customer) is not None
    assert not firm.answer(firm.bo, firm.bo.set("quote", quote, "notes", "Mine")).took_effect
    firm.lin.sync()
    assert firm.answer(firm.lin, firm.decide(firm.lin, request, "approve")) is Code.APPLIED
    firm.sync()
    assert firm.bo.shown("quote", quote) is None
    for laptop in (firm.eve, firm.lin, firm.bo):
        assert laptop.replica == firm.office.projection(laptop.user_id)


def test_fields_named_by_the_step_are_changed_by_who_decides_and_by_nobody_else(firm: ApprovalFirm) -> None:
    firm.flow(step(who=Who.NAMED, users=(firm.bo_id,), changes=("terms",)))
    quote, line = firm.quote("15")
    firm.ask(quote)
    firm.bo.sync()
    assert firm.answer(firm.bo, firm.bo.set("quote", quote, "terms", "Cash")) is Code.APPLIED
    assert not firm.answer(firm.bo, firm.bo.set("quote", quote, "valid_until", "2031-01-01")).took_effect
    assert not firm.answer(firm.bo, firm.bo.set("quote_line", line, "quantity", "2")).took_effect
    assert not firm.answer(firm.eve, firm.eve.set("quote", quote, "terms", "Mine")).took_effect
    assert firm.office.row("quote", quote)["terms"] == "Cash"


def test_a_stand_in_decides_while_somebody_is_away(firm: ApprovalFirm) -> None:
    firm.flow()
    now = firm.office.now_ms
    firm.lin.create(
        "absence",
        {
            "owner_id": firm.lin_id,
            "stand_in_id": firm.bo_id,
            "begins_at": now - DAY_MS,
            "ends_at": now + DAY_MS,
        },
    )
    assert firm.answer(firm.lin, firm.lin.last_op) is Code.APPLIED
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    firm.bo.sync()
    decided = firm.decide(firm.bo, request, "approve", for_id=firm.lin_id)
    assert firm.answer(firm.bo, decided) is Code.APPLIED
    assert firm.state(quote) == "sent"
    other, _ = firm.quote("15")
    request = firm.ask(other)
    firm.bo.sync()
    firm.office.now_ms += 2 * DAY_MS
    late = firm.decide(firm.bo, request, "approve", for_id=firm.lin_id)
    assert firm.answer(firm.bo, late) is Code.ILLEGAL_STATE
    assert firm.why(firm.bo, late) == approval.NOT_STANDING_IN.text


def test_two_decisions_of_a_step_for_all_count_in_either_order(firm: ApprovalFirm) -> None:
    firm.flow(step(who=Who.NAMED, users=(firm.bo_id, firm.lin_id), mode=Mode.ALL))
    for order in ((firm.bo, firm.lin), (firm.lin, firm.bo)):
        quote, _ = firm.quote("15")
        request = firm.ask(quote)
        firm.sync()
        numbers = [firm.decide(laptop, request, "approve") for laptop in order]
        for laptop, number in zip(order, numbers, strict=True):
            assert firm.state(quote) == "waiting"
            assert firm.answer(laptop, number) is Code.APPLIED
        assert firm.state(quote) == "sent"


def test_what_an_administrator_does_to_people_moves_requests_on(firm: ApprovalFirm) -> None:
    firm.flow()
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    firm.office.hq.update("team", firm.team, {"manager_id": firm.bo_id})
    assert firm.office.row("approval_request", request)["waits_for"] == [firm.bo_id]


# By hand


def test_nobody_approves_by_taking_hqs_steps_himself(firm: ApprovalFirm) -> None:
    firm.flow()
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    for entity, record, name in (
        ("quote", quote, "grant"),
        ("quote", quote, "take_back"),
        ("approval_request", request, "approve"),
        ("approval_request", request, "refuse"),
    ):
        number = firm.command(firm.eve, entity, record, name, "waiting")
        assert firm.answer(firm.eve, number) is Code.ILLEGAL_STATE, name
    number = firm.eve.set("quote", quote, "status", "sent")
    assert not firm.answer(firm.eve, number).took_effect
    assert firm.state(quote) == "waiting"


def test_what_hq_says_of_a_request_nobody_else_says(firm: ApprovalFirm) -> None:
    firm.flow()
    quote, _ = firm.quote("15")
    about = {"record_entity": "quote", "record_id": quote}
    own = [step(who=Who.NAMED, users=(firm.eve_id,), own=Own.SELF)]
    for said in ({"flow": own}, {"digest": "x"}, {"waits_for": [firm.eve_id]}, {"step": 3}):
        firm.eve.create("approval_request", {**about, **said})
        assert firm.answer(firm.eve, firm.eve.last_op) is Code.INVALID, said
    firm.eve.create("approval_request", {**about, "status": "approved"})
    assert firm.answer(firm.eve, firm.eve.last_op) is Code.ILLEGAL_STATE
    request = firm.ask(quote)
    for name, value in (("flow", own), ("subject", "Other"), ("record_id", firm.customer), ("round", 1)):
        assert not firm.answer(firm.eve, firm.eve.set("approval_request", request, name, value)).took_effect
    assert not firm.answer(firm.eve, firm.eve.delete("approval_request", request)).took_effect
    assert not firm.answer(firm.eve, firm.eve.tag("quote", quote, firm.bo_id, "shown_to")).took_effect
    firm.eve.create("approval_request", about)
    assert firm.answer(firm.eve, firm.eve.last_op) is Code.ILLEGAL_STATE


def test_no_request_is_made_about_what_its_author_may_not_change(firm: ApprovalFirm) -> None:
    firm.flow()
    quote, _ = firm.quote("15")
    firm.sync()
    firm.bo.create("approval_request", {"record_entity": "quote", "record_id": quote})
    assert not firm.answer(firm.bo, firm.bo.last_op).took_effect
    asked = firm.command(firm.eve, "quote", quote, "ask", "draft")
    assert firm.answer(firm.eve, asked) is Code.ILLEGAL_STATE


def test_nobody_decides_in_anothers_name_or_out_of_turn(firm: ApprovalFirm) -> None:
    firm.flow(step(), step(who=Who.NAMED, users=(firm.bo_id,)))
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    firm.sync()
    for laptop, said, code in (
        (firm.eve, {}, Code.ILLEGAL_STATE),
        (firm.eve, {"owner_id": firm.lin_id}, None),
        (firm.eve, {"for_id": firm.lin_id}, Code.ILLEGAL_STATE),
        (firm.lin, {"step": 1}, Code.ILLEGAL_STATE),
        (firm.lin, {"round": 1}, Code.ILLEGAL_STATE),
        (firm.lin, {"digest": "0" * 32}, Code.ILLEGAL_STATE),
        (firm.bo, {}, None),
    ):
        number = firm.decide(laptop, request, "approve", **said)
        answered = firm.answer(laptop, number)
        assert not answered.took_effect, said
        assert code in (None, answered), said
    assert firm.state(quote) == "waiting"
    assert firm.answer(firm.lin, firm.decide(firm.lin, request, "approve")) is Code.APPLIED
    firm.bo.sync()
    decision = firm.bo.create(
        "approval_decision", {"request_id": request, "verdict": "approve", "round": 0, "step": 1}
    )
    assert firm.answer(firm.bo, firm.bo.last_op) is Code.APPLIED
    assert firm.state(quote) == "sent"
    changed = firm.bo.set("approval_decision", decision, "verdict", "refuse")
    assert firm.answer(firm.bo, changed) is Code.ILLEGAL_STATE
    assert not firm.answer(firm.bo, firm.bo.delete("approval_decision", decision)).took_effect


def test_what_was_changed_after_it_was_asked_is_not_approved(firm: ApprovalFirm) -> None:
    """A request made by hand leaves the quote a draft, whose lines can be changed."""
    firm.flow()
    quote, line = firm.quote("15")
    request = firm.eve.create("approval_request", {"record_entity": "quote", "record_id": quote})
    firm.eve.sync()
    firm.lin.sync()
    firm.eve.set("quote_line", line, "discount_percent", "60")
    firm.eve.sync()
    row = firm.office.row("approval_request", request)
    assert (row["status"], row["outcome"][0]) == ("withdrawn", approval.CHANGED_SINCE.text)
    assert not firm.answer(firm.lin, firm.decide(firm.lin, request, "approve")).took_effect
    again = firm.eve.create("approval_request", {"record_entity": "quote", "record_id": quote})
    firm.eve.sync()
    firm.lin.sync()
    assert firm.answer(firm.lin, firm.decide(firm.lin, again, "approve")) is Code.APPLIED
    firm.eve.set("quote_line", line, "discount_percent", "70")
    sent = firm.command(firm.eve, "quote", quote, "send", "draft")
    assert firm.answer(firm.eve, sent) is Code.ILLEGAL_STATE
    firm.eve.set("quote_line", line, "discount_percent", "60")
    sent = firm.command(firm.eve, "quote", quote, "send", "draft")
    assert firm.answer(firm.eve, sent) is Code.APPLIED


def test_flows_and_absences_that_mean_nothing_are_refused(firm: ApprovalFirm) -> None:
    admin = firm.office.laptop(firm.office.founder)
    admin.sync()
    good = {"name": "F", "record_entity": "quote", "steps": [step()]}
    for said in (
        {"steps": []},
        {"steps": [{"who": "nobody"}]},
        {"steps": [step(who=Who.NAMED)]},
        {"steps": [step(changes=("discount_percent",))]},
        {"record_entity": "nothing"},
        {"rules": {"field": "no_such", "op": "=", "kind": "one", "value": 1}},
        {"rules": {"field": "valid_until", "op": "<", "kind": "relative", "value": ["day", 3]}},
    ):
        admin.create("approval_flow", {**good, **said})
        assert firm.answer(admin, admin.last_op) is Code.INVALID, said
    admin.create("approval_flow", good)
    assert firm.answer(admin, admin.last_op) is Code.APPLIED
    firm.eve.create("approval_flow", good)
    assert not firm.answer(firm.eve, firm.eve.last_op).took_effect
    now = firm.office.now_ms
    for who, stands, ends, takes in (
        (firm.eve_id, firm.eve_id, now + 1, False),
        (firm.eve_id, firm.bo_id, now - 1, False),
        (firm.bo_id, firm.lin_id, now + 1, False),
        (firm.eve_id, firm.bo_id, now + 1, True),
    ):
        values = {"owner_id": who, "stand_in_id": stands, "begins_at": now, "ends_at": ends}
        firm.eve.create("absence", values)
        assert firm.answer(firm.eve, firm.eve.last_op).took_effect is takes
