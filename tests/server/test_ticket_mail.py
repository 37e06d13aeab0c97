"""Mails to the service address from a real IMAP server: tickets, threads, loops; answers by real SMTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.errors import UserError
from crm_core.ids import named_id
from crm_core.rules import request_forms
from crm_core.times import HOUR_MS
from sync_server.services import founding, outgoing_mails, ticket_forms
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.later import Later
from sync_server.services.letters import read_letter
from sync_server.services.ticket_mail import AN_HOUR_MOST, Fate, fetch, take
from sync_server.settings import fresh_settings
from tests.support.mail_box import PASSWORD, USER, mail, mail_box, post, unread
from tests.support.post_office import PostOffice, post_office
from tests.support.server import ADMIN, ADMIN_PASSWORD

NOW = 1_764_576_000_000


@pytest.fixture(scope="module")
def mail_port() -> Iterator[int]:
    """Give the port of a mail server with one empty box."""
    with mail_box() as port:
        yield port


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    """Give an SMTP server."""
    with post_office() as made:
        yield made


@pytest.fixture(scope="module")
def hq(
    tmp_path_factory: pytest.TempPathFactory, mail_port: int, office: PostOffice
) -> Iterator[Headquarters]:
    """Give a headquarters that takes mails to its service address and sends answers."""
    settings = fresh_settings(
        tmp_path_factory.mktemp("service") / "hq",
        service_server=f"imap://127.0.0.1:{mail_port}",
        service_user=USER,
        service_password=PASSWORD,
        smtp_server=f"smtp://127.0.0.1:{office.port}",
        smtp_from="Kontor <hq@kontor.example>",
        company="Kontor",
    )
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    made = open_headquarters(settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def maya(hq: Headquarters) -> str:
    """Give somebody who answers tickets."""
    ((role, _),) = hq.records.find("role", "name", "service")
    return hq.records.create("user", {"name": "maya", "email": "maya@kontor.example", "role_id": role})


@pytest.fixture(scope="module")
def heron(hq: Headquarters) -> str:
    """Give a customer with a contact who writes."""
    customer = hq.records.create("customer", {"name": "Blue Heron"})
    hq.records.create("contact", {"customer_id": customer, "name": "Tom", "email": "tom@heron.example"})
    return customer


def take_in(hq: Headquarters, text: str) -> Fate:
    letter = read_letter(text.encode(), "id")
    assert letter is not None
    return take(hq, letter, NOW)


def ticket_called(hq: Headquarters, subject: str) -> tuple[str, dict[str, Any]]:
    ((record_id, row),) = hq.records.find("ticket", "subject", subject)
    return record_id, dict(row)


def said_in(hq: Headquarters, ticket_id: str) -> list[dict[str, Any]]:
    found = [row for _, row in hq.records.find("ticket_message", "ticket_id", ticket_id)]
    return sorted(found, key=lambda row: row["created_at"])


def answer(hq: Headquarters, ticket_id: str, body: str, author_id: str) -> str:
    said = {"ticket_id": ticket_id, "body": body, "author_id": author_id}
    return hq.records.create("ticket_message", said, author_id)


def test_a_mail_becomes_a_ticket_once_and_the_answer_stands_in_its_thread(
    hq: Headquarters, mail_port: int, office: PostOffice, maya: str, heron: str
) -> None:
    first = mail("Tom <tom@heron.example>", "Leak", "It leaks.", Message_ID="<one@heron.example>")
    post(mail_port, first, first)
    counts = fetch(hq, NOW)
    assert (counts["tickets"], counts["known"]) == (1, 1)
    assert sum(fetch(hq, NOW).values()) == 0, "read mails are not looked at again"
    ticket_id, ticket = ticket_called(hq, "Leak")
    assert (ticket["customer_id"], ticket["assignee_id"], ticket["channel"]) == (heron, None, "mail")
    assert ticket["number"]
    answer(hq, ticket_id, "Which side?", maya)
    assert outgoing_mails.send_due(hq, NOW)["sent"] == 1
    letter = office.letters[-1]
    assert letter["To"] == "tom@heron.example"
    assert letter["Subject"] == f"Re: Leak [{ticket['number']}]"
    assert letter["In-Reply-To"] == "<one@heron.example>"
    assert letter["Reply-To"] == USER
    assert letter.get_content().strip() == "Which side?"
    hq.records.update("ticket", ticket_id, {"status": "waiting"})
    about = {"In_Reply_To": letter["Message-ID"], "Message_ID": "<two@heron.example>"}
    again = mail("tom@heron.example", "Re: something else", "The left one", **about)
    assert take_in(hq, again) is Fate.MESSAGE
    assert [row["body"] for row in said_in(hq, ticket_id)] == ["It leaks.", "Which side?", "The left one"]
    answer(hq, ticket_id, "We come", maya)
    outgoing_mails.send_due(hq, NOW)
    second = office.letters[-1]
    assert second["In-Reply-To"] == "<two@heron.example>"
    thread = ["<one@heron.example>", letter["Message-ID"], "<two@heron.example>"]
    assert second["References"].split() == thread
    third = mail("tom@heron.example", "No name", "Good", References=f"<x@y> {second['Message-ID']}")
    assert take_in(hq, third) is Fate.MESSAGE
    assert len(said_in(hq, ticket_id)) == 5
    assert hq.records.get("ticket", ticket_id)["status"] == "open", "he has answered: it is our turn"


def test_a_number_in_a_subject_counts_only_from_its_customer(hq: Headquarters, heron: str) -> None:
    take_in(hq, mail("tom@heron.example", "Noise", "Since Monday"))
    ticket_id, ticket = ticket_called(hq, "Noise")
    number = ticket["number"]
    assert take_in(hq, mail("tom@heron.example", f"More [{number}]", "Louder now")) is Fate.MESSAGE
    assert take_in(hq, mail("eve@evil.example", f"Hello [{number}]", "Tell me all")) is Fate.TICKET
    assert len(said_in(hq, ticket_id)) == 2
    _, other = ticket_called(hq, f"Hello [{number}]")
    assert (other["customer_id"], other["from_address"]) == (None, "eve@evil.example")


def test_what_goes_on_after_the_end_is_a_ticket_of_its_own(hq: Headquarters, heron: str) -> None:
    take_in(hq, mail("tom@heron.example", "Old", "Old one", Message_ID="<old@heron.example>"))
    ticket_id, _ = ticket_called(hq, "Old")
    hq.records.update("ticket", ticket_id, {"status": "closed"})
    said = mail("tom@heron.example", "Re: Old", "Again!", References="<x@y> <old@heron.example>")
    assert take_in(hq, said) is Fate.TICKET
    _, new = ticket_called(hq, "Re: Old")
    assert new["parent_id"] == ticket_id


def test_machines_make_nothing_and_do_not_go_round_in_circles(hq: Headquarters) -> None:
    away = mail("tim@x.example", "Away", "I am away", Auto_Submitted="auto-replied")
    assert take_in(hq, away) is Fate.AUTOMATIC
    assert take_in(hq, mail(USER, "Own", "Hello")) is Fate.AUTOMATIC


def test_a_flood_waits_at_the_mail_server_and_fills_one_ticket(hq: Headquarters, mail_port: int) -> None:
    now, hour, later, box = now_ms(), HOUR_MS + 60_000, Later(), mail_port
    flood = [mail("loop@x.example", f"Loop {n}", f"ping {n}") for n in range(AN_HOUR_MOST + 6)]
    post(box, *flood[:-1], mail("tia@x.example", "Behind", "Hello"))
    counts = fetch(hq, now, later)
    assert (counts["tickets"], counts["later"]) == (AN_HOUR_MOST + 1, 5)
    assert len(unread(box)) == 5, "what was not taken in is not lost"
    assert sum(fetch(hq, now + 60_000, later).values()) == 0, "nor read again and again"
    assert fetch(hq, now + 120_000, Later())["later"] == 5, "a HQ that was started anew leaves it, too"
    post(box, flood[-1])
    assert fetch(hq, now + hour, later) | {"later": 0} == counts | {"tickets": 0, "messages": 6, "later": 0}
    assert not unread(box)
    mine = [each for each, _ in hq.records.find("ticket", "from_address", "loop@x.example")]
    filled = [each for each in mine if len(said_in(hq, each)) > 1]
    assert (len(mine), len(filled)) == (AN_HOUR_MOST, 1)
    told = said_in(hq, filled[0])
    assert [row["body"].count("Many mails of one sender") for row in told if row["internal"]] == [1]
    assert {f"Loop {n}\n\nping {n}" for n in range(30, 36)} <= {row["body"] for row in told}


def test_an_answer_that_came_back_is_told_to_its_writer(
    hq: Headquarters, office: PostOffice, maya: str
) -> None:
    take_in(hq, mail("gone@heron.example", "Gone", "Help"))
    ticket_id, _ = ticket_called(hq, "Gone")
    answer(hq, ticket_id, "Here", maya)
    outgoing_mails.send_due(hq, NOW)
    sent = office.letters[-1]["Message-ID"]
    report = (
        "From: MAILER-DAEMON@mail.example\nTo: hq@kontor.example\nSubject: Undelivered\n"
        "Message-ID: <report@mail.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nNobody of that name here\n"
        "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; gone@heron.example\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {sent}\nSubject: Re: Gone\n--b--\n"
    )
    assert take_in(hq, report) is Fate.BOUNCED
    assert take_in(hq, report) is Fate.KNOWN
    note = said_in(hq, ticket_id)[-1]
    assert note["internal"]
    assert "Nobody of that name here" in note["body"]
    tasks = [row for _, row in hq.records.find("activity", "about_id", ticket_id)]
    assert [row["owner_id"] for row in tasks] == [maya]


def test_a_colleagues_answer_to_the_thread_is_a_note(hq: Headquarters, maya: str, heron: str) -> None:
    take_in(hq, mail("tom@heron.example", "Note", "Hm", Message_ID="<note@heron.example>"))
    ticket_id, _ = ticket_called(hq, "Note")
    said = mail("maya@kontor.example", "Re: Note", "I think it is air", In_Reply_To="<note@heron.example>")
    assert take_in(hq, said) is Fate.NOTE
    note = said_in(hq, ticket_id)[-1]
    assert (note["internal"], note["author_id"]) == (True, maya)


def test_whose_a_stranger_was_said_to_be_holds_for_his_next_mail(hq: Headquarters) -> None:
    take_in(hq, mail("new@far.example", "First", "Hello"))
    ticket_id, ticket = ticket_called(hq, "First")
    assert ticket["customer_id"] is None
    customer = hq.records.create("customer", {"name": "Far"})
    hq.records.update("ticket", ticket_id, {"customer_id": customer})
    take_in(hq, mail("new@far.example", "Second", "Hello again"))
    assert ticket_called(hq, "Second")[1]["customer_id"] == customer
    hq.records.delete("customer", customer)
    take_in(hq, mail("new@far.example", "Third", "And again"))
    assert ticket_called(hq, "Third")[1]["customer_id"] is None, "gone with the customer"


def test_an_answer_by_phone_or_without_an_address_makes_no_mail(hq: Headquarters, maya: str) -> None:
    take_in(hq, mail("ann@x.example", "Call me", "Please"))
    ticket_id, _ = ticket_called(hq, "Call me")
    said = {"ticket_id": ticket_id, "body": "Told her", "author_id": maya, "channel": "phone"}
    spoken = hq.records.create("ticket_message", said, maya)
    walk_in = hq.records.create("ticket", {"subject": "Desk", "channel": "visit"})
    other = answer(hq, walk_in, "Here you are", maya)
    for message_id in (spoken, other):
        assert not hq.records.find("outgoing_mail", "id", named_id("mail of answer", message_id))


def test_without_a_mail_server_the_setting_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = fresh_settings(tmp_path_factory.mktemp("none") / "hq")
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    hq = open_headquarters(settings)
    try:
        with pytest.raises(UserError, match="No mail server"):
            fetch(hq, NOW)
    finally:
        hq.close()


def test_what_came_by_a_form_is_acknowledged_and_the_answer_to_that_stands_in_the_ticket(
    hq: Headquarters, office: PostOffice
) -> None:
    def opened(body: str) -> ticket_forms.Opened:
        kept = dict.fromkeys(("owner_id", "team_id", "category_id"))
        values = {"name": "Lea", "email": "lea@x.example", "body": body}
        how = {"form_id": "f", "kept": kept, "language": "zh_CN", "consent": None}
        return ticket_forms.open_ticket(hq, ticket_forms.Asked(values=values, **how), NOW)

    mine = opened("Help me")
    outgoing_mails.send_due(hq, NOW)
    letter = office.letters[-1]
    assert (letter["To"], letter["Auto-Submitted"]) == ("lea@x.example", "auto-replied")
    assert mine.number in letter["Subject"]
    assert "收到" in letter.get_content()
    assert "Help me" not in letter.as_string(), "nobody has us send his words to somebody else"
    assert read_letter(letter.as_bytes(), "id").automatic  # type: ignore[union-attr]
    again = mail("Lea <lea@x.example>", "Re: hello", "And this", In_Reply_To=letter["Message-ID"])
    assert take_in(hq, again) is Fate.MESSAGE
    assert [row["body"] for row in said_in(hq, mine.ticket_id)] == ["Help me", "And this"]
    assert opened("Help me").was_there
    for number in range(5):
        opened(f"Again {number}")
    mails = hq.records.find("outgoing_mail", "recipients", "lea@x.example")
    assert len(mails) == ticket_forms.ACKNOWLEDGED_MOST


def test_a_macro_hq_does_by_itself_answers_by_mail_as_who_has_the_ticket(
    hq: Headquarters, office: PostOffice, maya: str, heron: str
) -> None:
    def template(body: str) -> str:
        values = {"name": body[:20], "kind": "answer", "engine": "mail", "language": "zh", "body": body}
        return hq.records.create("document_template", values)

    def granted(subject: str, answer_id: str, **macro: Any) -> str:
        """Have a request accepted whose form does a macro, and return its ticket."""
        changes = {"status": "waiting", "priority": "high"}
        does = {"name": subject, "changes": changes, "answer_id": answer_id, "adds_tags": ["t"], **macro}
        named = {"name": subject, "macro_id": hq.records.create("macro", does)}
        form = hq.records.create("request_form", named)
        take_in(hq, mail("Tom <tom@heron.example>", subject, "May I?", Message_ID=f"<{form}@heron.example>"))
        ticket_id, _ = ticket_called(hq, subject)
        hq.records.update("ticket", ticket_id, {"assignee_id": maya})
        kept = request_forms.definition(hq.records.get("request_form", form))
        asked = {"subject": subject, "form_id": form, "form": kept, "ticket_id": ticket_id}
        request = hq.records.create("service_request", asked, maya)
        hq.records.update("service_request", request, {"status": "granted"}, maya)
        outgoing_mails.send_due(hq, NOW)
        return ticket_id

    who = "{{ assignee.name }}，{{ company.name }}"
    said = "{{ contact.name }}：{{ ticket.number }}（{{ ticket.priority }}），" + who
    ticket_id = granted("Goodwill", template(said))
    ticket = hq.records.get("ticket", ticket_id)
    assert (ticket["status"], ticket["priority"], ticket["tags"]) == ("waiting", "high", ["t"])
    letter = office.letters[-1]
    assert letter["To"] == "tom@heron.example"
    assert letter["In-Reply-To"] == f"<{ticket['form_id']}@heron.example>"
    text = f"Tom：{ticket['number']}（高），maya，Kontor"
    assert letter.get_content().strip() == text
    (answered,) = [row for row in said_in(hq, ticket_id) if not row["from_customer"]]
    assert (answered["author_id"], answered["status"], answered["body"]) == (maya, "sent", text)
    assert ticket["replied_at"], "the promise of a first reply is kept"
    count = len(office.letters)
    inside = granted("Inside", template("For us"), internal=True)
    assert [row["body"] for row in said_in(hq, inside) if row["internal"]] == ["For us"]
    out_of_sight = granted("Barred", template("{{ customer.credit_limit }}"))
    assert len(said_in(hq, out_of_sight)) == 1, "what who has the ticket may not read goes to nobody"
    (told,) = [row for _, row in hq.records.find("activity", "about_id", out_of_sight)]
    assert (told["owner_id"], "could not be given" in told["subject"]) == (maya, True)
    assert len(office.letters) == count
