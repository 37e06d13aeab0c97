"""What HQ does by itself is done by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.store.database import Database
from sync_server.store.serving import turn_at_chores


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database of each engine."""
    if request.param == "postgres":
        yield request.getfixturevalue("fresh_postgres")
    else:
        yield f"sqlite+pysqlite:///{(tmp_path / 'hq.db').as_posix()}"


def test_while_one_process_does_the_chores_another_leaves_them_to_it(url: str) -> None:
    one, another = Database(url), Database(url)
    try:
        with turn_at_chores(one) as first:
            assert first
            with turn_at_chores(another) as second:
                assert not second
        with turn_at_chores(another) as later:
            assert later
    finally:
        one.close()
        another.close()
