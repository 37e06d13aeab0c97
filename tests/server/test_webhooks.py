"""Webhooks tell what their key may see, signed, at least once and in order, and hold nothing else up."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as with_other
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import AccessDenied, UserError
from crm_core.rules import surveys as rules
from crm_core.times import DAY_MS, MINUTE_MS
from sync_server.services import (
    chats,
    founding,
    keys,
    survey_answers,
    surveys,
    telling,
    webhooks,
    writing_by_hq,
)
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.outgoing_http import NotAllowed, demand_address, post
from sync_server.services.survey_answers import Given
from sync_server.settings import fresh_settings
from tests.support.server import ADMIN, ADMIN_PASSWORD, ROOT, running_server

HERE = "127.0.0.0/8"


@dataclass
class Listener:
    """A program that is told, as well or badly as a test wants."""

    url: str = ""
    status: int | Callable[[Any], int] = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs_s: float = 0.0
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def told(self) -> list[Any]:
        """Return what it was told, in order."""
        return [json.loads(body) for _headers, body in self.taken]

    def wait_for(self, number: int, seconds: float = 30.0) -> None:
        """Wait until so many messages came."""
        until = time.monotonic() + seconds
        while len(self.taken) < number and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.taken) >= number, self.taken


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            # Names of headers may come in any case.
            listener.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(listener.hangs_s)
            status = listener.status
            self.send_response(status if isinstance(status, int) else status(json.loads(body)))
            for name, value in listener.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def dripping() -> Iterator[str]:
    """Give the address of a program that answers a little now and then, and never to an end."""
    with socket.create_server(("127.0.0.1", 0)) as listening_at:

        def answer() -> None:
            line, _ = listening_at.accept()
            with line, contextlib.suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX-More: ")
                for _ in range(100):
                    line.sendall(b"a")
                    time.sleep(0.1)

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listening_at.getsockname()[1]}/"


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Headquarters]:
    settings = fresh_settings(tmp_path / "hq", webhook_networks=(HERE,), webhook_timeout_s=1)
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    opened = open_headquarters(settings)
    keys.add(opened, "ERP", ["customer:read", "product:read"], {"role": "admin"})
    yield opened
    opened.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as made:
        yield made


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Verify a message as the specification of Standard Webhooks says, with nothing of this program's."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given_signatures = [each.partition(",")[2] for each in headers["webhook-signature"].split(" ")]
    return any(hmac.compare_digest(each, right) for each in given_signatures)


@pytest.mark.postgres
def test_what_happens_is_told_by_postgresql_too(
    tmp_path: Path, fresh_postgres: str, listener: Listener
) -> None:
    settings = fresh_settings(tmp_path / "hq", database=fresh_postgres, webhook_networks=(HERE,))
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    opened = open_headquarters(settings)
    keys.add(opened, "ERP", ["customer:read"], {"role": "admin"})
    hold_to_order(opened, listener)
    opened.close()


def test_what_happens_is_told_signed_and_in_order(hq: Headquarters, listener: Listener) -> None:
    hold_to_order(hq, listener)


def test_the_lines_of_the_manual_verify_a_message(hq: Headquarters, listener: Listener) -> None:
    manual = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")
    (lines,) = [part for part in manual.split("```") if part.startswith("python\n") and "verified" in part]
    said: dict[str, Any] = {}
    exec(lines.removeprefix("python\n"), said)
    made = webhooks.add(hq, listener.url, "ERP", ["customer.created"])
    hq.records.create("customer", {"name": "Heron"})
    telling.tell(hq, made["id"])
    ((headers, body),) = listener.taken
    assert said["verified"](made["secret"], headers, body)
    assert not said["verified"](made["secret"], headers, body + b" ")
    assert not said["verified"](made["secret"], {**headers, "webhook-timestamp": "1"}, body)


def hold_to_order(hq: Headquarters, listener: Listener) -> None:
    """Hold a headquarters to it that a customer's life is told in its order, and signed."""
    made = webhooks.add(hq, listener.url, "ERP", ["customer.*"])
    heron = hq.records.create("customer", {"name": "Heron", "notes": "likes tea"})
    hq.records.create("product", {"name": "Valve"})
    telling.tell(hq, made["id"])
    hq.records.update("customer", heron, {"name": "Heron Ltd"})
    telling.tell(hq, made["id"])
    hq.records.delete("customer", heron)
    telling.tell(hq, made["id"])
    told = listener.told()
    assert [each["type"] for each in told] == ["customer.created", "customer.updated", "customer.deleted"]
    assert [each["data"].get("record", {}).get("name") for each in told] == ["Heron", "Heron Ltd", None]
    assert all(verified(made["secret"], *each) for each in listener.taken)
    headers, body = listener.taken[0]
    assert not verified(made["secret"], headers, body + b" ")
    assert not verified(made["secret"], {**headers, "webhook-timestamp": "1"}, body)
    assert len({each["webhook-id"] for each, _ in listener.taken}) == 3
    assert telling.due_webhooks(hq, now_ms()) == []


