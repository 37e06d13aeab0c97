"""What a report counts is what counting record by record comes to; its rules find the very records."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.reporting.tables import run
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.report_text import parse_term
from crm_core.rules.reports import (
    Currencies,
    FieldAt,
    Group,
    Measure,
    Over,
    Period,
    Question,
    Report,
    ReportTable,
    Sort,
    Take,
)
from crm_core.rules.segments import Rule
from crm_desktop.models import repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY, person
from tests.support.drawn_reports import DAY, DELETED, NOON_MS, RATES, records, reports
from tests.support.large_orders import demand_large_sums, large_lines
from tests.support.plain_reports import Plain, PlainReport, Row, Rows
from tests.support.plain_worth import add_worth

ADMIN = person("admin")
_AMOUNT = FieldAt("amount")


class Held(tuple[Replica, Rows]):
    """A laptop, and what it holds as plain values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "the laptop"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Give a laptop with a good deal of everything, and the same as plain values."""
    clock = Clock(wall=lambda: NOON_MS, steady=lambda: 0)
    with Replica.create(Profile(tmp_path_factory.mktemp("reports")), KEY, clock) as replica:
        _fill(replica)
        with replica.read() as session:
            rows = {
                entity: {
                    row["id"]: dict(row)
                    for row in session.execute(select(schema.table)).mappings()
                    if row["life"] % 2
                }
                for entity, schema in SCHEMAS.items()
            }
        add_worth(rows, DAY, "CNY", RATES)
        yield Held((replica, rows))


def _fill(replica: Replica) -> None:
    with replica.write() as session:
        for entity, record_id, values in records():
            repository.create(session, entity, values, record_id)
        for entity, record_id in DELETED:
            repository.delete(session, entity, record_id)


def counted(replica: Replica, report: Report, **answers: Any) -> ReportTable:
    """Return a report counted by the laptop."""
    with replica.read() as session:
        return run(LaptopSource(session, ADMIN), report, answers)


def plainly(replica: Replica, report: Report, rows: Rows) -> PlainReport:
    """Return the same report to be counted by hand; which records meet a rule, a list of them says."""
    known: dict[Any, set[str]] = {}

    def fits(rule: Rule, row: Row) -> bool:
        if repr(rule) not in known:
            known[repr(rule)] = found(replica, report.entity, rule)
        return row["id"] in known[repr(rule)]

    return PlainReport(report, rows, fits, "CNY", RATES, DAY)


def found(replica: Replica, entity: str, rule: Rule) -> set[str]:
    """Return the ids of the living records that meet a rule."""
    table = SCHEMAS[entity].table
    with replica.read() as session:
        source = LaptopSource(session, ADMIN)
        wanted = select(table.c.id).where(source.visible(entity), source.where(entity, rule))
        return set(session.scalars(wanted))


@settings(max_examples=max(1, settings().max_examples // 3))
@given(report=reports())
def test_a_report_counts_what_counting_by_hand_comes_to(held: Held, report: Report) -> None:
    replica, rows = held
    by_hand = plainly(replica, report, rows)
    expected: Plain = by_hand.counted()
    table = counted(replica, report)
    assert table.counted == expected.counted
    money = any(row.currency for row in table.rows) and report.currencies is Currencies.APART
    seen = set()
    for place, row in enumerate(table.rows):
        keys = tuple(head.key for head in row.heads)
        own = row.currency if money else ""
        assert row.counted == expected.rows.get((keys, own), 0)
        for at, column in enumerate(table.columns):
            heads = tuple(head.key for head in column.heads)
            cell = expected.cells.get((keys, heads, own))
            nothing = by_hand.figure(report.measures[column.measure], ())
            assert row.figures[at] == (cell[column.measure] if cell else nothing), (keys, heads, own)
            seen |= {(keys, heads, own)} if cell else set()
        assert len(found(replica, report.entity, table.rule_at(place))) == row.counted
    assert seen == expected.cells.keys()


@settings(max_examples=max(1, settings().max_examples // 5))
@given(report=reports(), top=st.integers(1, 3), place=st.integers(0, 0), down=st.booleans())
def test_the_rest_stands_together_and_nothing_is_lost(
    held: Held, report: Report, top: int, place: int, down: bool
) -> None:
    replica, _ = held
    first = Report(
        entity=report.entity,
        rule=report.rule,
        rows=tuple(each for each in report.rows if each.field != "tags"),
        columns=report.columns,
        measures=report.measures,
        sort=Sort(place=place, by_measure=True, descending=down),
        top=top,
        currencies=report.currencies,
        zone=report.zone,
    )
    table = counted(replica, first)
    whole = counted(replica, Report(entity=report.entity, rule=report.rule))
    assert sum(row.counted for row in table.rows) == whole.counted
    for place, row in enumerate(table.rows):
        assert len(found(replica, first.entity, table.rule_at(place))) == row.counted
    for each in table.currencies or ("",):
        assert sum(
            row.currency == each and not (row.heads and row.heads[0].is_other) for row in table.rows
        ) <= max(top, 1)


def test_a_cell_is_found_by_its_rule(held: Held) -> None:
    replica, _ = held
    report = Report(
        entity="activity",
        rows=(Group(field="happened_at", period=Period.WEEKDAY),),
        columns=(Group(field="happened_at", period=Period.HOUR),),
        zone="Asia/Shanghai",
    )
    table = counted(replica, report)
    assert [row.heads[0].key for row in table.rows][:7] == list(range(7))
    for n, row in enumerate(table.rows):
        for at, figure in enumerate(row.figures):
            assert len(found(replica, "activity", table.rule_at(n, at))) == figure


def test_a_running_total_a_share_and_a_change(held: Held) -> None:
    replica, _ = held
    report = Report(
        entity="deal",
        rows=(Group(field="close_date", period=Period.YEAR),),
        rule=Condition(field="close_date", op=Op.AT_LEAST, value="2024-01-01"),
        measures=tuple(Measure(over=over) for over in Over if over not in (Over.PER, Over.PART)),
    )
    table = counted(replica, report)
    plain = [row.figures[0] for row in table.rows]
    assert [row.heads[0].key for row in table.rows] == ["2024", "2025", "2026"]
    assert all(plain)
    sums = [sum(map(int, map(str, plain[: n + 1]))) for n in range(3)]
    assert [row.figures[list(Over).index(Over.RUNNING)] for row in table.rows] == sums
    shares = [row.figures[list(Over).index(Over.OF_TOTAL)] for row in table.rows]
    assert abs(sum(Decimal(str(each)) for each in shares) - 1) < Decimal("0.00001")
    changes = [row.figures[list(Over).index(Over.CHANGE)] for row in table.rows]
    assert changes[0] is None
    assert changes[1] == round(Decimal(str(plain[1])) / Decimal(str(plain[0])) - 1, 6)


def test_periods_without_records_stand_between_the_others(held: Held) -> None:
    replica, _ = held
    rule = Condition(field="close_date", op=Op.AT_LEAST, value="2024-01-01")
    report = Report(entity="deal", rule=rule, rows=(Group(field="close_date", period=Period.QUARTER),))
    keys = [row.heads[0].key for row in counted(replica, report).rows]
    assert keys[0] == "2024-Q1"
    assert keys[-1] == "2026-Q2"
    assert len(keys) == 10


def test_a_question_narrows_the_report_by_its_answer(held: Held) -> None:
    replica, rows = held
    question = Question(key="k", label="Kind", condition=Condition(field="kind", op=Op.EQUAL, value="visit"))
    report = Report(entity="activity", questions=(question,))

    def of_kind(kind: str) -> int:
        return sum(row["kind"] == kind for row in rows["activity"].values())

    assert counted(replica, report).counted == of_kind("visit")
    assert counted(replica, report, k="call").counted == of_kind("call")


def test_amounts_without_a_rate_are_left_out_and_told(held: Held) -> None:
    replica, rows = held
    report = Report(
        entity="deal", measures=(Measure(take=Take.SUM, of=_AMOUNT),), currencies=Currencies.COMPANY
    )
    table = counted(replica, report)
    yen = [row for row in rows["deal"].values() if row["currency"] == "JPY" and row["amount"] is not None]
    assert table.left_out == len(yen)
    assert [(rate.currency, rate.rate) for rate in table.rates] == [("EUR", RATES["EUR"])]


def test_large_orders_are_counted_to_the_last_fen(held: Held) -> None:
    replica, _ = held
    with replica.write() as session:
        for entity, record_id, values in large_lines():
            repository.create(session, entity, values, record_id)
    demand_large_sums(lambda report: counted(replica, report))


@pytest.mark.parametrize(
    "term",
    ["amount * 100000000000 * 100000000000", "amount * 100000000000 * 15", "1000000000000 + probability"],
)
def test_what_no_engine_counts_exactly_is_said_and_never_rounded(held: Held, term: str) -> None:
    replica, _ = held
    report = Report(entity="deal", measures=(Measure(take=Take.SUM, of=parse_term(term)),))
    with pytest.raises(UserError, match=r"too large|12 digits"):
        counted(replica, report)


def test_the_database_counts_and_python_never_reads_the_records(held: Held) -> None:
    replica, _ = held
    with replica.read() as session:
        table = SCHEMAS["deal"].table
        alive = session.scalar(select(func.count()).select_from(table).where(table.c.life % 2 == 1))
    assert counted(replica, Report(entity="deal")).counted == alive
