"""Lists go along the order of custom fields, and the search finds their texts, as long as they are in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_desktop.models import put_off, query, repository, search
from crm_desktop.models.custom import fields_of
from crm_desktop.models.query import Condition, ListQuery, Op
from crm_desktop.models.replica import Replica
from crm_desktop.models.sorting import decimal_key, sort_key
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY, person

ADMIN = person("admin")
VALUES: dict[str, tuple[Any, ...]] = {
    "text": ("北京", "Acme", None, "acme", "上海", "Zug", ""),
    "integer": (3, None, -20, 100, 3),
    "decimal": ("12.5", None, "-3", "100", "9"),
    "money": (100, 99_999, None, 0),
    "date": ("2027-01-01", None, "2026-12-31"),
    "choice": ("b", "a", None),
    "boolean": (True, None, False),
}
ROWS = 53


def row(n: int) -> dict[str, Any]:
    """Return the nth customer: its values repeat, miss and tie in every way."""
    held = {f"x:a_{kind}": values[(n * 3 + n // 4) % len(values)] for kind, values in VALUES.items()}
    return {"name": f"{'C' if n < 25 else 'D'}{n}", **held}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give customers with a custom field of each kind that has an order, filled in every which way."""
    with Replica.create(Profile(tmp_path_factory.mktemp("custom") / "profile"), KEY) as replica:
        rows = [row(n) for n in range(ROWS)]
        with replica.write() as session:
            # Half the rows before the fields and half after: either may come first.
            repository.create_many(session, "customer", rows[:25])
        with replica.write() as session:
            for kind in VALUES:
                add(session, f"a_{kind}", kind)
        with replica.write() as session:
            repository.create_many(session, "customer", rows[25:])
        yield replica


def add(session: Any, key: str, kind: str, **more: Any) -> str:
    values = {"entity": "customer", "key": key, "label": key, "kind": kind, **more}
    return repository.create(session, "custom_field", values).id


def key_of(kind: str, value: Any) -> Any:
    """Return what a value is ordered by; nothing comes first."""
    match kind:
        case "text":
            return sort_key(value)
        case "decimal":
            return decimal_key(value) or ""
        case "boolean":
            return int(bool(value))
        case _:
            return (value is not None, value) if value is not None else (False,)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("filtered", [False, True])
def test_pages_read_along_a_custom_field_are_the_list_in_its_order(
    full: Replica, kind: str, descending: bool, filtered: bool
) -> None:
    name = f"x:a_{kind}"
    conditions = (Condition(field="name", op=Op.CONTAINS, value="D"),) if filtered else ()
    wanted = ListQuery(
        entity="customer", sort=((name, descending),), limit=7, conditions=conditions, fields=("name", name)
    )
    seen, ids = [], set()
    with full.read() as session:
        while True:
            found = query.page(session, ADMIN, wanted)
            seen += [key_of(kind, row.get(name)) for row in found.rows]
            ids |= {row.id for row in found.rows}
            if found.next is None:
                break
            wanted = replace(wanted, after=found.next)
    assert len(ids) == len(seen) == (28 if filtered else ROWS)
    assert seen == sorted(seen, reverse=descending)


@pytest.mark.parametrize("kind", VALUES)
def test_a_list_is_read_along_the_index_of_a_custom_field(full: Replica, kind: str) -> None:
    with full.read() as session:
        wanted = ListQuery(entity="customer", sort=((f"x:a_{kind}", True),), limit=20)
        plan = query._Plan(session, ADMIN, wanted)
        assert plan.walks
        compiled = plan.walk(20).compile(session.connection().engine, compile_kwargs={"literal_binds": True})
        steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
    told = " ".join(str(step[3]) for step in steps)
    assert f"lx_custom_customer_a_{kind}_{kind}" in told
    assert "TEMP B-TREE" not in told.replace("LAST TERM OF ORDER BY", "")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x:a_integer = 3", lambda row: row["x:a_integer"] == 3),
        ("x:a_boolean = true", lambda row: row["x:a_boolean"] is True),
        ("x:a_decimal >= 10", lambda row: float(row["x:a_decimal"] or -99) >= 10),
        ("x:a_money > 500", lambda row: (row["x:a_money"] or 0) > 50_000),
        ("x:a_money = 1 CNY", lambda row: row["x:a_money"] == 100),
        ("x:a_date < 2027-01-01", lambda row: row["x:a_date"] == "2026-12-31"),
        ("x:a_text ~ cme", lambda row: "cme" in (row["x:a_text"] or "")),
        ("x:a_choice empty", lambda row: row["x:a_choice"] is None),
    ],
)
def test_conditions_on_custom_fields_find_what_reading_by_hand_finds(
    full: Replica, text: str, fits: Callable[[dict[str, Any]], bool]
) -> None:
    with full.read() as session:
        conditions = query.parse_conditions(session, "customer", [text])
        found = query.count(session, ADMIN, ListQuery(entity="customer", conditions=conditions))
    assert found == sum(fits(row(n)) for n in range(ROWS))


def test_a_field_that_comes_or_goes_while_indexes_are_put_off_gets_its_own_in_the_end(
    replica: Replica,
) -> None:
    def indexes() -> set[str]:
        with replica.read() as session:
            named = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'lx_custom_%'"
            found = {str(row[0]) for row in session.connection().exec_driver_sql(named)}
        return {name for name in found if name.startswith("lx_custom_")}

    with replica.write() as session:
        stays, goes = add(session, "stays", "integer"), add(session, "goes", "date")
    assert len(indexes()) == 2
    with replica.applying() as session:
        put_off.before_rows(session.connection(), SCHEMAS["customer"], put_off.LARGE)
    assert indexes() == set()
    with replica.write() as session:
        repository.update(session, "custom_field", goes, {"retired": True})
        repository.update(session, "custom_field", stays, {"label": "Stays on"})
        add(session, "comes", "money")
    replica.make_put_off_indexes()
    assert indexes() == {"lx_custom_customer_stays_integer", "lx_custom_customer_comes_money"}


def test_texts_of_custom_fields_are_found_while_the_field_is_in_use(replica: Replica) -> None:
    def found(words: str) -> int:
        replica.catch_up()
        with replica.read() as session:
            return len(search.search(session, words, entities=("customer",)))

    with replica.write() as session:
        repository.create(session, "customer", {"name": "Early", "x:nick": "长江货运"})
    assert found("长江") == 0  # nobody declared it so far
    with replica.write() as session:
        field = add(session, "nick", "text")
        later = repository.create(session, "customer", {"name": "Late", "x:nick": "Yangtze freight"}).id
    assert (found("长江"), found("yangtze")) == (1, 1)
    with replica.read() as session:
        (hit,) = search.search(session, "freight")
        assert "Yangtze" in hit.snippet
    with replica.write() as session:
        repository.update(session, "customer", later, {"x:nick": "Amazon freight"})
    assert (found("yangtze"), found("amazon")) == (0, 1)
    with replica.write() as session:
        repository.update(session, "custom_field", field, {"retired": True})
    assert (found("长江"), found("amazon")) == (0, 0)
    with replica.write() as session:
        repository.update(session, "custom_field", field, {"retired": False})
    assert (found("长江"), found("amazon")) == (1, 1)
    with replica.read() as session:
        assert "x:nick" in fields_of(session, SCHEMAS["customer"].name)
