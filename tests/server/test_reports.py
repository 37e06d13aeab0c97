"""Reports at HQ count what the person may see, the same as counting it record by record, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import AccessDenied, UserError
from crm_core.ids import named_id
from crm_core.reporting.files import demand_exportable
from crm_core.rules.access import Person
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.report_text import parse_term
from crm_core.rules.reports import Currencies, FieldAt, Group, Measure, Report, ReportTable, Take
from crm_core.rules.segments import AllOf, Not, Rule
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_core.schema.field import Kind
from crm_desktop.models import repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.narrowing import Narrowing as OnLaptop
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from sync_server.services.hq import Edit, EditKind
from sync_server.services.narrowing import Narrowing
from sync_server.services.reading import Reader
from sync_server.services.reports import count
from tests.desktop.models.support import KEY, person
from tests.support.drawn_reports import DAY, DELETED, NOON_MS, PEOPLE, RATES, records, reports, typed_records
from tests.support.hq import Office, make
from tests.support.large_orders import demand_large_sums, large_lines
from tests.support.plain_reports import PlainReport, Row, Rows
from tests.support.plain_worth import add_worth
from tests.support.server import crm_server, initialised

ZONE = "Asia/Shanghai"


_STEPS_TO = {
    "draft": (),
    "confirmed": ("confirmed",),
    "closed": ("confirmed", "closed"),
    "cancelled": ("cancelled",),
}


class Filled:
    """HQ with a good deal of everything."""

    def __init__(self, office: Office) -> None:
        self.office = office
        made = (make(entity, record_id, **values) for entity, record_id, values in typed_records())
        office.hq.write_all(list(made))
        for entity, record_id, values in records():
            for status in _STEPS_TO[values["status"]] if entity == "order" else ():
                office.hq.update(entity, record_id, {"status": status})
        for entity, record_id in DELETED:
            office.hq.write_all([Edit(kind=EditKind.DELETE, entity=entity, record_id=record_id)])
        self.seller = named_id("user", PEOPLE[0])

    def __repr__(self) -> str:
        return "HQ"

    def count(self, user_id: str, report: Report) -> ReportTable:
        """Return a report as HQ counts it for somebody."""
        with self.office.database.read() as snapshot:
            reader = Reader(snapshot.connection, self.office.person(user_id))
            return count(reader, report, "CNY", NOON_MS)

    def found(self, user_id: str, entity: str, rule: Rule) -> set[str]:
        """Return the ids of the records somebody sees that meet a rule."""
        with self.office.database.read() as snapshot:
            reader = Reader(snapshot.connection, self.office.person(user_id))
            table = SCHEMAS[entity].table
            meets = Narrowing(reader, DAY, ZONE).by_rule(rule, entity)
            return set(snapshot.connection.scalars(select(table.c.id).where(reader.in_sight(entity), meets)))

    def rows(self, user_id: str) -> Rows:
        """Return what somebody sees, by definition, as plain rows."""
        seen: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in SCHEMAS}
        for (number, record_id), values in self.office.projection(user_id).items():
            schema = BY_NO[number]
            if values["life"] % 2 == 0:
                continue
            row: dict[str, Any] = {"id": record_id, **dict.fromkeys(schema.fields), **values}
            for field in schema.set_fields:
                row[field.name] = sorted({word for word, _ in row[field.name] or ()})
            seen[schema.name][record_id] = row
        add_worth(seen, DAY, "CNY", RATES)
        return seen

    def by_hand(self, user_id: str, report: Report) -> PlainReport:
        """Return a report to be counted record by record over what somebody sees."""
        known: dict[str, set[str]] = {}

        def fits(rule: Rule, row: Row) -> bool:
            if repr(rule) not in known:
                known[repr(rule)] = self.found(user_id, report.entity, rule)
            return row["id"] in known[repr(rule)]

        return PlainReport(report, self.rows(user_id), fits, "CNY", RATES, DAY)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Give an HQ on SQLite."""
    office = Office(tmp_path_factory.mktemp("reports") / "hq")
    yield Filled(office)
    office.close()


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Give another one, which changes."""
    office = Office(tmp_path_factory.mktemp("changing") / "hq")
    yield Filled(office)
    office.close()


def demand_same(filled: Filled, user_id: str, report: Report) -> None:
    """Demand that HQ counts what counting by hand comes to, and finds the records behind each row."""
    by_hand = filled.by_hand(user_id, report)
    plain = by_hand.counted()
    table = filled.count(user_id, report)
    assert table.counted == plain.counted
    money = report.currencies is Currencies.APART and any(row.currency for row in table.rows)
    seen = set()
    for place, row in enumerate(table.rows):
        keys = tuple(head.key for head in row.heads)
        own = row.currency if money else ""
        assert row.counted == plain.rows.get((keys, own), 0)
        for at, column in enumerate(table.columns):
            heads = tuple(head.key for head in column.heads)
            cell = plain.cells.get((keys, heads, own))
            nothing = by_hand.figure(report.measures[column.measure], ())
            assert row.figures[at] == (cell[column.measure] if cell else nothing), (keys, heads, own)
            seen |= {(keys, heads, own)} if cell else set()
        assert len(filled.found(user_id, report.entity, table.rule_at(place))) == row.counted
    assert seen == plain.cells.keys()


@settings(max_examples=max(1, settings().max_examples // 5))
@given(report=reports(), all_of_it=st.booleans())
def test_hq_counts_what_a_person_sees_by_definition(filled: Filled, report: Report, all_of_it: bool) -> None:
    demand_same(filled, filled.office.founder if all_of_it else filled.seller, report)


@settings(max_examples=max(1, settings().max_examples // 5))
@given(report=reports(), chance=st.randoms(use_true_random=False))
def test_what_a_person_may_not_see_changes_no_figure(changing: Filled, report: Report, chance: Any) -> None:
    seen, every = changing.rows(changing.seller), changing.rows(changing.office.founder)
    unseen = [
        (entity, record_id)
        for entity in ("deal", "activity", "customer")
        for record_id in sorted(every[entity].keys() - seen[entity].keys())
    ]
    assert unseen
    before = changing.count(changing.seller, report)
    entity, record_id = chance.choice(unseen)
    change = {
        "deal": {"amount": chance.randrange(10**9), "currency": "EUR", "close_date": "2026-04-01"},
        "activity": {"duration_minutes": chance.randrange(500), "kind": "visit"},
        "customer": {"level": chance.choice("ABC"), "employees": chance.randrange(100)},
    }[entity]
    changing.office.hq.update(entity, record_id, change)
    assert changing.count(changing.seller, report) == before


def test_a_masked_field_is_neither_counted_grouped_filtered_nor_sorted_by(filled: Filled) -> None:
    marketing = filled.office.user("Mia", "marketing")
    total = Measure(take=Take.SUM, of=FieldAt("amount"))
    rich = Condition(field="amount", op=Op.MORE, value=1)
    refused = (
        Report(entity="deal", measures=(total,)),
        Report(entity="deal", rule=rich),
        Report(entity="deal", measures=(Measure(only=rich),)),
        Report(entity="deal", rows=(Group(field="currency"),)),
        Report(entity="deal", measures=(Measure(take=Take.DISTINCT, of=FieldAt("currency")),)),
        Report(entity="activity", measures=(Measure(take=Take.SUM, of=FieldAt("deal_id.amount")),)),
        Report(entity="deal", rule=Condition(field="customer_id.credit_limit", op=Op.FILLED)),
        Report(entity="deal", rows=(Group(field="customer_id.credit_currency"),)),
    )
    for report in refused:
        with pytest.raises(AccessDenied):
            filled.count(marketing, report)
    assert filled.count(marketing, Report(entity="deal")).counted == len(filled.rows(marketing)["deal"])


def test_fields_of_linked_records_are_taken_out_only_with_the_right_to_take_these_out(filled: Filled) -> None:
    rights = {
        "reach": {
            "activity": {"read": "all", "export": "all"},
            "customer": {"read": "all"},
            "*reference": {"read": "all"},
        },
        "classes": {
            "activity": {"core": "read"},
            "customer": {"core": "read", "comms": "read"},
            "*reference": {"core": "read"},
        },
    }
    role = filled.office.hq.create("role", {"name": "activities out", "rights": rights})
    user = filled.office.hq.create("user", {"name": "Eve", "role_id": role})
    person = filled.office.person(user)
    for field in ("kind", "customer_id", "owner_id.team_id"):
        demand_exportable(person, filled.count(user, Report(entity="activity", rows=(Group(field=field),))))
    for field in ("customer_id.level", "customer_id.owner_id.name"):
        table = filled.count(user, Report(entity="activity", rows=(Group(field=field),)))
        with pytest.raises(AccessDenied):
            demand_exportable(person, table)


def test_a_role_that_reads_none_of_a_kind_counts_none_and_follows_no_link_to_it(filled: Filled) -> None:
    rights = {"reach": {"deal": {"read": "all"}}, "classes": {"deal": {"core": "read"}, "*": {}}}
    role = filled.office.hq.create("role", {"name": "deals only", "rights": rights})
    user = filled.office.hq.create("user", {"name": "Dee", "role_id": role})
    with pytest.raises(AccessDenied):
        filled.count(user, Report(entity="customer"))
    with pytest.raises(AccessDenied):
        filled.count(user, Report(entity="deal", rows=(Group(field="customer_id.level"),)))
    table = filled.count(user, Report(entity="deal", rows=(Group(field="customer_id"),)))
    assert {str(row.heads[0].label) for row in table.rows if row.heads[0].key} == {"(not visible)"}


@pytest.mark.parametrize("key", STANDARD_REPORTS)
def test_a_standard_report_is_the_same_at_hq(filled: Filled, key: str) -> None:
    report = replace(STANDARD_REPORTS[key].report, questions=(), top=0, zone=ZONE)
    plain = replace(report, measures=tuple(replace(each) for each in report.measures if not each.over.value))
    demand_same(filled, filled.office.founder, replace(plain, sort=None))


def test_hq_on_postgresql_counts_the_same(tmp_path: Path, fresh_postgres: str) -> None:
    office = Office(tmp_path / "hq", fresh_postgres)
    try:
        filled = Filled(office)

        @settings(max_examples=max(1, settings().max_examples // 8), database=None)
        @given(report=reports(), all_of_it=st.booleans())
        def same(report: Report, all_of_it: bool) -> None:
            demand_same(filled, office.founder if all_of_it else filled.seller, report)

        same()
        for standard in STANDARD_REPORTS.values():
            filled.count(office.founder, replace(standard.report, zone=ZONE))
        office.hq.write_all([make(entity, key, **values) for entity, key, values in large_lines()])
        demand_large_sums(lambda report: filled.count(office.founder, report))
        for term in ("amount * 100000000000 * 100000000000", "amount * 100000000000 / 0.000001"):
            large = Report(entity="deal", measures=(Measure(take=Take.SUM, of=parse_term(term)),))
            with pytest.raises(UserError, match="too large"):
                filled.count(office.founder, large)
    finally:
        office.close()


# A rule means the same here as on a laptop


@pytest.fixture(scope="module")
def laptop(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give a laptop with the same records, owned as at HQ, where whoever makes one for nobody owns it."""
    owned = filled.rows(filled.office.founder)["deal"]
    clock = Clock(wall=lambda: NOON_MS, steady=lambda: 0)
    with Replica.create(Profile(tmp_path_factory.mktemp("same")), KEY, clock) as replica:
        with replica.write() as session:
            for entity, record_id, values in records():
                owner = owned[record_id]["owner_id"] if entity == "deal" and record_id in owned else None
                repository.create(
                    session, entity, {**values, "owner_id": owner} if owner else values, record_id
                )
            for entity, record_id in DELETED:
                repository.delete(session, entity, record_id)
        yield replica


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Draw a condition on a deal that means something."""
    values: Mapping[str, tuple[Any, ...]] = {
        "amount": (0, 5_000_001, -7),
        "probability": (0, 25, 50),
        "close_date": ("2026-01-01", "2024-02-29"),
        "currency": ("CNY", "EUR", "ZZZ"),
        "tags": ("VIP", "Key", "none"),
        "owner_id": (named_id("user", "Amy"),),
        "customer_id.level": ("A", "B"),
        "customer_id.employees": (0, 5),
        "customer_id.territory_id.name": ("华东", "South"),
    }
    name = draw(st.sampled_from(sorted(values)))
    kind = {"tags": Kind.TAGS, "owner_id": Kind.REF}.get(name, Kind.TEXT)
    ordered = kind is Kind.TEXT
    ops = [Op.EQUAL, Op.NOT_EQUAL, Op.IN, Op.EMPTY, Op.FILLED]
    ops += [Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST, Op.NOT_SINCE] if ordered else []
    op = draw(st.sampled_from(ops))
    value = draw(st.sampled_from(values[name]))
    several = tuple(draw(st.lists(st.sampled_from(values[name]), min_size=1, max_size=2)))
    return Condition(
        field=name, op=op, value=None if op in (Op.EMPTY, Op.FILLED) else several if op is Op.IN else value
    )


@given(several=st.lists(conditions(), min_size=1, max_size=3))
def test_conditions_find_together_what_each_finds_alone_on_a_laptop(
    filled: Filled, laptop: Replica, several: list[Condition]
) -> None:
    table = SCHEMAS["deal"].table
    admin: Person = person("admin")
    rule = AllOf(tuple(several))
    with laptop.read() as session:

        def here(asked: Rule) -> set[str]:
            meets = OnLaptop(session, admin).by_rule(asked, "deal")
            return set(session.scalars(select(table.c.id).where(table.c.life % 2 == 1, meets)))

        alone = set.intersection(*map(here, several))
        assert here(rule) == alone
    founder = filled.office.founder
    # What belonged to a deleted customer went with it at HQ; a laptop is told so with the next sync.
    wanted = alone & filled.rows(founder)["deal"].keys()
    assert filled.found(founder, "deal", rule) == wanted
    only = (Measure(only=rule), Measure(only=Not(rule)), Measure())
    met, others, every = filled.count(founder, Report(entity="deal", measures=only)).rows[0].figures
    assert (met, others) == (len(wanted), int(every or 0) - len(wanted))


def test_the_command_counts_prints_and_writes_what_a_user_may_see(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq")
    listed = crm_server(data, "--json", "report", "list")
    assert {json.loads(line)["key"] for line in listed.out.splitlines()} == set(STANDARD_REPORTS)
    ran = crm_server(data, "--json", "report", "run", "--of", "stage", "--by", "kind", "--sort", "-measure 1")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.status, rows[0]["kind"], rows[-1]["total"]) == (0, "open", True)
    assert rows[-1]["counted"] == sum(row["counted"] for row in rows[:-1])
    file = tmp_path / "funnel.csv"
    assert crm_server(data, "report", "export", "funnel", str(file)).status == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfStage,")
    wrong = crm_server(data, "report", "run", "nothing")
    assert (wrong.status, "no report called" in wrong.err) == (1, True)
