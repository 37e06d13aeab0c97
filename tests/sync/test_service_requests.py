"""Service requests on laptops without a network: asked by a form, approved or not, worked on then."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import Invalid, UserError
from crm_core.rules import approval, segments
from crm_core.rules.approval import Step, Verdict, Who
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.segments import AllOf
from crm_desktop.models.query import ListQuery
from crm_desktop.services import approvals, records, returned_edits, service_requests, tickets
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all

QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "amount",
        "label": "Amount",
        "label_zh": "金额",
        "kind": "money",
        "currency": "CNY",
        "required": True,
    },
    {
        "key": "what",
        "label": "What for",
        "label_zh": "用途",
        "kind": "choice",
        "choices": [
            {"value": "gift", "label": "Gift", "label_zh": "礼品"},
            {"value": "repair", "label": "Repair"},
        ],
    },
    {"key": "when", "label": "Until", "kind": "date"},
]


class Desk:
    """Eve sells in the team Lin leads and asks; Sam of the service works on what comes."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        create = office.hq.create
        self.office = office
        self.lin_id = office.user("Lin", "sales_manager")
        self.team = create("team", {"name": "North", "manager_id": self.lin_id})
        self.eve_id = office.user("Eve", "sales", team_id=self.team)
        self.sam_id = office.user("Sam", "service")
        self.customer = create("customer", {"name": "Acme（示例）", "owner_id": self.eve_id})
        self.form = self.make_form()
        self.flow = create(
            "approval_flow",
            {
                "name": "Goodwill",
                "record_entity": "service_request",
                "steps": [approval.plain_step(Step())],
                "rules": segments.plain_rule(
                    AllOf((Condition(field="a:amount", op=Op.AT_LEAST, value=Decimal(500)),))
                ),
            },
        )
        self.eve, self.lin, self.sam = (
            laptops.make(name, user_id)
            for name, user_id in (("eve", self.eve_id), ("lin", self.lin_id), ("sam", self.sam_id))
        )

    def make_form(self, **said: Any) -> str:
        values = {
            "name": "Goodwill",
            "name_zh": "客户补偿",
            "questions": QUESTIONS,
            "assignee_id": self.sam_id,
            "priority": "high",
            "after_status": "open",
            "task": "Order the goods",
            "task_for_id": self.sam_id,
        }
        return self.office.hq.create("request_form", {**values, **said})

    def sync(self) -> None:
        settle_all([self.eve, self.lin, self.sam], 2)

    def ask(self, amount: int, laptop: Laptop | None = None, **said: Any) -> tuple[str, str]:
        """Ask for so many cents; return the request and its ticket."""
        laptop = laptop or self.eve
        made = service_requests.ask(
            laptop.replica, self.form, {"amount": amount, **said}, customer_id=self.customer, reason="Broken"
        ).value
        return made.id, str(made["ticket_id"])

    def row(self, laptop: Laptop, entity: str, record_id: str) -> dict[str, Any]:
        return dict(records.get(laptop.replica, entity, record_id).values)


@pytest.fixture
def desk(office: Office, laptops: Laptops) -> Desk:
    return Desk(office, laptops)


def assert_even(desk: Desk) -> None:
    for laptop in (desk.eve, desk.lin, desk.sam):
        assert list(differences(laptop)) == []
        assert returned_edits.returned(laptop.replica) == ()


def test_what_needs_no_approval_is_accepted_offline_and_passed_on_by_hq(desk: Desk) -> None:
    desk.sync()
    request, ticket = desk.ask(10_000, what="gift")
    assert desk.row(desk.eve, "service_request", request)["status"] == "granted"
    desk.sync()
    at_hq = desk.office.row("ticket", ticket)
    assert (at_hq["assignee_id"], at_hq["status"], at_hq["asked"]) == (desk.sam_id, "open", "granted")
    assert (at_hq["kind"], at_hq["priority"], at_hq["form_id"]) == ("request", "high", desk.form)
    assert desk.office.row("service_request", request)["version"] == 1
    assert desk.row(desk.sam, "ticket", ticket)["status"] == "open"
    assert desk.row(desk.eve, "ticket", ticket)["status"] == "open"  # who asked goes on seeing it
    assert desk.row(desk.sam, "service_request", request)["answers"] == {"amount": 10_000, "what": "gift"}
    assert_even(desk)


