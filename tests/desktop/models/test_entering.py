"""A scan begins along an index where that leaves few rows, and finds what judging every row finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from crm_core.entities import schema_of
from crm_core.times import DAY_MS
from crm_desktop.models import entering, query, repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.services import figures
from tests.desktop.models.support import KEY, person

ADMIN = person("admin")
TEXTS = (
    *(None, "", "阀门上海", "上海阀门", "门上", "Café crème", "cafe", "CAFE", "100%", "a_b", "a\\b", "ﬁne"),
    *(
        "x" * 230 + "needle",
        "n\u0301" * 150 + "needle",
        "e\u0301tude",
        "하나",
        "\u1112\u1161\u11ab",
        "Straße",
    ),
)
PARTS = (
    "门上",
    "上海",
    "cafe",
    "CAF",
    "é",
    "e",
    "\u0301",
    "%",
    "_",
    "\\",
    "needle",
    "ﬁ",
    "fi",
    "\u1112\u1161",
    "ß",
    " ",
)


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give customers whose custom text holds every one of the texts."""
    with Replica.create(Profile(tmp_path_factory.mktemp("entering") / "profile"), KEY) as made:
        with made.write() as session:
            values = {"entity": "customer", "key": "line", "label": "Line", "kind": "text"}
            repository.create(session, "custom_field", values)
        with made.write() as session:
            rows = [{"name": f"C{n}", "x:line": text} for n, text in enumerate(TEXTS)]
            repository.create_many(session, "customer", rows)
        yield made


def found(replica: Replica, *conditions: Condition) -> set[str]:
    """Return the names of the customers a list finds by scanning."""
    wanted = ListQuery(entity="customer", conditions=conditions, sort=(("name", False), ("city", False)))
    with replica.read() as session:
        names = {str(row["name"]) for row in query.page(session, ADMIN, wanted).rows}
        assert query.count(session, ADMIN, wanted) == len(names)
    return names


@pytest.mark.parametrize("part", PARTS)
def test_part_of_a_custom_text_is_found_wherever_it_stands(
    replica: Replica, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Condition(field="x:line", op=Op.CONTAINS, value=part)
    by_index = found(replica, asked)
    monkeypatch.setattr(entering, "_by_key", lambda *_: None)
    assert by_index == found(replica, asked)
    assert by_index >= {f"C{n}" for n, text in enumerate(TEXTS) if text and part in text}


def test_a_custom_text_is_looked_for_in_its_index_and_not_in_every_record(replica: Replica) -> None:
    asked = Condition(field="x:line", op=Op.CONTAINS, value="阀门")
    with replica.read() as session:
        plan = query._Plan(session, ADMIN, ListQuery(entity="customer", conditions=(asked,)))
        compiled = plan.scan(20).compile(session.connection().engine, compile_kwargs={"literal_binds": True})
        told = [
            str(step[3]) for step in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
        ]
    assert any("COVERING INDEX lx_custom_customer_line_text" in step for step in told)
    assert any(step.startswith("SEARCH customer USING INTEGER PRIMARY KEY") for step in told)


@pytest.mark.parametrize("few", [1, 5, 1000])
@pytest.mark.parametrize("op", [Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST])
def test_a_range_finds_the_same_whether_few_fit_or_many(
    replica: Replica, few: int, op: Op, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = schema_of("customer").table
    with replica.read() as session:
        middle = (
            session.connection().scalars(select(table.c.updated_at).order_by(table.c.updated_at)).all()[9]
        )
    asked = Condition(field="updated_at", op=op, value=middle)
    monkeypatch.setattr(entering, "FEW", few)
    by_index = found(replica, asked)
    monkeypatch.setattr(entering, "FEW", 0)
    assert by_index == found(replica, asked)


def test_few_that_changed_lately_are_looked_up_along_the_index(replica: Replica) -> None:
    def entry(since: int) -> list[Any]:
        asked = Condition(field="updated_at", op=Op.AT_LEAST, value=since)
        field = schema_of("customer").fields["updated_at"]
        with replica.read() as session:
            return entering.entries(session, schema_of("customer"), [(field, asked)])

    now = replica.clock.now_ms()
    assert len(entry(now - DAY_MS)) == 1
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(entering, "FEW", len(TEXTS))
        assert entry(now - DAY_MS) == []  # all of them


def test_own_records_are_recent_however_much_others_changed_since(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = {item.record_id for item in figures.recent(replica, limit=50)}
    monkeypatch.setattr(figures, "LATELY", 1)
    assert {item.record_id for item in figures.recent(replica, limit=50)} == every
    assert len(every) == len(TEXTS)
