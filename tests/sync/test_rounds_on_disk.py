"""What a round costs the laptop's disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from crm_desktop.models import repository, state
from crm_desktop.models.state import Key
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, make_template


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    office = Office(tmp_path / "hq")
    laptops = Laptops(tmp_path / "laptops", office, make_template(tmp_path / "template"))
    try:
        yield laptops.make("one", office.user("Ada（示例）", "admin"))
    finally:
        laptops.close()
        office.close()


def commits_of_a_round(laptop: Laptop) -> int:
    """Return how many write transactions one round took."""
    made: list[object] = []

    def note(connection: object) -> None:
        made.append(connection)

    event.listen(laptop.replica._writer, "commit", note)
    try:
        laptop.sync()
    finally:
        event.remove(laptop.replica._writer, "commit", note)
    return len(made)


def test_a_round_in_which_nothing_happens_commits_once(laptop: Laptop) -> None:
    laptop.sync()
    assert commits_of_a_round(laptop) == 1


def test_an_edit_is_marked_as_sent_before_it_goes_and_settled_with_one_commit(laptop: Laptop) -> None:
    laptop.sync()
    with laptop.replica.write() as session:
        repository.create(session, "customer", {"name": "Acme（示例）"})
    assert commits_of_a_round(laptop) == 2
    assert laptop.waiting() == 0


def test_the_end_of_a_round_is_dated_by_hqs_clock(laptop: Laptop) -> None:
    laptop.skew_ms = 3_600_000
    laptop.sync()
    with laptop.replica.read() as session:
        assert state.read(session, Key.LAST_OK_MS) == laptop.office.now_ms
