"""The reports every HQ has, over the invented records of the sample: each equals counting by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import message
from crm_core.reporting.tables import answered
from crm_core.rules.payments import BUCKETS
from crm_core.rules.report_form import plain_report, stored_report
from crm_core.rules.report_text import (
    group_text,
    measure_text,
    parse_group,
    parse_measure,
    parse_sort,
    sort_text,
)
from crm_core.rules.reports import Currencies, Group, Measure, Over, Period, Report, Sort, Take
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.assembly import App
from crm_desktop.models.custom import fields_of
from crm_desktop.models.narrowing import Narrowing
from crm_desktop.services import reports
from crm_desktop.services.ageing import By, ageing
from resources import translation
from resources.report_file import report_file
from tests.architecture.source import ROOT
from tests.support.desktop import sample_app
from tests.support.plain_reports import PlainReport, Row, Rows, living_rows
from tests.support.plain_worth import add_worth

Sample = tuple[App, Rows]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Give a laptop with invented records, and these as plain values."""
    app = sample_app(tmp_path_factory.mktemp("sample"))
    rows = living_rows(app.replica)
    add_worth(rows, app.replica.clock.today(), "CNY", {})
    yield app, rows
    app.close()


def by_hand(app: App, report: Report, rows: Rows) -> PlainReport:
    """Return a report to be counted record by record."""
    known: dict[str, set[str]] = {}

    def fits(rule: Any, row: Row) -> bool:
        if repr(rule) not in known:
            table = SCHEMAS[report.entity].table
            with app.replica.read() as session:
                meets = Narrowing(session, app.replica.person).by_rule(rule, report.entity)
                known[repr(rule)] = set(
                    session.scalars(select(table.c.id).where(table.c.life % 2 == 1, meets))
                )
        return row["id"] in known[repr(rule)]

    return PlainReport(report, rows, fits, "CNY", {}, app.replica.clock.today())


@pytest.mark.parametrize("key", STANDARD_REPORTS)
def test_a_standard_report_is_what_counting_by_hand_comes_to(sample: Sample, key: str) -> None:
    app, rows = sample
    report = Report(**{**_parts(STANDARD_REPORTS[key].report), "top": 0, "zone": "Asia/Shanghai"})
    plain = by_hand(app, answered(report, {}), rows).counted()
    table = reports.count(app.replica, report)
    assert table.counted == plain.counted
    assert plain.counted or key in ("lost_to", "attainment_families"), f"the sample has nothing for {key}"
    seen = 0
    for row in table.rows:
        for column, figure in zip(table.columns, row.figures, strict=True):
            if report.measures[column.measure].over is not Over.NOTHING:
                continue
            keys, heads = tuple(each.key for each in row.heads), tuple(each.key for each in column.heads)
            own = row.currency if report.currencies is Currencies.APART else ""
            cell = plain.cells.get((keys, heads, own))
            assert not figure if cell is None else figure == cell[column.measure], (keys, heads)
            seen += cell is not None
    assert seen == sum(not tally.over for tally in report.measures) * len(plain.cells)


def _parts(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__slots__}


@pytest.mark.parametrize("key", STANDARD_REPORTS)
def test_a_standard_report_comes_back_from_a_record_and_from_text(sample: Sample, key: str) -> None:
    report = STANDARD_REPORTS[key].report
    assert stored_report(plain_report(report)) == report
    with sample[0].replica.read() as session:

        def fields(entity: str) -> Any:
            return fields_of(session, entity)

        for measure in report.measures:
            text = measure_text(measure, report.entity, fields)
            read = parse_measure(text, report.entity, fields)
            assert (read.take, read.of, read.over) == (measure.take, measure.of, measure.over)
            assert measure_text(read, report.entity, fields) == text
    assert all(parse_group(group_text(each)) == each for each in (*report.rows, *report.columns))
    assert report.sort is None or parse_sort(sort_text(report.sort)) == report.sort


