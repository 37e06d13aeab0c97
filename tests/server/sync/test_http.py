"""The endpoint as a process: both forms of a message, limits, and faults with their status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from crm_core.ids import new_id, to_bytes
from crm_core.sync import codec
from crm_core.sync.clock import reading
from crm_core.sync.protocol import Code, EnrolResponse, Op, OpKind, SyncRequest, SyncResponse, Txn
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


def test_what_cannot_be_taken_has_a_status_and_a_code(server: RunningServer) -> None:
    enrolled = _enrol(server)
    gap = _request(enrolled)
    gap = _request(
        enrolled, txns=[Txn(1, 0, gap.sent_hlc, [Op(7, 1, 10, b"\x01" * 16, 0, [[10], ["x"]], 0, 0)])]
    )
    expected = {
        "bad_request": (400, b"\x00" * 50),
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
