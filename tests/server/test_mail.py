"""Mails taken in from a real IMAP server: leads, what joins whom, and what machines and enemies send."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import Unreachable, UserError
from sync_server import cli
from sync_server.services import founding
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.letters import TEXT_MOST, Person, forwarded_from, read_letter
from sync_server.services.mail_capture import Fate, fetch, take
from sync_server.settings import fresh_settings
from tests.support.mail_box import PASSWORD, USER, mail, mail_box, post
from tests.support.server import ADMIN, ADMIN_PASSWORD

NOW = 1_764_576_000_000


@pytest.fixture(scope="module")
def mail_port() -> Iterator[int]:
    """Give the port of a mail server with one empty box."""
    with mail_box() as port:
        yield port


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory, mail_port: int) -> Iterator[Headquarters]:
    """Give a headquarters that looks into that box."""
    settings = fresh_settings(
        tmp_path_factory.mktemp("mail") / "hq",
        mail_server=f"imap://127.0.0.1:{mail_port}",
        mail_user=USER,
        mail_password=PASSWORD,
    )
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    made = open_headquarters(settings)
    yield made
    made.close()


def leads_of(hq: Headquarters, address: str) -> list[dict[str, Any]]:
    return [values for _, values in hq.records.find("lead", "email", address)]


def test_a_stranger_becomes_a_lead_once_and_his_next_mail_joins_it(hq: Headquarters, mail_port: int) -> None:
    post(mail_port, mail("Ann Moss <Ann@Heron.example>", "Pumps", "Three pumps by May?\n\nAnn"))
    assert fetch(hq, NOW)["leads"] == 1
    (lead,) = leads_of(hq, "ann@heron.example")
    assert [lead[name] for name in ("name", "channel", "status", "owner_id", "needs")] == [
        "Ann Moss", "mail", "new", None, "Pumps\n\nThree pumps by May?\n\nAnn",
    ]  # fmt: skip
    assert sum(fetch(hq, NOW).values()) == 0
    post(mail_port, mail("Ann Moss <Ann@Heron.example>", "Pumps", "Three pumps by May?\n\nAnn"))
    away = mail("tim@x.example", "Away", "I am away", Auto_Submitted="auto-replied")
    post(mail_port, mail("ann@heron.example", "More", "And a valve"), away, mail(USER, "Own", "Hello"))
    counts = fetch(hq, NOW)
    assert (counts["known"], counts["joined"], counts["leads"], counts["automatic"]) == (1, 1, 0, 2)
    ((lead_id, _),) = hq.records.find("lead", "email", "ann@heron.example")
    (told,) = [row for _, row in hq.records.find("activity", "lead_id", lead_id)]
    assert (told["kind"], told["subject"], told["notes"]) == ("mail", "More", "And a valve")


def test_a_known_contacts_mail_stands_with_his_customer(hq: Headquarters, mail_port: int) -> None:
    customer = hq.records.create("customer", {"name": "Blue Heron"})
    contact = hq.records.create(
        "contact", {"customer_id": customer, "name": "Tom", "email": "TOM@heron.example"}
    )
    post(mail_port, mail("tom@heron.example", "Thanks", "It works"))
    assert fetch(hq, NOW)["joined"] == 1
    ((_, told),) = hq.records.find("activity", "contact_id", contact)
    assert (told["customer_id"], told["done"], told["happened_at"]) == (customer, True, NOW)
    assert leads_of(hq, "tom@heron.example") == []


@pytest.fixture(scope="module")
def lin(hq: Headquarters) -> str:
    """Give a sales person with a mail address."""
    ((role, _),) = hq.records.find("role", "name", "sales")
    return hq.records.create("user", {"name": "lin", "email": "Lin@our.example", "role_id": role})


def take_in(hq: Headquarters, text: str) -> Fate:
    letter = read_letter(text.encode(), "id")
    assert letter is not None
    return take(hq, letter, NOW)


def mails_of(hq: Headquarters, field: str, record_id: str) -> list[dict[str, Any]]:
    return [row for _, row in hq.records.find("activity", field, record_id)]


def test_a_blind_copy_of_what_a_colleague_wrote_stands_with_each_it_went_to(
    hq: Headquarters, mail_port: int, lin: str
) -> None:
    heron = hq.records.create("customer", {"name": "Grey Heron", "email": "office@grey.example"})
    other = hq.records.create("customer", {"name": "Grey Heron too"})
    own = hq.records.create("customer", {"name": "Lin's own", "owner_id": lin})
    for customer, name in ((heron, "Pia"), (own, "Uma"), (other, "Uma")):
        hq.records.create("contact", {"customer_id": customer, "name": name, "email": f"{name}@grey.example"})
    to = {"To": "Pia <pia@grey.example>, office@grey.example", "Cc": "uma@grey.example, x@new.example"}
    post(mail_port, mail("Lin <lin@our.example>", "Our offer", "As agreed", Reply_To=USER, **to))
    counts = fetch(hq, NOW)
    assert (counts["joined"], counts["leads"]) == (1, 0)
    for customer in (heron, own):  # of two with one address, the writer's
        (told,) = mails_of(hq, "customer_id", customer)
        assert (told["owner_id"], told["kind"], told["notes"]) == (lin, "mail", "As agreed")
    assert mails_of(hq, "customer_id", other) == []
    assert leads_of(hq, "lin@our.example") == leads_of(hq, "x@new.example") == []
    assert take_in(hq, mail("Lin <lin@our.example>", "Our offer", "As agreed", **to)) is Fate.KNOWN


def test_a_mail_counts_for_the_only_open_deal_of_its_customer(hq: Headquarters, lin: str) -> None:
    customer = hq.records.create("customer", {"name": "Swift", "email": "us@swift.example"})
    stages = {row["kind"]: stage_id for stage_id, row in hq.records.all("stage")}
    ((pipeline_id, _),) = list(hq.records.all("pipeline"))[:1]
    deals = []
    for name, kind in (("closed", "lost"), ("Pumps", "open"), ("Valves", "open")):
        given = {"name": name, "customer_id": customer, "pipeline_id": pipeline_id, "stage_id": stages[kind]}
        lost = {"loss_reason": "price"} if kind == "lost" else {}
        deals.append(hq.records.create("deal", given | lost))
        if name != "closed":
            take_in(hq, mail("us@swift.example", f"Re {name}", "Well?"))
            take_in(hq, mail("lin@our.example", f"On {name}", "As agreed", To="us@swift.example"))
    found = {told["subject"]: told["deal_id"] for told in mails_of(hq, "customer_id", customer)}
    only = deals[1]
    assert found == {"Re Pumps": only, "On Pumps": only, "Re Valves": None, "On Valves": None}


def test_a_colleague_writing_to_somebody_new_has_a_lead_of_him(hq: Headquarters, lin: str) -> None:
    written = mail("lin@our.example", "Hello", "May I call?", To="Rik Vos <rik@new.example>")
    assert [take_in(hq, written), take_in(hq, written)] == [Fate.LEAD, Fate.KNOWN]
    ((lead_id, lead),) = hq.records.find("lead", "email", "rik@new.example")
    assert (lead["name"], lead["owner_id"], lead["channel"], lead["needs"]) == ("Rik Vos", lin, "mail", None)
    ((told),) = mails_of(hq, "lead_id", lead_id)
    assert (told["subject"], told["owner_id"]) == ("Hello", lin)


@pytest.mark.parametrize(
    "quoted", ["From: Eva Holm [mailto:eva@asks.example]", "> *From:* Eva Holm <Eva@asks.example>",
               "发件人：Eva Holm <eva@asks.example>"],
)  # fmt: skip
def test_a_mail_handed_on_to_the_box_is_its_first_writers(quoted: str) -> None:
    assert forwarded_from(f"fyi\n\n-----Original Message-----\n{quoted}\nTwo pumps?") == Person(
        name="Eva Holm", address="eva@asks.example"
    )


def test_who_hands_a_mail_on_gets_its_lead_and_what_stays_inside_makes_nothing(
    hq: Headquarters, lin: str
) -> None:
    text = "fyi\n\nFrom: Eva Holm <eva@asks.example>\nSubject: Pumps\n\nTwo pumps?"
    assert take_in(hq, mail("lin@our.example", "FW: Pumps", text, To=USER)) is Fate.LEAD
    (lead,) = leads_of(hq, "eva@asks.example")
    assert (lead["owner_id"], lead["needs"]) == (lin, f"FW: Pumps\n\n{text}")
    assert take_in(hq, mail("lin@our.example", "FW: More", text, To=USER)) is Fate.JOINED
    ((role, _),) = hq.records.find("role", "name", "sales")
    gone = {"name": "old", "email": "old@our.example", "role_id": role, "active": False}
    hq.records.create("user", gone)
    inside = mail("lin@our.example", "Lunch", "At one?", To=f"old@our.example, {USER}")
    after = mail("old@our.example", "Bye", "Hello", To="z@new.example")
    assert [take_in(hq, each) for each in (inside, after)] == [Fate.INTERNAL, Fate.INTERNAL]
    assert leads_of(hq, "old@our.example") == leads_of(hq, "z@new.example") == []


def test_what_machines_send_makes_nothing() -> None:
    machines: dict[str, dict[str, str]] = {
        "absent@x.example": {"Auto_Submitted": "auto-replied"},
        "news@x.example": {"List_Id": "<news.x.example>"},
        "bulk@x.example": {"Precedence": "bulk"},
        "MAILER-DAEMON@x.example": {},
        "no-reply@x.example": {},
        "bounce@x.example": {"Return_Path": "<>"},
    }
    for sender, head in machines.items():
        letter = read_letter(mail(sender, "Away", "I am away", **head).encode(), "id")
        assert letter is not None
        assert letter.automatic, sender
    person = read_letter(mail("Ann <ann@x.example>", "Hello", "Hi", Auto_Submitted="no").encode(), "id")
    assert person is not None
    assert not person.automatic


def test_a_hostile_letter_is_read_with_suspicion() -> None:
    html = "<p>Hello <b>you</b></p><script>steal()</script>" + "<div>" * 3000
    head = "From: Eve \u202etxt.exe <eve@x.example>\nSubject: =?utf-8?q?a=0Ab?=\nContent-Type: text/html"
    raw = f"{head}\n\n{html}"
    letter = read_letter(raw.encode(), "id")
    assert letter is not None
    assert (letter.name, letter.subject, letter.text) == ("Eve txt.exe", "a b", "Hello you")
    long = read_letter(mail("zoe@x.example", "Long", "x" * 400_000).encode(), "id")
    assert long is not None
    assert len(long.text) == TEXT_MOST
    broken = b"From: =?utf-8?b?" + b"A" * 5000 + b"\r\nSubject: \xff\xfe\r\n\r\n\x00\x00"
    assert read_letter(broken, "id") is None
    assert read_letter(b"", "id") is None


@pytest.mark.soak
def test_hostile_mails_do_no_harm_and_the_next_one_still_comes(hq: Headquarters, mail_port: int) -> None:
    broken = b"From: =?utf-8?b?" + b"A" * 5000 + b"\r\nSubject: \xff\xfe\r\n\r\n\x00\x00"
    html = "<p>Hello <b>you</b></p><script>steal()</script>" + "<div>" * 3000
    post(
        mail_port,
        broken,
        b"\r\n",
        "From: Eve \u202etxt.exe <eve@x.example>\nSubject: =?utf-8?q?a=0Ab?=\nMessage-ID: <eve>\n"
        f"Content-Type: text/html\n\n{html}",
        mail("zoe@x.example", "Long", "x" * 400_000),
    )
    counts = fetch(hq, NOW)
    assert (counts["leads"], counts["unreadable"]) == (2, 2)
    (eve,) = leads_of(hq, "eve@x.example")
    assert eve["name"] == "Eve txt.exe"
    assert "Hello you" in eve["needs"]
    assert "steal" not in eve["needs"]
    (zoe,) = leads_of(hq, "zoe@x.example")
    assert len(zoe["needs"]) <= TEXT_MOST + 100
    assert sum(fetch(hq, NOW).values()) == 0


@given(st.binary(max_size=400))
def test_whatever_bytes_come_reading_them_ends(raw: bytes) -> None:
    letter = read_letter(b"From: a@b.example\r\n" + raw, "id")
    assert letter is None or "\x00" not in letter.text


def test_a_server_that_is_not_there_or_refuses_is_said_without_the_password(hq: Headquarters) -> None:
    def looking(**settings: Any) -> Headquarters:
        return dataclasses.replace(hq, settings=dataclasses.replace(hq.settings, **settings))

    with pytest.raises(UserError, match="refused mail_user") as refused:
        fetch(looking(mail_password="wrong one"), NOW)
    assert "wrong one" not in str(refused.value)
    with pytest.raises(Unreachable):
        fetch(looking(mail_server="imap://127.0.0.1:1"), NOW)
    with pytest.raises(UserError, match="no folder"):
        fetch(looking(mail_folder="Elsewhere"), NOW)


def test_the_command_says_what_came(
    hq: Headquarters, mail_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    post(mail_port, mail("kim@x.example", "Offer", "Please call"))
    assert cli.run(["--data", str(Path(hq.settings.data)), "--json", "mail", "fetch"]) == 0
    assert json.loads(capsys.readouterr().out)["leads"] == 1


_BEGINS = b"From: a@b.example\r\n"
_PAGE = _BEGINS + b"Content-Type: text/html\r\n\r\n"
_MADE_TO_LAST = {
    "quotes": b"From: " + b'"' * 50_001 + b"\r\n\r\n",
    "senders": b"From: " + b", ".join(b"u%d@b.example" % n for n in range(10_000)) + b"\r\n\r\n",
    "words": _BEGINS + b"Subject: " + b"=?utf-8?q?a?= " * 15_000 + b"\r\n\r\n",
    "parameters": _BEGINS + b"Content-Type: text/plain" + b"; a=b" * 40_000 + b"\r\n\r\n",
    "pieces": _BEGINS + b"Content-Type: text/plain" + b"; a*1*=x" * 20_000 + b"\r\n\r\n",
    "of a part": _BEGINS
    + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain"
    + b"; a=b" * 40_000
    + b"\r\n\r\n",
    "comments": _PAGE + b"<!--" * 50_000,
    "declarations": _PAGE + b"<![" * 60_000,
}


@pytest.mark.parametrize("name", _MADE_TO_LAST)
def test_a_mail_made_to_keep_hq_busy_is_read_at_once(name: str) -> None:
    began = time.process_time()
    read_letter(_MADE_TO_LAST[name], stands_for_id="x")
    assert time.process_time() - began < 1.0


def test_comments_and_declarations_of_a_page_are_no_text() -> None:
    page = b"<!DOCTYPE html><p>One<!-- not <b>this</b> --></p><![if x]><p>Two<!-- never ended <p>Three"
    letter = read_letter(_PAGE + page, stands_for_id="x")
    assert letter is not None
    assert letter.text.split() == ["One", "Two"]
