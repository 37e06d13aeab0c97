"""Standard fields in lists, search and import: one record is found however its values were written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.errors import UserError
from crm_desktop.models.query import ListQuery, page, parse_conditions
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, search
from tests.support.desktop import empty_app

STORED, TYPED, OTHER = "Stored as a number", "Typed by an older program", "Somebody else"


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give a replica with one number as it is stored, the same as somebody typed it, and another."""
    app = empty_app(tmp_path_factory.mktemp("standard"))
    for name, phone in ((STORED, "+8651255500199"), (TYPED, "(0512) 5550 0199"), (OTHER, "+8651255500299")):
        records.create(app.replica, "customer", {"name": name, "phone": phone})
    yield app.replica
    app.close()


def found(replica: Replica, condition: str) -> set[str]:
    with replica.read() as session:
        conditions = parse_conditions(session, "customer", [condition])
        shown = page(session, replica.person, ListQuery(entity="customer", conditions=conditions))
    return {row.title for row in shown.rows}


@pytest.mark.parametrize("typed", ["0512 5550 0199", "+86 512 55500199", "(0512)55500199"])
def test_a_list_finds_a_number_however_it_was_written(replica: Replica, typed: str) -> None:
    assert found(replica, f"phone = {typed}") == {STORED, TYPED}
    assert found(replica, f"phone in {typed}") == {STORED, TYPED}
    assert found(replica, f"phone != {typed}") == {OTHER}


def test_a_list_finds_part_of_a_number_as_it_is_dialled(replica: Replica) -> None:
    assert found(replica, "phone ~ 0512 5550 02") == {OTHER}
    assert found(replica, "phone ~ 0512") == {STORED, TYPED, OTHER}
    assert found(replica, "phone ~ (0512) 5550 0199") >= {STORED, TYPED}


@pytest.mark.parametrize("typed", ["051255500199", "0512 5550 0199", "+8651255500199", "55500199"])
def test_the_search_finds_a_stored_number_by_any_of_its_digits(replica: Replica, typed: str) -> None:
    hits = search.find(replica, typed)
    assert STORED in {hit.title for hit in hits}
    assert OTHER not in {hit.title for hit in hits}


def test_a_list_finds_a_place_by_any_of_its_names(replica: Replica) -> None:
    for name, values in (
        ("In Chinese", {"province": "江苏省", "city": "苏州市"}),
        ("In English", {"province": "Jiangsu", "city": "Suzhou"}),
        ("For short", {"province": "江苏", "city": "苏州"}),
    ):
        records.create(replica, "customer", {"name": name, **values})
    assert found(replica, "province = Jiangsu") == {"In Chinese", "In English", "For short"}
    assert found(replica, "city in 苏州") == {"In Chinese", "In English", "For short"}
    assert "In English" in {hit.title for hit in search.find(replica, "苏州")}
    assert found(replica, "city doubtful") == {"For short"}


def test_a_list_finds_what_is_to_be_mended(replica: Replica) -> None:
    records.create(replica, "customer", {"name": "Far away", "country": "Germany", "city": "Bonn"})
    records.create(replica, "customer", {"name": "Nowhere", "city": "Atlantis", "industry": "Frozen food"})
    assert found(replica, "phone doubtful") == {TYPED}
    assert "Nowhere" in found(replica, "city doubtful")
    assert "Far away" not in found(replica, "city doubtful")
    assert found(replica, "industry doubtful") == {"Nowhere"}
    with pytest.raises(UserError):
        found(replica, "name doubtful")
