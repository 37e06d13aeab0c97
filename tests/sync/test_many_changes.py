"""A page that changes very many records leaves what the same changes one by one would have left."""

from __future__ import annotations

from typing import Any

import pytest

from crm_desktop.models import indexing, repository, search
from crm_desktop.models.replica import Replica
from crm_desktop.models.sorting import sort_key
from crm_desktop.services import records
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences

CUSTOMERS = 30


def sorted_and_marked(replica: Replica) -> dict[str, Any]:
    """Return what lists sort by and searches are to learn, and the sort keys as they ought to be."""
    with replica.read() as session:
        run = session.connection().exec_driver_sql
        rows = run("SELECT id, name, industry, city FROM customer").all()
        ought = {
            (row.id, name): sort_key(getattr(row, name))
            for row in rows
            for name in ("name", "industry", "city")
        }
        keys = run("SELECT row_id, field, key FROM sort_key WHERE entity = 'customer'").all()
        return {
            "keys": {(row_id, field): key for row_id, field, key in keys},
            "ought": ought,
            "dirty": set(run("SELECT row_id FROM search_dirty WHERE entity = 'customer'").scalars()),
            "indexed": set(run("SELECT row_id FROM search_doc WHERE entity = 'customer'").scalars()),
            "held_back": run("SELECT count(*) FROM keyed_later").scalar(),
        }


def found(replica: Replica, text: str) -> set[str]:
    """Return the ids a search finds as things stand."""
    with replica.read() as session:
        return {hit.id for hit in search.search(session, text, limit=CUSTOMERS)}


def test_very_many_changes_at_once_are_sorted_found_and_told_as_single_ones_are(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MANY", 5)
    at_once: list[int] = []
    many_changes = indexing.many_changes
    monkeypatch.setattr(
        indexing, "many_changes", lambda *given: (at_once.append(len(given[3])), many_changes(*given))[1]
    )
    ada = office.user("Ada", "admin")
    writer, reader = (laptops.make(name, ada, page_bytes=1 << 20) for name in ("one", "two"))
    writer.sync()
    rows = [{"name": f"Heron {n}", "city": "Suzhou", "level": "A"} for n in range(CUSTOMERS)]
    with writer.replica.write() as session:
        ids = repository.create_many(session, "customer", rows)
    writer.sync()
    reader.sync()
    reader.replica.catch_up()
    assert len(found(reader.replica, "heron")) == CUSTOMERS
    renamed, moved, gone, left = ids[:10], ids[10:20], ids[20:25], ids[25:]
    office.now_ms += 60_000
    with writer.replica.write() as session:
        for number, record_id in enumerate(renamed):
            repository.update(session, "customer", record_id, {"name": f"银行 {number}", "level": "B"})
        for record_id in moved:
            repository.update(session, "customer", record_id, {"city": "Bern", "industry": "food"})
        for record_id in gone:
            repository.delete(session, "customer", record_id)
        for record_id in left:
            repository.update(session, "customer", record_id, {"payment_terms": "30 days"})
    writer.sync()
    reader.sync()
    assert [count for count in at_once if count] == [len(renamed), len(moved)]
    now = sorted_and_marked(reader.replica)
    assert now["keys"] == now["ought"]
    assert now["held_back"] == 0
    assert now["dirty"] == {*renamed, *moved, *gone}
    assert now["indexed"] == set(left)
    assert found(reader.replica, "heron") == set(left)
    reader.replica.catch_up()
    assert found(reader.replica, "heron") == {*moved, *left}
    assert found(reader.replica, "yinhang") == set(renamed)
    assert found(reader.replica, "bern") == set(moved)
    assert list(differences(reader)) == []
    told = {h.field: (h.old, h.new) for h in records.history(reader.replica, "customer", moved[0])}
    assert told == {"city": ("Suzhou", "Bern"), "industry": (None, "food")}
    (one,) = records.history(reader.replica, "customer", left[0])
    assert (one.field, one.old, one.new, one.user_name) == ("payment_terms", None, "30 days", "Ada")


def test_a_page_of_many_changes_cut_off_leaves_nothing_held_back(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MANY", 2)
    ada = office.user("Ada", "admin")
    laptop = laptops.make("one", ada)
    made = [office.hq.create("customer", {"name": f"Heron {n}"}) for n in range(3)]
    laptop.sync()
    for record_id in made:
        office.hq.update("customer", record_id, {"name": "Egret"})

    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr("crm_desktop.sync.receive._remember", stop)
        with pytest.raises(Stopped):
            laptop.sync()
    with laptop.replica.applying() as session:
        session.connection().exec_driver_sql("UPDATE customer SET name = 'Crane' WHERE id = ?", (made[0],))
    now = sorted_and_marked(laptop.replica)
    assert now["held_back"] == 0
    assert now["keys"] == now["ought"]
    laptop.sync()
    assert list(differences(laptop)) == []
