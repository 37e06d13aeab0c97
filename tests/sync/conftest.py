"""An HQ in the test's own process, and laptops made from one empty replica."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.services import entitlements
from tests.support.hq import Office
from tests.support.replicas import Laptops, make_template


@pytest.fixture(autouse=True)
def purges_wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rights come and go unasked, as if an administrator allowed each purge; some tests say else."""
    monkeypatch.setattr(entitlements, "HOLD_ROWS", 1_000_000)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of an empty replica; making one takes longer than copying it."""
    return make_template(tmp_path_factory.mktemp("template") / "profile")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Give an HQ on SQLite."""
    made = Office(tmp_path / "hq")
    yield made
    made.close()


@pytest.fixture
def laptops(tmp_path: Path, office: Office, template: Path) -> Iterator[Laptops]:
    """Give what makes laptops of that HQ."""
    made = Laptops(tmp_path, office, template)
    yield made
    made.close()
