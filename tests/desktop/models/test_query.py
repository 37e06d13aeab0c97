"""Lists say what reading every row by hand would say, page by page, and nothing a person may not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crm_core.errors import AccessDenied, UserError
from crm_core.ids import named_id
from crm_core.money import Money
from crm_desktop.models import query, repository
from crm_desktop.models.query import Condition, ListQuery, Op
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.sorting import decimal_key, sort_key
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY, person, titles

ADMIN = person("admin")
NAMES = ["Acme", "acme ag", "北京贸易", "上海贸易", "Ärger", "100%", "a_b", "章", "张", "重庆", "Zug", None]
CITIES = ["Bern", "bern", "Zürich", "上海", "", None]


def row(n: int) -> dict[str, Any]:
    """Return the nth of a set of customers that repeat, miss and tie in every way."""
    return {
        "name": NAMES[n % len(NAMES)],
        "city": CITIES[n * 7 % len(CITIES)],
        "level": [None, "A", "B", "C"][n % 4],
        "employees": [None, 0, 5, 5, 1000, -3][n % 6],
        "credit_limit": [None, 100, 100_000, 99_999, 130_000][n % 5],
        "credit_currency": ["CNY", "JPY", None, "KWD", "CNY"][n % 5],
        "tags": [None, ["vip"], ["a", "vip"], ["b_%"]][n % 4],
        "owner_id": [None, named_id("user", "a"), named_id("user", "b")][n % 3],
    }


ROWS = [row(n) for n in range(61)]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give a replica with the rows, the first deleted."""
    with Replica.create(Profile(tmp_path_factory.mktemp("query") / "profile"), KEY) as replica:
        with replica.write() as session:
            ids = repository.create_many(session, "customer", ROWS)
            repository.delete(session, "customer", ids[0])
            repository.create_many(
                session,
                "quote_line",
                [{"description": d, "quantity": q} for d, q in zip("abcdefg", QUANTITIES, strict=True)],
            )
        yield replica


QUANTITIES = ["10", "9", "1.25", "-2", "-10.5", "0", "100"]
LIVING = ROWS[1:]


def every(replica: Replica, **how: Any) -> list[Record]:
    """Return the whole of a list, read in pages of `limit`."""
    wanted = ListQuery(entity=how.pop("entity", "customer"), **how)
    found: list[Record] = []
    with replica.read() as session:
        while True:
            part = query.page(session, ADMIN, wanted)
            assert len(part.rows) <= wanted.limit
            found += part.rows
            if part.next is None:
                return found
            assert len(part.rows) == wanted.limit
            wanted = ListQuery(**{**_as_dict(wanted), "after": part.next})


def _as_dict(wanted: ListQuery) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in wanted.__dataclass_fields__}


TEXTS = {"name": [*NAMES, "e"], "city": [*CITIES, "er"]}
ORDERED: dict[str, list[Any]] = {"employees": [-3, 0, 5, 999], "level": ["A", "B", "D"]}


def holds(record: dict[str, Any], condition: Condition) -> bool:
    """Evaluate a condition by hand."""
    value, other, op = record[condition.field], condition.value, condition.op
    if condition.field == "credit_limit" and isinstance(other, Decimal):
        scale = {"JPY": 0, "KWD": 3}.get(record["credit_currency"] or "", 2)
        value = None if value is None else Decimal(value).scaleb(-scale)
    empty = value in (None, "", [])
    match op:
        case Op.EMPTY:
            return empty
        case Op.FILLED:
            return not empty
        case Op.CONTAINS:
            words = value if isinstance(value, list) else [value or ""]
            return any(lowered(str(other)) in lowered(word) for word in words)
        case Op.IN:
            assert isinstance(other, tuple)
            return bool(set(value) & set(other)) if isinstance(value, list) else value in other
        case Op.EQUAL | Op.NOT_EQUAL:
            if other in (None, ""):
                equal = empty
            elif isinstance(value, list):
                equal = other in value
            else:
                equal = value == other
            return equal is (op is Op.EQUAL)
    if value is None:
        return False
    return bool(
        {Op.LESS: value < other, Op.AT_MOST: value <= other, Op.MORE: value > other}.get(op, value >= other)
    )


