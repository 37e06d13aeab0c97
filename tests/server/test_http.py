"""A running headquarters: health, metrics, limits, enrolment, headers, what its log keeps to itself."""

from __future__ import annotations

import http.client
import json
from typing import Any

import requests

from crm_core.sync import codec
from crm_core.sync.protocol import EnrolRequest, EnrolResponse
from sync_server.settings import read_settings
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer

LAPTOP = "Zhang San's laptop"


def enrol(server: RunningServer, name: str = ADMIN, password: str = ADMIN_PASSWORD) -> requests.Response:
    body = {"user": name, "password": password, "device_name": LAPTOP, "schema": 1}
    return requests.post(f"{server.url}/v1/enrol", json=body, timeout=30)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_it_says_that_it_lives_and_that_it_is_ready(server: RunningServer) -> None:
    assert requests.get(f"{server.url}/healthz", timeout=30).json() == {"status": "ok"}
    assert requests.get(f"{server.url}/readyz", timeout=30).json() == {"status": "ready"}


def test_a_stranger_learns_who_answers_and_no_more(server: RunningServer) -> None:
    said = requests.get(f"{server.url}/v1/hello", timeout=30).json()
    assert set(said) == {"company", "company_en", "company_zh", "version", "protocol", "epoch"}
    assert len(said["epoch"]) == 32


def test_metrics_are_for_whoever_has_the_key(server: RunningServer) -> None:
    key = read_settings(server.data, {}).metrics_key
    requests.get(f"{server.url}/v1/records/customer/{'0' * 32}", auth=(ADMIN, ADMIN_PASSWORD), timeout=30)
    without = requests.get(f"{server.url}/metrics", timeout=30)
    wrong = requests.get(f"{server.url}/metrics", headers={"X-Metrics-Key": "x"}, timeout=30)
    right = requests.get(f"{server.url}/metrics", headers={"X-Metrics-Key": key}, timeout=30)
    assert (without.status_code, wrong.status_code, right.status_code) == (404, 404, 200)
    assert 'satchel_requests_total{method="GET",route="/v1/records/{entity}/{record_id}"' in right.text
    assert "0" * 32 not in right.text


def test_a_laptop_is_enrolled_in_the_compact_form(server: RunningServer) -> None:
    request = EnrolRequest(ADMIN, ADMIN_PASSWORD, LAPTOP, 1)
    answer = requests.post(
        f"{server.url}/v1/enrol",
        data=codec.encode(request),
        headers={"Content-Type": codec.COMPACT},
        timeout=30,
    )
    enrolled = codec.decode(answer.content, EnrolResponse)
    assert answer.headers["Content-Type"] == codec.COMPACT
    assert enrolled.user_name == ADMIN
    assert len(enrolled.epoch) == len(enrolled.nonce) == 16


