"""One change to many records: what the look says is what happens, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_desktop.models import repository
from crm_desktop.models.custom import fields_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import bulk, records
from crm_desktop.services.bulk import BulkChange, How
from tests.support.desktop import empty_app

NUMBER = 7


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give the replica of an empty profile."""
    app = empty_app(tmp_path_factory.mktemp("bulk"))
    yield app.replica
    app.close()


@pytest.fixture
def ids(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give some customers; few of them go into a transaction."""
    monkeypatch.setattr(bulk, "STEP", 3)
    rows = [{"name": f"C{n}", "level": "AB"[n % 2], "tags": ["old"]} for n in range(NUMBER)]
    with replica.write() as session:
        return repository.create_many(session, "customer", rows)


def change(name: str, value: Any = None, how: How = How.SET) -> BulkChange:
    return BulkChange(
        entity="customer", field=SCHEMAS["customer"].fields[name], how=how, values={name: value}
    )


def held(replica: Replica, ids: list[str], name: str) -> list[Any]:
    return [records.get(replica, "customer", record_id).get(name) for record_id in ids]


def waiting(replica: Replica) -> int:
    with replica.read() as session:
        return int(session.connection().exec_driver_sql("SELECT count(*) FROM outbox_op").scalar_one())


def test_a_look_changes_nothing_and_says_what_the_change_then_does(replica: Replica, ids: list[str]) -> None:
    before = waiting(replica)
    looked = bulk.preview(replica, change("level", "B"), ids)
    assert (looked.changed, looked.same, looked.refused) == (4, 3, 0)
    assert waiting(replica) == before
    assert held(replica, ids, "level") == list("ABABABA")
    done = bulk.apply(replica, change("level", "B"), ids)
    assert (done.changed, done.same, done.refused) == (looked.changed, looked.same, looked.refused)
    assert held(replica, ids, "level") == list("BBBBBBB")
    assert waiting(replica) == before + 4


def test_a_batch_is_taken_back_but_not_what_was_changed_since(replica: Replica, ids: list[str]) -> None:
    done = bulk.apply(replica, change("city", "Leeds"), ids)
    records.update(replica, "customer", ids[2], {"city": "Derby"})
    assert bulk.take_back(replica, "customer", done.undo) == NUMBER - 1
    assert held(replica, ids, "city") == [None, None, "Derby", None, None, None, None]


def test_words_join_and_leave_a_set(replica: Replica, ids: list[str]) -> None:
    bulk.apply(replica, change("tags", ["new"], How.ADD), ids)
    assert held(replica, ids, "tags") == [["new", "old"]] * NUMBER
    done = bulk.apply(replica, change("tags", ["old", "other"], How.TAKE), ids)
    assert held(replica, ids, "tags") == [["new"]] * NUMBER
    bulk.take_back(replica, "customer", done.undo)
    assert held(replica, ids, "tags") == [["new", "old"]] * NUMBER
    bulk.apply(replica, change("tags", how=How.CLEAR), ids)
    assert held(replica, ids, "tags") == [None] * NUMBER


def test_what_is_refused_stays_and_is_named_with_its_reason(replica: Replica, ids: list[str]) -> None:
    asked = BulkChange(
        entity="customer",
        field=SCHEMAS["customer"].fields["parent_id"],
        how=How.SET,
        values={"parent_id": ids[1]},
    )
    looked = bulk.preview(replica, asked, ids)
    assert (looked.changed, looked.refused) == (NUMBER - 1, 1)
    assert [each.title for each in looked.refusals] == ["C1"]
    assert "itself" in str(looked.refusals[0].reason)
    bulk.apply(replica, asked, ids)
    assert held(replica, ids, "parent_id") == [ids[1], None, *[ids[1]] * (NUMBER - 2)]


def test_a_required_field_is_not_cleared(replica: Replica, ids: list[str]) -> None:
    looked = bulk.preview(replica, change("name", how=How.CLEAR), ids)
    assert (looked.changed, looked.refused) == (0, NUMBER)


def test_stopped_it_says_how_far_it_came_and_that_much_is_taken_back(
    replica: Replica, ids: list[str]
) -> None:
    steps: list[int] = []
    done = bulk.apply(
        replica,
        change("city", "York"),
        ids,
        lambda number, _total: steps.append(number),
        lambda: len(steps) > 2,
    )
    assert (done.stopped, done.changed) == (True, 6)
    assert held(replica, ids, "city") == ["York"] * 6 + [None]
    bulk.take_back(replica, "customer", done.undo)
    assert held(replica, ids, "city") == [None] * NUMBER


def test_a_retired_choice_is_replaced_everywhere_at_once(replica: Replica, ids: list[str]) -> None:
    field = records.create(
        replica,
        "custom_field",
        {"entity": "customer", "key": "grade", "label": "Grade", "kind": "choice", "choices": ["a", "b"]},
    ).value
    for record_id in ids:
        records.update(replica, "customer", record_id, {"x:grade": "a"})
    retired = [{"value": "a", "retired": True}, "b"]
    records.update(replica, "custom_field", field.id, {"choices": retired})
    with replica.read() as session:
        grade = fields_of(session, "customer")["x:grade"]
    asked = BulkChange(entity="customer", field=grade, how=How.SET, values={"x:grade": "b"})
    done = bulk.apply(replica, asked, ids)
    assert held(replica, ids, "x:grade") == ["b"] * NUMBER
    assert bulk.take_back(replica, "customer", done.undo) == NUMBER
    assert held(replica, ids, "x:grade") == ["a"] * NUMBER
