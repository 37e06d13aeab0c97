"""What a reader at HQ gets of a record whose base data he may not see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.services.reading import Reader
from tests.support.hq import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "hq")
    yield made
    made.close()


def test_fields_an_administrator_added_are_hidden_with_the_base_data(office: Office) -> None:
    office.hq.create("custom_field", {"entity": "customer", "key": "shelf", "label": "Shelf", "kind": "text"})
    values = {"name": "Customer（示例）", "payment_terms": "30 days", "x:shelf": "first"}
    customer = office.hq.create("customer", values)
    office.hq.update("customer", customer, {"x:shelf": "second"})
    rights = {
        "reach": {"customer": {"read": "all"}},
        "classes": {"customer": {"money": "read"}, "*": {}},
    }
    role = office.hq.create("role", {"name": "terms only", "rights": rights})
    person = office.person(office.hq.create("user", {"name": "Terry", "role_id": role}))
    with office.database.read() as snapshot:
        reader = Reader(snapshot.connection, person)
        seen = reader.get("customer", customer)
        assert seen["payment_terms"] == "30 days"
        assert {"name", "x:shelf"}.isdisjoint(seen)
        assert {change["field"] for change in reader.changes("customer", customer)} == {None}
        (listed,) = reader.page("customer", reader.wish("customer")).records
        assert listed[1] == seen
