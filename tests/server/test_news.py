"""`GET /v1/news` of running headquarters: who is told when, what it costs, and how waiting ends."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import os
import queue
import secrets
import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import insert

from crm_core import SCHEMA_VERSION
from crm_core.ids import named_id
from crm_core.sync.protocol import PROTOCOL_VERSION, SyncRequest
from crm_desktop.sync import answering
from crm_desktop.sync.answering import Answering
from crm_desktop.sync.transport import HttpHeadquarters
from sync_server.api import newsroom
from sync_server.api.newsroom import Newsroom
from sync_server.services.auth import Auth, DeviceSession
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.store.tables import Device, table_of
from tests.support.server import RunningServer, running_server

SOON_S = 3.0
POOL = 40  # threads the server answers requests with, which a burst of sign-ins may have begun
QUIET_S = 2.5  # longer than HQ takes from one look to the next


@dataclass
class Laptop:
    """A laptop that took everything in and keeps nothing but its token."""

    url: str
    secret: str
    number: int
    token: bytes

    def wait(self, timeout_s: float = 30) -> bool:
        """Ask for news and return the answer."""
        answer = requests.get(
            f"{self.url}/v1/news",
            params={"token": base64.urlsafe_b64encode(self.token).decode()},
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=timeout_s,
        )
        assert answer.status_code == 200, answer.text
        told: bool = answer.json()["news"]
        return told

    def hears_nothing(self) -> bool:
        """Tell whether HQ keeps it waiting for a while."""
        try:
            self.wait(QUIET_S)
        except requests.ReadTimeout:
            return True
        return False


def laptop(server: RunningServer, user_id: str) -> Laptop:
    """Make a laptop known and let it take in all there is for it."""
    secret, nonce = secrets.token_urlsafe(), secrets.token_bytes(16)
    with server.headquarters() as hq:
        with hq.database.note() as connection:
            number = connection.execute(
                insert(table_of(Device))
                .values(
                    user_id=user_id,
                    name="laptop",
                    secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
                    nonce=nonce,
                    schema=SCHEMA_VERSION,
                    enrolled_at=0,
                )
                .returning(table_of(Device).c.id)
            ).scalar_one()
        with hq.database.read() as snapshot:
            epoch = bytes.fromhex(snapshot.epoch)
    token, more = b"", True
    with HttpHeadquarters(server.url, secret) as line:
        while more:
            request = SyncRequest(
                v=PROTOCOL_VERSION,
                epoch=epoch,
                device=number,
                incarnation=1,
                nonce=nonce,
                schema=SCHEMA_VERSION,
                sent_hlc=0,
                token=token,
                want_bytes=1 << 20,
            )
            answer = line.sync(request)
            token, nonce, more = answer.token, answer.nonce, answer.more
    return Laptop(server.url, secret, number, token)


def customer_of(server: RunningServer, owner: dict[str, Any]) -> str:
    """Write a customer from a process beside the one that serves; return its id."""
    with server.headquarters() as hq:
        return hq.records.create("customer", {"name": "纸鹤食品（示例）", "owner_id": owner["id"]})


def test_a_colleague_who_has_a_ticket_open_hears_who_answers_it_and_when_he_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "ASK_S", 0.1)
    with running_server(tmp_path) as server:
        li, ann = server.add_user("li", "service"), server.add_user("ann", "service")
        with server.headquarters() as hq:
            ticket = hq.records.create("ticket", {"subject": "Leaks（示例）", "assignee_id": ann["id"]})
        desks = {}
        heard: queue.Queue[tuple[str, tuple[str, ...]]] = queue.Queue()
        for user in (li, ann):
            secret = laptop(server, user["id"]).secret
            desks[user["id"]] = Answering(partial(HttpHeadquarters, server.url, secret))
        desks[ann["id"]].on_heard = lambda *said: heard.put(said)
        try:
            desks[ann["id"]].look_at(ticket)
            assert heard.get(timeout=SOON_S) == (ticket, ())
            desks[li["id"]].look_at(ticket, writes=True)
            _hears(heard, (ticket, (li["id"],)))
            desks[li["id"]].look_at("0" * 32)  # another ticket: what he said of this one is taken back
            _hears(heard, (ticket, ()))
            desks[li["id"]].look_at(ticket, writes=True)
            _hears(heard, (ticket, (li["id"],)))
            assert server.stop() == 0
            _hears(heard, (ticket, ()))  # without HQ nothing is said of anybody
        finally:
            for desk in desks.values():
                desk.stop()


def _hears(heard: queue.Queue[Any], wanted: object) -> None:
    while heard.get(timeout=SOON_S) != wanted:
        pass


def test_a_waiting_laptop_is_told_of_what_it_may_see_and_of_nothing_else(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, ThreadPoolExecutor(1) as aside:
        lin, ann = server.add_user("lin", "sales"), server.add_user("ann", "sales")
        waiting = laptop(server, lin["id"])
        told: Future[bool] = aside.submit(waiting.wait)
        customer_of(server, ann)
        time.sleep(QUIET_S)
        assert not told.done()
        began = time.monotonic()
        customer_of(server, lin)
        assert told.result(timeout=SOON_S) is True
        assert time.monotonic() - began < SOON_S
        # Whoever asks while something is there does not wait.
        began = time.monotonic()
        assert waiting.wait() is True
        assert time.monotonic() - began < 1
        assert laptop(server, lin["id"]).hears_nothing()


def test_rights_that_change_are_told_to_whom_they_give_something(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, ThreadPoolExecutor(1) as aside:
        lin, ann = server.add_user("lin", "sales"), server.add_user("ann", "sales")
        customer_of(server, ann)
        of_lin = aside.submit(laptop(server, lin["id"]).wait)
        with server.headquarters() as hq:
            hq.records.update("user", lin["id"], {"role_id": named_id("role", "admin")})
        assert of_lin.result(timeout=SOON_S) is True


def test_who_may_not_come_in_waits_for_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, ThreadPoolExecutor(1) as aside:
        lin = server.add_user("lin", "sales")
        unknown = requests.get(f"{server.url}/v1/news", timeout=30)
        assert (unknown.status_code, unknown.json()["code"]) == (401, "sign_in")
        waiting = laptop(server, lin["id"])
        headers = {"Authorization": f"Bearer {waiting.secret}"}
        garbage = requests.get(f"{server.url}/v1/news?token=%20%20x", headers=headers, timeout=30)
        assert (garbage.status_code, garbage.json()["code"]) == (400, "bad_request")
        # A token HQ did not sign: only a round can say what that means.
        forged = Laptop(server.url, waiting.secret, waiting.number, b"x" * 40)
        assert forged.wait() is True
        told = aside.submit(waiting.wait)
        time.sleep(0.5)
        with server.headquarters() as hq:
            hq.auth.revoke(waiting.number, wipe=False)
        customer_of(server, lin)
        assert told.result(timeout=SOON_S) is True  # its round hears why
        again = requests.get(f"{server.url}/v1/news", headers=headers, timeout=30)
        assert (again.status_code, again.json()["code"]) == (403, "revoked")


def test_the_end_of_the_server_ends_every_wait_in_good_order(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, ThreadPoolExecutor(5) as aside:
        lin = server.add_user("lin", "sales")
        told = [aside.submit(laptop(server, lin["id"]).wait) for _ in range(5)]
        time.sleep(1)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 4
        assert [each.result(timeout=5) for each in told] == [False] * 5
        assert not any("exceeded" in line or "Traceback" in line for line in server.log)


def test_every_worker_hears_of_what_another_process_wrote_and_all_end_in_time(tmp_path: Path) -> None:
    with running_server(tmp_path, options=["--workers", "2"]) as server, ThreadPoolExecutor(8) as aside:
        lin = server.add_user("lin", "sales")
        told = [aside.submit(laptop(server, lin["id"]).wait) for _ in range(7)]
        idle = aside.submit(laptop(server, server.add_user("ann", "sales")["id"]).wait)
        time.sleep(1)
        customer_of(server, lin)
        assert [each.result(timeout=SOON_S) for each in told] == [True] * 7
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 6
        assert idle.result(timeout=5) is False


@pytest.mark.soak
@pytest.mark.postgres
def test_two_servers_on_one_postgresql_database_tell_of_each_others_writes(
    tmp_path: Path, fresh_postgres: str
) -> None:
    with (
        running_server(tmp_path, fresh_postgres) as first,
        running_server(tmp_path, fresh_postgres) as second,
        ThreadPoolExecutor(1) as aside,
    ):
        lin = first.add_user("lin", "sales")
        told = aside.submit(laptop(second, lin["id"]).wait)
        time.sleep(1)
        customer_of(first, lin)
        assert told.result(timeout=SOON_S) is True


@pytest.mark.soak
def test_thirty_waiting_laptops_cost_next_to_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        lin, ann = server.add_user("lin", "sales"), server.add_user("ann", "sales")
        laptops = [laptop(server, lin["id"]) for _ in range(30)]
        lines = [_wait_on_a_line(each) for each in laptops]
        try:
            assert _answered(lines, within_s=3) == 0
            assert _threads(server.pid) < POOL + 10
            spent = _cpu_s(server.pid)
            assert _answered(lines, within_s=5) == 0
            assert _cpu_s(server.pid) - spent < 0.4
            customer_of(server, ann)  # nobody here may see it
            assert _answered(lines, within_s=5) == 0
            began = time.monotonic()
            with HttpHeadquarters(server.url) as other:
                other.hello()
            assert time.monotonic() - began < 1
            customer_of(server, lin)
            assert _answered(lines, within_s=15) == 30
        finally:
            for line in lines:
                line.close()


def _wait_on_a_line(waiting: Laptop) -> socket.socket:
    host, port = waiting.url.removeprefix("http://").split(":")
    line = http.client.HTTPConnection(host, int(port), timeout=30)
    path = f"/v1/news?token={base64.urlsafe_b64encode(waiting.token).decode()}"
    line.request("GET", path, headers={"Authorization": f"Bearer {waiting.secret}"})
    return line.sock


def _answered(lines: list[socket.socket], *, within_s: float) -> int:
    """Return how many were told of news within a time, waiting no longer than until all were."""
    deadline, told = time.monotonic() + within_s, 0
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line, selectors.EVENT_READ)
        while ready.get_map() and (left_s := deadline - time.monotonic()) > 0:
            for key, _ in ready.select(left_s):
                line = key.fileobj
                assert isinstance(line, socket.socket)
                came = line.recv(65536)  # the head may come before the body
                told += b'{"news":true}' in came
                if not came or came.endswith(b"}"):
                    ready.unregister(line)
    return told


def _threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_one_wait_for_each_laptop_and_no_more_than_a_process_bears(
    headquarters: Headquarters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newsroom, "MOST_WAITING", 1)
    monkeypatch.setattr(Newsroom, "_unheard", lambda _room, waiter: waiter.token)
    monkeypatch.setattr(Auth, "shut_out", lambda _auth, _sessions: set())  # nobody knows these users
    first, second = (DeviceSession(device_id=number, user_id="0" * 32) for number in (1, 2))

    async def crowd() -> None:
        room = Newsroom(headquarters)
        async with room.open():
            earlier = asyncio.create_task(room.hear(first, b""))
            await asyncio.sleep(0.1)
            later = asyncio.create_task(room.hear(first, b""))
            assert await earlier is False
            with pytest.raises(Refusal) as refused:
                await room.hear(second, b"")
            assert refused.value.code == "busy"
            later.cancel()  # its laptop has gone
            await asyncio.wait({later})
            monkeypatch.setattr(newsroom, "WAIT_S", 0.2)
            assert await room.hear(second, b"") is False
        assert await room.hear(first, b"") is False

    asyncio.run(crowd())
