"""What somebody tries who has a laptop or a password and wants more than is his: real server, real bytes."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import statistics
import time
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import zstandard

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id, to_bytes
from crm_core.sync import codec
from crm_core.sync.clock import ms_of, reading
from crm_core.sync.digest import bucket_of, row_hash
from crm_core.sync.protocol import (
    Code,
    DigestAsk,
    DigestRows,
    EnrolResponse,
    LostEdit,
    OpKind,
    Put,
    SyncResponse,
)
from sync_server.services import people as people_service
from tests.support.attacker import Attacker
from tests.support.server import ADMIN, RunningServer

CUSTOMER = SCHEMAS["customer"]
YEAR_MS = 365 * 24 * 60 * 60 * 1000
CANARY = "canary-secret-of-lin"
SAMPLES = int(os.environ.get("SATCHEL_TIMING_SAMPLES", "400"))


@dataclass(frozen=True)
class Scene:
    """Lin's customer, her manager, somebody of another team, somebody who reads base data alone."""

    server: RunningServer
    lin: Attacker
    mia: Attacker
    eve: Attacker
    sara: Attacker
    customer: str


@pytest.fixture(scope="module")
def scene(server: RunningServer) -> Scene:
    with server.headquarters() as hq:
        people_service.add_team(hq, "North", parent=None, manager=None)
    made = {}
    for name, role, where in (
        ("Lin", "sales", {"team": "North"}),
        ("Mia", "sales_manager", {"team": "North"}),
        ("Eve", "sales", {}),
        ("Sara", "service", {}),
    ):
        server.add_user(name, role, **where)
        body = {"user": name, "password": name, "device_name": "Laptop", "schema": 2}
        answer = requests.post(f"{server.url}/v1/enrol", json=body, timeout=60)
        made[name] = Attacker(server.url, name, codec.decode_json(answer.content, EnrolResponse))
    lin = made["Lin"]
    values = {"name": "Honest Ltd", "notes": CANARY, "payment_terms": CANARY, "credit_limit": "77.00 CNY"}
    customer = lin.ask("POST", "customer", json=values).json()["id"]
    for each in made.values():
        each.sync()
    return Scene(server, lin, made["Mia"], made["Eve"], made["Sara"], customer)


def test_a_clock_years_ahead_or_behind_wins_nothing(scene: Scene) -> None:
    now = int(time.time() * 1000)
    name = CUSTOMER.fields["name"].no
    for ms in (now + 10 * YEAR_MS, now - 10 * YEAR_MS, 0, 2**47 - 1):
        op = scene.lin.op(OpKind.SET, scene.customer, name, "Forged")
        accepted = scene.lin.answer(op, hlc=reading(ms), sent_hlc=reading(ms))
        assert ms_of(accepted.hlc) <= time.time() * 1000 + 1
        op = scene.lin.op(OpKind.SET, scene.customer, name, "Forged")
        accepted = scene.lin.answer(
            op, hlc=reading(ms)
        )  # the clock of sending is honest, that of the edit not
        assert ms_of(accepted.hlc) <= time.time() * 1000 + 1
    honest = scene.mia.answer(scene.mia.op(OpKind.SET, scene.customer, name, "Honest Ltd"))
    assert Code(honest.code).took_effect
    assert scene.lin.ask("GET", f"customer/{scene.customer}").json()["name"] == "Honest Ltd"


def test_nobody_makes_a_record_in_anothers_name(scene: Scene) -> None:
    eve, lin_id = scene.eve, scene.lin.enrolled.user_id
    fields = CUSTOMER.fields
    owned = [[fields["name"].no, fields["owner_id"].no], ["By Eve", to_bytes(lin_id)]]
    assert eve.answer(eve.op(OpKind.CREATE, new_id(), 0, owned)).code == Code.FORBIDDEN_ASSIGN
    for name in ("created_by", "updated_by"):
        signed = [[fields["name"].no, fields[name].no], ["By Eve", to_bytes(lin_id)]]
        assert eve.answer(eve.op(OpKind.CREATE, new_id(), 0, signed)).code == Code.INVALID
    assert eve.ask("POST", "customer", json={"name": "By Eve", "owner_id": lin_id}).status_code == 403
    said = eve.ask("POST", "customer", json={"name": "By Eve", "created_by": lin_id})
    assert said.status_code in (403, 422)
    made = eve.ask("POST", "customer", json={"name": "By Eve"}).json()
    assert (made["owner_id"], made["created_by"]) == (eve.enrolled.user_id,) * 2