def test_beyond_the_condition_it_waits_and_nobody_works_on_it_before(desk: Desk) -> None:
    desk.sync()
    request, ticket = desk.ask(60_000)
    assert desk.row(desk.eve, "service_request", request)["status"] == "waiting"
    with pytest.raises(UserError, match="before it is accepted"):
        tickets.set_status(desk.eve.replica, ticket, "open")
    desk.sync()
    with pytest.raises(UserError, match="before it is accepted"):
        tickets.set_status(desk.sam.replica, ticket, "solved")
    tickets.reply(desk.sam.replica, ticket, "We will see")
    assert desk.row(desk.sam, "ticket", ticket)["status"] == "new"
    assert desk.row(desk.sam, "ticket", ticket)["asked"] == "waiting"
    (asked,) = approvals.to_decide(desk.lin.replica)
    assert (asked.asked_by, asked.request["reason"]) == ("Eve", "Broken")
    view = service_requests.view(desk.lin.replica, request)
    assert [value for _, value in view.answers] == [60_000]
    assert records.get(desk.lin.replica, "ticket", ticket).title == "Goodwill"
    approvals.decide(desk.lin.replica, asked.request.id, Verdict.APPROVE, "Fine")
    desk.sync()
    assert desk.row(desk.eve, "service_request", request)["status"] == "granted"
    assert desk.row(desk.eve, "ticket", ticket)["status"] == "open"
    tickets.set_status(desk.sam.replica, ticket, "solved")
    desk.sync()
    assert desk.office.row("ticket", ticket)["status"] == "solved"
    assert_even(desk)


def test_what_is_returned_comes_back_with_the_reason_is_changed_and_asked_again(desk: Desk) -> None:
    desk.sync()
    request, ticket = desk.ask(60_000)
    desk.sync()
    (asked,) = approvals.to_decide(desk.lin.replica)
    approvals.decide(desk.lin.replica, asked.request.id, Verdict.RETURN, "Too much")
    desk.sync()
    assert desk.row(desk.eve, "service_request", request)["status"] == "draft"
    assert desk.row(desk.sam, "ticket", ticket)["asked"] == "draft"
    newest, _needs = approvals.of_record(desk.eve.replica, "service_request", request)
    assert newest is not None
    assert newest.decisions[-1].comment == "Too much"
    with pytest.raises(UserError, match="before it is accepted"):
        tickets.set_status(desk.sam.replica, ticket, "open")
    with pytest.raises(Invalid) as raised:
        records.update(desk.eve.replica, "service_request", request, {"answers": {"amount": "much"}})
    assert [each.field for each in raised.value.problems] == ["a:amount"]
    records.update(desk.eve.replica, "service_request", request, {"answers": {"amount": 20_000}})
    service_requests.send(desk.eve.replica, request)
    desk.sync()
    assert desk.office.row("service_request", request)["status"] == "granted"
    assert desk.office.row("ticket", ticket)["status"] == "open"
    assert_even(desk)


def test_what_is_withdrawn_while_it_waits_ends_its_approval_and_closes_its_ticket(desk: Desk) -> None:
    desk.sync()
    request, ticket = desk.ask(60_000)
    desk.sync()
    service_requests.withdraw(desk.eve.replica, request)
    desk.sync()
    assert approvals.to_decide(desk.lin.replica) == ()
    assert desk.office.row("service_request", request)["status"] == "withdrawn"
    assert desk.office.row("ticket", ticket)["status"] == "closed"
    assert_even(desk)


