"""The last contact with a customer follows its activities, whoever writes them, and lists go by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.dialects import sqlite

from crm_core.entities.activity import Activity
from crm_core.entities.customer import Customer
from crm_core.errors import AccessDenied, UserError
from crm_core.rules.access import Person
from crm_core.times import DAY_MS
from crm_desktop.models import derived, indexing, query, repository
from crm_desktop.models.query import Condition, ListQuery, Op
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.services import records
from tests.desktop.models.support import KEY, person, titles

ADMIN = person("admin")


def customer(replica: Replica, name: str) -> str:
    """Make a customer and return its id."""
    with replica.write() as session:
        return repository.create(session, "customer", {"name": name}).id


def activity(replica: Replica, customer_id: str | None, day: int, kind: str = "visit") -> str:
    """Log something that happened on a day and return its id."""
    values = {"subject": "Demo", "kind": kind, "customer_id": customer_id, "happened_at": day * DAY_MS}
    with replica.write() as session:
        return repository.create(session, "activity", values).id


def last_day(replica: Replica, customer_id: str) -> int | None:
    """Return the day of last contact, as a list shows it."""
    wanted = Condition(field="id", op=Op.EQUAL, value=customer_id)
    with replica.read() as session:
        row = query.page(session, ADMIN, ListQuery(entity="customer", conditions=(wanted,))).rows[0]
        assert row["last_contact"] == derived.last_contact_ms(session, customer_id)
    return None if row["last_contact"] is None else row["last_contact"] // DAY_MS


def change(replica: Replica, record_id: str, **values: Any) -> None:
    """Change an activity."""
    with replica.write() as session:
        repository.update(session, "activity", record_id, values)


def test_the_newest_visit_counts_and_a_note_does_not(replica: Replica) -> None:
    acme = customer(replica, "Acme (demo)")
    assert last_day(replica, acme) is None
    for day, kind in ((10, "visit"), (5, "call"), (20, "note"), (30, "task")):
        activity(replica, acme, day, kind)
    assert last_day(replica, acme) == 10


def test_it_follows_every_change_of_an_activity(replica: Replica) -> None:
    acme, other = customer(replica, "Acme (demo)"), customer(replica, "Other (demo)")
    activity(replica, acme, 5)
    newest = activity(replica, acme, 10)
    change(replica, newest, happened_at=8 * DAY_MS)
    assert last_day(replica, acme) == 8
    change(replica, newest, kind="note")
    assert last_day(replica, acme) == 5
    change(replica, newest, kind="mail")
    change(replica, newest, customer_id=other)
    assert (last_day(replica, acme), last_day(replica, other)) == (5, 8)
    with replica.write() as session:
        repository.delete(session, "activity", newest)
    assert last_day(replica, other) is None
    with replica.write() as session:
        repository.restore(session, "activity", newest)
    assert last_day(replica, other) == 8


def test_what_leaves_the_laptop_leaves_no_trace_of_itself(replica: Replica) -> None:
    acme = customer(replica, "Acme (demo)")
    activity(replica, acme, 5)
    newest = activity(replica, acme, 10)
    with replica.applying() as session:
        session.connection().execute(delete(Activity).where(Activity.id == newest))
    assert last_day(replica, acme) == 5
    with replica.applying() as session:
        session.connection().execute(delete(Customer).where(Customer.id == acme))
    with replica.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM last_contact").scalar() == 0


def test_a_customer_that_comes_after_its_activities_knows_them(replica: Replica) -> None:
    acme = customer(replica, "Acme (demo)")
    activity(replica, acme, 7)
    with replica.applying() as session:
        row = dict(session.connection().execute(Customer.__table__.select()).mappings().one())
        session.connection().execute(delete(Customer))
    with replica.applying() as session:
        session.connection().execute(Customer.__table__.insert(), row)
    assert last_day(replica, acme) == 7


def test_a_laptop_of_an_earlier_version_works_it_out_when_it_is_opened(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replica.create(profile, KEY) as replica:
        acme = customer(replica, "Acme (demo)")
        activity(replica, acme, 7)
        with replica.applying() as session:
            session.connection().exec_driver_sql("DELETE FROM last_contact")
    monkeypatch.setattr(indexing, "INDEX_VERSION", 99)
    indexing._version.cache_clear()
    with Replica.open(profile, KEY) as replica:
        assert last_day(replica, acme) == 7
    monkeypatch.undo()
    indexing._version.cache_clear()


@pytest.fixture
def months(replica: Replica) -> Replica:
    """Give customers last spoken with on day 1 to 40, and two never."""
    for day in range(1, 41):
        activity(replica, customer(replica, f"Day {day:02}"), day)
    for name in ("Never A", "Never B"):
        customer(replica, name)
    return replica


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("conditions", [(), (Condition(field="name", op=Op.NOT_EQUAL, value="x"),)])
def test_a_list_sorted_by_it_is_read_page_by_page_without_a_gap(
    months: Replica, descending: bool, conditions: tuple[Condition, ...]
) -> None:
    wanted = ListQuery(
        entity="customer",
        conditions=conditions,
        sort=(("last_contact", descending),),
        limit=7,
        fields=("name",),
    )
    found: list[str] = []
    with months.read() as session:
        after = None
        while True:
            page = query.page(session, ADMIN, replace(wanted, after=after))
            found += [row["name"] for row in page.rows]
            after = page.next
            if after is None:
                break
    days = [name for name in found if name.startswith("Day")]
    assert days == sorted(days, reverse=descending)
    assert len(found) == len(set(found)) == 42
    never = found[-2:] if descending else found[:2]
    assert {name[:5] for name in never} == {"Never"}


@pytest.mark.parametrize(
    ("op", "value", "number"),
    [
        (Op.LESS, 11 * DAY_MS, 10),
        (Op.AT_LEAST, 11 * DAY_MS, 30),
        (Op.NOT_SINCE, 11 * DAY_MS, 12),
        (Op.EMPTY, None, 2),
        (Op.FILLED, None, 40),
    ],
)
def test_a_list_is_filtered_by_it(months: Replica, op: Op, value: int | None, number: int) -> None:
    wanted = ListQuery(entity="customer", conditions=(Condition(field="last_contact", op=op, value=value),))
    with months.read() as session:
        assert query.count(session, ADMIN, wanted) == number
        assert len(query.page(session, ADMIN, wanted).rows) == number


def test_sorted_by_it_a_list_goes_along_an_index(months: Replica) -> None:
    with months.read() as session:
        plan = query._Plan(session, ADMIN, ListQuery(entity="customer", sort=(("last_contact", True),)))
        assert plan.walks
        sql = plan.walk(200).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        steps = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert any("lx_last_contact_at" in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)


def test_it_is_written_in_words_as_any_other_condition(months: Replica) -> None:
    with months.read() as session:
        found = query.parse_conditions(session, "customer", ["last_contact < 1970-01-12T00:00:00Z"])
        assert query.count(session, ADMIN, ListQuery(entity="customer", conditions=found)) == 10


def test_who_may_not_read_activities_learns_nothing_of_them(months: Replica) -> None:
    blind = without_activities(ADMIN)
    asked: tuple[Callable[[Any], object], ...] = (
        lambda session: query.page(
            session, blind, ListQuery(entity="customer", sort=(("last_contact", True),))
        ),
        lambda session: query.count(
            session,
            blind,
            ListQuery(entity="customer", conditions=(Condition(field="last_contact", op=Op.FILLED),)),
        ),
        lambda session: query.page(session, blind, ListQuery(entity="customer", fields=("last_contact",))),
    )
    with months.read() as session:
        for ask in asked:
            with pytest.raises(AccessDenied):
                ask(session)
        rows = query.page(session, blind, ListQuery(entity="customer")).rows
    assert rows
    assert all("last_contact" not in row.values for row in rows)
    assert titles(rows)


def test_nobody_sets_it_by_hand(replica: Replica) -> None:
    acme = customer(replica, "Acme (demo)")
    with pytest.raises(UserError):
        records.update(replica, "customer", acme, {"last_contact": 1})
    assert last_day(replica, acme) is None


def without_activities(whole: Person) -> Person:
    """Return the person, who may not read activities."""
    rights = whole.rights
    reach = {entity: right for entity, right in rights.reach.items() if entity != "activity"}
    return replace(whole, rights=replace(rights, reach=reach))
