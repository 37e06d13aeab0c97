"""The endpoint as a process: both forms of a message, limits, and faults with their status."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from crm_core.ids import new_id, to_bytes
from crm_core.sync import codec
from crm_core.sync.blobs import PART_BYTES
from crm_core.sync.clock import reading
from crm_core.sync.protocol import Code, EnrolResponse, Op, OpKind, Settings, SyncRequest, SyncResponse, Txn
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give a headquarters that answers."""
    with running_server(tmp_path_factory.mktemp("sync")) as running:
        yield running


def _enrol(server: RunningServer) -> EnrolResponse:
    body = {"user": ADMIN, "password": ADMIN_PASSWORD, "device_name": "laptop", "schema": 1}
    answer = requests.post(f"{server.url}/v1/enrol", json=body, timeout=30)
    return codec.decode_json(answer.content, EnrolResponse)


def _request(enrolled: EnrolResponse, **changed: Any) -> SyncRequest:
    fields: list[Any] = [[10, 12], ["顾客", to_bytes(enrolled.user_id)]]
    op = Op(1, OpKind.CREATE, 10, to_bytes(changed.pop("row", None) or new_id()), 0, fields, 0, 0)
    now = reading(enrolled.server_ms)
    values = {
        "v": 1,
        "epoch": enrolled.epoch,
        "device": enrolled.device,
        "incarnation": 1,
        "nonce": enrolled.nonce,
        "schema": 1,
        "sent_hlc": now,
        "token": b"",
        "want_bytes": 65536,
        "txns": [Txn(1, 0, now, [op])],
    }
    return SyncRequest(**(values | changed))


def _post(
    server: RunningServer, enrolled: EnrolResponse, body: bytes, form: str = codec.COMPACT, **headers: str
) -> requests.Response:
    sent = {"Content-Type": form, "Authorization": f"Bearer {enrolled.secret}", **headers}
    return requests.post(f"{server.url}/v1/sync", data=body, headers=sent, timeout=30)


def test_both_forms_say_the_same(server: RunningServer) -> None:
    enrolled = _enrol(server)
    request = _request(enrolled)
    compact = _post(server, enrolled, codec.encode(request), Accept=codec.COMPACT)
    plain = _post(server, enrolled, codec.encode_json(request), codec.JSON, Accept="application/json")
    assert compact.headers["content-type"] == codec.COMPACT
    assert plain.headers["content-type"] == codec.JSON
    first, again = codec.decode(compact.content, SyncResponse), codec.decode_json(plain.content, SyncResponse)
    assert first.answers == again.answers
    assert [answer.code for answer in first.answers] == [Code.APPLIED]
    assert codec.encode_json(first.msgs) == codec.encode_json(again.msgs)
    assert first.token == again.token


@pytest.mark.parametrize("dictionary", [0, codec.NEWEST_DICTIONARY])
def test_hq_answers_small_messages_with_the_dictionary_they_were_written_with_and_tells_of_its_own(
    server: RunningServer, dictionary: int
) -> None:
    enrolled = _enrol(server)
    asked = _request(enrolled, pull=False)
    for _ in range(2):  # the second as where the answer was lost
        answer = _post(server, enrolled, codec.encode(asked, dictionary))
        assert (answer.status_code, codec.dictionary_of(answer.content)) == (200, dictionary)
        heard = codec.decode(answer.content, SyncResponse)
        assert [Code(each.code) for each in heard.answers] == [Code.APPLIED]
    page = _post(server, enrolled, codec.encode(_request(enrolled, nonce=heard.nonce, txns=[]), dictionary))
    messages = map(codec.read_message, codec.decode(page.content, SyncResponse).msgs)
    told = next(each for each in messages if isinstance(each, Settings))
    assert told.values["dictionary"] == codec.NEWEST_DICTIONARY


def test_what_cannot_be_taken_has_a_status_and_a_code(server: RunningServer) -> None:
    enrolled = _enrol(server)
    gap = _request(enrolled)
    gap = _request(
        enrolled, txns=[Txn(1, 0, gap.sent_hlc, [Op(7, 1, 10, b"\x01" * 16, 0, [[10], ["x"]], 0, 0)])]
    )
    expected = {
        "damaged": (400, b"\x00" * 50),
        "upgrade": (426, codec.encode(_request(enrolled, v=9))),
        "gap": (409, codec.encode(gap)),
        "too_large": (413, b"\x00" * (5 * 1024 * 1024)),
    }
    for code, (status, body) in expected.items():
        answer = _post(server, enrolled, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    bomb = codec.encode(b"\x00" * (40 * 1024 * 1024))
    assert len(bomb) < 100_000
    assert _post(server, enrolled, bomb).status_code == 400
    stranger = requests.post(f"{server.url}/v1/sync", data=codec.encode(_request(enrolled)), timeout=30)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "sign_in")


