"""Tickets people outside open by a form: on the one customer, with files and consent, answered by mail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from crm_core.rules import capture as rules
from sync_server.services import alike, lead_setup
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.senders import Sender, Senders
from sync_server.settings import read_settings
from tests.support.server import RunningServer

ASKED = {
    "name": "Tom <b>\u202eMoss</b>\x1b",
    "email": "tom@heron.example",
    "subject": "Leak",
    "body": "It leaks.",
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(7_000)


@pytest.fixture(scope="module")
def hq(server: RunningServer) -> Iterator[Headquarters]:
    """Give the headquarters the server serves, beside it."""
    beside = open_headquarters(read_settings(server.data, {}))
    yield beside
    beside.close()


@pytest.fixture(scope="module")
def form(hq: Headquarters) -> dict[str, Any]:
    """Give a form that opens tickets, asks for consent and takes two files."""
    hq.records.create("ticket_category", {"name": "Leaks"})
    given = {
        "makes": "ticket",
        "asked": "name,email,phone,company,serial,subject,body",
        "files_most": 2,
        "category": "leaks",
        "consent": "You may <keep> it.",
    }
    return lead_setup.add_form(hq, "Help", given)


@pytest.fixture(scope="module")
def heron(hq: Headquarters) -> str:
    """Give a customer with a contact and a pump that stands there."""
    customer = hq.records.create("customer", {"name": "Blue Heron", "phone": "0512 5550 0199"})
    alike.follow(hq.database)
    hq.records.create("contact", {"customer_id": customer, "name": "Tom", "email": "Tom@Heron.example"})
    product = hq.records.create("product", {"name": "Pump"})
    hq.records.create(
        "installed_product", {"customer_id": customer, "product_id": product, "serial": "P-77", "name": "P"}
    )
    return customer


def send(
    hq: Headquarters,
    server: RunningServer,
    form: dict[str, Any],
    answers: dict[str, str],
    *files: tuple[str, bytes, str],
) -> requests.Response:
    """Send the page as somebody who had it before him for a while."""
    token = form["path"].rpartition("/")[2]
    shown = rules.stamp(bytes.fromhex(hq.settings.secret), token, time.time_ns() // 1_000_000 - 10_000)
    body = {"shown": shown, "consent": "yes", **answers}
    parts = [("files", each) for each in files] or [("files", ("", b"", "application/octet-stream"))]
    url = server.url + form["path"]
    return requests.post(url, data=body, files=parts, timeout=30, allow_redirects=False)


def tickets_from(hq: Headquarters, address: str) -> list[tuple[str, dict[str, Any]]]:
    return [(each, dict(row)) for each, row in hq.records.find("ticket", "from_address", address)]


def test_a_form_opens_a_ticket_of_the_customer_with_files_consent_and_its_number_told(
    server: RunningServer, hq: Headquarters, form: dict[str, Any], heron: str
) -> None:
    answers = {**ASKED, "company": "Heron Ltd", "serial": "P-77"}
    files = (("../../sh\u202eot.png", PNG, "image/png"), ("log.txt", b"hm", "text/plain"))
    done = send(hq, server, form, answers, *files)
    assert done.status_code == 303
    ((ticket_id, ticket),) = tickets_from(hq, "tom@heron.example")
    wanted = {
        "customer_id": heron,
        "channel": "web",
        "subject": "Leak",
        "status": "new",
        "from_name": "Tom <b>Moss</b>",
    }
    assert {name: ticket[name] for name in wanted} == wanted
    assert ticket["contact_id"]
    assert ticket["category_id"]
    assert ticket["installed_id"]
    said = [row for _, row in hq.records.find("ticket_message", "ticket_id", ticket_id)]
    assert [row["body"] for row in said if row["from_customer"]] == ["It leaks."]
    notes = "\n".join(row["body"] for row in said if row["internal"])
    assert "Heron Ltd" in notes
    assert "from 127.0.0.1" in notes
    assert "You may <keep> it." in notes
    kept = {row["name"]: each for each, row in hq.records.find("attachment", "record_id", ticket_id)}
    assert sorted(kept) == ["log.txt", "shot.png"]
    assert hq.blobs.of_attachment(kept["shot.png"]) == PNG
    thanks = requests.get(server.url + done.headers["Location"], timeout=30).text
    assert str(ticket["number"]) in thanks
    forged = done.headers["Location"].replace(str(ticket["number"]), "T-999999")
    assert "T-999999" not in requests.get(server.url + forged, timeout=30).text
    assert send(hq, server, form, answers, *files).headers["Location"] == done.headers["Location"]
    assert len(tickets_from(hq, "tom@heron.example")) == 1, "sent twice it is one ticket"


def test_who_is_known_by_his_number_alone_lands_there_and_a_stranger_among_the_unknown(
    server: RunningServer, hq: Headquarters, form: dict[str, Any], heron: str
) -> None:
    by_phone = {"name": "Ann", "phone": "+86 512 5550 0199", "body": "Please call me about the pump"}
    assert send(hq, server, form, by_phone).status_code == 303
    ((_, ticket),) = hq.records.find("ticket", "from_phone", "+8651255500199")
    assert (ticket["customer_id"], ticket["subject"]) == (heron, by_phone["body"])
    number = "0512 5550 0199"
    ann, _bob = (
        hq.records.create("contact", {"customer_id": heron, "name": name, "phone": f"{number} {behind}"})
        for name, behind in (("Ann", "x12"), ("Bob", "x13"))
    )
    alike.follow(hq.database)
    with hq.records.writing() as writing:
        senders = Senders(writing.connection)
        for behind, links in (
            *(
                (spelled, {"customer_id": heron, "contact_id": ann})
                for spelled in (",12", "转12", " ext. 12")
            ),
            *((spelled, {"customer_id": heron}) for spelled in ("", "x99")),
        ):
            assert senders.links(Sender(phone=f"+86 512 5550 0199{behind}")) == links, behind
    strange = {**ASKED, "email": "who@nowhere.example", "serial": "P-77"}
    assert send(hq, server, form, strange).status_code == 303
    ((_, ticket),) = tickets_from(hq, "who@nowhere.example")
    assert (ticket["customer_id"], ticket["installed_id"]) == (None, None), "a serial number opens nothing"


def test_what_is_wrong_is_said_at_its_place(
    server: RunningServer, hq: Headquarters, form: dict[str, Any]
) -> None:
    many = [(f"{n}.txt", b"x", "text/plain") for n in range(3)]
    back = send(hq, server, form, {"name": "Eve", "email": "eve@x.example", "body": ""}, *many)
    assert back.status_code == 422
    assert "At most 2 files" in back.text
    assert "Please choose your files again" in back.text
    assert 'id="f-body-wrong"' in back.text
    assert send(hq, server, form, ASKED, *many, *many).status_code == 400
    url = server.url + form["path"]
    for body in (b"--x\r\nnonsense", b"", b"\x00" * 999):
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        assert requests.post(url, data=body, headers=kind, timeout=30).status_code in (400, 409)
    assert requests.post(url, data=b"x" * 20_000_000, timeout=30).status_code == 413
    assert tickets_from(hq, "eve@x.example") == []


def test_a_barred_sender_is_thanked_and_nothing_is_kept(
    server: RunningServer, hq: Headquarters, form: dict[str, Any]
) -> None:
    hq.records.create("barred_sender", {"address": "@junk.example"})
    key = {"X-Form-Key": lead_setup.one_form(hq, "Help")["key"]}
    body = {**ASKED, "email": "buy@mail.JUNK.example", "consent": "yes"}
    told = requests.post(server.url + form["path"], json={**body}, headers=key, timeout=30)
    assert told.json() == {"accepted": True, "known": False, "ticket_id": None, "number": ""}
    assert tickets_from(hq, "buy@mail.junk.example") == []


def test_a_site_sends_by_key_and_is_told_the_number(
    server: RunningServer, hq: Headquarters, form: dict[str, Any]
) -> None:
    key = {"X-Form-Key": lead_setup.one_form(hq, "Help")["key"]}
    body: dict[str, str | bool] = {"name": "Kim", "email": "kim@x.example", "body": "Help", "consent": True}
    told = requests.post(server.url + form["path"], json={**body}, headers=key, timeout=30)
    ((ticket_id, ticket),) = tickets_from(hq, "kim@x.example")
    shown = {"accepted": True, "known": False, "ticket_id": ticket_id, "number": ticket["number"]}
    assert (told.status_code, told.json()) == (201, shown)