def test_nobody_speaks_for_another_laptop(scene: Scene) -> None:
    eve, lin = scene.eve, scene.lin
    op = eve.op(OpKind.SET, scene.customer, CUSTOMER.fields["name"].no, "By Eve")
    eve.op_no -= 1
    forged = codec.encode(
        eve.request(op, device=lin.enrolled.device, nonce=lin.nonce, epoch=lin.enrolled.epoch)
    )
    refused = eve.post(forged)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    assert CANARY.encode() not in refused.content
    for secret in ("", "x" * len(lin.enrolled.secret), lin.enrolled.secret[:-1], lin.enrolled.secret[::-1]):
        answer = eve.post(forged, Authorization=f"Bearer {secret}")
        assert answer.status_code in (401, 403)
    assert lin.ask("GET", f"customer/{scene.customer}").json()["name"] == "Honest Ltd"


def test_a_token_of_another_or_put_together_from_two_shows_nothing_more(scene: Scene) -> None:
    eve, lin = scene.eve, scene.lin
    lin.sync()
    own = eve.sync().token
    half = len(own) // 2
    for token in (lin.token, own[:half] + lin.token[half:], lin.token[:half] + own[half:], own + lin.token):
        response = eve.sync(token=token)
        assert response.resync
        assert (CUSTOMER.no, scene.customer) not in eve.rows(response)
        assert CANARY not in repr(response.msgs)
        eve.sync()


def test_a_body_sent_again_is_taken_once_and_by_its_sender_alone(scene: Scene) -> None:
    eve, lin = scene.eve, scene.lin
    made = new_id()
    fields = [[CUSTOMER.fields["name"].no], ["Once"]]
    body = codec.encode(lin.request(lin.op(OpKind.CREATE, made, 0, fields)))
    first, again = lin.post(body), lin.post(body)
    assert (first.status_code, again.status_code) == (200, 200)
    answers = [codec.decode(each.content, SyncResponse).answers for each in (first, again)]
    assert [each.code for each in answers[0]] == [each.code for each in answers[1]] == [Code.APPLIED]
    assert answers[0][0].hlc == answers[1][0].hlc
    lin.nonce = codec.decode(again.content, SyncResponse).nonce
    assert eve.post(body).status_code == 400
    listed = lin.ask("GET", "customer", params={"where": "name = Once", "count": "true"}).json()
    assert listed["count"] == 1


def test_bombs_and_bottomless_structures_are_refused_and_the_next_request_is_answered(scene: Scene) -> None:
    eve = scene.eve
    bomb = codec.encode(b"\x00" * (64 * 1024 * 1024))
    assert eve.post(bomb).status_code == 400
    depth = 50_000
    deep = b"\x91" * depth + b"\xc0"
    assert eve.post(_packed(deep)).status_code == 400
    for text in (b"[" * depth, b'{"a":' * depth, b'{"name":' + b"[" * depth + b"]" * depth + b"}"):
        answer = requests.post(f"{eve.url}/v1/records/customer", data=text, headers=eve.headers, timeout=60)
        assert answer.status_code in (400, 422), answer.text
    nested: Any = 1
    for _ in range(400):
        nested = [nested]
    role = SCHEMAS["role"]
    rights = role.fields["rights"].no
    op = eve.op(OpKind.SET, new_id(), rights, nested, entity=role.no)
    assert eve.answer(op).code in (Code.INVALID, Code.FORBIDDEN_ROW)
    assert eve.sync().answers == []


