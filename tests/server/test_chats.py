"""Chats and social media: a program brings what customers say and carries the answers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.settings import read_settings
from tests.server.test_keys import Program
from tests.support.server import RunningServer

ANN = {"handle": "ann_moss", "name": "Ann"}
SCOPES = ("ticket:write", "ticket_message:write", "attachment:read")


@pytest.fixture(scope="module")
def hq(server: RunningServer) -> Iterator[Headquarters]:
    """Give the headquarters the server serves, beside it."""
    beside = open_headquarters(read_settings(server.data, {}))
    yield beside
    beside.close()


@pytest.fixture(scope="module")
def bot(server: RunningServer) -> Program:
    """Give a program that carries chats."""
    return Program(server, "Chat", *SCOPES, role="service")


@pytest.fixture(scope="module")
def maya(hq: Headquarters) -> str:
    """Give somebody who answers."""
    ((role, _),) = hq.records.find("role", "name", "service")
    return hq.records.create("user", {"name": "maya", "role_id": role})


def brought(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"service": "WeChat", "author": ANN, "messages": list(messages), **more}


def bring(bot: Program, conversation: str, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = bot.answer("POST", f"conversations/{conversation}/messages", json=brought(*messages, **more))
    assert told.status_code == 200, told.text
    return dict(told.json())


def said_in(hq: Headquarters, ticket_id: str) -> list[dict[str, Any]]:
    found = [row for _, row in hq.records.find("ticket_message", "ticket_id", ticket_id)]
    return sorted(found, key=lambda row: row["written_at"])


def test_messages_become_a_ticket_once_in_the_order_of_their_times(bot: Program, hq: Headquarters) -> None:
    late = {"id": "2", "at": "2026-11-01T08:01:00Z", "text": "The left one"}
    early = {"id": "1", "at": "2026-11-01T08:00:00Z", "text": "It leaks\nbadly", "name": "Ann M."}
    told = bring(bot, "c1", late, early)
    assert [each["taken"] for each in told["messages"]] == [True, True]
    again = bring(bot, "c1", early, {"id": "0", "at": "2026-11-01T07:59:00Z", "text": "Hello"})
    assert [(each["id"], each["taken"]) for each in again["messages"]] == [("0", True), ("1", False)]
    assert again["ticket_id"] == told["ticket_id"]
    ticket = hq.records.get("ticket", told["ticket_id"])
    wanted = {
        "channel": "chat",
        "chat_name": "wechat:ann_moss",
        "from_name": "Ann",
        "subject": "It leaks badly",
    }
    assert {name: ticket[name] for name in wanted} == wanted
    said = said_in(hq, told["ticket_id"])
    assert [row["body"] for row in said] == ["Hello", "It leaks\nbadly", "The left one"]
    assert said[1]["from_name"] == "Ann M."
    assert all(row["from_customer"] for row in said)


def test_who_wrote_is_known_the_next_time_by_the_name_in_the_chat(bot: Program, hq: Headquarters) -> None:
    customer = hq.records.create("customer", {"name": "Blue Heron"})
    contact = hq.records.create("contact", {"customer_id": customer, "name": "Lea"})
    lea = {"handle": "lea", "name": "Lea"}
    first = bring(bot, "c2", {"id": "1", "text": "Hi"}, author=lea)
    assert first["customer_id"] is None
    hq.records.update("ticket", first["ticket_id"], {"customer_id": customer, "contact_id": contact})
    hq.records.update("ticket", first["ticket_id"], {"status": "closed"})
    second = bring(bot, "c2", {"id": "2", "text": "Again"}, author=lea)
    assert second["ticket_id"] != first["ticket_id"]
    assert (second["customer_id"], second["contact_id"]) == (customer, contact)
    assert hq.records.get("ticket", second["ticket_id"])["parent_id"] == first["ticket_id"]
    other = bring(bot, "c3", {"id": "1", "text": "Elsewhere"}, author=lea, service="weibo", channel="social")
    assert other["customer_id"] is None, "another service, another name"
    known = {"handle": "l", "email": "lea@heron.example"}
    hq.records.update("contact", contact, {"email": "Lea@heron.example"})
    assert bring(bot, "c4", {"id": "1", "text": "Hi"}, author=known)["contact_id"] == contact


def test_an_answer_goes_out_until_its_outcome_is_told_and_a_failed_one_is_told_to_its_writer(
    bot: Program, hq: Headquarters, maya: str
) -> None:
    ticket_id = bring(bot, "c5", {"id": "1", "text": "Help"})["ticket_id"]
    made = [
        hq.records.create("ticket_message", {"ticket_id": ticket_id, "author_id": maya, **values}, maya)
        for values in (
            {"body": "Here"},
            {"body": "Among us", "internal": True},
            {"body": "Told", "channel": "phone"},
        )
    ]
    (answer,) = bot.answer("GET", "conversations/answers").json()["answers"]
    wanted = {
        "message_id": made[0],
        "conversation": "c5",
        "to": "wechat:ann_moss",
        "text": "Here",
        "by": "maya",
    }
    assert {name: answer[name] for name in wanted} == wanted
    assert not hq.records.find("outgoing_mail", "record_id", ticket_id), "no mail beside it"
    values = {"record_entity": "ticket", "record_id": ticket_id, "sha256": hq.blobs.keep(b"how", maya)}
    along, beside = (
        hq.records.create("attachment", {**values, "name": name}, maya) for name in ("说明.pdf", "inside.txt")
    )
    with_file = {"ticket_id": ticket_id, "author_id": maya, "body": "Read", "files": [along]}
    named = hq.records.create("ticket_message", with_file, maya)
    note = hq.records.create("ticket_message", {**with_file, "files": [beside], "internal": True}, maya)
    shown = {
        each["message_id"]: each for each in bot.answer("GET", "conversations/answers").json()["answers"]
    }
    (file,) = shown[named]["files"]
    assert (file["id"], file["name"]) == (along, "说明.pdf")
    assert bot.answer("GET", f"conversations/answers/{named}/files/{along}").content == b"how"
    for other, wanted_file in ((named, beside), (note, beside), (made[0], along)):
        path = f"conversations/answers/{other}/files/{wanted_file}"
        assert bot.answer("GET", path).status_code == 404
    bot.answer("POST", f"conversations/answers/{named}", json={"outcome": "delivered"})
    failed = {"outcome": "failed", "reason": "Blocked by the customer"}
    assert bot.answer("POST", f"conversations/answers/{made[0]}", json=failed).status_code == 200
    assert bot.answer("GET", "conversations/answers").json()["answers"] == []
    kept = hq.records.get("ticket_message", made[0])
    assert (kept["outcome"], kept["outcome_said"]) == ("failed", "Blocked by the customer")
    (task,) = [row for _, row in hq.records.find("activity", "about_id", ticket_id)]
    assert task["owner_id"] == maya
    assert (
        bot.answer("POST", f"conversations/answers/{made[0]}", json={"outcome": "delivered"}).status_code
        == 200
    )
    assert hq.records.get("ticket_message", made[0])["outcome"] == "delivered"
    for other in (made[1], "f" * 32, "x"):
        assert bot.answer("POST", f"conversations/answers/{other}", json=failed).status_code == 404


def test_what_is_merged_goes_on_where_it_was_merged_into_and_is_answered_in_the_chat(
    bot: Program, hq: Headquarters, maya: str
) -> None:
    first = bring(bot, "c60", {"id": "1", "text": "It leaks"})["ticket_id"]
    calls = [hq.records.create("ticket", {"subject": "Call", "channel": way}) for way in ("phone", "mail")]
    called, mailed = calls
    hq.records.update("ticket", first, {"merged_into_id": called})
    hq.records.delete("ticket", first)
    assert bring(bot, "c60", {"id": "2", "text": "Still"})["ticket_id"] == called
    answer = {"ticket_id": called, "body": "On our way", "author_id": maya}
    answered = hq.records.create("ticket_message", answer)
    (waiting,) = [
        each
        for each in bot.answer("GET", "conversations/answers").json()["answers"]
        if each["message_id"] == answered
    ]
    assert (waiting["conversation"], waiting["to"]) == ("c60", "wechat:ann_moss")
    bot.answer("POST", f"conversations/answers/{answered}", json={"outcome": "delivered"})
    hq.records.restore("ticket", first)
    assert hq.records.get("ticket", called)["conversation"] is None
    assert bring(bot, "c60", {"id": "3", "text": "Now?"})["ticket_id"] == first
    hq.records.update("ticket", first, {"merged_into_id": mailed})
    hq.records.delete("ticket", first)
    assert bring(bot, "c60", {"id": "4", "text": "Hm"})["ticket_id"] == mailed
    assert hq.records.get("ticket", mailed)["conversation"] is None, "he is answered by mail there"


def test_files_machines_and_a_barred_sender(bot: Program, hq: Headquarters) -> None:
    file = {"name": "../shot.png", "media_type": "image/png", "content": base64.b64encode(b"PNG").decode()}
    machine = {"id": "2", "text": "You are number 3", "from": "machine"}
    family, turned = "👩\u200d👩\u200d👧 שלום", "\u202eevil\x1b[31m\0\ud800"
    strange = {"id": "3", "text": f"{family}\u2028{turned}"}
    told = bring(bot, "c6", {"id": "1", "files": [file]}, machine, strange)
    said = said_in(hq, told["ticket_id"])
    assert {row["body"]: bool(row["internal"]) for row in said} == {
        "shot.png": False,
        "You are number 3": True,
        f"{family}\nevil[31m": False,
    }
    ((attachment, row),) = hq.records.find("attachment", "record_id", told["ticket_id"])
    assert (row["name"], hq.blobs.of_attachment(attachment)) == ("shot.png", b"PNG")
    hq.records.create("barred_sender", {"address": "wechat:junk"})
    told = bring(bot, "c7", {"id": "1", "text": "Buy"}, author={"handle": "JUNK"})
    assert (told["barred"], told["messages"][0]["taken"]) == (True, False)
    assert not hq.records.find("ticket", "chat_name", "wechat:junk")


def test_what_is_wrong_is_named_and_nothing_is_done(bot: Program, hq: Headquarters) -> None:
    before = len(hq.records.all("ticket"))
    for wrong, place in (
        ({"messages": []}, "messages"),
        ({"service": ""}, "service"),
        ({"channel": "fax"}, "channel"),
        ({"author": {"handle": 5}}, "author.handle"),
        ({"author": {"handle": "a", "email": "nowhere"}}, "author.email"),
        ({"messages": [{"id": "1"}]}, "messages.0.text"),
        ({"messages": [{"id": "\0", "text": "x"}]}, "messages.0.id"),
        ({"messages": [{"id": "1", "text": "x", "at": "soon"}]}, "messages.0.at"),
        ({"messages": [{"id": "1", "files": [{"name": "x", "content": "!"}]}]}, "messages.0.files.0.content"),
        ({"messages": [{"id": "1", "text": "x" * 200_000}]}, "messages.0.text"),
    ):
        told = bot.answer(
            "POST", "conversations/c8/messages", json=brought({"id": "1", "text": "Hi"}) | wrong
        )
        assert told.status_code == 422, told.text
        assert place in [each["field"] for each in told.json()["problems"]]
    assert len(hq.records.all("ticket")) == before


def test_a_key_brings_what_it_may_and_sees_its_own_conversations_alone(
    server: RunningServer, bot: Program, hq: Headquarters, maya: str
) -> None:
    reads = Program(server, "Reads", "ticket:read", "ticket_message:read", role="service")
    path = "conversations/c9/messages"
    assert reads.answer("POST", path, json=brought({"id": "1", "text": "Hi"})).status_code == 403
    other = Program(server, "Other chat", *SCOPES, role="service")
    mine = bring(bot, "c9", {"id": "1", "text": "Hi"})["ticket_id"]
    theirs = bring(other, "c9", {"id": "1", "text": "Hi"})["ticket_id"]
    assert mine != theirs, "one name, two programs"
    made = hq.records.create("ticket_message", {"ticket_id": mine, "body": "Yes", "author_id": maya}, maya)
    assert other.answer("GET", "conversations/answers").json()["answers"] == []
    delivered = {"outcome": "delivered"}
    assert other.answer("POST", f"conversations/answers/{made}", json=delivered).status_code == 404
    assert bot.answer("POST", f"conversations/answers/{made}", json=delivered).status_code == 200
    key = {"Idempotency-Key": "once"}
    sent = brought({"id": "5", "text": "More"})
    first = bot.answer("POST", path, json=sent, headers=key)
    again = bot.answer("POST", path, json=sent, headers=key)
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")


def test_a_webhook_tells_of_an_answer(
    server: RunningServer, bot: Program, hq: Headquarters, maya: str
) -> None:
    """The events of records are enough: an answer that is sent is a change of its message."""
    since = bot.answer("GET", "changes", params={"since": "now"}).json()["next"]
    ticket_id = bring(bot, "c10", {"id": "1", "text": "Hi"})["ticket_id"]
    made = hq.records.create(
        "ticket_message", {"ticket_id": ticket_id, "body": "Yes", "author_id": maya}, maya
    )
    told = bot.answer("GET", "changes", params={"since": since, "entity": "ticket_message"}).json()["changes"]
    (answer,) = [each for each in told if each["id"] == made]
    assert answer["record"]["status"] == "sent"
    assert answer["record"]["ticket_id"] == ticket_id
