"""What one laptop may take of HQ: rate, day, size, time; and that others do not notice."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest
import uvicorn
import zstandard
from sqlalchemy import select
from uvicorn.server import ServerState

from crm_core.errors import Later
from crm_core.ids import to_bytes
from crm_core.sync import admission, codec
from crm_core.sync.protocol import Op, OpKind, SyncRequest, Txn
from crm_core.times import DAY_MS
from crm_desktop.sync.schedule import Schedule
from crm_desktop.sync.transport import HttpHeadquarters
from sync_server.api import frame, patience
from sync_server.services.auth import now_ms
from sync_server.services.usage import Meter, Traffic, counted, wait_s_of
from sync_server.settings import fresh_settings
from sync_server.store.tables import Device, table_of
from tests.support.crowd import Caller, TurnedAway, enrol_crowd
from tests.support.server import ROOT, RunningServer, running_server

LIMITS = {
    "CRM_SERVER_REQUESTS_PER_MINUTE": "60",
    "CRM_SERVER_OPERATIONS_PER_DAY": "5",
    "CRM_SERVER_LARGE_REQUESTS": "1",
}
MB = 1024 * 1024
DEEP = "a hundred thousand levels"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give a headquarters with narrow limits."""
    with running_server(tmp_path_factory.mktemp("narrow"), environment=LIMITS) as running:
        yield running


def callers(server: RunningServer, *names: str) -> tuple[str, list[Caller]]:
    """Take somebody on and give him as many laptops as there are names."""
    user = server.add_user(f"{names[0]}-{time.monotonic_ns()}", "sales")
    with server.headquarters() as hq:
        made = enrol_crowd(hq, server.url, [user["id"]] * len(names))
    for caller in made:
        caller.catch_up()
    return user["id"], made


def test_a_laptop_over_its_changes_of_the_day_waits_and_another_does_not(server: RunningServer) -> None:
    user_id, (much, little) = callers(server, "much", "little")
    rows = [{"name": f"{number}", "owner_id": user_id} for number in range(5)]
    much.create("customer", rows, now_ms())  # a batch begun within the limit is taken whole
    with pytest.raises(TurnedAway) as refused:
        much.pull()
    assert (refused.value.status, refused.value.fault.code) == (429, "limit")
    assert 0 < int(refused.value.headers["retry-after"]) <= 3600
    assert little.pull().msgs
    little.close()
    much.close()


def test_what_is_used_is_counted_by_the_day_wherever_it_was_used(server: RunningServer) -> None:
    _, (laptop,) = callers(server, "counted")
    laptop.pull()
    table = table_of(Device)
    with server.headquarters() as hq, hq.database.read() as snapshot:
        row = snapshot.connection.execute(select(table).where(table.c.id == laptop.number)).mappings().one()
    assert row["used_day"] == now_ms() // DAY_MS
    assert row["used_bytes"] == row["bytes_in"] + row["bytes_out"] > 0
    laptop.close()


