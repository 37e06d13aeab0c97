"""A first sync takes indexes away and makes them again, whatever comes in between."""

from __future__ import annotations

import pytest

from crm_desktop.models import put_off
from crm_desktop.models.replica import Replica
from tests.support.hq import Office, make
from tests.support.replicas import Cut, Laptop, Laptops, differences

CUSTOMERS = 600


@pytest.fixture
def laptop(office: Office, laptops: Laptops) -> Laptop:
    me = office.user("Lin", "sales")
    edits = [
        make("customer", f"{n:032x}", name=f"Customer {n}", city=f"City {n % 7}", owner_id=me)
        for n in range(CUSTOMERS)
    ]
    office.hq.write_all(edits)
    return laptops.make("lin", me)


def test_a_first_sync_ends_with_every_index_it_began_with(laptop: Laptop) -> None:
    before = _indexes(laptop.replica)
    seen: list[set[tuple[str, str]]] = []
    laptop.replica.on_changed.append(lambda _changed: seen.append(_indexes(laptop.replica)))
    laptop.sync()
    assert any(each != before for each in seen), "they were away meanwhile"
    assert _indexes(laptop.replica) == before
    assert list(differences(laptop)) == []


def test_a_kind_of_record_with_many_rows_has_its_indexes_before_the_round_ends(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_off, "LARGE", 20)
    monkeypatch.setattr(put_off, "FEW_ROWS", 50)
    monkeypatch.setattr(put_off, "MOST_ROWS", CUSTOMERS // 2)
    laptop.page_bytes = 2 * 1024
    before = _indexes(laptop.replica)
    seen: list[set[tuple[str, str]]] = []
    laptop.replica.on_changed.append(lambda _changed: seen.append(_indexes(laptop.replica)))
    laptop.sync()
    away = [each != before for each in seen]
    assert any(away)
    assert not away[-1], "they were there again with the last page"
    assert _indexes(laptop.replica) == before


def test_a_program_that_ends_in_between_makes_them_when_it_starts_again(laptop: Laptop) -> None:
    before = _indexes(laptop.replica)
    laptop.replica.leave()  # as where the program is closed while rows come
    laptop.try_sync(Cut.ANSWER)
    laptop.sync()
    assert _indexes(laptop.replica) != before
    laptop.reopen()
    assert _indexes(laptop.replica) == before
    assert list(differences(laptop)) == []


def _indexes(replica: Replica) -> set[tuple[str, str]]:
    with replica.read() as session:
        named = session.connection().exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        return {(name, statement) for name, statement in named}
