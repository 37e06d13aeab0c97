"""An office on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hq import Office


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give an HQ with the standard roles and one pipeline, on each engine."""
    url = request.getfixturevalue("fresh_postgres") if request.param == "postgres" else None
    opened = Office(tmp_path / "hq", url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_office(tmp_path: Path) -> Iterator[Office]:
    """Give an HQ on SQLite alone, for what no engine could change."""
    opened = Office(tmp_path / "hq")
    yield opened
    opened.close()
