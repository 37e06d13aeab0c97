"""Counted reports become charts with the same figures, and marks lead back to the very records."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest

from crm_core.charts.chart import Chart, Kind, Role, Tone, Unit
from crm_core.charts.drawing import Mark
from crm_core.charts.layout import layout
from crm_core.charts.looks import Look, bands_of, look_of, plain_look
from crm_core.charts.of_report import Drawn, chart_of
from crm_core.charts.told import rows_of, summary
from crm_core.charts.words import Words
from crm_core.errors import UserError
from crm_core.i18n import message
from crm_core.rules import reports
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.reports import (
    Group,
    Head,
    Measure,
    Period,
    Report,
    ReportColumn,
    ReportRow,
    ReportTable,
    Take,
)
from crm_core.rules.segments import AnyOf
from tests.core.test_charts import SixWide

TODAY = datetime.date(2026, 11, 29)


def head(key: str | int | None, label: str = "") -> Head:
    return Head(key=key, label=message(label or str(key)))


def equal(field: str, value: str | int) -> Condition:
    return Condition(field=field, op=Op.EQUAL, value=value)


def table(
    rows: list[tuple[tuple[Head, ...], tuple[reports.Figure, ...], str]],
    columns: list[ReportColumn],
    groups: tuple[Group, ...],
    totals: list[tuple[tuple[reports.Figure, ...], str]],
) -> ReportTable:
    return ReportTable(
        report=Report(entity="deal", rows=groups, measures=(Measure(), Measure())),
        groups=tuple(message(group.field) for group in groups),
        columns=tuple(columns),
        rows=tuple(
            ReportRow(
                heads=heads,
                figures=figures,
                counted=1,
                currency=currency,
                rule=equal("place", place),
            )
            for place, (heads, figures, currency) in enumerate(rows)
        ),
        totals=tuple(
            ReportRow(heads=(), figures=figures, counted=1, currency=currency) for figures, currency in totals
        ),
        counted=3,
        as_of_ms=None,
    )


def amounts(currencies: tuple[str, ...] = ("CNY", "CNY", "CNY"), *, by: Group | None = None) -> ReportTable:
    keys = ("2026-09", "2026-10", "2026-11")
    figures = ((6_010_000, 4), (5_480_000, 3), (3_720_000, 2))
    return table(
        [
            ((head(key),), each, currency)
            for key, each, currency in zip(keys, figures, currencies, strict=True)
        ],
        [
            ReportColumn(measure=0, label=message("Won"), unit=reports.Unit.MONEY),
            ReportColumn(measure=1, label=message("Deals"), unit=reports.Unit.COUNT),
        ],
        (by or Group(field="close_date", period=Period.MONTH),),
        [((sum(f[0] for f in figures), 9), currency) for currency in dict.fromkeys(currencies)],
    )


def marks(drawn: Drawn) -> list[Mark]:
    return list(layout(drawn.chart, 600, 300, SixWide(), Words()).marks)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_chart_shows_a_report_and_leads_to_its_records(kind: Kind) -> None:
    drawn = chart_of(amounts(), Look(kind=kind), "Won", today=TODAY)
    assert drawn.chart.kind is kind
    found = marks(drawn)
    assert found
    for mark in found:
        assert drawn.rule_of(mark) is not None
    assert len(drawn.columns) == len(drawn.chart.series)


def test_amounts_are_in_major_units_counted_in_thousands_and_the_number_of_records_stands_beside() -> None:
    drawn = chart_of(amounts(), Look(kind=Kind.BAR, lying=True), "Won")
    chart = drawn.chart
    assert [each.role for each in chart.series] == [Role.PLAIN, Role.BESIDE]
    assert chart.plain[0].values == (60_100, 54_800, 37_200)
    assert chart.form.thousands
    assert Words().show(chart.subtitle) == "thousand CNY"
    assert marks(drawn)[0].words == "2026-09: 60, Deals 4"
    assert drawn.rule_of(marks(drawn)[1]) == equal("place", 1)


def test_the_table_tells_the_same_figures_exactly() -> None:
    chart = chart_of(amounts(), Look(kind=Kind.TABLE), "Won").chart
    assert rows_of(chart, Words()) == [
        ("", "Won", "Deals"),
        ("2026-09", "60,100", "4"),
        ("2026-10", "54,800", "3"),
        ("2026-11", "37,200", "2"),
    ]


def test_the_period_that_runs_stands_apart_from_the_line() -> None:
    chart = chart_of(amounts(), Look(kind=Kind.LINE), "Won", today=TODAY).chart
    assert chart.plain[0].values == (60_100, 54_800, None)
    running = chart.of(Role.RUNNING)
    assert running is not None
    assert running.values == (None, None, 37_200)
    assert [each.current for each in chart.categories] == [False, False, True]
    earlier = chart_of(amounts(), Look(kind=Kind.LINE), "Won", today=datetime.date(2027, 1, 1)).chart
    assert earlier.of(Role.RUNNING) is None


@pytest.mark.parametrize(
    ("period", "key", "current"),
    [
        (Period.DAY, "2026-11-29", True),
        (Period.WEEK, "2026-11-23", True),
        (Period.WEEK, "2026-11-30", False),
        (Period.QUARTER, "2026-Q4", True),
        (Period.YEAR, "2026", True),
        (Period.YEAR, "2025", False),
        (Period.WEEKDAY, "6", False),
    ],
)
def test_a_period_that_holds_today_is_the_current_one(period: Period, key: str, current: bool) -> None:
    one = table(
        [((head(key),), (5,), "")],
        [ReportColumn(measure=0, label=message("How many"), unit=reports.Unit.COUNT)],
        (Group(field="close_date", period=period),),
        [((5,), "")],
    )
    chart = chart_of(one, Look(kind=Kind.BAR), "x", today=TODAY).chart
    assert [each.current for each in chart.categories] == [current]


def test_a_figure_in_time_is_compared_with_the_period_before() -> None:
    look = Look(kind=Kind.FIGURE, goal=Decimal(40_000))
    chart = chart_of(amounts(), look, "Won").chart
    earlier = chart.of(Role.EARLIER)
    assert earlier is not None
    assert earlier.values[-1] == 54_800
    band = chart.band_of(37_200)
    assert band is not None
    assert band.tone is Tone.WARN


def test_a_figure_of_no_period_is_the_total() -> None:
    drawn = chart_of(amounts(by=Group(field="owner_id")), Look(kind=Kind.FIGURE), "Won")
    assert drawn.chart.plain[0].values == (152_100,)
    assert drawn.rule_of(marks(drawn)[0]) == reports.ALL


def test_currencies_are_never_drawn_side_by_side() -> None:
    by_owner = amounts(("CNY", "EUR", "CNY"), by=Group(field="owner_id"))
    chart = chart_of(by_owner, Look(kind=Kind.PIE), "Won").chart
    assert chart.plain[0].values == (60_100, 37_200)
    assert Words().show(chart.note) == "1 rows in other currencies are left out"
    everything = chart_of(by_owner, Look(kind=Kind.TABLE), "Won").chart
    assert [Words().show(each.label) for each in everything.categories] == [
        "2026-09, CNY",
        "2026-10, EUR",
        "2026-11, CNY",
    ]


def test_names_of_one_province_make_one_tile_that_finds_the_records_of_both() -> None:
    places = table(
        [((head(name),), (count,), "") for name, count in (("上海市", 4), ("Shanghai", 3), ("Berlin", 2))],
        [ReportColumn(measure=0, label=message("How many"), unit=reports.Unit.COUNT)],
        (Group(field="province"),),
        [((9,), "")],
    )
    drawn = chart_of(places, Look(kind=Kind.MAP), "Customers")
    assert [(each.key, drawn.chart.plain[0].values[n]) for n, each in enumerate(drawn.chart.categories)] == [
        ("CN-31", 7),
        ("2", 2),
    ]
    shanghai = next(mark for mark in marks(drawn) if mark.key == "CN-31")
    assert drawn.rule_of(shanghai) == AnyOf((equal("place", 0), equal("place", 1)))


def test_other_slices_find_the_records_of_all_they_gather() -> None:
    many = table(
        [((head(f"n{n}"),), (20 - n,), "") for n in range(9)],
        [ReportColumn(measure=0, label=message("How many"), unit=reports.Unit.COUNT)],
        (Group(field="source"),),
        [((1,), "")],
    )
    drawn = chart_of(many, Look(kind=Kind.PIE), "x")
    other = marks(drawn)[-1]
    assert drawn.rule_of(other) == AnyOf(tuple(equal("place", place) for place in range(5, 9)))


def test_a_pivot_by_weekday_and_hour_becomes_cells() -> None:
    pivot = table(
        [((head(day, name),), (day + 1, None), "") for day, name in enumerate(("Mon", "Tue"))],
        [
            ReportColumn(
                measure=0,
                label=message("Visits"),
                unit=reports.Unit.COUNT,
                heads=(head(hour),),
                rule=equal("hour", hour),
            )
            for hour in (9, 10)
        ],
        (Group(field="start_at", period=Period.WEEKDAY),),
        [((3, None), "")],
    )
    drawn = chart_of(pivot, Look(kind=Kind.HEAT_MAP), "Visits")
    assert [(mark.words, mark.key) for mark in marks(drawn)] == [("Mon, 9: 1", "0/0"), ("Tue, 9: 2", "0/1")]
    assert drawn.rule_of(marks(drawn)[1]) == reports.all_of([equal("place", 1), equal("hour", 9)])
    stacked = chart_of(pivot, Look(kind=Kind.BAR, stacked=True), "Visits").chart
    assert [Words().show(each.label) for each in stacked.plain] == ["9", "10"]


def test_what_does_not_add_up_is_not_added_up_in_words() -> None:
    words = Words()
    sums = amounts(by=Group(field="owner_id"))
    added = replace(sums.report, measures=(Measure(take=Take.SUM), Measure()))
    average = replace(sums.report, measures=(Measure(take=Take.AVERAGE), Measure()))
    told = [
        summary(chart_of(replace(sums, report=each), Look(kind=Kind.BAR), "").chart, words)
        for each in (added, average)
    ]
    assert told == ["152 in 3 parts; most in 2026-09: 60", "most in 2026-09: 60"]


def test_a_share_is_written_in_hundredths() -> None:
    rates = replace(
        amounts(by=Group(field="owner_id")),
        columns=(ReportColumn(measure=0, label=message("Win rate"), unit=reports.Unit.SHARE),),
        rows=(ReportRow(heads=(head("a"),), figures=(Decimal("0.345"),), counted=2),),
        totals=(ReportRow(heads=(), figures=(Decimal("0.345"),), counted=2),),
    )
    chart: Chart = chart_of(rates, Look(kind=Kind.GAUGE, goal=Decimal(30)), "Win rate").chart
    assert chart.form.unit is Unit.PERCENT
    assert layout(chart, 300, 200, SixWide(), Words()).summary == "35 % of 30 %, On target"


def test_an_empty_report_says_so() -> None:
    nothing = replace(amounts(), rows=(), totals=())
    for kind in Kind:
        assert chart_of(nothing, Look(kind=kind), "Won").chart.is_empty


def test_a_look_is_kept_and_read_again() -> None:
    looks = (
        Look(),
        Look(kind=Kind.BAR, stacked=True, lying=True),
        Look(kind=Kind.GAUGE, goal=Decimal("99.5"), less_is_better=True),
    )
    for look in looks:
        assert look_of(plain_look(look)) == look
    assert look_of(None) == Look()
    for damaged in (
        {"kind": "cake"},
        {},
        "bar",
        {"kind": "bar", "goal": "much"},
        {"kind": "bar", "goal": "NaN"},
    ):
        with pytest.raises(UserError):
            look_of(damaged)


@pytest.mark.parametrize(
    ("value", "tone"), [(0, Tone.GOOD), (100, Tone.GOOD), (101, Tone.WARN), (120, Tone.BAD), (500, Tone.BAD)]
)
def test_less_can_be_better(value: int, tone: Tone) -> None:
    look = Look(kind=Kind.FIGURE, goal=Decimal(100), less_is_better=True)
    reached = [band for band in bands_of(look) if band.since <= value]
    assert reached[-1].tone is tone