def test_deep_and_wild_json_is_refused_without_a_mistake_of_ours(server: RunningServer) -> None:
    enrolled = _enrol(server)
    text = codec.encode_json(_request(enrolled))
    huge = _post(server, enrolled, text.replace('"顾客"'.encode(), b"9" * 400), codec.JSON)
    assert [answer.code for answer in codec.decode_json(huge.content, SyncResponse).answers] == [Code.INVALID]
    for wild in (
        b"[" * 100_000,
        text[: len(text) // 2],
        b"{}",
        b"null",
    ):
        answer = _post(server, enrolled, wild, codec.JSON)
        assert answer.status_code == 400, answer.text
    assert not any("bug" in line for line in server.log)


def _send_half_a_part(
    server: RunningServer, name: str, headers: dict[str, str], piece: bytes, size: int, patience_s: float
) -> None:
    """Begin to send a part of a file, and break the line."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as line:
        lines = [f"PUT /v1/blob/{name}?off=0&size={size} HTTP/1.1", f"Host: {host}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        lines += [f"Content-Length: {PART_BYTES}", "", ""]
        line.sendall("\r\n".join(lines).encode() + piece)
        time.sleep(patience_s)


def _held(url: str, headers: dict[str, str]) -> int:
    """Return how much of a file HQ says it holds, soon after a line broke."""
    for _ in range(20):
        if held := int(requests.head(url, headers=headers, timeout=30).headers["X-Held"]):
            return held
        time.sleep(0.05)
    return 0


def test_a_file_goes_on_at_the_byte_where_the_line_broke(server: RunningServer) -> None:
    enrolled = _enrol(server)
    content = bytes(range(256)) * 200
    name, customer = hashlib.sha256(content).hexdigest(), new_id()
    _post(server, enrolled, codec.encode(_request(enrolled, row=customer)))
    with server.headquarters() as hq:
        values = {"name": "a.bin", "record_entity": "customer", "record_id": customer, "sha256": name}
        hq.records.create("attachment", values, enrolled.user_id)
    url, part = f"{server.url}/v1/blob/{name}", content[:PART_BYTES]
    sent = {"Authorization": f"Bearer {enrolled.secret}", "X-Part": hashlib.sha256(part).hexdigest()}
    held = 0
    for patience_s in (0.2, 1, 4):  # what lies unread in the server when a line breaks is lost with it
        _send_half_a_part(server, name, sent, part[:20_001], len(content), patience_s)
        if held := _held(url, sent):
            break
    assert held == 20_001
    wrong = requests.put(f"{url}?off=30000&size={len(content)}", data=b"x", headers=sent, timeout=30)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["places"]) == (
        409,
        "offset",
        {"held": "20001"},
    )
    assert requests.get(url, headers=sent, timeout=30).status_code == 404
    while held < len(content):
        start = held // PART_BYTES * PART_BYTES
        part = content[start : start + PART_BYTES]
        more = {**sent, "X-Part": hashlib.sha256(part).hexdigest()}
        body = part[held - start :]
        answer = requests.put(f"{url}?off={held}&size={len(content)}", data=body, headers=more, timeout=30)
        held = answer.json()["held"]
    middle = requests.get(f"{url}?off=40000", headers=sent, timeout=30)
    assert middle.content == content[40_000 : 2 * PART_BYTES]
    assert middle.headers["X-Size"] == str(len(content))
    assert middle.headers["X-Part"] == hashlib.sha256(content[PART_BYTES : 2 * PART_BYTES]).hexdigest()
    over = requests.put(f"{url}?off=0&size=9", data=b"x" * (PART_BYTES + 1), headers=sent, timeout=30)
    assert (over.status_code, over.json()["code"]) == (413, "too_large")
    assert requests.get(f"{server.url}/v1/blob/nonsense", headers=sent, timeout=30).status_code == 400
    assert not any("bug" in line for line in server.log)
