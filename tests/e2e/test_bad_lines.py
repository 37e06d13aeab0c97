"""What a laptop says when the other end is wrong: nothing is lost, and the sentence tells what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import AccessDenied, Unreachable, UserError
from crm_desktop import assembly
from crm_desktop.assembly import CA_FILE, App
from crm_desktop.sync.address import checked_address
from crm_desktop.sync.transport import HttpHeadquarters
from tests.server.test_serving import certificate
from tests.support.server import running_server


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = assembly.new_profile(tmp_path / "laptop")
    yield made
    made.close()


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
        with HttpHeadquarters(hq.url, ca_file=str(certificate_file)) as line:
            for _ in range(3):
                line.hello()
                line.close()  # as after a pause longer than HQ keeps connections open
            assert line.resumed == 2


def test_who_answers_at_an_address_can_be_asked_before_signing_in(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq, HttpHeadquarters(hq.url) as line:
        assert "company" in line.hello()
        assert assembly.find_hq(hq.url, tmp_path) == line.hello()["company"]
