"""`crm-server serve` as a process: starting, stopping, TLS, several workers, a balancer in front."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import requests

from sync_server.cli.serving import listen
from sync_server.settings import read_settings
from tests.support.server import ADMIN, ADMIN_PASSWORD, crm_server, initialised, running_server
from tests.support.tls import certificate


def test_it_ends_with_0_when_asked_and_comes_back_at_the_same_address(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        url = server.url
        assert any(f"answers at {url}" in line for line in server.log)
        assert server.stop() == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/healthz", timeout=5)
        server.start()
        assert server.url == url
        server.restart()
        assert requests.get(f"{url}/readyz", timeout=30).status_code == 200


def test_over_tls_it_proves_who_it_is(tmp_path: Path) -> None:
    certificate_file, key_file = certificate(tmp_path)
    environment = {
        "CRM_SERVER_TLS_CERTIFICATE": str(certificate_file),
        "CRM_SERVER_TLS_KEY": str(key_file),
    }
    with running_server(tmp_path, environment=environment) as server:
        assert server.url.startswith("https://")
        answer = requests.get(f"{server.url}/healthz", verify=str(certificate_file), timeout=30)
        assert answer.json() == {"status": "ok"}
        assert "Strict-Transport-Security" in answer.headers
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{server.url}/healthz", timeout=30)
        plain = server.url.replace("https://", "http://")
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{plain}/healthz", timeout=30)


def test_a_certificate_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq")
    refused = crm_server(data, "serve", environment={"CRM_SERVER_TLS_CERTIFICATE": "/nowhere.pem"})
    assert refused.status == 1
    assert "/nowhere.pem" in refused.err


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = crm_server(data, "serve", "--port", str(taken.getsockname()[1]))
    assert refused.status == 1
    assert len(refused.err.splitlines()) == 1


def test_a_clock_behind_the_last_change_keeps_it_from_starting(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.stop() == 0
        with server.headquarters() as hq, hq.database.note() as connection:
            connection.exec_driver_sql("UPDATE feed_head SET max_hlc = max_hlc + (3600000 * 65536)")
        refused = server.command("serve", "--port", "0")
        assert refused.status == 1
        assert "clock" in refused.err


def test_several_workers_answer_as_one_and_count_together(tmp_path: Path) -> None:
    with running_server(tmp_path, options=["--workers", "2"]) as server:
        for _ in range(20):
            assert requests.get(f"{server.url}/healthz", timeout=30).status_code == 200
        key = read_settings(server.data, {}).metrics_key
        counted = requests.get(f"{server.url}/metrics", headers={"X-Metrics-Key": key}, timeout=30).text
        assert 'satchel_requests_total{method="GET",route="/healthz",status="200"} 20.0' in counted
        assert server.stop() == 0


def test_workers_do_not_outlive_the_server_that_started_them(tmp_path: Path) -> None:
    with running_server(tmp_path, options=["--workers", "2"]) as server:
        server.kill()
        deadline = time.monotonic() + 30
        while answers(f"{server.url}/healthz"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        server.start()


def answers(url: str) -> bool:
    """Tell whether anybody answers at an address."""
    try:
        requests.get(url, timeout=5)
    except requests.RequestException:
        return False
    return True


def test_the_admin_port_gives_metrics_without_a_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with running_server(tmp_path, environment={"CRM_SERVER_ADMIN_PORT": str(port)}) as server:
        requests.get(f"{server.url}/healthz", timeout=30)
        assert "satchel_requests_total" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text


def test_the_address_a_trusted_proxy_names_is_the_one_that_is_locked(tmp_path: Path) -> None:
    with running_server(tmp_path, environment={"CRM_SERVER_TRUSTED_PROXIES": "127.0.0.1"}) as server:

        def enrol(address: str, password: str) -> int:
            body = {"user": ADMIN, "password": password, "device_name": "x", "schema": 1}
            headers = {"X-Forwarded-For": address}
            return requests.post(f"{server.url}/v1/enrol", json=body, headers=headers, timeout=30).status_code

        assert [enrol("192.0.2.1", "wrong") for _ in range(5)] == [401] * 5
        assert enrol("192.0.2.1", ADMIN_PASSWORD) == 429
        assert enrol("192.0.2.2", ADMIN_PASSWORD) == 200


def test_without_a_trusted_proxy_nobody_can_name_an_address(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        codes = [
            requests.post(
                f"{server.url}/v1/enrol",
                json={"user": ADMIN, "password": "wrong", "device_name": "x", "schema": 1},
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
                timeout=30,
            ).status_code
            for number in range(6)
        ]
        assert codes == [401] * 5 + [429]


@pytest.mark.postgres
def test_two_servers_serve_one_postgresql_database(tmp_path: Path, fresh_postgres: str) -> None:
    with running_server(tmp_path, fresh_postgres) as first:
        with running_server(tmp_path, fresh_postgres) as second:
            url, auth = f"{first.url}/v1/records/customer", (ADMIN, ADMIN_PASSWORD)
            made = requests.post(url, json={"name": "示例公司"}, auth=auth, timeout=60).json()
            other = f"{second.url}/v1/records/customer/{made['id']}"
            assert requests.get(other, auth=auth, timeout=60).json()["name"] == "示例公司"
            second.kill()
        first.restart()
        assert requests.get(f"{url}/{made['id']}", auth=auth, timeout=60).status_code == 200


def test_answers_are_sent_without_waiting_for_more(tmp_path: Path) -> None:
    settings = read_settings(initialised(tmp_path / "hq", port=0))
    listening = listen(settings)
    try:
        # asyncio turns Nagle's wait off for sockets that say they are TCP, and for no others.
        assert listening.proto == socket.IPPROTO_TCP
    finally:
        listening.close()
