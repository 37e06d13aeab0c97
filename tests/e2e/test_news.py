"""Real laptops that are online and idle: a change at HQ arrives by itself, and nothing waits for the wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm_desktop import assembly
from crm_desktop.assembly import CA_FILE, App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from crm_desktop.sync.runner import Phase, Status
from tests.server.test_serving import certificate
from tests.support.server import RunningServer, running_server

WAIT_S = 20
SOON_S = 3.0


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")


class Laptop:
    """An enrolled laptop that syncs in the background."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.rounds = 0
        self._phase = Phase.UNKNOWN
        self._moved = threading.Condition()
        app.start_syncing(self._take)

    def is_idle_after(self, rounds: int, within_s: float) -> bool:
        """Wait until so many rounds have ended well; tell whether they did."""
        with self._moved:
            return self._moved.wait_for(lambda: self.rounds >= rounds and self._phase is Phase.IDLE, within_s)

    def customers(self) -> int:
        return records.count(self.app.replica, ListQuery(entity="customer"))

    def _take(self, status: Status) -> None:
        with self._moved:
            self.rounds += status.phase is Phase.IDLE and self._phase is Phase.RUNNING
            self._phase = status.phase
            self._moved.notify_all()


@contextmanager
def online(hq: RunningServer, folder: Path, user: str, authority: Path | None = None) -> Iterator[Laptop]:
    """Give a laptop that has taken in all there is and now waits."""
    app = assembly.new_profile(folder)
    try:
        if authority is not None:
            (app.profile.root / CA_FILE).write_bytes(authority.read_bytes())
        app.enrol(hq.url, user, user)
        laptop = Laptop(app)
        assert laptop.is_idle_after(1, WAIT_S)
        time.sleep(1)  # the wait is under way
        yield laptop
    finally:
        app.close()


def test_a_change_reaches_an_idle_laptop_within_seconds_and_others_are_left_alone(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq:
        lin = hq.add_user("lin", "sales")
        hq.add_user("ann", "sales")
        with online(hq, tmp_path / "lin", "lin") as of_lin, online(hq, tmp_path / "ann", "ann") as of_ann:
            for number in (1, 2):
                began, rounds = time.monotonic(), of_lin.rounds
                with hq.headquarters() as beside:
                    beside.records.create("customer", {"name": f"示例{number}", "owner_id": lin["id"]})
                assert of_lin.is_idle_after(rounds + 1, SOON_S)
                assert time.monotonic() - began < SOON_S
                assert of_lin.customers() == number
            assert of_ann.rounds == 1


@pytest.mark.soak
def test_what_a_laptop_did_itself_is_no_news_to_it(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq:
        hq.add_user("lin", "sales")
        with online(hq, tmp_path / "lin", "lin") as laptop:
            records.create(laptop.app.replica, "customer", {"name": "纸鹤食品（示例）"})
            assert laptop.is_idle_after(2, WAIT_S)
            assert not laptop.is_idle_after(4, 4)  # one more at most, for what HQ filled in


def test_closing_does_not_wait_for_news_over_tls_either(tmp_path: Path) -> None:
    certificate_file, key_file = certificate(tmp_path)
    tls = {"CRM_SERVER_TLS_CERTIFICATE": str(certificate_file), "CRM_SERVER_TLS_KEY": str(key_file)}
    with running_server(tmp_path, environment=tls) as hq:
        lin = hq.add_user("lin", "sales")
        with online(hq, tmp_path / "lin", "lin", certificate_file) as laptop:
            with hq.headquarters() as beside:
                beside.records.create("customer", {"name": "示例", "owner_id": lin["id"]})
            assert laptop.is_idle_after(2, SOON_S)
            time.sleep(0.5)
            began = time.monotonic()
            laptop.app.close()
            assert time.monotonic() - began < 1
            assert not any(thread.name == "news" for thread in threading.enumerate())


@pytest.mark.soak
def test_a_pause_gives_the_line_back_and_the_next_round_waits_anew(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq:
        lin = hq.add_user("lin", "sales")
        with online(hq, tmp_path / "lin", "lin") as laptop:
            runner = laptop.app.runner
            assert runner is not None
            runner.pause(None)
            with hq.headquarters() as beside:
                beside.records.create("customer", {"name": "示例", "owner_id": lin["id"]})
            assert not laptop.is_idle_after(2, SOON_S)
            assert any("/v1/news" in line for line in hq.log)  # a line for each request that has ended
            runner.resume()
            assert laptop.is_idle_after(2, WAIT_S)
            time.sleep(1)
            with hq.headquarters() as beside:
                beside.records.create("customer", {"name": "示例二", "owner_id": lin["id"]})
            assert laptop.is_idle_after(3, SOON_S)
            assert laptop.customers() == 2


def test_a_server_that_comes_back_is_waited_on_again(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq:
        lin = hq.add_user("lin", "sales")
        with online(hq, tmp_path / "lin", "lin") as laptop:
            began = time.monotonic()
            assert hq.stop() == 0
            assert time.monotonic() - began < 4
            hq.start()
            assert laptop.app.runner is not None
            laptop.app.runner.sync_now()
            assert laptop.is_idle_after(2, WAIT_S)
            with hq.headquarters() as beside:
                beside.records.create("customer", {"name": "示例", "owner_id": lin["id"]})
            assert laptop.is_idle_after(3, WAIT_S)
            assert laptop.customers() == 1