def test_old_requests_read_as_they_were_and_late_ones_are_taken(desk: Desk) -> None:
    desk.sync()
    old, _ = desk.ask(10_000, what="gift")
    desk.sync()
    changed = [{**QUESTIONS[0], "label": "Sum"}, *QUESTIONS[2:]]
    desk.office.hq.update(
        "request_form", desk.form, {"name": "Compensation", "questions": changed, "retired": True}
    )
    late, _ = desk.ask(20_000, what="repair")  # before Eve has heard of it
    desk.sync()
    assert desk.office.row("request_form", desk.form)["version"] == 2
    for request in (old, late):
        view = service_requests.view(desk.sam.replica, request)
        assert str(view.name) == "Goodwill"
        assert [field.label for field, _ in view.answers] == ["Amount", "What for"]
        assert desk.office.row("service_request", request)["version"] == 1
    with pytest.raises(UserError, match="not chosen any more"):
        desk.ask(1)
    assert service_requests.offered(desk.eve.replica) == ()
    assert_even(desk)


def test_one_that_came_back_is_asked_by_another_form_as_far_as_its_answers_fit(desk: Desk) -> None:
    other = desk.make_form(name="Other", questions=QUESTIONS[:1])
    desk.sync()
    request, _ = desk.ask(60_000, what="gift")
    approvals.withdraw(desk.eve.replica, approvals.waiting(desk.eve.replica)[0].request.id)
    with pytest.raises(Invalid, match="no question “what”"):
        records.update(desk.eve.replica, "service_request", request, {"form_id": other})
    records.update(desk.eve.replica, "service_request", request, {"form_id": other, "answers": {"amount": 1}})
    service_requests.send(desk.eve.replica, request)
    desk.sync()
    at_hq = desk.office.row("service_request", request)
    assert (at_hq["status"], at_hq["form"]["name"], at_hq["version"]) == ("granted", "Other", 1)
    assert_even(desk)


def test_only_the_named_flow_and_the_named_roles_count(desk: Desk) -> None:
    service = desk.office.row("user", desk.sam_id)["role_id"]
    desk.office.hq.update("request_form", desk.form, {"roles": [service]})
    always = desk.office.hq.create(
        "approval_flow",
        {
            "name": "Always",
            "record_entity": "service_request",
            "rank": 9,
            "steps": [approval.plain_step(Step(who=Who.NAMED, users=(desk.lin_id,)))],
        },
    )
    desk.office.hq.update("request_form", desk.form, {"flow_id": always})
    desk.sync()
    assert service_requests.offered(desk.eve.replica) == ()
    with pytest.raises(UserError, match="for others"):
        desk.ask(1)
    (form,) = service_requests.offered(desk.sam.replica)
    assert str(form.name) == "Goodwill"
    made = service_requests.ask(desk.sam.replica, desk.form, {"amount": 1}, customer_id=desk.customer).value
    assert made["status"] == "waiting"
    desk.sync()
    (asked,) = approvals.to_decide(desk.lin.replica)
    approvals.decide(desk.lin.replica, asked.request.id, Verdict.APPROVE)
    desk.sync()
    assert desk.row(desk.sam, "service_request", made.id)["status"] == "granted"
    assert_even(desk)


def test_what_is_missing_is_told_at_its_question_and_nothing_is_made(desk: Desk) -> None:
    desk.sync()
    with pytest.raises(Invalid) as raised:
        service_requests.ask(desk.eve.replica, desk.form, {"what": "bribe", "other": 1})
    assert {each.field for each in raised.value.problems} == {"a:amount", "a:what", "answers"}
    assert records.count(desk.eve.replica, ListQuery(entity="ticket")) == 0


def test_a_file_answers_a_question_and_goes_along(desk: Desk, tmp_path: Path) -> None:
    questions = [*QUESTIONS, {"key": "photo", "label": "Photo", "kind": "file", "required": True}]
    desk.office.hq.update("request_form", desk.form, {"questions": questions})
    desk.sync()
    photo = tmp_path / "broken.txt"
    photo.write_text("It is broken")
    made = service_requests.ask(
        desk.eve.replica, desk.form, {"amount": 100}, customer_id=desk.customer, files={"photo": photo}
    ).value
    assert made["status"] == "granted"
    desk.sync()
    view = service_requests.view(desk.sam.replica, made.id)
    assert list(view.titles.values()) == ["broken.txt"]
    assert_even(desk)
