"""What a laptop says when the other end is wrong: nothing is lost, and the sentence tells what to do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm_core.errors import AccessDenied, Unreachable, UserError
from crm_desktop import assembly
from crm_desktop.assembly import CA_FILE, App
from crm_desktop.models import state
from crm_desktop.models.query import ListQuery
from crm_desktop.models.state import Key
from crm_desktop.services import records, syncing
from crm_desktop.sync.transport import HttpHeadquarters, checked_address
from tests.server.test_serving import certificate
from tests.support.server import running_server

Answer = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = assembly.new_profile(tmp_path / "laptop")
    yield made
    made.close()


@contextmanager
def middleman(upstream: int, spoil: Answer) -> Iterator[str]:
    """Give the address of a proxy that hands HQ's answers through `spoil`."""
    listener = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                request = _read_message(client)
                with socket.create_connection(("127.0.0.1", upstream)) as server:
                    server.sendall(request)
                    answer = _read_message(server)
                client.sendall(spoil(answer))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ending.set()
        listener.close()


def _read_message(connection: socket.socket) -> bytes:
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += connection.recv(65536)
    head, _, body = raw.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < wanted:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def test_plain_http_is_refused_except_to_this_machine() -> None:
    assert checked_address("hq.example") == "https://hq.example"
    assert checked_address("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    for address in (
        "http://hq.example",
        "http://192.168.0.4",
        "ftp://hq.example",
        "https://",
        "http://[::2]",
    ):
        with pytest.raises(UserError):
            checked_address(address)


def test_an_unknown_server_and_a_wrong_password_are_told_apart_and_change_nothing(
    app: App, tmp_path: Path
) -> None:
    with pytest.raises(Unreachable):
        app.enrol("https://hq.invalid", "lin", "pw")
    with pytest.raises(Unreachable):
        app.enrol("http://127.0.0.1:9", "lin", "pw")
    with running_server(tmp_path) as hq:
        hq.add_user("lin", "sales")
        with pytest.raises(AccessDenied):
            app.enrol(hq.url, "lin", "wrong")
        assert not app.enrolled
        app.enrol(hq.url, "lin", "lin")
        assert app.sync_now().up_to_date


def test_a_foreign_certificate_gets_no_password_and_the_companys_own_is_accepted(
    app: App, tmp_path: Path
) -> None:
    certificate_file, key_file = certificate(tmp_path)
    tls = {"CRM_SERVER_TLS_CERTIFICATE": str(certificate_file), "CRM_SERVER_TLS_KEY": str(key_file)}
    with running_server(tmp_path, environment=tls) as hq:
        hq.add_user("lin", "sales")
        assert hq.url.startswith("https://")
        with pytest.raises(Unreachable, match="could not prove who it is"):
            app.enrol(hq.url, "lin", "lin")
        (app.profile.root / CA_FILE).write_bytes(certificate_file.read_bytes())
        app.enrol(hq.url, "lin", "lin")
        report = app.sync_now()
        assert report.up_to_date
        assert report.bytes_down > 0


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda raw: raw[: len(raw) // 2], id="cut off halfway"),
        pytest.param(lambda raw: raw[:-1] + bytes((raw[-1] ^ 1,)), id="one bit flipped"),
        pytest.param(lambda _raw: b"", id="nothing at all"),
        pytest.param(
            lambda _raw: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html",
            id="a hotel's log-in page",
        ),
        pytest.param(
            lambda _raw: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\noops"[:-1], id="bad gateway"
        ),
    ],
)
def test_a_spoilt_answer_changes_nothing_and_the_next_round_makes_up_for_it(
    app: App, tmp_path: Path, spoil: Answer
) -> None:
    with running_server(tmp_path) as hq:
        hq.add_user("lin", "sales")
        app.enrol(hq.url, "lin", "lin")
        app.sync_now()
        records.create(app.replica, "customer", {"name": "纸鹤食品（示例）"})
        with middleman(int(hq.url.rpartition(":")[2]), spoil) as address:
            _go_through(app, address)
            with pytest.raises(Unreachable):
                app.sync_now()
        assert syncing.status(app.replica).waiting_records == 1
        _go_through(app, hq.url)
        assert app.sync_now().up_to_date
        assert syncing.status(app.replica).waiting_records == 0
        assert records.count(app.replica, ListQuery(entity="customer")) == 1


def test_who_answers_at_an_address_can_be_asked_before_signing_in(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq, HttpHeadquarters(hq.url) as line:
        assert "company" in line.hello()
        assert assembly.find_hq(hq.url, tmp_path) == line.hello()["company"]


def _go_through(app: App, address: str) -> None:
    """Let the laptop call another address, keeping its device token."""
    app._disconnect()
    with app.replica.applying() as session:
        state.write(session, {Key.SERVER_URL: address})
