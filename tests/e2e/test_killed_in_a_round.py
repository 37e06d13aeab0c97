"""`kill -9` of laptop and HQ in the middle of a round: what was saved stays, nothing happens twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models import repository
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, returned_edits, syncing
from tests.support.server import ROOT, RunningServer, running_server

CUSTOMERS = 400
KILLS = 2
_SYNC = """
import sys
from crm_desktop import assembly
app = assembly.open_profile(sys.argv[1])
print("open", flush=True)
app.sync_now()
app.close()
"""


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path) as server:
        server.add_user("lin", "sales")
        server.add_user("ada", "admin")
        yield server


@contextmanager
def laptop(hq: RunningServer, folder: Path, user: str = "lin") -> Iterator[App]:
    app = assembly.new_profile(folder)
    try:
        if not app.enrolled:
            app.enrol(hq.url, user, user, folder.name)
        yield app
    finally:
        app.close()


def make_customers(app: App) -> None:
    with app.replica.write() as session:
        repository.create_many(
            session,
            "customer",
            [
                {"name": f"Customer {number}（示例）", "owner_id": app.replica.person.user_id}
                for number in range(CUSTOMERS)
            ],
        )


def assert_all_there(hq: RunningServer, folder: Path) -> None:
    with laptop(hq, folder) as app:
        app.sync_now()
        assert app.replica.integrity_check() == []
        assert syncing.status(app.replica).waiting_operations == 0
        assert returned_edits.returned(app.replica) == ()
        assert records.count(app.replica, ListQuery(entity="customer")) == CUSTOMERS
    with laptop(hq, folder.with_name("fresh"), "ada") as other:
        other.sync_now()
        assert records.count(other.replica, ListQuery(entity="customer")) == CUSTOMERS


def test_a_laptop_killed_again_and_again_while_it_syncs_loses_and_doubles_nothing(
    hq: RunningServer, tmp_path: Path
) -> None:
    folder = tmp_path / "lin"
    with laptop(hq, folder) as app:
        app.sync_now()
        make_customers(app)
    chance = random.Random(20261123)
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", _SYNC, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.6))
        process.kill()
        process.wait()
    assert_all_there(hq, folder)


def test_an_hq_killed_again_and_again_while_a_laptop_syncs_loses_and_doubles_nothing(
    hq: RunningServer, tmp_path: Path
) -> None:
    folder = tmp_path / "lin"
    with laptop(hq, folder) as app:
        app.sync_now()
        make_customers(app)
    chance = random.Random(20261123)
    for _ in range(KILLS - 1):
        process = subprocess.Popen(
            [sys.executable, "-c", _SYNC, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.6))
        hq.restart()
        process.wait(timeout=60)
    assert_all_there(hq, folder)


def test_an_hq_that_is_down_leaves_everything_in_the_outbox(hq: RunningServer, tmp_path: Path) -> None:
    with laptop(hq, tmp_path / "lin") as app:
        app.sync_now()
        make_customers(app)
        hq.kill()
        with pytest.raises(CrmError):
            app.sync_now()
        assert syncing.status(app.replica).waiting_records == CUSTOMERS
        hq.restart()
        assert app.sync_now().sent == CUSTOMERS