def test_what_a_newer_program_wrote_is_no_report() -> None:
    stored = plain_report(STANDARD_REPORTS["funnel"].report)
    for wrong in (
        {"measures": [{"take": "median"}]},
        {"rule": {"of": "nowhere"}},
        {"rows": [{"field": "a", "period": "era"}]},
        *({"measures": [{"take": "sum", "of": {"number": number}}]} for number in ("1e999999999", "NaN")),
    ):
        assert stored_report({**stored, **wrong}) is None
    assert stored_report(None) is None
    assert stored_report([]) is None


def test_targets_beyond_the_first_stand_together_and_go_the_way_one_says(sample: Sample) -> None:
    app, _ = sample
    report = STANDARD_REPORTS["attainment"].report
    every = reports.count(app.replica, replace(report, questions=(), sort=Sort(place=0)))
    back = reports.count(app.replica, replace(report, questions=(), sort=Sort(place=0, descending=True)))
    first = reports.count(app.replica, replace(report, questions=(), sort=Sort(place=0), top=1))
    assert len(every.rows) > 2
    assert [row.heads for row in back.rows] == [row.heads for row in reversed(every.rows)]
    one, others = first.rows
    goal = next(at for at, each in enumerate(report.measures) if each.take is Take.GOAL)
    assert (one, first.rest) == (every.rows[0], len(every.rows) - 1)
    assert others.heads[0].is_other
    assert others.figures[goal] == sum(int(row.figures[goal] or 0) for row in every.rows[1:])
    beyond = reports.count(app.replica, replace(first.report, rule=first.rule_at(1), top=0))
    assert beyond.counted == others.counted == sum(row.counted for row in every.rows[1:])


def test_ageing_is_what_the_page_of_payments_says(sample: Sample) -> None:
    app, _ = sample
    table = reports.count(app.replica, STANDARD_REPORTS["ageing"].report)
    told = {(row.heads[0].key, row.currency): (row.figures[0], *row.figures[1:]) for row in table.rows}
    page = {
        (row.key, row.currency): (sum(row.buckets.values()), *(row.buckets[each.key] for each in BUCKETS))
        for row in ageing(app.replica, By.CUSTOMER)
    }
    assert page
    assert told == page


def test_the_funnel_tells_how_many_came_this_far(sample: Sample) -> None:
    app, _ = sample
    table = reports.count(app.replica, STANDARD_REPORTS["funnel"].report)
    measures = STANDARD_REPORTS["funnel"].report.measures
    places = {measure.over: place for place, measure in enumerate(measures)}
    counts = [int(row.figures[0] or 0) for row in table.rows]
    onward = [int(row.figures[places[Over.ONWARD]] or 0) for row in table.rows]
    assert onward == [sum(counts[n:]) for n in range(len(counts))]
    kept = [row.figures[places[Over.KEPT]] for row in table.rows]
    assert kept[0] is None
    assert kept[1] == round(Decimal(onward[1]) / Decimal(onward[0]), 6)


def test_the_pdf_holds_every_row_and_what_they_come_to(sample: Sample) -> None:
    app, _ = sample
    by_day = (Group(field="happened_at", period=Period.DAY),)
    report = Report(entity="activity", rows=by_day, columns=(Group(field="kind"),), measures=(Measure(),))
    table = reports.count(app.replica, report)
    assert len(table.rows) > 60  # more than two pages hold
    today = app.replica.clock.today()
    file = report_file(table, ".pdf", message("Activities"), "line", today, "en", translation("en"))
    first, *further = (page.extract_text() for page in PdfReader(BytesIO(file)).pages)
    assert "Numbers of the report" in first
    said = "\n".join([first, *further])
    days = [str(row.heads[0].key) for row in table.rows if row.heads[0].key is not None]
    assert [day for day in days if day not in said] == []
    sums = [*table.totals[0].figures, *table.totals[0].across]
    written = said[said.rindex("Total") :].split()
    assert written == ["Total", *(f"{figure:,}" for figure in sums)]


def test_the_manual_has_the_formula_of_each() -> None:
    manual = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    assert [each.title for each in STANDARD_REPORTS.values() if f"| **{each.title}** |" not in manual] == []
