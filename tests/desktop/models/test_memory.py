"""What the replica holds in memory: how much is kept of the file, and what is given back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_desktop.models import engine
from crm_desktop.models import replica as replicas
from crm_desktop.platform import garbage
from crm_desktop.services import records
from tests.support.desktop import empty_app


def test_memory_is_given_back_when_much_was_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = empty_app(tmp_path)
    given = list[str]()
    monkeypatch.setattr(replicas, "MUCH_INDEXED", 5)
    monkeypatch.setattr(garbage, "trim_heap", lambda: given.append("heap"))
    try:
        for number in range(4):
            records.create(app.replica, "tag", {"name": f"Word {number} (demo)"})
        assert (app.replica.catch_up(), given) == (0, [])
        for number in range(5):
            records.create(
                app.replica, "customer", {"name": f"Firm {number} (demo)", "phone": f"0215550010{number}"}
            )
        assert app.replica.catch_up(3) > 0
        assert given == []
        assert (app.replica.catch_up(), given) == (0, ["heap"])
        assert (app.replica.catch_up(), given) == (0, ["heap"])
    finally:
        app.close()


def test_only_one_of_those_who_read_at_a_time_keeps_much_of_the_file(tmp_path: Path) -> None:
    app = empty_app(tmp_path)

    def kept(session: Session) -> object:
        return session.scalar(text("PRAGMA cache_size"))

    try:
        for _ in range(2):
            with app.replica.read() as first, app.replica.read() as second, app.replica.read() as third:
                assert kept(first) == -engine.CACHE_KIB
                assert kept(second) == kept(third) == -engine.LESSER_CACHE_KIB
    finally:
        app.close()


def test_the_heap_is_shared_and_trimmed_without_an_error() -> None:
    garbage.share_heaps()
    garbage.trim_heap()