def test_a_new_day_begins_with_nothing_used(tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path, megabytes_per_day=1)
    at_ms = 20_000 * DAY_MS + DAY_MS // 2
    device = {"used_day": 0, "used_bytes": 7, "used_operations": 7, "bytes_in": 0, "bytes_out": 0}
    used = {**device, **counted(device, Traffic(600_000, 500_000), 3, at_ms)}
    assert (used["used_bytes"], used["used_operations"]) == (1_100_000, 3)
    assert wait_s_of(used, settings, at_ms) == 3600
    assert wait_s_of(used, settings, at_ms + DAY_MS // 2 - 60_000) == 60
    assert wait_s_of(used, settings, at_ms + DAY_MS) == 0
    unlimited = fresh_settings(tmp_path, megabytes_per_day=0, operations_per_day=0)
    assert wait_s_of(used, unlimited, at_ms) == 0


def test_bytes_wait_for_the_next_request_and_are_written_down_once() -> None:
    meter = Meter()
    meter.note(7, received=3, sent=4)
    meter.note(7, received=3, sent=4)
    assert meter.take(7) == Traffic(6, 8)
    assert meter.take(7) == Traffic(0, 0)


def test_a_laptop_that_asks_without_end_is_slowed_and_slows_nobody(server: RunningServer) -> None:
    _, (greedy, other) = callers(server, "greedy", "other")
    greedy.close()  # its own line is not needed: it takes many

    def hammer(number: int) -> list[int]:
        line = Caller(server.url, "", greedy.number, b"", b"")
        line._headers = greedy._headers
        told = []
        for _ in range(15):
            try:
                line.post(b"\x00" * 100)
            except TurnedAway as refused:
                told.append(refused.status)
        line.close()
        return told

    with ThreadPoolExecutor(8) as pool:
        hammering = [pool.submit(hammer, number) for number in range(8)]
        took = []
        for _ in range(10):
            began = time.monotonic()
            other.pull()
            took.append(time.monotonic() - began)
            time.sleep(0.05)
        told = [status for each in hammering for status in each.result(timeout=60)]
    assert told.count(429) > 30
    assert set(told) <= {400, 429}
    assert median(took) < 1.0
    other.close()


def test_the_laptop_keeps_away_as_long_as_it_is_asked_to(server: RunningServer) -> None:
    _, (laptop,) = callers(server, "polite")
    secret = laptop._headers["Authorization"].removeprefix("Bearer ")
    with HttpHeadquarters(server.url, secret) as line, pytest.raises(Later) as later:
        _ask_without_end(line)
    assert later.value.wait_s >= 1
    assert "too often" in str(later.value.message)
    failed = Schedule().begun().after_edit(0.0).after_failure(0.0, lambda: 0.0, later.value.wait_s + 600)
    assert failed.wait_s(0.0) >= 600  # an edit made meanwhile does not bring it back earlier
    assert failed.at_once(5.0).wait_s(5.0) == 0  # a person does
    laptop.close()


def _ask_without_end(line: HttpHeadquarters) -> None:
    for _ in range(1000):
        line.wait_for_news(b"x" * 40)  # no token of HQ's: it says at once to make a round


# Bodies that are small on the line and large in memory


def request_of(**changed: Any) -> SyncRequest:
    """Return a request nobody could answer, to be read only."""
    values: dict[str, Any] = {
        "v": 1,
        "epoch": b"",
        "device": 1,
        "incarnation": 1,
        "nonce": b"n",
        "schema": 1,
        "sent_hlc": 0,
        "token": b"",
        "want_bytes": 0,
    }
    return SyncRequest(**(values | changed))


def op(value: Any, no: int = 1) -> Op:
    """Return an operation with any value."""
    return Op(no, OpKind.SET, 10, to_bytes("0" * 32), 10, value, 0, 0)


def test_an_ordinary_request_is_read_as_it_was_sent_in_both_forms() -> None:
    ops = [op("顾客", 1), op([[1, 2], ["a", None]], 2), op({"k": [1]}, 3), op(2**63 - 1, 4)]
    sent = request_of(txns=[Txn(1, 1, 5, ops[:2]), Txn(2, 0, 6, ops[2:])], leases={"quote": 50})
    assert admission.read_request(codec.unpack(codec.encode(sent)), is_json=False) == sent
    assert admission.read_request(codec.encode_json(sent), is_json=True) == sent
    short = msgspec.msgpack.encode(list(msgspec.structs.astuple(sent))[:9])
    assert admission.read_request(short, is_json=False) == request_of()


def bombs() -> dict[str, bytes]:
    """Return MessagePack of at most 32 MiB that would take gigabytes as Python objects."""
    head = msgspec.msgpack.encode(list(msgspec.structs.astuple(request_of()))[:9])[1:]
    many = (30 * MB).to_bytes(4, "big")
    lists = b"\xdd" + many + b"\x90" * (30 * MB)
    one_op = msgspec.msgpack.encode(op(None)).replace(b"\x0a\xc0", b"\x0a\x00", 1)
    empty_txn = msgspec.msgpack.encode(Txn(1, 0, 0, []))
    txns = 30 * MB // len(empty_txn)
    leases = b"".join(b"\xa4" + number.to_bytes(4, "big") + b"\x00" for number in range(2**24, 2**24 + MB))
    return {
        "lists in a value": b"\x9a" + head + b"\x91\x94\x01\x00\x00\x91" + _op_around(lists),
        "lists in many values": b"\x9a"
        + head
        + b"\x91\x94\x01\x00\x00\xdc\x00\x64"
        + 100 * _op_around(b"\xdd" + (300_000).to_bytes(4, "big") + b"\x90" * 300_000),
        "tiny operations": b"\x9a"
        + head
        + b"\x91\x94\x01\x00\x00\xdd"
        + (MB).to_bytes(4, "big")
        + one_op * MB,
        "empty transactions": b"\x9a" + head + b"\xdd" + txns.to_bytes(4, "big") + empty_txn * txns,
        "wishes for numbers": b"\x9b" + head + b"\x90\xdf" + (MB).to_bytes(4, "big") + leases,
        "a field of ten megabytes": b"\x9a"
        + head
        + b"\x91\x94\x01\x00\x00\x91"
        + _op_around(msgspec.msgpack.encode("x" * 10 * MB)),
        DEEP: b"\x9a" + head + b"\x91\x94\x01\x00\x00\x91" + _op_around(b"\x91" * 100_000 + b"\xc0"),
    }


def _op_around(value: bytes) -> bytes:
    whole = msgspec.msgpack.encode(op("here"))
    before, _, after = whole.partition(msgspec.msgpack.encode("here"))
    return before + value + after


BOMB = """
import resource, sys
from crm_core.sync import admission
from crm_core.errors import CrmError
plain = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    admission.read_request(plain, is_json=False)
    said = "read"
except CrmError as error:
    said = type(error).__name__
print(said, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_bomb_is_turned_away_before_it_takes_memory() -> None:
    _expect_turned_away("tiny operations")


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(bombs()))
def test_every_bomb_is_turned_away_before_it_takes_memory(name: str) -> None:
    _expect_turned_away(name)


def _expect_turned_away(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BOMB], input=bombs()[name], capture_output=True, cwd=ROOT, check=True
    )
    said, grown_mb = ran.stdout.decode().split()
    assert said in ("TooLarge", "Malformed")
    assert int(grown_mb) < 150, f"{name} took {grown_mb} MB"


@pytest.mark.soak
def test_a_running_server_stays_small_whatever_is_sent(server: RunningServer) -> None:
    _, (laptop,) = callers(server, "bomber")
    packed = [zstandard.ZstdCompressor(1).compress(bombs()[name]) for name in ("lists in a value", DEEP)]
    before = _resident_mb(server.pid)
    for body in packed:
        with pytest.raises(TurnedAway) as refused:
            laptop.post(body)
        assert refused.value.status in (400, 413)
    assert _resident_mb(server.pid) - before < 250
    assert not any("Traceback" in line for line in server.log)
    laptop.close()


def _resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


# Lines that come to nothing


class _Silence:
    """An application that answers at once and nothing else."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


def test_a_line_without_a_head_ends_and_one_with_heads_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.3)

    async def talk() -> tuple[bytes, list[bytes]]:
        config = uvicorn.Config(_Silence(), http=patience.PatientProtocol, ws="none", log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: patience.PatientProtocol(config, state, {}), "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        trickling, pen = await asyncio.open_connection("127.0.0.1", port)
        pen.write(b"GET / HTTP/1.1\r\nHost")
        whole, steady = await asyncio.open_connection("127.0.0.1", port)
        heard = []
        for _ in range(3):
            steady.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            heard.append((await whole.readuntil(b"ok"))[:12])
            await asyncio.sleep(0.4)
        ended = await trickling.read()
        for line in (pen, steady):
            line.close()
        server.close()
        return ended, heard

    assert asyncio.run(talk()) == (b"", [b"HTTP/1.1 200"] * 3)


def test_a_body_that_does_not_come_is_answered_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "GRACE_S", 0.1)
    sent: list[Any] = []
    pieces = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Any:
        try:
            return next(pieces)
        except StopIteration:
            await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    meter = Meter()
    framed = frame.Frame(_Silence(), body_bytes_max=100, form_bytes_max=100, meter=meter)
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "headers": [],
        "state": {"device": 3},
    }
    asyncio.run(framed(scope, receive, send))
    assert sent[0]["status"] == 503
    assert meter.take(3).received == 1
    assert framed._bodies.held == 0


