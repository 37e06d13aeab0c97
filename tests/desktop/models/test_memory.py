"""What indexing many records took is given back once the index is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_the_heap_is_shared_and_trimmed_without_an_error() -> None:
    garbage.share_heaps()
    garbage.trim_heap()