def test_answers_in_a_chat_and_of_a_survey_are_told_signed(hq: Headquarters, listener: Listener) -> None:
    scopes = ["ticket:write", "ticket_message:write", "survey_answer:read"]
    keys.add(hq, "Chat", scopes, {"role": "service"})
    _key_id, program = keys.find(hq, "Chat")
    made = webhooks.add(hq, listener.url, "Chat", ["ticket_message.created", "survey_answer.updated"])
    said = {"service": "wechat", "author": {"handle": "ann"}, "messages": [{"id": "1", "text": "Help"}]}
    chat = chats.read_chat(said, now_ms())
    with hq.records.writing(program) as writing:
        ticket = chats.take(hq, writing, "c1", chat, now_ms())["ticket_id"]
    answer = hq.records.create("ticket_message", {"ticket_id": ticket, "body": "Which one?"})
    telling.tell(hq, made["id"])
    first, second = (each["data"]["record"] for each in listener.told())
    assert (first["from_customer"], first["body"]) == (True, "Help")
    assert (second["id"], second["status"], second["internal"]) == (answer, "sent", False)
    hq.records.create("survey", {"name": "All", "wait_hours": 0})
    customer = hq.records.create("customer", {"name": "Heron", "email": "tom@heron.example"})
    contact = hq.records.create("contact", {"customer_id": customer, "name": "T", "email": "t@heron.example"})
    hq.records.update("ticket", ticket, {"customer_id": customer, "contact_id": contact, "status": "closed"})
    surveys.decide(hq, now_ms() + DAY_MS)
    ((asked, _),) = hq.records.find("survey_answer", "ticket_id", ticket)
    telling.tell(hq, made["id"])
    writing_by_hq.write(hq.database, "survey_answer", asked, {"status": "asked"}, now_ms())
    found = survey_answers.find(hq, rules.token_of(asked, survey_answers.key_of(hq)), now_ms())
    assert found is not None
    assert survey_answers.take(hq, found, Given(score=2, words="Slow"), now_ms())
    telling.tell(hq, made["id"])
    told = listener.told()[-1]
    record = told["data"]["record"]
    assert (told["type"], record["status"], record["score"]) == ("survey_answer.updated", "answered", 2)
    assert all(verified(made["secret"], *each) for each in listener.taken)


def test_only_what_the_key_may_see_is_told_by_its_rights_of_then(
    hq: Headquarters, listener: Listener
) -> None:
    keys.add(hq, "Shop", ["customer:read", "product:read"], {"role": "sales"})
    with pytest.raises(AccessDenied):
        webhooks.add(hq, listener.url, "Shop", ["deal.created"])
    for wrong in (["planet.created"], ["customer.exploded"], []):
        with pytest.raises(UserError):
            webhooks.add(hq, listener.url, "Shop", wrong)
    shop = webhooks.add(hq, listener.url, "Shop", ["customer.*", "product.*"])
    _key_id, user_id = keys.find(hq, "Shop")
    theirs = hq.records.create("customer", {"name": "Secret Ltd"})
    mine = hq.records.create("customer", {"name": "Its own", "owner_id": user_id})
    hq.records.create("product", {"name": "Valve", "cost": 1200, "cost_currency": "CNY"})
    telling.tell(hq, shop["id"])
    assert {each["data"]["record"]["name"] for each in listener.told()} == {"Its own", "Valve"}
    assert b"Secret" not in b"".join(body for _, body in listener.taken)
    assert b"cost" not in b"".join(body for _, body in listener.taken)
    hq.records.update("customer", theirs, {"owner_id": user_id})
    hq.records.update("customer", mine, {"owner_id": None})
    telling.tell(hq, shop["id"])
    later = {(each["type"], each["data"]["id"]) for each in listener.told()[2:]}
    assert ("customer.created", theirs) in later
    assert ("customer.removed", mine) in later
    keys.revoke(hq, "Shop")
    hq.records.update("customer", theirs, {"name": "Secret & Co"})
    assert telling.due_webhooks(hq, now_ms()) == []
    keys.renew(hq, "Shop")
    assert telling.due_webhooks(hq, now_ms()) == [shop["id"]]


