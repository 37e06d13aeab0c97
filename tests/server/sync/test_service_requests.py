"""What a laptop made by hand says of service requests: no version, approval or work HQ did not agree to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.rules import request_forms
from crm_core.sync.protocol import Code, OpKind
from tests.server.sync.approval_firm import step
from tests.support.hq import Laptop, Office

STATUS = {
    name: SCHEMAS[name].fields["status"].no for name in ("service_request", "ticket", "approval_request")
}
QUESTIONS = [
    {"key": "amount", "label": "Amount", "kind": "money", "currency": "CNY", "required": True},
    {"key": "what", "label": "What", "kind": "choice", "choices": [{"value": "gift", "label": "Gift"}]},
]


class Desk:
    """Eve sells in the team Lin leads; everything asked by the form waits for Lin. Bo sells elsewhere."""

    def __init__(self, office: Office) -> None:
        create = office.hq.create
        self.office = office
        self.lin_id = office.user("Lin", "sales_manager")
        team = create("team", {"name": "North", "manager_id": self.lin_id})
        self.eve_id = office.user("Eve", "sales", team_id=team)
        self.bo_id = office.user("Bo", "sales")
        self.customer = create("customer", {"name": "Acme", "owner_id": self.eve_id})
        self.form = create("request_form", {"name": "Goodwill", "questions": QUESTIONS})
        flow = {"name": "All", "record_entity": "service_request", "steps": [step()]}
        self.flow = create("approval_flow", flow)
        self.eve, self.lin, self.bo = (office.laptop(each) for each in (self.eve_id, self.lin_id, self.bo_id))
        self.sync()

    def sync(self) -> None:
        for laptop in (self.eve, self.lin, self.bo):
            laptop.sync()

    def kept(self) -> dict[str, Any]:
        return request_forms.definition(self.office.row("request_form", self.form))

    def ticket(self, laptop: Laptop | None = None, **said: Any) -> str:
        laptop = laptop or self.eve
        values = {"subject": "Goodwill", "kind": "request", "assignee_id": laptop.user_id, **said}
        return laptop.create("ticket", values)

    def request(self, laptop: Laptop | None = None, **said: Any) -> str:
        laptop = laptop or self.eve
        values = {
            "subject": "Goodwill",
            "form_id": self.form,
            "form": self.kept(),
            "answers": {"amount": 100},
            "ticket_id": said["ticket_id"] if "ticket_id" in said else self.ticket(laptop),
        }
        return laptop.create("service_request", {**values, **said})

    def asked(self) -> tuple[str, str, str]:
        """Ask as the program does; return ticket, request, and the request for approval."""
        ticket = self.ticket()
        record = self.request(ticket_id=ticket)
        approval = self.eve.create(
            "approval_request", {"record_entity": "service_request", "record_id": record, "subject": "G"}
        )
        assert self.step(self.eve, "service_request", record, "ask", "draft") is Code.APPLIED
        self.sync()
        return ticket, record, approval

    def step(self, laptop: Laptop, entity: str, record_id: str, name: str, seen: str) -> Code:
        return self.answer(
            laptop, laptop.do(OpKind.COMMAND, entity, record_id, STATUS[entity], [name, seen, [[], []]])
        )

    def answer(self, laptop: Laptop, number: int | None = None) -> Code:
        number = laptop.last_op if number is None else number
        laptop.sync()
        return laptop.code(number)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("desk") / "hq")
    yield Desk(office)
    office.close()


def _easier(kept: dict[str, Any]) -> dict[str, Any]:
    return {**kept, "holds": False}


@pytest.mark.parametrize(
    "said",
    [
        {"form": {"name": "Mine", "questions": []}},
        {"form": None},
        {"answers": {"amount": "100"}},
        {"answers": {"amount": 1, "what": "bribe"}},
        {"answers": {"amount": 1, "other": 2}},
        {"form_id": "f" * 32},
        {"status": "granted"},
        {"version": 7},
        {"followed_at": 1},
        {"shown_to": ["f" * 32]},
    ],
)
def test_what_the_form_never_asked_is_not_taken(desk: Desk, said: dict[str, Any]) -> None:
    ticket = desk.ticket()
    desk.request(ticket_id=ticket, **said)
    assert desk.answer(desk.eve) in (Code.INVALID, Code.ILLEGAL_STATE)
    assert desk.office.row("ticket", ticket)["asked"] is None


def test_a_form_that_holds_less_than_the_true_one_is_not_taken(desk: Desk) -> None:
    desk.request(form=_easier(desk.kept()))
    assert desk.answer(desk.eve) is Code.INVALID


def test_a_form_for_others_and_a_ticket_out_of_sight_are_refused(desk: Desk) -> None:
    service = desk.office.row("user", desk.office.user("Sam", "service"))["role_id"]
    others = desk.office.hq.create("request_form", {"name": "Others", "roles": [service], "questions": []})
    kept = request_forms.definition(desk.office.row("request_form", others))
    desk.request(form_id=others, form=kept, answers=None)
    assert desk.answer(desk.eve) is Code.FORBIDDEN_ROW
    ticket = desk.ticket()
    desk.eve.sync()
    desk.request(desk.bo, ticket_id=ticket)
    assert desk.answer(desk.bo) is Code.PARENT


def test_nobody_accepts_his_own_request_by_any_way(desk: Desk) -> None:
    ticket, record, approval = desk.asked()
    for name, seen in (("grant", "waiting"), ("send", "draft"), ("send", "waiting")):
        assert desk.step(desk.eve, "service_request", record, name, seen) is Code.ILLEGAL_STATE
    decision = {"request_id": approval, "verdict": "approve", "comment": "Mine", "round": 0, "step": 0}
    desk.eve.create("approval_decision", decision)
    assert desk.answer(desk.eve) is not Code.APPLIED
    desk.bo.create("approval_decision", decision)
    assert desk.answer(desk.bo) is Code.PARENT
    desk.eve.set("service_request", record, "form_id", [desk.form, desk.kept(), {"amount": 1}])
    assert desk.answer(desk.eve) is Code.ILLEGAL_STATE
    assert desk.step(desk.eve, "approval_request", approval, "approve", "waiting") is not Code.APPLIED
    for entity, record_id, name, value in (
        ("ticket", ticket, "asked", "granted"),
        ("service_request", record, "shown_to", [desk.bo_id]),
    ):
        number = desk.eve.set(entity, record_id, name, value)
        assert desk.answer(desk.eve, number) is not Code.APPLIED
    assert desk.office.row("service_request", record)["status"] == "waiting"
    assert desk.office.row("ticket", ticket)["asked"] == "waiting"


def test_work_on_the_ticket_is_refused_until_it_is_accepted_and_giving_up_is_not(desk: Desk) -> None:
    ticket, record, approval = desk.asked()
    for name in ("open", "wait", "solve"):
        assert desk.step(desk.eve, "ticket", ticket, name, "new") is Code.ILLEGAL_STATE
    number = desk.eve.set("ticket", ticket, "form_id", None)  # as if it were no request
    desk.answer(desk.eve, number)
    assert desk.step(desk.eve, "ticket", ticket, "open", "new") is Code.ILLEGAL_STATE
    other = desk.request(ticket_id=ticket)
    assert desk.answer(desk.eve) is Code.ILLEGAL_STATE
    assert desk.office.hq.find("service_request", "id", other) == []
    decision = {"request_id": approval, "verdict": "approve", "round": 0, "step": 0}
    desk.lin.create("approval_decision", decision)
    assert desk.answer(desk.lin) is Code.APPLIED
    assert desk.office.row("service_request", record)["status"] == "granted"
    desk.eve.sync()
    assert desk.step(desk.eve, "ticket", ticket, "open", "new") is Code.APPLIED
    second, _, _ = desk.asked()
    assert desk.step(desk.eve, "ticket", second, "close", "new") is Code.APPLIED


def test_what_is_half_answered_is_kept_as_a_draft_and_not_sent(desk: Desk) -> None:
    record = desk.request(answers={"what": "gift"})
    assert desk.answer(desk.eve) is Code.APPLIED
    assert desk.step(desk.eve, "service_request", record, "ask", "draft") is Code.INVALID
    moved = desk.ticket()
    number = desk.eve.set("service_request", record, "ticket_id", moved)
    assert desk.answer(desk.eve, number) is Code.ILLEGAL_STATE
