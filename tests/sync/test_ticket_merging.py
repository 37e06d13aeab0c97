"""Tickets merged: their mails and service requests go along, and come back when it is undone."""

from __future__ import annotations

import pytest

from crm_core.errors import UserError
from crm_core.rules import approval
from crm_core.rules.approval import Step
from crm_desktop.models.query import ListQuery
from crm_desktop.services import merging, records, returned_edits, service_requests, ticket_work, tickets
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


@pytest.fixture
def sam(office: Office, laptops: Laptops) -> Laptop:
    made = laptops.make("sam", office.user("Sam", "service"))
    settle_all([made], 1)
    return made


def assert_even(laptop: Laptop) -> None:
    assert list(differences(laptop)) == []
    assert returned_edits.returned(laptop.replica) == ()


def test_two_that_came_by_mail_become_one_and_two_again(office: Office, sam: Laptop) -> None:
    customer = office.hq.create("customer", {"name": "Acme（示例）"})
    one, two = (
        office.hq.create(
            "ticket",
            {
                "subject": f"Pump {name}",
                "customer_id": customer,
                "channel": "mail",
                "from_address": f"{name}@acme.example",
                "assignee_id": sam.user_id,
            },
        )
        for name in ("ann", "bob")
    )
    settle_all([sam], 2)
    for ticket in (one, two):
        tickets.reply(sam.replica, ticket, f"To {ticket}")
    settle_all([sam], 2)
    mails = {row["record_id"] for _, row in office.hq.find("outgoing_mail", "record_entity", "ticket")}
    assert mails == {one, two}
    with pytest.raises(UserError, match="at least two"):
        ticket_work.merge_into(sam.replica, one, one)
    merge = ticket_work.merge_into(sam.replica, two, one).value
    settle_all([sam], 3)
    assert_even(sam)
    assert len(tickets.view(sam.replica, one).messages) == 2
    mails = {row["record_id"] for _, row in office.hq.find("outgoing_mail", "record_entity", "ticket")}
    assert mails == {one}
    merging.take_apart(sam.replica, merge.id)
    settle_all([sam], 3)
    assert_even(sam)
    for ticket in (one, two):
        assert [each.body for each in tickets.view(sam.replica, ticket).messages] == [f"To {ticket}"]


def test_a_service_request_goes_along_and_holds_the_ticket_it_comes_to(office: Office, sam: Laptop) -> None:
    form = office.hq.create("request_form", {"name": "Goodwill"})
    steps = [approval.plain_step(Step())]
    office.hq.create("approval_flow", {"name": "All", "record_entity": "service_request", "steps": steps})
    plain = office.hq.create("ticket", {"subject": "Plain", "assignee_id": sam.user_id})
    settle_all([sam], 2)
    request = service_requests.ask(sam.replica, form, {}).value
    assert request["status"] == "waiting"
    settle_all([sam], 2)
    ticket_work.merge_into(sam.replica, str(request["ticket_id"]), plain)
    settle_all([sam], 3)
    assert_even(sam)
    assert office.row("service_request", request.id)["ticket_id"] == plain
    kept = office.row("ticket", plain)
    assert (kept["asked"], kept["form_id"]) == ("waiting", form)
    with pytest.raises(UserError, match="before it is accepted"):
        tickets.set_status(sam.replica, plain, "open")
    assert records.count(sam.replica, ListQuery(entity="service_request")) == 1
