"""Macros, canned answers, splitting and merging of tickets, each taken back too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.errors import UserError
from crm_desktop.assembly import App
from crm_desktop.documents import answers
from crm_desktop.models.query import ListQuery
from crm_desktop.services import merging, records, ticket_work, tickets
from tests.support.desktop import sample_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = sample_app(tmp_path_factory.mktemp("work"), customers=3)
    yield made
    made.close()


@pytest.fixture
def ticket(app: App) -> str:
    customer = records.page(app.replica, ListQuery(entity="customer", limit=1)).rows[0]
    values = {"subject": "Leak", "customer_id": customer.id, "tags": ["old"]}
    made = tickets.create(app.replica, values, "It leaks").value.id
    tickets.reply(app.replica, made, "Which side?")
    tickets.reply(app.replica, made, "And since when?")
    return made


def _make(app: App, entity: str, **values: object) -> str:
    return records.create(app.replica, entity, values).value.id  # type: ignore[arg-type]


def test_a_macro_does_it_all_in_one_step_and_is_taken_back(app: App, ticket: str) -> None:
    body = "Ticket {{ ticket.number }} for {{ customer.name }} is with us."
    template = _make(
        app, "document_template", name="Got it", kind="answer", engine="mail", language="en", body=body
    )
    changes = {"status": "waiting", "priority": "high"}
    macro = _make(app, "macro", name="Waits", changes=changes, answer_id=template, adds_tags=["chased"])
    before = tickets.view(app.replica, ticket)
    assert [each.name for each in answers.answers(app.replica)] == ["Got it"]
    said = answers.text_by_id(app.replica, template, ticket)
    assert said.startswith(f"Ticket {before.ticket.get('number')} for ")
    done = ticket_work.run_macro(app.replica, ticket, macro, said).value
    after = tickets.view(app.replica, ticket)
    assert [after.ticket.get(name) for name in ("status", "priority", "tags")] == [
        "waiting",
        "high",
        ["chased", "old"],
    ]
    assert after.messages[-1].body == said
    ticket_work.take_back(app.replica, done)
    again = tickets.view(app.replica, ticket)
    assert [again.ticket.get(name) for name in ("status", "priority", "tags")] == ["open", "normal", ["old"]]
    assert len(again.messages) == len(before.messages)


def test_a_ticket_is_split_from_a_message_on_and_joined_again(app: App, ticket: str) -> None:
    said = tickets.view(app.replica, ticket).messages
    with pytest.raises(UserError):
        ticket_work.split(app.replica, ticket, said[0].id)
    made = ticket_work.split(app.replica, ticket, said[1].id).value
    assert made.get("subject") == "Which side?"
    assert made.get("split_from_id") == ticket
    assert made.get("number")
    assert [each.id for each in tickets.view(app.replica, made.id).messages] == [each.id for each in said[1:]]
    assert [each.id for each in tickets.view(app.replica, ticket).messages] == [said[0].id]
    ticket_work.join_again(app.replica, made.id)
    assert tickets.view(app.replica, ticket).messages == said


def test_a_ticket_merged_into_another_gives_it_its_messages_and_gets_them_back(app: App, ticket: str) -> None:
    customer = tickets.view(app.replica, ticket).ticket.get("customer_id")
    other = tickets.create(
        app.replica, {"subject": "Leak again", "customer_id": customer, "priority": "low"}, "Still"
    ).value.id
    told = ticket_work.merge_into(app.replica, other, ticket).value
    kept = tickets.view(app.replica, ticket)
    assert [each.body for each in kept.messages] == ["It leaks", "Which side?", "And since when?", "Still"]
    assert (kept.ticket.get("subject"), kept.ticket.get("priority")) == ("Leak", "normal")
    assert not records.get(app.replica, "ticket", other).alive
    merging.take_apart(app.replica, told.id)
    assert [each.body for each in tickets.view(app.replica, other).messages] == ["Still"]
    assert len(tickets.view(app.replica, ticket).messages) == 3


def test_a_phone_call_answers_at_once_and_mail_when_it_is_sent(app: App, ticket: str) -> None:
    assert tickets.view(app.replica, ticket).ticket.get("replied_at") is None, "not sent yet"
    said = {"ticket_id": ticket, "body": "By phone", "channel": "phone"}
    records.create(app.replica, "ticket_message", said)
    assert tickets.view(app.replica, ticket).ticket.get("replied_at") is not None