def test_a_wrong_password_and_an_unknown_name_get_the_same_bytes(server: RunningServer) -> None:
    wrong, unknown = enrol(server, ADMIN, "wrong"), enrol(server, "nobody at all", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert wrong.json()["code"] == "sign_in"


def test_a_person_changes_the_password_with_the_old_one(server: RunningServer) -> None:
    server.add_user("Pia", "sales", "first password")
    url = f"{server.url}/v1/password"

    def change(old: str, new: str) -> int:
        body = {"user": "Pia", "password": old, "new_password": new}
        return requests.post(url, json=body, timeout=30).status_code

    assert change("wrong", "second password") == 401
    assert change("first password", "") == 400
    assert change("first password", "second password") == 204
    assert enrol(server, "Pia", "first password").status_code == 401
    assert enrol(server, "Pia", "second password").status_code == 200


def test_a_laptop_that_says_goodbye_is_forgotten(server: RunningServer) -> None:
    token = enrol(server).json()["secret"]
    assert requests.post(f"{server.url}/v1/bye", headers=bearer(token), timeout=30).status_code == 204
    again = requests.post(f"{server.url}/v1/bye", headers=bearer(token), timeout=30)
    assert (again.status_code, again.json()["code"]) == (403, "revoked")


def test_a_laptop_revoked_from_the_command_line_hears_it_at_once(server: RunningServer) -> None:
    enrolled = enrol(server).json()
    url, headers = f"{server.url}/v1/records/customer", bearer(enrolled["secret"])
    assert requests.get(url, headers=headers, timeout=30).status_code == 200
    revoked = server.command("--json", "devices", "revoke", str(enrolled["device"]), "--wipe")
    assert revoked.json()["wipe"] is True
    answer = requests.get(url, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (403, "wipe")


def test_garbage_is_called_garbage(server: RunningServer) -> None:
    for body, form, code in (
        (b"\xff\x00", codec.COMPACT, "damaged"),  # by the line: its checksum says so
        (b"{", codec.JSON, "bad_request"),
        (b"[]", codec.JSON, "bad_request"),
    ):
        answer = requests.post(
            f"{server.url}/v1/enrol", data=body, headers={"Content-Type": form}, timeout=30
        )
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_body_over_the_limit_is_refused_before_it_is_read(server: RunningServer) -> None:
    limit = read_settings(server.data, {}).body_bytes_max
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.putrequest("POST", "/v1/enrol")
    connection.putheader("Content-Length", str(limit + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
    connection.close()


def test_a_body_without_a_length_is_cut_off_at_the_limit(server: RunningServer) -> None:
    limit = read_settings(server.data, {}).body_bytes_max
    chunks = (b"x" * 65536 for _ in range(limit // 65536 + 2))
    answer = requests.post(f"{server.url}/v1/enrol", data=chunks, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_path_there_is_none_of_is_a_fault_like_any_other(server: RunningServer) -> None:
    answer = requests.get(f"{server.url}/v1/nothing", timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_pages_may_not_be_framed_or_run_scripts(server: RunningServer) -> None:
    headers = requests.get(server.url, timeout=30).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_speaks_the_browsers_language(server: RunningServer) -> None:
    chinese = requests.get(server.url, headers={"Accept-Language": "de;q=0.9, zh-CN, en;q=0.5"}, timeout=30)
    english = requests.get(server.url, headers={"Accept-Language": "en, zh;q=0.5"}, timeout=30)
    assert "行囊" in chinese.text
    assert "行囊" not in english.text


def test_the_interface_is_described_for_every_kind_of_record(server: RunningServer) -> None:
    described: dict[str, Any] = requests.get(f"{server.url}/openapi.json", timeout=30).json()
    assert described["info"]["title"] == "Satchel HQ"
    assert "/v1/records/quote_line/{id}/restore" in described["paths"]
    assert "/v1/sync" in described["paths"]
    assert "quote_line" in requests.get(f"{server.url}/docs", timeout=30).text


def test_the_log_holds_no_name_password_or_token(server: RunningServer) -> None:
    token = enrol(server).json()["secret"]
    url = f"{server.url}/v1/records/customer"
    secretive = {"name": "Geheime Firma", "phone": "021-4711-0815"}
    requests.post(url, json=secretive, headers=bearer(token), timeout=30)
    requests.get(url, params={"where": "name ~ Geheime"}, headers=bearer(token), timeout=30)
    requests.get(url, params={"where": "owner_id = '"}, headers=bearer(token), timeout=30)
    lines = [json.loads(line) for line in server.log if line.startswith("{")]
    assert any(line.get("route") == "/v1/records/{entity}" for line in lines)
    said = "".join(server.log)
    for secret in ("Geheime", "4711-0815", token, ADMIN_PASSWORD, LAPTOP):
        assert secret not in said


def test_a_calendar_is_read_under_its_secret_address_until_it_is_revoked(server: RunningServer) -> None:
    made = requests.post(
        f"{server.url}/v1/records/activity",
        json={"kind": "visit", "subject": "Survey", "due_at": "2026-12-01T09:00:00Z"},
        auth=(ADMIN, ADMIN_PASSWORD),
        timeout=30,
    ).json()
    feed = server.command("--json", "calendar-feed", "add", ADMIN, "--label", "telephone").json()
    address = server.url + feed["path"]
    answer = requests.get(address, timeout=30)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in answer.headers["Cache-Control"]
    assert f"UID:{made['id']}@satchel" in answer.text
    same = requests.get(address, headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
    assert (same.status_code, same.content) == (304, b"")
    listed = server.command("--json", "calendar-feed", "list").rows()
    assert [(each["label"], each["used_at"] is not None) for each in listed] == [("telephone", True)]
    assert feed["path"].split("/")[-1].removesuffix(".ics") not in json.dumps(listed)
    assert server.command("--json", "calendar-feed", "revoke", ADMIN).json() == {"revoked": 1}
    gone, never = requests.get(address, timeout=30), requests.get(f"{server.url}/calendar/x.ics", timeout=30)
    assert (gone.status_code, gone.json()) == (never.status_code, never.json())
    assert gone.status_code == 404
