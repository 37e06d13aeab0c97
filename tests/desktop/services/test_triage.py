"""Tickets of nobody yet: who may have written them, whose they become, and who is junk; each taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import Invalid, NotFound, UserError
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, tickets, triage
from crm_desktop.services.tickets import Queue
from tests.support.desktop import empty_app


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Any]:
    """Give an empty replica."""
    app = empty_app(tmp_path)
    yield app.replica
    app.close()


def _make(replica: Any, entity: str, **values: Any) -> str:
    return records.create(replica, entity, values).value.id


def _ticket(replica: Any, **values: Any) -> str:
    how = {"subject": "Leak", "channel": "mail", "from_name": "Tom Moss", "from_address": "tom@heron.example"}
    return _make(replica, "ticket", **how | values)


def _heron(replica: Any) -> tuple[str, str]:
    customer = _make(replica, "customer", name="Blue Heron Valves", website="https://heron.example")
    return customer, _make(replica, "contact", customer_id=customer, name="Tom Moss", phone="+8613912345678")


def test_who_wrote_is_unknown_until_it_is_said_and_that_is_taken_back(replica: Any) -> None:
    customer, contact = _heron(replica)
    ticket, other = _ticket(replica), _ticket(replica, subject="Noise")
    _ticket(replica, subject="Told", channel="phone")
    assert tickets.counts(replica)[Queue.UNKNOWN] == 2
    assert {row.customer_name for row in tickets.queue(replica, Queue.UNKNOWN)} == {"Tom Moss"}
    asked = triage.unknown(replica, ticket)
    assert asked.shown == "Tom Moss <tom@heron.example>"
    assert other in asked.others
    best = asked.suggestions[0]
    assert (best.customer_id, best.contact_id, best.customer_name) == (customer, contact, "Blue Heron Valves")
    assert best.reasons
    done = triage.link(replica, ticket, None, contact, asked.others).value
    for each in (ticket, other):
        held = records.get(replica, "ticket", each)
        assert (held["customer_id"], held["contact_id"]) == (customer, contact)
    assert tickets.counts(replica)[Queue.UNKNOWN] == 0
    triage.take_back(replica, done)
    assert tickets.counts(replica)[Queue.UNKNOWN] == 2
    assert records.get(replica, "ticket", ticket).get("contact_id") is None


def test_a_customer_is_suggested_by_domain_and_by_earlier_tickets_and_never_by_a_provider(
    replica: Any,
) -> None:
    customer, _ = _heron(replica)
    _make(replica, "customer", name="Mail user", email="firm@qq.com")
    named = {"from_name": "Somebody Else"}
    asked = triage.unknown(replica, _ticket(replica, **named, from_address="info@heron.example"))
    assert [(each.customer_id, each.reasons[0].text) for each in asked.suggestions] == [
        (customer, "Same domain of the mail address")
    ]
    asked = triage.unknown(replica, _ticket(replica, **named, from_address="spam@qq.com"))
    assert asked.suggestions == ()
    earlier = _ticket(replica, **named, from_address="x@far.example", customer_id=customer)
    asked = triage.unknown(replica, _ticket(replica, **named, from_address="x@far.example"))
    assert asked.suggestions[0].reasons[0].text == "An earlier ticket of this sender"
    assert earlier not in asked.others


def test_a_customer_and_a_contact_are_made_of_who_wrote_and_undone(replica: Any) -> None:
    ticket = _ticket(replica, from_phone="+8613912345678", from_name="")
    done = triage.make(replica, ticket, "Tom", customer_name="Heron").value
    held = records.get(replica, "ticket", ticket)
    contact = records.get(replica, "contact", str(held["contact_id"]))
    assert (contact["email"], contact["phone"]) == ("tom@heron.example", "+8613912345678")
    assert records.get(replica, "customer", str(held["customer_id"])).title == "Heron"
    triage.take_back(replica, done)
    assert records.page(replica, ListQuery(entity="contact")).rows == ()
    assert triage.is_unknown(records.get(replica, "ticket", ticket))
    with pytest.raises(Invalid):
        triage.make(replica, ticket, "  ")
    assert records.page(replica, ListQuery(entity="customer")).rows == (), "all or nothing"


def test_junk_is_closed_and_its_sender_barred_once_and_both_are_undone(replica: Any) -> None:
    ticket, other = _ticket(replica), _ticket(replica)
    done = triage.bar(replica, ticket, (other,), "Sells lamps").value
    (barred,) = records.page(replica, ListQuery(entity="barred_sender")).rows
    assert (barred["address"], barred["reason"]) == ("tom@heron.example", "Sells lamps")
    assert [records.get(replica, "ticket", each)["status"] for each in (ticket, other)] == ["closed"] * 2
    again = triage.bar(replica, _ticket(replica)).value
    assert again.made == ()
    triage.take_back(replica, done)
    assert records.page(replica, ListQuery(entity="barred_sender")).rows == ()
    assert records.get(replica, "ticket", ticket)["status"] == "new"


def test_what_cannot_be_done_is_said(replica: Any) -> None:
    ticket = _make(replica, "ticket", subject="Desk", channel="web")
    assert not triage.unknown(replica, ticket).may_bar
    with pytest.raises(UserError, match="known by"):
        triage.bar(replica, ticket)
    with pytest.raises(UserError, match="Choose a customer"):
        triage.link(replica, ticket, None)
    with pytest.raises(NotFound):
        triage.unknown(replica, "f" * 32)