def test_a_field_of_ten_megabytes_is_refused_and_a_smaller_one_by_itself(scene: Scene) -> None:
    eve = scene.eve
    both = [CUSTOMER.fields["name"].no, CUSTOMER.fields["notes"].no]
    started = eve.op_no
    huge = eve.op(OpKind.CREATE, new_id(), 0, [both, ["Large", "x" * (10 * 1024 * 1024)]])
    refused = eve.post(codec.encode(eve.request(huge)))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    eve.op_no = started
    large = eve.op(OpKind.CREATE, new_id(), 0, [both, ["Large", "x" * 1_000_000]])
    small = eve.op(OpKind.CREATE, new_id(), 0, [both, ["Small", "x"]])
    assert [answer.code for answer in eve.sync(large, small).answers] == [Code.INVALID, Code.APPLIED]
    asked = eve.ask("POST", "customer", json={"name": "Large", "notes": "x" * (10 * 1024 * 1024)})
    assert asked.status_code == 413
    assert eve.ask("POST", "customer", json={"name": "x" * 1_000_000}).status_code == 422


def test_what_is_not_there_and_what_is_not_ones_own_are_answered_alike(scene: Scene) -> None:
    eve, unknown = scene.eve, new_id()
    for method, path in (
        ("GET", "customer/{}"),
        ("GET", "customer/{}/changes"),
        ("PATCH", "customer/{}"),
        ("DELETE", "customer/{}"),
        ("POST", "customer/{}/restore"),
    ):
        how: dict[str, Any] = {"json": {"name": "x"}} if method == "PATCH" else {}
        there, nowhere = (eve.ask(method, path.format(each), **how) for each in (scene.customer, unknown))
        assert there.status_code == nowhere.status_code == 404, (method, path, there.text)
        assert there.content == nowhere.content
        assert _headers(there) == _headers(nowhere)
    ops = [
        eve.op(kind, each, number, value)
        for kind, number, value in (
            (OpKind.SET, 10, "x"),
            (OpKind.DELETE, 0, 1),
            (OpKind.RESTORE, 0, 2),
            (OpKind.TAG_ADD, 44, "x"),
            (OpKind.TAG_ADD, 60, eve.enrolled.user_id),
        )
        for each in (scene.customer, unknown)
    ]
    response = eve.sync(*ops)
    for there, nowhere in zip(response.answers[::2], response.answers[1::2], strict=True):
        assert (there.code, there.extra, there.base) == (nowhere.code, nowhere.extra, nowhere.base)
    linked = [[SCHEMAS["contact"].fields["name"].no, SCHEMAS["contact"].fields["customer_id"].no]]
    contact = SCHEMAS["contact"].no
    answers = [
        eve.answer(eve.op(OpKind.CREATE, new_id(), 0, [*linked, ["x", to_bytes(each)]], entity=contact))
        for each in (scene.customer, unknown)
    ]
    assert answers[0].code == answers[1].code == Code.PARENT
    assert answers[0].extra == answers[1].extra


def test_a_masked_field_is_not_found_out_by_asking_in_other_ways(scene: Scene) -> None:
    sara = scene.sara
    assert "notes" not in sara.ask("GET", f"customer/{scene.customer}").json()
    for right, wrong in (
        ({"where": f"notes = {CANARY}"}, {"where": "notes = other"}),
        ({"where": f"notes ~ {CANARY[:3]}"}, {"where": "notes ~ zzz"}),
        ({"where": "credit_limit > 70.00 CNY"}, {"where": "credit_limit > 80.00 CNY"}),
        ({"sort": "credit_limit"}, {"sort": "-credit_limit"}),
        ({"sort": "notes"}, {"sort": "-notes"}),
    ):
        told = [sara.ask("GET", "customer", params={**each, "count": "true"}) for each in (right, wrong)]
        assert [each.status_code for each in told] == [403, 403]
        assert told[0].content == told[1].content
    listed = sara.ask("GET", "customer", params={"fields": "name,notes,credit_limit"}).json()["records"]
    assert all(set(record) == {"id", "name"} for record in listed)
    assert {
        each["field"] for each in sara.ask("GET", f"customer/{scene.customer}/changes").json()["changes"]
    } & {
        "notes",
        "payment_terms",
        "credit_limit",
    } == set()