def lowered(text: str) -> str:
    """Lower ASCII letters alone, as SQLite's LIKE does."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def conditions() -> st.SearchStrategy[Condition]:
    """Draw a condition that means something."""
    equality = st.sampled_from([Op.EQUAL, Op.NOT_EQUAL])
    order = st.sampled_from([Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST])

    def made(
        field: str, op: st.SearchStrategy[Op], value: st.SearchStrategy[Any]
    ) -> st.SearchStrategy[Condition]:
        return st.builds(lambda o, v: Condition(field=field, op=o, value=v), op, value)

    texts = [
        made(
            name,
            st.sampled_from([Op.EQUAL, Op.NOT_EQUAL, Op.CONTAINS]),
            st.sampled_from([v or "" for v in values]),
        )
        for name, values in TEXTS.items()
    ]
    ordered = [made(name, order | equality, st.sampled_from(values)) for name, values in ORDERED.items()]
    return st.one_of(
        *texts,
        *ordered,
        made("tags", equality | st.just(Op.CONTAINS), st.sampled_from(["vip", "a", "_", "%", "none"])),
        made("tags", st.just(Op.IN), st.lists(st.sampled_from(["vip", "b_%"])).map(tuple)),
        made("level", st.just(Op.IN), st.lists(st.sampled_from(["A", "C"])).map(tuple)),
        made("credit_limit", order, st.sampled_from([Decimal("999.99"), Decimal(1000), Decimal("99.9")])),
        st.builds(
            lambda field, op: Condition(field=field, op=op),
            st.sampled_from(["name", "city", "tags", "employees", "owner_id"]),
            st.sampled_from([Op.EMPTY, Op.FILLED]),
        ),
    )


SORT_VALUES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda r: sort_key(r["name"]),
    "city": lambda r: sort_key(r["city"]),
    "level": lambda r: (r["level"] is not None, r["level"]),
    "employees": lambda r: (r["employees"] is not None, r["employees"]),
    "credit_limit": lambda r: (r["credit_limit"] is not None, r["credit_limit"]),
    "owner_id": lambda r: (r["owner_id"] is not None, r["owner_id"]),
}
SORTS = st.lists(
    st.tuples(st.sampled_from(sorted(SORT_VALUES)), st.booleans()), max_size=3, unique_by=lambda s: s[0]
).map(tuple)


def plain(record: Record) -> dict[str, Any]:
    """Return the fields the rows were made of."""
    return {name: record[name] for name in ROWS[0]}


@hypothesis_settings(max_examples=50)
@given(
    chosen=st.lists(conditions(), max_size=3).map(tuple),
    sort=SORTS,
    limit=st.sampled_from([1, 2, 7, 50, 500]),
)
def test_pages_hold_what_reading_every_row_gives(
    full: Replica, chosen: tuple[Condition, ...], sort: tuple[tuple[str, bool], ...], limit: int
) -> None:
    found = every(full, conditions=chosen, sort=sort, limit=limit)
    expected = [r for r in LIVING if all(holds(r, condition) for condition in chosen)]
    assert len({record.id for record in found}) == len(found)
    assert sorted(map(repr, map(plain, found))) == sorted(map(repr, expected))
    # Sorted by the least weighty first, each time keeping the order of equals.
    for name, descending in reversed(sort):
        expected.sort(key=SORT_VALUES[name], reverse=descending)
    keys = [[SORT_VALUES[name](plain(record)) for name, _ in sort] for record in found]
    assert keys == [[SORT_VALUES[name](r) for name, _ in sort] for r in expected]
    with full.read() as session:
        assert query.count(session, ADMIN, ListQuery(entity="customer", conditions=chosen)) == len(expected)


def test_a_walk_that_finds_too_few_gives_way_to_a_scan_in_the_same_order(
    full: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = (Condition(field="level", op=Op.EQUAL, value="B"),)
    for sort in ((("name", True),), (("employees", False),), (("level", False),), ()):
        whole = every(full, conditions=narrow, sort=sort, limit=3)
        monkeypatch.setattr(query, "WALKED", 0)
        assert every(full, conditions=narrow, sort=sort, limit=3) == whole
        monkeypatch.undo()


def test_a_row_that_comes_between_two_pages_moves_no_other(replica: Replica) -> None:
    with replica.write() as session:
        repository.create_many(session, "customer", [{"name": f"n{n:02d}"} for n in range(10)])
    wanted = ListQuery(entity="customer", sort=(("name", False),), limit=4)
    with replica.read() as session:
        first = query.page(session, ADMIN, wanted)
    with replica.write() as session:
        repository.create(session, "customer", {"name": "n00a"})
        repository.delete(session, "customer", first.rows[1].id)
    with replica.read() as session:
        second = query.page(session, ADMIN, ListQuery(**{**_as_dict(wanted), "after": first.next}))
    assert titles(second.rows) == ["n04", "n05", "n06", "n07"]


def test_chinese_is_sorted_by_pinyin_among_latin_letters(replica: Replica) -> None:
    names = [
        "中天",
        "阿里",
        "Beta",
        "北京",
        "安泰",
        "昂立",
        "alpha",
        "Zeta",
        "鑫达",
        "西安",
        "先锋",
        "张三",
        "章二",
        "张一",
    ]
    with replica.write() as session:
        repository.create_many(session, "customer", [{"name": name} for name in names])
    found = every(replica, sort=(("name", False),))
    assert titles(found) == [
        *(
            "阿里",
            "alpha",
            "安泰",
            "昂立",
            "北京",
            "Beta",
            "西安",
            "先锋",
            "鑫达",
            "Zeta",
            "张三",
            "张一",
            "章二",
            "中天",
        ),
    ]
    assert titles(every(replica, sort=(("name", True),))) == titles(found)[::-1]


def test_sort_keys_follow_every_edit(replica: Replica) -> None:
    with replica.write() as session:
        ids = repository.create_many(session, "customer", [{"name": "b"}, {"name": "c"}])
    with replica.write() as session:
        repository.update(session, "customer", ids[1], {"name": "安"})
    assert titles(every(replica, sort=(("name", False),))) == ["安", "b"]


@given(st.lists(st.decimals(-(10**9), 10**9, places=4), min_size=2, max_size=8))
def test_keys_of_decimals_are_ordered_as_the_numbers_are(numbers: list[Decimal]) -> None:
    texts = [f"{n.normalize():f}" for n in numbers]
    assert [Decimal(t) for t in sorted(texts, key=lambda t: decimal_key(t) or "")] == sorted(numbers)


def test_decimals_compare_by_value_and_not_by_letters(full: Replica) -> None:
    more = (Condition(field="quantity", op=Op.MORE, value="9"),)
    assert titles(every(full, entity="quote_line", conditions=more)) == ["a", "g"]
    by_size = every(full, entity="quote_line", sort=(("quantity", False),), limit=2)
    assert [record["quantity"] for record in by_size] == sorted(QUANTITIES, key=Decimal)


def test_an_amount_with_a_currency_compares_within_it(full: Replica) -> None:
    for op, expected in ((Op.AT_LEAST, {100_000, 130_000}), (Op.EQUAL, {130_000})):
        condition = Condition(
            field="credit_limit", op=op, value=Money(130_000 if op is Op.EQUAL else 100_000, "CNY")
        )
        found = every(full, conditions=(condition,))
        assert {record["credit_currency"] for record in found} == {"CNY"}
        assert {record["credit_limit"] for record in found} <= expected
    unequal = every(
        full, conditions=(Condition(field="credit_limit", op=Op.NOT_EQUAL, value=Money(130_000, "CNY")),)
    )
    assert len(unequal) == len(
        [r for r in LIVING if (r["credit_limit"], r["credit_currency"]) != (130_000, "CNY")]
    )


def test_links_are_compared_by_id_and_by_the_title_of_what_they_link_to(replica: Replica) -> None:
    with replica.write() as session:
        acme = repository.create(session, "customer", {"name": "Acme 贸易"})
        repository.create_many(
            session, "deal", [{"name": "one", "customer_id": acme.id}, {"name": "two"}, {"name": "three"}]
        )
    by_id = (Condition(field="customer_id", op=Op.EQUAL, value=acme.id),)
    by_title = (Condition(field="customer_id", op=Op.CONTAINS, value="贸"),)
    for chosen in (by_id, by_title):
        assert titles(every(replica, entity="deal", conditions=chosen)) == ["one"]
    without = (Condition(field="customer_id", op=Op.EMPTY),)
    assert len(every(replica, entity="deal", conditions=without)) == 2
    with replica.read() as session:
        assert query.labels(session, "customer", [acme.id, "0" * 32]) == {acme.id: "Acme 贸易"}


def test_nothing_counts_as_no(replica: Replica) -> None:
    with replica.write() as session:
        rows = [
            {"subject": "a", "done": None},
            {"subject": "b", "done": False},
            {"subject": "c", "done": True},
        ]
        repository.create_many(session, "activity", rows)
    for value, expected in ((False, ["a", "b"]), (True, ["c"])):
        chosen = (Condition(field="done", op=Op.EQUAL, value=value),)
        assert titles(every(replica, entity="activity", conditions=chosen)) == expected
    assert titles(every(replica, entity="activity", sort=(("done", True),)))[0] == "c"


def test_custom_fields_are_filtered_sorted_and_shown_like_any_other(replica: Replica) -> None:
    with replica.write() as session:
        for key, kind in (("size", "integer"), ('odd "key', "text")):
            repository.create(
                session, "custom_field", {"entity": "customer", "key": key, "label": key, "kind": kind}
            )
        repository.create_many(
            session,
            "customer",
            [{"name": str(n), "x:size": n, 'x:odd "key': "y" if n == 3 else None} for n in (30, 4, 100, 3)],
        )
        repository.create(session, "customer", {"name": "none"})
        chosen = query.parse_conditions(session, "customer", ["x:size > 3"])
    found = every(replica, conditions=chosen, sort=(("x:size", False),), limit=2)
    assert [record["x:size"] for record in found] == [4, 30, 100]
    odd = (Condition(field='x:odd "key', op=Op.EQUAL, value="y"),)
    assert titles(every(replica, conditions=odd, fields=("name", "x:size"))) == ["3"]
    assert titles(every(replica, conditions=(Condition(field="x:size", op=Op.EMPTY),))) == ["none"]


def test_deleted_records_are_a_list_of_their_own(full: Replica) -> None:
    (gone,) = every(full, deleted=True, sort=(("name", False),))
    assert gone.title == ROWS[0]["name"]
    assert not gone.alive


def test_only_the_fields_asked_for_are_read(full: Replica) -> None:
    record = every(full, fields=("level", "id", "name"), limit=500)[0]
    assert list(record.values) == ["level", "name"]
    assert record.get("city") is None


@pytest.mark.parametrize(
    "how",
    [
        {"conditions": (Condition(field="credit_limit", op=Op.MORE, value=1),)},
        {"conditions": (Condition(field="notes", op=Op.CONTAINS, value="x"),)},
        {"sort": (("credit_limit", False),)},
        {"fields": ("name", "notes")},
    ],
)
def test_a_masked_field_is_neither_filtered_sorted_nor_read(full: Replica, how: dict[str, Any]) -> None:
    service = person("service")
    with full.read() as session:
        with pytest.raises(AccessDenied, match="field"):
            query.page(session, service, ListQuery(entity="customer", **how))
        if "conditions" in how:
            with pytest.raises(AccessDenied):
                query.count(session, service, ListQuery(entity="customer", **how))
        (first, *_) = query.page(session, service, ListQuery(entity="customer")).rows
        assert "credit_limit" not in first.values
        assert "notes" not in first.values
        with pytest.raises(AccessDenied):
            query.totals(session, service, ListQuery(entity="customer"), "credit_limit")
        with pytest.raises(AccessDenied):
            query.group(session, service, ListQuery(entity="customer"), by="credit_currency")
    assert not query.not_masked(service, "customer", "notes")
    assert not query.not_masked(service, "customer", "x:anything")


def test_an_entity_a_role_may_not_read_is_no_list_of_its(full: Replica) -> None:
    with full.read() as session, pytest.raises(AccessDenied, match="Quotes"):
        query.page(session, person("service"), ListQuery(entity="quote"))


def test_sums_are_kept_apart_by_currency(full: Replica) -> None:
    expected: dict[str, int] = {}
    for one in LIVING:
        if one["credit_limit"] is not None:
            unit = one["credit_currency"] or ""
            expected[unit] = expected.get(unit, 0) + one["credit_limit"]
    with full.read() as session:
        assert query.totals(session, ADMIN, ListQuery(entity="customer"), "credit_limit") == expected
        exact = query.totals(session, ADMIN, ListQuery(entity="quote_line"), "quantity")
        assert exact == {"": sum(map(Decimal, QUANTITIES), Decimal(0))}
        assert query.totals(session, ADMIN, ListQuery(entity="customer"), "employees") == {
            "": sum(one["employees"] or 0 for one in LIVING)
        }
        with pytest.raises(UserError, match="cannot be added"):
            query.totals(session, ADMIN, ListQuery(entity="customer"), "name")


def test_groups_count_and_sum_what_their_records_share(full: Replica) -> None:
    with full.read() as session:
        rows = query.group(session, ADMIN, ListQuery(entity="customer"), by="level", total="credit_limit")
        words = query.group(session, ADMIN, ListQuery(entity="customer"), by="tags")
    assert [found.key for found in rows] == [None, "A", "B", "C"]
    for found in rows:
        mine = [one for one in LIVING if one["level"] == found.key]
        assert found.count == len(mine)
        assert sum(found.sums.values()) == sum(one["credit_limit"] or 0 for one in mine)
    assert {found.key: found.count for found in words} == {
        word: len([one for one in LIVING if word in (one["tags"] or [])]) for word in ("a", "b_%", "vip")
    }


def test_days_are_put_together_by_month(replica: Replica) -> None:
    days = ["2026-01-31", "2026-02-01", "2026-02-28", None]
    with replica.write() as session:
        repository.create_many(
            session,
            "deal",
            [{"name": "d", "close_date": d, "amount": 100, "currency": "EUR"} for d in days],
        )
    with replica.read() as session:
        rows = query.group(
            session, ADMIN, ListQuery(entity="deal"), by="close_date", period="month", total="amount"
        )
        found = [(r.key, r.count, dict(r.sums)) for r in rows]
    assert found == [(None, 1, {"EUR": 100}), ("2026-01", 1, {"EUR": 100}), ("2026-02", 2, {"EUR": 200})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level = A", Condition(field="level", op=Op.EQUAL, value="A")),
        ("level=b", Condition(field="level", op=Op.EQUAL, value="B")),
        ("level in A, C", Condition(field="level", op=Op.IN, value=("A", "C"))),
        ("level = new value", Condition(field="level", op=Op.EQUAL, value="new value")),
        ("name ~ 贸易 = 100%", Condition(field="name", op=Op.CONTAINS, value="贸易 = 100%")),
        ("name =", Condition(field="name", op=Op.EMPTY)),
        ("name !=", Condition(field="name", op=Op.FILLED)),
        ("tags empty", Condition(field="tags", op=Op.EMPTY)),
        ("employees >= 1,000", Condition(field="employees", op=Op.AT_LEAST, value=1000)),
        (
            "credit_limit > 1299.50 cny",
            Condition(field="credit_limit", op=Op.MORE, value=Money(129_950, "CNY")),
        ),
        ("credit_limit<=1000", Condition(field="credit_limit", op=Op.AT_MOST, value=Decimal(1000))),
        ("created_at < 2026-01-01", Condition(field="created_at", op=Op.LESS, value=1_767_225_600_000)),
        (f"id = {'A' * 32}", Condition(field="id", op=Op.EQUAL, value="a" * 32)),
    ],
)
def test_a_condition_is_read_as_the_command_line_writes_it(
    full: Replica, text: str, expected: Condition
) -> None:
    with full.read() as session:
        assert query.parse_conditions(session, "customer", [text]) == (expected,)
        query.count(session, ADMIN, ListQuery(entity="customer", conditions=(expected,)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "level",
        "= A",
        "colour = red",
        "employees > many",
        "employees >",
        "created_at = soon",
        "owner_id = x",
    ],
)
def test_what_is_no_condition_is_said_so(full: Replica, text: str) -> None:
    with full.read() as session, pytest.raises(UserError):
        query.parse_conditions(session, "customer", [text])


@pytest.mark.parametrize(
    "condition",
    [
        Condition(field="tags", op=Op.LESS, value="a"),
        Condition(field="owner_id", op=Op.MORE, value="a"),
        Condition(field="employees", op=Op.CONTAINS, value="1"),
        Condition(field="id", op=Op.LESS, value="1"),
        Condition(field="nothing", op=Op.EQUAL, value="1"),
    ],
)
def test_a_comparison_that_means_nothing_is_refused(full: Replica, condition: Condition) -> None:
    with full.read() as session, pytest.raises(UserError):
        query.page(session, ADMIN, ListQuery(entity="customer", conditions=(condition,)))


def test_a_list_is_narrowed_by_words_as_the_search_box_does(replica: Replica) -> None:
    with replica.write() as session:
        repository.create_many(
            session,
            "customer",
            [{"name": "重庆鑫达"}, {"name": "北京鑫达", "notes": "chong"}, {"name": "Acme"}],
        )
    replica.catch_up()
    for words, expected in (("鑫达", 2), ("chongqing", 1), ("北京 鑫", 1), ("nowhere", 0), ("!!", 0)):
        assert len(every(replica, text=words, sort=(("name", False),))) == expected


def test_an_order_is_read_as_the_command_line_writes_it() -> None:
    assert query.parse_sort("-amount, name") == (("amount", True), ("name", False))
    assert query.parse_sort("") == ()