def test_a_message_that_fails_comes_again_and_again_and_then_is_dead(
    hq: Headquarters, listener: Listener
) -> None:
    made = webhooks.add(hq, listener.url, "ERP", ["customer.created"])
    listener.status = 500
    for name in ("One", "Two"):
        hq.records.create("customer", {"name": name})
    at_ms = now_ms()
    told = telling.tell(hq, made["id"], lambda: at_ms)
    assert (told.made, told.sent, told.failed) == (2, 0, 1)
    assert telling.tell(hq, made["id"], lambda: at_ms).failed == 0  # not before its time
    times = 1
    while listener.told() and any(each["state"] == "waiting" for each in webhooks.messages(hq, None, None)):
        at_ms += 4 * 60 * MINUTE_MS
        telling.tell(hq, made["id"], lambda now=at_ms: now)  # type: ignore[misc]
        times += 1
        assert times < 60
    assert at_ms - now_ms() > 2 * DAY_MS
    dead = webhooks.messages(hq, made["id"], "dead")
    assert [each["status"] for each in dead] == [500, 500]
    assert len({headers["webhook-id"] for headers, _ in listener.taken}) == 2
    listener.status = 204
    assert webhooks.resend(hq, made["id"]) == 2
    telling.tell(hq, made["id"])
    assert [each["data"]["record"]["name"] for each in listener.told()[-2:]] == ["One", "Two"]
    assert webhooks.messages(hq, made["id"], "dead") == []
    assert webhooks.forget_messages(hq.database, now_ms() + 8 * DAY_MS) == 2


def test_one_record_that_is_not_understood_holds_up_no_other(hq: Headquarters, listener: Listener) -> None:
    made = webhooks.add(hq, listener.url, "ERP", ["customer.*"])
    listener.status = lambda said: 400 if said["data"]["record"]["name"] == "Odd" else 200
    odd = hq.records.create("customer", {"name": "Odd"})
    hq.records.create("customer", {"name": "Even"})
    at_ms = now_ms()
    told = telling.tell(hq, made["id"], lambda: at_ms)
    assert (told.sent, told.failed) == (1, 1)
    hq.records.update("customer", odd, {"phone": "+86 21 5550 0142"})
    assert telling.tell(hq, made["id"], lambda: at_ms).sent == 0  # its first message comes first
    listener.status = 200
    at_ms += MINUTE_MS
    telling.tell(hq, made["id"], lambda: at_ms)
    types = [each["type"] for each in listener.told() if each["data"]["id"] == odd]
    assert types == ["customer.created", "customer.created", "customer.updated"]


def test_an_address_that_hangs_dies_or_drips_costs_its_time_and_no_more(
    hq: Headquarters, listener: Listener
) -> None:
    made = webhooks.add(hq, listener.url, "ERP", ["customer.created"])
    listener.hangs_s = 3.0
    hq.records.create("customer", {"name": "Slow"})
    began = time.monotonic()
    at_ms = now_ms()
    assert telling.tell(hq, made["id"], lambda: at_ms).failed == 1
    assert time.monotonic() - began < 2.5
    (message,) = webhooks.messages(hq, made["id"], "waiting")
    assert (message["tries"], message["status"]) == (1, None)
    with dripping() as url:
        dripped = webhooks.add(hq, url, "ERP", ["customer.created"])
        hq.records.create("customer", {"name": "Drop by drop"})
        began = time.monotonic()
        assert telling.tell(hq, dripped["id"]).failed == 1
        assert time.monotonic() - began < 2.5
    nobody = webhooks.add(hq, "http://127.0.0.1:9/hook", "ERP", ["customer.created"])
    hq.records.create("customer", {"name": "Unheard"})
    assert telling.tell(hq, nobody["id"]).failed == 1


def test_an_address_that_is_gone_is_left_alone_until_somebody_says_otherwise(
    hq: Headquarters, listener: Listener
) -> None:
    made = webhooks.add(hq, listener.url, "ERP", ["customer.created"])
    listener.status = 410
    hq.records.create("customer", {"name": "Gone"})
    assert telling.tell(hq, made["id"]).dead == 1
    hq.records.create("customer", {"name": "Later"})
    assert telling.due_webhooks(hq, now_ms()) == []
    listener.status = 200
    assert webhooks.resend(hq, made["id"]) == 1
    assert telling.tell(hq, made["id"]).sent == 2


