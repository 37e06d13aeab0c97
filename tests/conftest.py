"""What every test stands on: no display, key store, settings or folders of the person who runs it."""

from __future__ import annotations

import os

# Before anything imports Qt: without a display Qt ends the whole run with SIGABRT, not with an exception.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM", "offscreen")
# A machine without a key store, so that no test reads or fills the store of whoever runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
# A proxy meant for the internet must not stand between a test's laptop and its HQ.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sync_server.store.database import Database
from tests.support import quickening
from tests.support.copying import copy_empty_databases
from tests.support.postgres import NoPostgres, database_in, running_postgres

for _name in [name for name in os.environ if name.startswith("CRM_")]:
    del os.environ[_name]

# No deadline: the machines that run this are shared. No fixed seed: a run that finds something new is a
# good run.
settings.register_profile(
    "default", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), print_blob=True)
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


quickening.share_statements()
quickening.try_secrets_quickly()
copy_empty_databases()
if _memory := quickening.place_of_files():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_memory))


LONG_FIRST = ("sync", "e2e", "cli", "server")
"""Folders whose tests start processes and wait: begun last, they would keep the whole run waiting."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long; leave out what this run cannot or should not do, and say why."""

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(config.rootpath).parts[1]
        return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)

    items.sort(key=turn)
    chosen = str(config.getoption("-m"))
    for item in items:
        if item.get_closest_marker("soak") and "soak" not in chosen:
            item.add_marker(pytest.mark.skip(reason="takes long; run with -m soak"))
        if item.get_closest_marker("xcb") and os.environ["QT_QPA_PLATFORM"] != "xcb":
            item.add_marker(pytest.mark.skip(reason="needs an X server: xvfb-run and QT_QPA_PLATFORM=xcb"))


def pytest_collection() -> None:
    """Collect no garbage while hundreds of modules come that stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Begin to collect garbage again, but not among what was collected here."""
    quickening.leave_what_stays()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _folders_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point the platform's per-user folders into a temporary one, for this process and those it starts."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home / name.lower()))
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a PostgreSQL server whose user may create databases."""
    try:
        with running_postgres() as url:
            yield url
    except NoPostgres as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def _postgres_with_tables(postgres_url: str) -> Iterator[str]:
    with database_in(postgres_url) as url:
        made = Database(url)
        made.create_tables()
        made.close()
        yield url


@pytest.fixture
def tabled_postgres(postgres_url: str, _postgres_with_tables: str) -> Iterator[str]:
    """Give the URL of a PostgreSQL database of this test alone that has HQ's tables and no row."""
    with database_in(postgres_url, like=_postgres_with_tables) as url:
        yield url


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database of this test alone."""
    with database_in(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Give the folder that holds pyproject.toml."""
    return Path(__file__).parent.parent
