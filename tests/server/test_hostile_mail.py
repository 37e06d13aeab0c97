"""Mails made to break whoever reads them: nothing breaks, nothing is lost, and none takes long."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.ids import new_id
from crm_core.times import HOUR_MS
from sync_server.services import founding, outgoing_mails
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.letters import read_letter
from sync_server.services.mailbox import BYTES_MOST, Fetched
from sync_server.services.ticket_mail import AN_HOUR_MOST, Fate, fetch, take, take_batch
from sync_server.settings import fresh_settings
from tests.support.hostile_mail import Trap, plain, traps
from tests.support.mail_box import PASSWORD, USER, mail, mail_box, post
from tests.support.post_office import PostOffice, post_office
from tests.support.server import ADMIN, ADMIN_PASSWORD

NOW = 1_764_576_000_000
CHECKED_BY = "mx.kontor.example"
TRAPS = {trap.name: trap for trap in traps()}
SECONDS_MOST = 4.0
"""Processor time one mail may take; most take some milliseconds."""


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    """Give an SMTP server."""
    with post_office() as made:
        yield made


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory, office: PostOffice) -> Iterator[Headquarters]:
    """Give a headquarters that takes mails to its service address."""
    settings = fresh_settings(
        tmp_path_factory.mktemp("hostile") / "hq",
        service_user=USER,
        service_checked_by=CHECKED_BY,
        smtp_server=f"smtp://127.0.0.1:{office.port}",
        smtp_from="hq@kontor.example",
    )
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    made = open_headquarters(settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def heron(hq: Headquarters) -> str:
    """Give a customer with two people who write."""
    customer = hq.records.create("customer", {"name": "Blue Heron"})
    for name in ("tom", "ann"):
        person = {"customer_id": customer, "name": name, "email": f"{name}@heron.example"}
        hq.records.create("contact", person)
    return customer


def take_in(hq: Headquarters, *raws: bytes | str) -> list[Fate]:
    """Take mails in as they would come in one batch."""
    contents = [raw.encode() if isinstance(raw, str) else raw for raw in raws]
    fetched = [Fetched(uid=new_id(), content=each, size=len(each)) for each in contents]
    return [each.fate for each in take_batch(hq, fetched, NOW)]


def ticket_by(hq: Headquarters, **field: str) -> tuple[str, dict[str, Any]]:
    ((name, value),) = field.items()
    record_id, row = hq.records.find("ticket", name, value)[-1]
    return record_id, dict(row)


def said_in(hq: Headquarters, ticket_id: str) -> list[dict[str, Any]]:
    return [row for _, row in hq.records.find("ticket_message", "ticket_id", ticket_id)]


def files_of(hq: Headquarters, ticket_id: str) -> dict[str, bytes]:
    rows = hq.records.find("attachment", "record_id", ticket_id)
    return {str(row["name"]): hq.blobs.of_attachment(each) for each, row in rows}


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_it_breaks_nothing_takes_no_time_and_nothing_of_it_is_lost(hq: Headquarters, trap: Trap) -> None:
    before = {each for each, _ in hq.records.all("ticket")}
    begun = time.process_time()
    (fate,) = take_in(hq, trap.raw)
    assert time.process_time() - begun < SECONDS_MOST
    assert fate == trap.fate
    made = [each for each, _ in hq.records.all("ticket") if each not in before]
    assert len(made) == (1 if fate in ("tickets", "unreadable") else 0)
    for ticket_id in made:
        ticket = hq.records.get("ticket", ticket_id)
        assert ticket["customer_id"] is None
        texts = [ticket["subject"], *(row["body"] for row in said_in(hq, ticket_id))]
        assert all(text and not set(text) & {"\r", "\x00", "\u202e", "\u200b"} for text in texts)
        assert "\n" not in ticket["subject"]
        assert trap.says in texts[1]
        assert "alert" not in "".join(texts)
        kept = files_of(hq, ticket_id)
        assert ("mail.eml" in kept) == trap.is_kept
        if trap.is_kept:
            assert kept.pop("mail.eml") == trap.raw
        if trap.files:
            assert sorted(kept) == sorted(trap.files)


def test_fifty_megabytes_are_fetched_in_part_and_that_is_said(hq: Headquarters) -> None:
    begins = plain("fifty", body=b"It leaks. " * 40_000)[:BYTES_MOST]
    tracemalloc.start()
    (taken,) = take_batch(hq, [Fetched(uid="1", content=begins, size=50_000_000)], NOW)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken.fate is Fate.TICKET
    assert most < 30_000_000
    ticket_id, _ = ticket_by(hq, from_address="fifty@trap.example")
    notes = [row["body"] for row in said_in(hq, ticket_id) if row["internal"]]
    assert any("50" in note and "mail server" in note for note in notes)
    assert files_of(hq, ticket_id) == {"mail.eml": begins}


def test_who_a_ticket_does_not_know_gets_into_none_by_its_names(hq: Headquarters, heron: str) -> None:
    take_in(hq, mail("tom@heron.example", "Secret", "Ours", Message_ID="<secret@heron.example>"))
    ticket_id, ticket = ticket_by(hq, subject="Secret")
    hq.records.create("ticket_message", {"ticket_id": ticket_id, "body": "Answer"})
    ((mail_id, _),) = hq.records.find("outgoing_mail", "record_id", ticket_id)
    for number, line in enumerate(
        ("<secret@heron.example>", f"<{mail_id}@kontor.example>", f"<x@y> <{mail_id}@evil.example>")
    ):
        subject = f"Re: Secret [{ticket['number']}]"
        said = mail(
            "eve@evil.example", subject, f"Send all {number}", In_Reply_To=line, Message_ID=f"<{number}@e>"
        )
        assert take_in(hq, said) == [Fate.TICKET]
    assert len([row for row in said_in(hq, ticket_id) if row["from_customer"]]) == 1
    held, row = ticket_by(hq, from_address="eve@evil.example")
    assert (row["customer_id"], row["parent_id"]) == (None, None)
    assert any(row["internal"] and str(ticket["number"]) in row["body"] for row in said_in(hq, held))
    colleague = mail("Ann <ann@heron.example>", "Re", "Me too", In_Reply_To="<secret@heron.example>")
    assert take_in(hq, colleague) == [Fate.MESSAGE], "of the same customer"


def test_whom_we_wrote_to_about_a_ticket_may_answer(hq: Headquarters, heron: str) -> None:
    take_in(hq, mail("tom@heron.example", "Others", "Ask my plumber", Message_ID="<others@heron.example>"))
    ticket_id, _ = ticket_by(hq, subject="Others")
    values = {"recipients": "Plumber <pl@umber.example>", "subject": "Ask", "body": "Well?"}
    sent = hq.records.create("outgoing_mail", {"record_entity": "ticket", "record_id": ticket_id, **values})
    said = mail("pl@umber.example", "Re: Ask", "Tomorrow", In_Reply_To=f"<{sent}@kontor.example>")
    assert take_in(hq, said) == [Fate.MESSAGE]


def test_an_answer_never_goes_to_somebody_else_than_who_it_is_from(hq: Headquarters, heron: str) -> None:
    said = mail("tom@heron.example", "Swap", "Answer there", Reply_To="eve@evil2.example")
    assert take_in(hq, said) == [Fate.TICKET]
    _, ticket = ticket_by(hq, subject="Swap")
    assert (ticket["customer_id"], ticket["from_address"]) == (None, "eve@evil2.example")


def test_what_the_mail_server_found_forged_belongs_to_nobody(hq: Headquarters, heron: str) -> None:
    ((role, _),) = hq.records.find("role", "name", "service")
    hq.records.create("user", {"name": "maya", "email": "maya@kontor.example", "role_id": role})
    take_in(hq, mail("tom@heron.example", "True", "It is me", Message_ID="<true@heron.example>"))
    ticket_id, _ = ticket_by(hq, subject="True")
    for number, sender in enumerate(("tom@heron.example", "maya@kontor.example")):
        found = {"Authentication_Results": f"{CHECKED_BY}; spf=fail; dmarc=fail (p=NONE)"}
        own = {"Message_ID": f"<f{number}@x>", "In_Reply_To": "<true@heron.example>"}
        said = mail(sender, f"Forged {number}", "Pay there instead", **found, **own)
        assert take_in(hq, said) == [Fate.TICKET]
        _, ticket = ticket_by(hq, subject=f"Forged {number}")
        assert ticket["customer_id"] is None
    assert len(said_in(hq, ticket_id)) == 1
    for number, by in enumerate((f"{CHECKED_BY}; dmarc=pass", "mx.evil.example; dmarc=fail")):
        said = mail(
            "tom@heron.example",
            "Re: True",
            f"More {number}",
            Authentication_Results=by,
            Message_ID=f"<t{number}@x>",
            In_Reply_To="<true@heron.example>",
        )
        assert take_in(hq, said) == [Fate.MESSAGE]


def test_two_mails_with_one_message_id_are_two_and_one_that_came_twice_is_one(hq: Headquarters) -> None:
    first = mail("ann@dup.example", "One", "First", Message_ID="<same@dup.example>")
    other = mail("bob@dup.example", "Two", "Second", Message_ID="<same@dup.example>")
    assert take_in(hq, first, first, other, other) == [Fate.TICKET, Fate.KNOWN, Fate.TICKET, Fate.KNOWN]


def test_a_barred_sender_and_all_of_a_barred_domain_make_nothing(hq: Headquarters) -> None:
    barred = hq.records.create("barred_sender", {"address": "junk@one.example"})
    hq.records.create("barred_sender", {"address": "@spam.example"})
    for sender in ("Junk <JUNK@one.example>", "a@spam.example", "b@deep.spam.example"):
        assert take_in(hq, mail(sender, f"Buy {sender[:2]}", "Now")) == [Fate.BARRED]
    assert take_in(hq, mail("a@nospam.example", "Buy not", "Please")) == [Fate.TICKET]
    hq.records.delete("barred_sender", barred)
    assert take_in(hq, mail("junk@one.example", "Better", "Now")) == [Fate.TICKET]


def test_two_headquarters_that_write_to_each_other_stop(
    hq: Headquarters, office: PostOffice, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each takes the other's mails, acknowledges what comes by its form, and neither answers a machine."""
    ticket_id, _ = ticket_by(hq, from_address="ann@dup.example")
    hq.records.create("ticket_message", {"ticket_id": ticket_id, "body": "Well?"})
    outgoing_mails.send_due(hq, NOW)
    own = office.letters[-1]
    assert take_in(hq, own.as_bytes()) == [Fate.AUTOMATIC], "our own mail, sent back to us"
    settings = fresh_settings(tmp_path_factory.mktemp("other") / "hq", service_user="help@other.example")
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    other = open_headquarters(settings)
    try:
        assert take_in(other, own.as_bytes()) == [Fate.TICKET], "a person wrote it"
        assert not other.records.all("outgoing_mail"), "and it is answered by a person"
    finally:
        other.close()