@pytest.mark.soak
def test_a_head_or_a_body_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = (
        "import sync_server.api.frame as f, sync_server.api.patience as p, sync_server.__main__ as m;"
        "f.GRACE_S = 1.0; p.HEAD_S = 1.0; f.SLOWEST_BYTES_S = 1000; m.main()"
    )
    monkeypatch.setattr("tests.support.server.PROGRAM", ("-c", quick))
    with running_server(tmp_path) as server:
        host, port = server.url.removeprefix("http://").split(":")
        silent = socket.create_connection((host, int(port)))
        trickling = socket.create_connection((host, int(port)))
        trickling.sendall(b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\n")
        bodiless = socket.create_connection((host, int(port)))
        bodiless.sendall(
            b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
        )
        for line in (silent, trickling, bodiless):
            line.settimeout(10)
        assert silent.recv(100) == b""
        assert trickling.recv(100) == b""
        assert bodiless.recv(1000).startswith(b"HTTP/1.1 503")
        # Whoever sends a whole request is answered on a line that was kept open in between.
        whole = socket.create_connection((host, int(port)))
        whole.settimeout(10)
        for _ in range(2):
            whole.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            came = b""
            while not came.endswith(b"}"):
                came += whole.recv(1000)
            assert came.startswith(b"HTTP/1.1 200")
            time.sleep(1.3)


def test_the_limits_leave_room_for_the_slowest_line_that_is_promised() -> None:
    assert frame.SLOWEST_BYTES_S * 8 * 10 < 64_000
    assert patience.HEAD_S >= 20
