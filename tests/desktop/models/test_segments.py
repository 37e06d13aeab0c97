"""Whom the database finds for a segment is whom a plain reading of its rules finds."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied
from crm_core.ids import new_id
from crm_core.money import Money
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.rule_groups import group_of, rule_of_group
from crm_core.rules.segment_text import parse_rule, rule_text
from crm_core.rules.segments import (
    WAYS,
    AllOf,
    AnyOf,
    Not,
    Related,
    Rule,
    plain_rule,
    problems_of_rule,
    rule_of,
)
from crm_core.schema.field import Field, Kind
from crm_core.times import DAY_MS
from crm_desktop.models import query, repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.custom import fields_of
from crm_desktop.models.derived import LAST_CONTACT
from crm_desktop.models.narrowing import Narrowing
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY, person

ADMIN = person("admin")
TODAY = datetime.date(2026, 5, 13)
NOON_MS = round(datetime.datetime(2026, 5, 13, 12).astimezone().timestamp() * 1000)
Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By entity and id, what the living records hold."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Replica, Rows]]:
    """Give a laptop on which a good many things are so and otherwise, and the same as plain values."""
    folder = tmp_path_factory.mktemp("segments")
    clock = Clock(wall=lambda: NOON_MS, steady=lambda: 0)
    with Replica.create(Profile(folder), KEY, clock) as replica:
        _fill(replica)
        with replica.read() as session:
            rows = {
                entity: {
                    row["id"]: {**row, **{f"x:{key}": value for key, value in (row["custom"] or {}).items()}}
                    for row in session.execute(select(SCHEMAS[entity].table)).mappings()
                    if row["life"] % 2
                }
                for entity in ("customer", "stage", *WAYS)
            }
        yield replica, rows


def _fill(replica: Replica) -> None:
    chance = random.Random(19)
    choose, some = chance.choice, lambda *values: chance.choice((None, *values))
    with replica.write() as session:

        def make(entity: str, /, **values: Any) -> str:
            given = {name: value for name, value in values.items() if value is not None}
            return repository.create(session, entity, given).id

        make("custom_field", entity="customer", key="floor", label="Floor", kind="integer")
        stages = [make("stage", name=kind, kind=kind) for kind in ("open", "won", "lost")]
        customers = [
            make(
                "customer",
                name=f"C{number}",
                level=some("A", "B", "C"),
                city=some("上海", "Salt (and) Pepper", "北京"),
                tags=some([], ["VIP"], ["VIP", "Key"]),
                employees=some(0, 5, 50),
                credit_limit=some(0, 100_000),
                credit_currency=choose(("CNY", "EUR")),
                shared_until=some("2026-05-13", "2026-06-01"),
                **{"x:floor": some(1, 9)},
            )
            for number in range(24)
        ]
        deals = [
            make(
                "deal",
                name="D",
                customer_id=some(*customers),
                stage_id=some(*stages),
                amount=some(0, 5_000_000, 10_000_000),
                currency=choose(("CNY", "EUR")),
                close_date=some("2025-12-31", "2026-01-01", "2026-05-13"),
            )
            for _ in range(40)
        ]
        quotes = [
            make("quote", customer_id=some(*customers), status=choose(("draft", "accepted")))
            for _ in range(20)
        ]
        for _ in range(40):
            make("quote_line", quote_id=some(*quotes), description="L", quantity=choose(("1", "2.5", "10")))
        logged = [
            make(
                "activity",
                subject="S",
                kind=choose(("visit", "call", "note")),
                customer_id=some(*customers),
                happened_at=some(*(NOON_MS - days * DAY_MS for days in (0, 1, 13, 42, 90, 91, 500))),
                duration_minutes=some(15, 60),
            )
            for _ in range(90)
        ]
        for entity, record_id in (
            *(("activity", each) for each in logged[:10]),
            *(("deal", each) for each in deals[:4]),
            *(("quote", each) for each in quotes[:3]),
        ):
            repository.delete(session, entity, record_id)


# The plain reading


def fits(
    rule: Rule, customer: Mapping[str, Any], rows: Rows, fields: Mapping[str, Mapping[str, Field]]
) -> bool:
    """Tell whether a customer fits a rule, by looking at everything."""
    match rule:
        case AllOf(parts):
            return all(fits(part, customer, rows, fields) for part in parts)
        case AnyOf(parts):
            return any(fits(part, customer, rows, fields) for part in parts)
        case Not(part):
            return not fits(part, customer, rows, fields)
        case Condition():
            return holds(rule, customer, "customer", rows, fields)
    belonging = [
        row
        for row in rows[rule.entity].values()
        if owner_of(rule.entity, row, rows) == customer["id"]
        and all(holds(each, row, rule.entity, rows, fields) for each in rule.conditions)
    ]
    if not rule.total:
        return compare(rule.op, len(belonging), rule.value)
    if isinstance(rule.value, Money):
        alike = [row for row in belonging if row["currency"] == rule.value.currency]
        return compare(rule.op, sum(row[rule.total] or 0 for row in alike), rule.value.minor)
    return compare(rule.op, sum(row[rule.total] or 0 for row in belonging), rule.value)


def owner_of(entity: str, row: Mapping[str, Any], rows: Rows) -> Any:
    """Return the customer a record belongs to, by way of another where that is so."""
    first, *further = WAYS[entity]
    if not further:
        return row[first]
    above = rows[SCHEMAS[entity].fields[first].target or ""].get(row[first])
    return above[further[0]] if above else None


def holds(
    condition: Condition,
    row: Mapping[str, Any],
    entity: str,
    rows: Rows,
    fields: Mapping[str, Mapping[str, Field]],
) -> bool:
    """Tell whether a record fulfils a condition."""
    link, dot, further = condition.field.partition(".")
    if dot:
        target = SCHEMAS[entity].fields[link].target or ""
        above = rows[target].get(row[link])
        asked = Condition(field=further, op=condition.op, value=condition.value)
        return above is not None and holds(asked, above, target, rows, fields)
    field, op, value = fields[entity][condition.field], condition.op, condition.value
    if field.name == "last_contact":
        spoken = [
            each["happened_at"]
            for each in rows["activity"].values()
            if each["customer_id"] == row["id"] and each["kind"] in ("visit", "call") and each["happened_at"]
        ]
        held: Any = max(spoken, default=None)
    else:
        held = row.get(field.name)
    empty = held in (None, "", [])
    if op in (Op.EMPTY, Op.FILLED):
        return empty is (op is Op.EMPTY)
    if field.kind is Kind.TAGS:
        return (value in (held or [])) is (op is Op.EQUAL)
    if op is Op.IN:
        return not empty and held in (value if isinstance(value, tuple) else ())
    if op is Op.CONTAINS:
        return not empty and str(value).lower() in held.lower()
    if isinstance(value, RelativeDay):
        return not_since_or(op, held, field, value)
    if isinstance(value, Money):
        same = row[field.currency or ""] == value.currency and held is not None
        if op is Op.NOT_EQUAL:
            return not (same and held == value.minor)
        return same and compare(op, held, value.minor)
    if field.kind is Kind.DECIMAL and held is not None:
        held, value = Decimal(held), Decimal(str(value))
    if op is Op.NOT_EQUAL:
        return bool(held != value)
    if op is Op.NOT_SINCE:
        return held is None or held < value
    return held is not None and compare(op, held, value)


def not_since_or(op: Op, held: Any, field: Field, value: RelativeDay) -> bool:
    """Compare a day or a moment with a stretch of the calendar, day by day."""
    if held is None:
        return op is Op.NOT_SINCE
    day = (
        datetime.date.fromisoformat(held)
        if field.kind is Kind.DATE
        else datetime.datetime.fromtimestamp(held / 1000).astimezone().date()
    )
    begins, following = value.begins(TODAY), value.following(TODAY)
    if op is Op.EQUAL:
        return begins <= day < following
    return {
        Op.LESS: day < begins,
        Op.NOT_SINCE: day < begins,
        Op.AT_MOST: day < following,
        Op.MORE: day >= following,
        Op.AT_LEAST: day >= begins,
    }[op]


def compare(op: Op, left: Any, right: Any) -> bool:
    """Compare two numbers or texts."""
    return bool(
        {
            Op.EQUAL: left == right,
            Op.LESS: left < right,
            Op.AT_MOST: left <= right,
            Op.MORE: left > right,
            Op.AT_LEAST: left >= right,
        }[op]
    )


# Rules nobody thought of

DAYS = st.builds(RelativeDay, st.sampled_from(Unit), st.integers(-3, 1)) | st.builds(
    RelativeDay, st.just(Unit.DAY), st.sampled_from((-90, -91, -42, -1, 0))
)
ORDER = st.sampled_from((Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST))
NUMBERS = st.sampled_from((Op.EQUAL, Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST))
SAME = st.sampled_from((Op.EQUAL, Op.NOT_EQUAL))
FILLING = st.sampled_from((Op.EMPTY, Op.FILLED))
AMOUNTS = st.builds(
    Money, st.sampled_from((0, 100_000, 5_000_000, 10_000_000)), st.sampled_from(("CNY", "EUR"))
)


def condition(
    field: str, op: st.SearchStrategy[Op], value: st.SearchStrategy[Any]
) -> st.SearchStrategy[Condition]:
    """Give conditions on a field."""
    return st.builds(Condition, field=st.just(field), op=op, value=value)


OWN = st.one_of(
    condition("level", SAME, st.sampled_from(("A", "B"))),
    condition("level", st.just(Op.IN), st.sampled_from((("A", "B"), ("C",)))),
    condition("city", SAME, st.sampled_from(("上海", "Salt (and) Pepper"))),
    condition("city", st.just(Op.CONTAINS), st.sampled_from(("and", "海", "%"))),
    condition("tags", SAME, st.sampled_from(("VIP", "Key"))),
    condition("employees", ORDER | SAME, st.sampled_from((0, 5, 50))),
    condition("credit_limit", ORDER | SAME, AMOUNTS),
    condition("shared_until", ORDER | st.just(Op.EQUAL), DAYS),
    condition("last_contact", ORDER | st.sampled_from((Op.EQUAL, Op.NOT_SINCE)), DAYS),
    condition("x:floor", ORDER | SAME, st.sampled_from((1, 9))),
    *(
        condition(name, FILLING, st.none())
        for name in ("level", "city", "tags", "credit_limit", "shared_until", "last_contact", "x:floor")
    ),
)
VISITS = st.lists(
    st.one_of(
        condition("kind", SAME, st.sampled_from(("visit", "call"))),
        condition("happened_at", ORDER | st.just(Op.EQUAL), DAYS),
        condition("duration_minutes", ORDER, st.sampled_from((15, 60))),
    ),
    max_size=2,
)
SALES = st.lists(
    st.one_of(
        condition("stage_id.kind", SAME, st.sampled_from(("won", "open"))),
        condition("close_date", ORDER | st.just(Op.EQUAL), DAYS),
        condition("amount", ORDER, AMOUNTS),
    ),
    max_size=3,
)
LINES = st.lists(
    st.one_of(
        condition("quote_id.status", SAME, st.sampled_from(("accepted", "draft"))),
        condition("quantity", ORDER, st.sampled_from(("2.5", "9"))),
    ),
    max_size=2,
)


def related(
    entity: str, conditions: st.SearchStrategy[list[Condition]], total: str = "", value: Any = None
) -> st.SearchStrategy[Related]:
    """Give rules on what belongs to a customer."""
    return st.builds(
        Related,
        entity=st.just(entity),
        total=st.just(total),
        op=NUMBERS,
        value=value if value is not None else st.integers(0, 3),
        conditions=conditions.map(tuple),
    )


RULES: st.SearchStrategy[Rule] = st.recursive(
    st.one_of(
        OWN,
        related("activity", VISITS),
        related("activity", VISITS, "duration_minutes", st.sampled_from((0, 15, 75))),
        related("deal", SALES),
        related("deal", SALES, "amount", AMOUNTS),
        related("quote_line", LINES),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@given(rule=RULES)
def test_the_database_finds_whom_a_plain_reading_finds(held: tuple[Replica, Rows], rule: Rule) -> None:
    replica, rows = held
    customer = SCHEMAS["customer"].table
    with replica.read() as session:
        fields = {entity: fields_of(session, entity) for entity in rows}
        assert problems_of_rule(rule, fields.__getitem__) == []
        at_once, one_by_one = (
            sorted(
                session.scalars(
                    select(customer.c.name).where(Narrowing(session, ADMIN, one_by_one=each).by_rule(rule))
                )
            )
            for each in (False, True)
        )
    meant = sorted(row["name"] for row in rows["customer"].values() if fits(rule, row, rows, fields))
    assert at_once == meant
    assert one_by_one == meant


@given(rule=RULES)
def test_a_rule_comes_back_from_a_record_from_text_and_from_groups_as_it_was(
    held: tuple[Replica, Rows], rule: Rule
) -> None:
    replica, rows = held
    assert rule_of(plain_rule(rule)) == rule
    drawn = rule_of_group(group_of(rule))
    assert rule_of_group(group_of(drawn)) == drawn
    with replica.read() as session:
        fields = {entity: fields_of(session, entity) for entity in rows}
    text = rule_text(rule, fields.__getitem__)
    read = parse_rule(text, fields.__getitem__)
    assert rule_text(read, fields.__getitem__) == text
    for row in rows["customer"].values():
        assert fits(read, row, rows, fields) is fits(rule, row, rows, fields)
        assert fits(drawn, row, rows, fields) is fits(rule, row, rows, fields)


def test_a_role_that_may_not_read_what_a_rule_asks_of_learns_nothing_by_it(
    held: tuple[Replica, Rows],
) -> None:
    replica, _ = held
    rule = Related(entity="deal", total="amount", op=Op.MORE, value=Money(1, "CNY"))
    visits = Related(entity="activity", op=Op.AT_LEAST, value=1)
    with replica.read() as session:
        for role, asked in (("marketing", rule), ("finance", visits)):
            with pytest.raises(AccessDenied):
                Narrowing(session, person(role)).by_rule(asked)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("count(activity where kind = visit and happened_at >= today-90) >= 3", "lx_activity_kind_happened"),
        ("count(activity) = 0", "lx_activity_of_customer"),
        ("sum(deal.amount where close_date = this-year) > 5 CNY", "lx_deal_of_customer"),
        ("last_contact not since today-90", "lx_last_contact_at"),
        ("tags = VIP and level = A", "lx_customer_tagged"),
    ],
)
def test_what_segments_ask_most_is_answered_by_an_index_alone(
    held: tuple[Replica, Rows], text: str, index: str
) -> None:
    replica, _ = held
    customer = SCHEMAS["customer"].table
    rule = parse_rule(text, lambda entity: {**SCHEMAS[entity].fields, "last_contact": LAST_CONTACT})
    with replica.read() as session:
        asked = select(customer.c.id).where(Narrowing(session, ADMIN).by_rule(rule))
        made = asked.compile(session.connection().engine)
        values = tuple(made.params[name] for name in made.positiontup or ())
        steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", values).all()
    assert any(f"USING COVERING INDEX {index}" in str(step[-1]) for step in steps), steps


@pytest.mark.parametrize(
    ("entity", "sort", "index"),
    [
        ("activity", "happened_at", "lx_activity_of_customer"),
        ("customer", "name", "ix_sort_key_order"),
        ("customer", "city", "lx_customer_life"),
    ],
)
def test_a_list_in_a_segment_is_put_in_order_before_any_record_is_read(
    held: tuple[Replica, Rows], entity: str, sort: str, index: str
) -> None:
    replica, _ = held
    rule = parse_rule("not count(activity) > 0", lambda entity: SCHEMAS[entity].fields)
    with replica.write() as session:
        values = {"name": "Quiet", "kind": "rules", "rules": plain_rule(rule)}
        segment_id = repository.create(session, "segment", values).id
    inside = Condition(field="segment", op=Op.EQUAL, value=segment_id)
    wanted = ListQuery(entity=entity, conditions=(inside,), sort=((sort, True),))
    with replica.read() as session:
        made = query._Plan(session, ADMIN, wanted).scan(20)
        text = made.compile(session.connection().engine, compile_kwargs={"literal_binds": True})
        steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    assert any(f"USING COVERING INDEX {index}" in str(step[-1]) for step in steps), steps


def test_a_segment_narrows_customers_and_what_belongs_to_them(held: tuple[Replica, Rows]) -> None:
    replica, rows = held
    rule = parse_rule("level = A", lambda entity: SCHEMAS[entity].fields)
    with replica.write() as session:
        by_rule = repository.create(
            session, "segment", {"name": "Best", "kind": "rules", "rules": plain_rule(rule)}
        ).id
        best = [row["id"] for row in rows["customer"].values() if row["level"] == "A"]
        picked = repository.create(
            session, "segment", {"name": "Mine", "kind": "picked", "members": sorted(best[:2])}
        ).id
    for segment_id, meant in ((by_rule, set(best)), (picked, set(best[:2])), (new_id(), set[str]())):
        for entity in ("customer", "deal", "activity"):
            wanted = Condition(field="segment", op=Op.EQUAL, value=segment_id)
            with replica.read() as session:
                page = query.page(session, ADMIN, ListQuery(entity=entity, conditions=(wanted,), limit=500))
                others = ListQuery(
                    entity=entity, conditions=(Condition(field="segment", op=Op.NOT_EQUAL, value=segment_id),)
                )
                rest = query.count(session, ADMIN, others)
            link = "id" if entity == "customer" else "customer_id"
            belonging = {row["id"] for row in rows[entity].values() if row[link] in meant}
            assert {row.id for row in page.rows} == belonging
            assert _walked(replica, ListQuery(entity=entity, conditions=(wanted,), limit=2)) == belonging
            assert rest == len(rows[entity]) - len(belonging)


def _walked(replica: Replica, wanted: ListQuery) -> set[str]:
    """Return the ids of a list read page by page along its order."""
    found: set[str] = set()
    while True:
        with replica.read() as session:
            page = query.page(session, ADMIN, wanted)
        found |= {row.id for row in page.rows}
        if page.next is None:
            return found
        wanted = replace(wanted, after=page.next)
