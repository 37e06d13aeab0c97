"""An office on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.services import entitlements
from tests.support.hq import Office

ON_POSTGRES_AT_LENGTH = frozenset(("test_alike", "test_laptops", "test_pool", "test_visible_feed"))
"""Modules whose rules no engine changes: on PostgreSQL they run in the soak."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the soak what is tried on SQLite each time."""
    for item in items:
        if item.path.stem in ON_POSTGRES_AT_LENGTH and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.soak)


@pytest.fixture(autouse=True)
def purges_wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rights come and go unasked, as if an administrator allowed each purge; some tests say else."""
    monkeypatch.setattr(entitlements, "HOLD_ROWS", 1_000_000)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give an HQ with the standard roles and one pipeline, on each engine."""
    url = request.getfixturevalue("tabled_postgres") if request.param == "postgres" else None
    opened = Office(tmp_path / "hq", url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_office(tmp_path: Path) -> Iterator[Office]:
    """Give an HQ on SQLite alone, for what no engine could change."""
    opened = Office(tmp_path / "hq")
    yield opened
    opened.close()