def test_a_new_secret_holds_beside_the_old_one_for_a_while(hq: Headquarters, listener: Listener) -> None:
    made = webhooks.add(hq, listener.url, "ERP", ["customer.created"])
    renewed = webhooks.rotate(hq, made["id"], 24)
    assert renewed["secret"] != made["secret"]
    hq.records.create("customer", {"name": "One"})
    telling.tell(hq, made["id"])
    assert all(verified(each["secret"], *listener.taken[0]) for each in (made, renewed))
    hq.records.create("customer", {"name": "Two"})
    at_ms = now_ms() + 2 * DAY_MS
    telling.tell(hq, made["id"], lambda: at_ms)
    assert verified(renewed["secret"], *listener.taken[1])
    assert not verified(made["secret"], *listener.taken[1])
    raw = (hq.settings.data / "satchel.db").read_bytes()
    assert renewed["secret"].removeprefix("whsec_").encode() not in raw


OUTSIDE = fresh_settings(Path("/nowhere"))


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "https://", "https://user@example.com/", "nonsense"),
        *("https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/latest", "https://[::1]/"),
        *(
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
        ),
        *("https://[fd00::1]/", "https://100.64.0.1/", "https://exämple.com/", "https://a b/"),
    ],
)
def test_an_address_inside_the_house_is_not_told(url: str) -> None:
    with pytest.raises(NotAllowed):
        demand_address(url, OUTSIDE)


def test_a_name_that_leads_inside_and_a_redirect_are_not_followed(listener: Listener) -> None:
    port = int(listener.url.split(":")[2].split("/")[0])
    with pytest.raises(NotAllowed):
        post(f"https://localhost:{port}/", b"{}", {}, OUTSIDE)
    inside = with_other(OUTSIDE, webhook_networks=(HERE, "::1/128"))
    listener.status, listener.headers = 302, {"Location": listener.url}
    assert post(listener.url, b"{}", {}, inside).status == 302
    assert len(listener.taken) == 1
    assert demand_address("https://hooks.example.com/in?a=1", OUTSIDE).hostname == "hooks.example.com"


@given(tries=st.integers(1, 60), first=st.integers(1, 60), chance=st.floats(0, 1))
def test_waits_grow_and_end_somewhere(tries: int, first: int, chance: float) -> None:
    wait = telling.wait_ms(tries, first, chance)
    assert first * 750 <= wait <= telling.LONGEST_WAIT_MS * 1.25
    assert telling.wait_ms(tries + 1, first, chance) >= wait


def test_a_server_tells_by_itself_while_another_address_hangs(tmp_path: Path) -> None:
    named = {"NETWORKS": HERE, "WAIT_S": "1", "TIMEOUT_S": "1"}
    settings = {f"CRM_SERVER_WEBHOOK_{name}": value for name, value in named.items()}
    with running_server(tmp_path, environment=settings) as server, listening() as well, listening() as bad:
        bad.hangs_s = 60.0
        with server.headquarters() as hq:
            secret = keys.add(hq, "ERP", ["customer:write"], {"role": "admin"})["key"]
            webhooks.add(hq, bad.url, "ERP", ["customer.*"])
        asked = ("webhook", "add", well.url, "--key", "ERP", "--on", "customer.*")
        made = server.command("--json", *asked).json()
        headers = {"Authorization": f"Bearer {secret}"}

        def send(name: str) -> float:
            began = time.monotonic()
            place = f"{server.url}/v1/records/customer"
            assert requests.post(place, headers=headers, json={"name": name}, timeout=30).status_code == 201
            return time.monotonic() - began

        send("First")
        bad.wait_for(1)
        well.wait_for(1)
        assert send("Second") < 5.0
        well.wait_for(2)
        well.status = 503
        send("Third")
        well.wait_for(3)
        server.kill()
        well.status = 200
        server.start()
        until = time.monotonic() + 60
        while "Third" not in {each["data"]["record"]["name"] for each in well.told()[3:]}:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert all(verified(made["secret"], *each) for each in well.taken)
        (shown,) = (
            row for row in server.command("--json", "webhook", "list").rows() if row["url"] == well.url
        )
        assert shown["sent_at"] is not None
