"""A headquarters in this process for tests of its parts, and one as a process for tests of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.services import founding
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.settings import fresh_settings
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer, running_server


@pytest.fixture
def headquarters(tmp_path: Path) -> Iterator[Headquarters]:
    """Give a new headquarters on SQLite in this process."""
    settings = fresh_settings(tmp_path / "hq", company="Example Ltd", company_zh="示例公司")
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    hq = open_headquarters(settings)
    yield hq
    hq.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give a running headquarters on SQLite that the tests of a module share."""
    with running_server(tmp_path_factory.mktemp("served")) as running:
        yield running