def test_a_masked_field_is_not_found_out_by_digest_answers_or_lost_edits(scene: Scene) -> None:
    sara = scene.sara
    notes = CUSTOMER.fields["notes"].no
    codes = []
    for guess, base in ((CANARY, 0), ("other", 0), (CANARY, 2**40), (None, 0)):
        answer = sara.answer(sara.op(OpKind.SET, scene.customer, notes, guess, base))
        codes.append((answer.code, answer.extra, answer.base))
    assert codes == [codes[0]] * 4
    assert codes[0][0] in (Code.FORBIDDEN_ROW, Code.FORBIDDEN_FIELD)
    sara.sync(token=b"")
    shown = _seen(sara, scene.customer)
    differ = []
    for guess in (None, CANARY, "other"):
        hashed = row_hash(CUSTOMER.no, scene.customer, 1, shown | {notes: guess})
        bucket, row = bytes([bucket_of(scene.customer)]), to_bytes(scene.customer)
        response = sara.sync(digest=DigestAsk(rows=[DigestRows(CUSTOMER.no, bucket, row, hashed)]))
        assert response.digest_diff is not None
        # Other rows of the bucket are missing in what Sara says she holds, so they come too.
        differ.append((CUSTOMER.no, scene.customer) in sara.rows(response))
    assert differ == [False, True, True]
    assert not any(
        isinstance(codec.read_message(raw), LostEdit)
        for heard in sara.heard
        for raw in codec.decode(heard, SyncResponse).msgs
    )
    assert all(
        CANARY not in repr(codec.decode(heard, SyncResponse)) for heard in (*sara.heard, *scene.eve.heard)
    )


def _seen(attacker: Attacker, record_id: str) -> dict[int | str, Any]:
    """Return what the attacker was sent of a customer, by number of the field."""
    for heard in reversed(attacker.heard):
        for raw in codec.decode(heard, SyncResponse).msgs:
            put = codec.read_message(raw)
            if isinstance(put, Put) and put.entity == CUSTOMER.no and put.full:
                ids = codec.unpack_ids(put.ids)
                if record_id in ids:
                    place = ids.index(record_id)
                    columns = [codec.unpack_column(column)[place] for column in put.columns]
                    return dict(zip(put.fields, columns, strict=True))
    raise AssertionError("never sent")


