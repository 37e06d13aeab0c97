"""Tickets merged and split: what hangs on them goes along, and comes back when it is undone."""

from __future__ import annotations

import pytest

from crm_core.errors import NotFound, UserError
from crm_core.rules import approval
from crm_core.rules.approval import Step
from crm_core.times import HOUR_MS
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


def test_a_broken_promise_goes_along_with_a_merged_ticket_and_comes_back(office: Office, sam: Laptop) -> None:
    always = {"name": "Always", "time_zone": "Asia/Shanghai", "hours": [[[0, 1440]]] * 7, "standard": True}
    office.hq.create("work_calendar", always)
    office.hq.create("sla_policy", {"name": "All", "rank": 1, "promised": {"normal": {"reply": 60}}})
    settle_all([sam], 1)
    # Made and answered before HQ heard of it: the laptop judges as HQ does all the same.
    answered = tickets.create(sam.replica, {"subject": "Quick"}, "It leaks").value.id
    tickets.reply(sam.replica, answered, "At once")
    old = tickets.create(sam.replica, {"subject": "Old"}, "It leaks").value.id
    settle_all([sam], 2)
    assert_even(sam)
    assert tickets.view(sam.replica, answered).ticket.get("reply_due_at") is None
    office.now_ms += 2 * HOUR_MS
    young = tickets.create(sam.replica, {"subject": "Young"}, "Still").value.id
    tickets.reply(sam.replica, old, "Too late")
    settle_all([sam], 2)
    late = office.row("ticket", old)["reply_failed_at"]
    assert late is not None
    merge = ticket_work.merge_into(sam.replica, old, young).value
    settle_all([sam], 3)
    assert office.row("ticket", young)["reply_failed_at"] == late
    merging.take_apart(sam.replica, merge.id)
    settle_all([sam], 3)
    assert_even(sam)
    assert [office.row("ticket", each)["reply_failed_at"] for each in (old, young)] == [late, None]


def test_what_is_split_off_is_answered_as_the_customer_wrote_and_joined_where_the_rest_went(
    office: Office, sam: Laptop
) -> None:
    known = {"assignee_id": sam.user_id, "from_address": "ann@acme.example", "from_name": "Ann"}
    chat = {"channel": "chat", "conversation": "key:7", "chat_name": "wechat:ann", **known}
    by_mail, by_chat, other = (
        office.hq.create("ticket", {"subject": "Pump", **values})
        for values in ({"channel": "mail", **known}, chat, {"channel": "phone", **known})
    )
    for ticket in (by_mail, by_chat):
        for body in ("One", "Two"):
            said = {"ticket_id": ticket, "body": body, "from_customer": True, "written_at": office.now_ms}
            office.hq.create("ticket_message", said)
            office.now_ms += 1
    settle_all([sam], 2)
    parts = []
    for ticket in (by_mail, by_chat):
        second = tickets.view(sam.replica, ticket).messages[1].id
        parts.append(ticket_work.split(sam.replica, ticket, second).value.id)
        tickets.reply(sam.replica, parts[-1], "About two")
    settle_all([sam], 2)
    ((_, mail),) = office.hq.find("outgoing_mail", "record_id", parts[0])
    assert mail["recipients"] == "ann@acme.example"
    assert [office.row("ticket", parts[1])[name] for name in ("conversation", "chat_name")] == [
        "key:7",
        "wechat:ann",
    ]
    ticket_work.merge_into(sam.replica, by_mail, other)
    ticket_work.join_again(sam.replica, parts[0])
    settle_all([sam], 3)
    assert_even(sam)
    bodies = [each.body for each in tickets.view(sam.replica, other).messages]
    assert bodies == ["One", "Two", "About two"]
    with pytest.raises(NotFound):
        ticket_work.join_again(sam.replica, parts[0])