def test_a_flood_of_mails_nobody_can_read_is_kept_at_the_mail_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = fresh_settings(tmp_path_factory.mktemp("flood") / "hq", service_user=USER)
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    flooded = open_headquarters(settings)
    try:
        fates = take_in(flooded, *(f"Subject: {n}\r\n\r\nNobody".encode() for n in range(35)))
    finally:
        flooded.close()
    assert (fates.count(Fate.UNREADABLE), fates.count(Fate.LATER)) == (30, 5)


def test_traps_among_others_in_a_real_mailbox_hold_up_nobody(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with mail_box() as port:
        settings = fresh_settings(
            tmp_path_factory.mktemp("box") / "hq",
            service_server=f"imap://127.0.0.1:{port}",
            service_user=USER,
            service_password=PASSWORD,
        )
        founding.found(settings, ADMIN, ADMIN_PASSWORD)
        boxed = open_headquarters(settings)
        try:
            some = ("noise", "files", "zeros", "gbk", "machine-0", "no-sender")
            post(port, plain("first"), *(TRAPS[name].raw for name in some), plain("last"))
            counts = fetch(boxed, NOW)
            assert {name: count for name, count in counts.items() if count} == {
                "tickets": 5, "automatic": 1, "unreadable": 2,
            }  # fmt: skip
            assert not any(fetch(boxed, NOW).values())
            ticket_id, _ = ticket_by(boxed, from_address="files@trap.example")
            assert set(files_of(boxed, ticket_id)) == {*TRAPS["files"].files}
        finally:
            boxed.close()


def test_what_cannot_be_written_stays_unread_and_holds_up_nobody(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with mail_box() as port:
        settings = fresh_settings(
            tmp_path_factory.mktemp("asks") / "hq",
            service_server=f"imap://127.0.0.1:{port}",
            service_user=USER,
            service_password=PASSWORD,
        )
        founding.found(settings, ADMIN, ADMIN_PASSWORD)
        asking = open_headquarters(settings)
        try:
            take_in(asking, mail("tom@x.example", "Old", "Old", Message_ID="<old@x.example>"))
            asks = {"entity": "ticket", "key": "site", "label": "Site", "kind": "text", "required": True}
            field = asking.records.create("custom_field", asks)
            goes_on = mail("tom@x.example", "Re: Old", "More", In_Reply_To="<old@x.example>")
            post(port, mail("ann@x.example", "New", "New"), goes_on)
            counts = fetch(asking, NOW)
            assert (counts["failed"], counts["messages"], counts["tickets"]) == (1, 1, 0)
            asking.records.update("custom_field", field, {"required": False})
            assert fetch(asking, NOW)["tickets"] == 1
        finally:
            asking.close()


def test_what_a_letter_is_does_not_follow_from_luck() -> None:
    for trap in TRAPS.values():
        if len(trap.raw) < 100_000:
            assert read_letter(trap.raw, "id") == read_letter(trap.raw, "id")


def test_a_forged_flood_gets_into_no_ticket_of_who_it_says_it_is_from(hq: Headquarters) -> None:
    forged = {"Authentication_Results": f"{CHECKED_BY}; dmarc=fail"}
    fates = take_in(hq, *(mail("vic@x.example", f"V {n}", "Pay", **forged) for n in range(AN_HOUR_MOST)))
    assert set(fates) == {Fate.TICKET}
    letter = read_letter(mail("vic@x.example", "V more", "Pay", **forged).encode(), "id")
    assert letter is not None
    assert take(hq, letter, now_ms() + 2 * HOUR_MS) is Fate.LATER, "his own would go on in the newest"