HOSTILE = (
    "'; DROP TABLE customer; --",
    '" OR 1=1 --',
    "%' UNION SELECT secret_hash FROM device --",
    "\\x00\\",
    "{{7*7}}${7*7}<script>alert(1)</script>",
    "../../etc/passwd",
    "%s%n%x",
    "名'称;—\u202e",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_looks_like_a_command_is_text(scene: Scene, text: str) -> None:
    eve = scene.eve
    made = eve.ask("POST", "customer", json={"name": text, "tags": [text]}).json()
    assert made["name"] == text
    found = eve.ask("GET", "customer", params={"where": f"name = {text}"}).json()["records"]
    assert [record["id"] for record in found] == [made["id"]]
    for query in ({"sort": text}, {"where": text}, {"after": text}, {"where": f"{text} = 1"}):
        answer = eve.ask("GET", "customer", params=query)
        assert answer.status_code in (400, 403, 422), (query, answer.status_code, answer.text)
    assert eve.ask("GET", "customer", params={"fields": text}).status_code in (200, 422)
    assert eve.ask("GET", requests.utils.quote(text, safe="")).status_code == 404


def test_odd_paths_lead_nowhere(scene: Scene) -> None:
    host, port = scene.server.url.removeprefix("http://").split(":")
    for path in (
        "/v1/records/customer/../user",
        "/v1/records/%2e%2e/user",
        "/v1/records//user",
        "/v1/records/customer%00/x",
        "/v1/records/customer;x=1",
        f"/v1/records/customer/{scene.customer}%00",
        f"/v1/records/customer/{scene.customer.upper()}",
        f"/v1/records/CUSTOMER/{scene.customer}",
        "/v1/records/device",
        "/v1/records/sqlite_master",
        "/v1/records/customer/" + "a" * 6000,
        "/..%2f..%2fcrm-server.toml",
        "/static/../../crm-server.toml",
    ):
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        connection.putrequest("GET", path, skip_host=False)
        connection.putheader("Authorization", scene.eve.headers["Authorization"])
        connection.endheaders()
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status in (400, 404, 405), (path, answer.status)
        assert CANARY.encode() not in said


def test_odd_headers_change_nothing(scene: Scene) -> None:
    eve = scene.eve
    foreign = f"customer/{scene.customer}"
    url = f"{eve.url}/v1/records/{foreign}"
    for extra in (
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Forwarded-User": ADMIN, "X-Remote-User": ADMIN, "X-User": ADMIN},
        {"X-Original-URL": "/v1/records/user", "X-Rewrite-URL": "/v1/records/user"},
        {"Accept": "*/*;q=nan", "Accept-Language": "zh" * 2000},
        {"Content-Type": "text/" + "x" * 4000},
        {"Cookie": f"session={ADMIN}"},
        {"Range": "bytes=0-1"},
    ):
        answer = requests.get(url, headers={**eve.headers, **extra}, timeout=60)
        assert answer.status_code == 404, extra
    for authorization in (
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic !!!",
        "Basic " + "A" * 8000,
        f"Bearer {eve.enrolled.secret}, Bearer {scene.lin.enrolled.secret}",
        f"bearer  {eve.enrolled.secret} {scene.lin.enrolled.secret}",
        "Digest username=admin",
        "Bearer \u00ff\u00fe",
    ):
        given = {"Authorization": authorization.encode("latin-1").decode("latin-1")}
        answer = requests.get(url, headers=given, timeout=60)
        assert answer.status_code in (400, 401, 403), authorization
        assert CANARY not in answer.text


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello",
        b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\nhelloworld",
        b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
        b"0\r\n\r\nGET /v1/records/user HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/hello HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /v1/records/customer HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=("negative", "two lengths", "underscore", "two framings", "huge header", "version", "tls"),
)
def test_a_request_that_is_none_gets_no_record_and_ends_nothing(scene: Scene, raw: bytes) -> None:
    host, port = scene.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        said = b""
        with contextlib.suppress(OSError):  # who is refused early finds the line closed before he is done
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
        while piece := _piece(line):
            said += piece
    assert b" 200 " not in said.split(b"\r\n")[0]
    assert CANARY.encode() not in said
    assert requests.get(f"{scene.server.url}/healthz", timeout=60).status_code == 200


def test_nothing_of_all_this_was_a_mistake_of_ours(scene: Scene) -> None:
    said = "".join(scene.server.log)
    assert "Traceback" not in said, said[-4000:]
    assert CANARY not in said


@pytest.mark.soak
def test_how_long_an_answer_takes_does_not_tell_whether_a_record_is_there(scene: Scene) -> None:
    """Compare unknown with forbidden, and unknown with unknown for what the machine itself does."""
    session = requests.Session()
    session.headers.update(scene.eve.headers)

    def took(record_id: str) -> float:
        started = time.perf_counter()
        session.get(f"{scene.eve.url}/v1/records/customer/{record_id}", timeout=60)
        return time.perf_counter() - started

    there, nowhere, other = [], [], []
    for _ in range(SAMPLES):
        there.append(took(scene.customer))
        nowhere.append(took(new_id()))
        other.append(took(new_id()))
    medians = [statistics.median(each) for each in (there, nowhere, other)]
    noise = abs(medians[1] - medians[2])
    print(
        f"medians of {SAMPLES}: forbidden, unknown, unknown again: {[f'{m * 1000:.3f} ms' for m in medians]}"
    )
    assert abs(medians[0] - medians[1]) < max(0.15 * medians[1], 4 * noise)


def _packed(plain: bytes) -> bytes:
    """Return bytes in the frame of the compact form."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(plain)


def _headers(answer: requests.Response) -> dict[str, str]:
    differing = ("date", "x-request-id")
    return {name: value for name, value in answer.headers.items() if name.lower() not in differing}


def _piece(line: socket.socket) -> bytes:
    try:
        return line.recv(65536)
    except OSError:
        return b""
