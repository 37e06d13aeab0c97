"""The report builder: what is chosen, drawn or typed is counted at once, kept and written to files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.reporting.tables import answered
from crm_core.rules.conditions import Condition
from crm_core.rules.report_script import Script
from crm_core.rules.reports import Over, Period, Report, ReportTable, Take
from crm_core.rules.segments import AllOf, AnyOf, Not, Rule, bare
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.services import report_offers, reports
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.report_builder import ReportBuilderPage
from crm_desktop.ui.reports.group_rows import GroupRow
from crm_desktop.ui.reports.measure_rows import MeasureRow
from crm_desktop.ui.reports.panel import DRAWN, WRITTEN
from tests.support.desktop import sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, sample_app(tmp_path)) as made:
        yield made


def _page(stage: Stage, key: str = "") -> ReportBuilderPage:
    page = ReportBuilderPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="report_builder", record_id=key or None))
    stage.settle()
    return page


def _change(stage: Stage, key: str) -> ReportBuilderPage:
    page = _page(stage, key)
    page.change_button.click()
    stage.settle()
    return page


def _table(page: ReportBuilderPage) -> ReportTable:
    assert page.drawn is not None, page.result.fault.text()
    return page.drawn.table


def _group(page: ReportBuilderPage, at: int = -1) -> GroupRow:
    row = page.panel.rows.rows[at]
    assert isinstance(row, GroupRow)
    return row


def _figure(page: ReportBuilderPage, at: int = -1) -> MeasureRow:
    row = page.panel.measures.rows[at]
    assert isinstance(row, MeasureRow)
    return row


def _choose(box: object, value: str) -> None:
    """Choose in a box as a person does."""
    place = box.findData(value)  # type: ignore[attr-defined]
    box.setCurrentIndex(place)  # type: ignore[attr-defined]
    box.activated.emit(place)  # type: ignore[attr-defined]


def test_a_report_is_changed_drawn_counted_kept_and_exported(stage: Stage, tmp_path: Path) -> None:
    page, replica = _change(stage, "ranking"), stage.app.replica
    assert _table(page) == reports.count(replica, reports.report(replica, "ranking").report)
    while page.panel.rows.rows:
        page.panel.rows.rows[0].remove.click()
    page.panel.rows.add_button.click()
    picker = _group(page).field.popup
    assert picker is not None
    picker.search.setText("closing")
    assert picker.words()[0] == "Closing date"
    stage.press(picker.search, Qt.Key.Key_Return)
    assert _group(page).value().period is Period.MONTH
    months = [row[0] for row in page.result.table.texts()] if page.result.table is not None else []
    assert months[-1] == "Total"
    assert all(len(month) == 7 for month in months[:-1])
    page.keeper.save("By month")
    stage.settle()
    kept = reports.report(replica, "by month")
    assert page.entry is not None
    assert (page.entry.key, kept.own, kept.report.rows[0].field) == (kept.key, True, "close_date")
    page.keeper.export(tmp_path / "months.csv")
    stage.settle()
    lines = (tmp_path / "months.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == months


def test_a_field_two_links_away_is_found_in_the_tree_and_counted_by(stage: Stage) -> None:
    page = _change(stage, "issues")
    page.panel.rows.add_button.click()
    picker = _group(page).field.popup
    assert picker is not None
    picker.search.setText("name of the territory of the customer")
    stage.press(picker.search, Qt.Key.Key_Return)
    report = _table(page).report
    assert report.rows[-1].field == "customer_id.territory_id.name"


def test_a_formula_with_a_condition_of_its_own_shown_as_a_share_is_counted(stage: Stage) -> None:
    page = _change(stage, "ranking")
    page.panel.measures.add_button.click()
    row = _figure(page)
    _choose(row.take, Take.SUM.value)
    row.field.picked.emit("=")
    row.formula.setText("amount * probability / 100")
    row.formula.editingFinished.emit()
    _choose(row.over, Over.OF_TOTAL.value)
    row.only_button.click()
    assert row.only is not None
    leaf = row.only.root.parts[0]
    leaf.row._on_picked("stage_id.kind")  # type: ignore[union-attr]
    leaf.row.value_editor._boxes["won"].click()  # type: ignore[union-attr]
    stage.settle()
    made = _table(page).report.measures[-1]
    text = reports.script(stage.app.replica, page.history.current) if page.history is not None else ""
    assert made.over is Over.OF_TOTAL
    assert "measure sum(amount * probability / 100) where stage_id.kind = won as of_total" in text


def test_what_cannot_be_counted_is_said_beside_its_part_and_nothing_else_happens(stage: Stage) -> None:
    page = _change(stage, "ranking")
    page.panel.way.chosen.emit(WRITTEN)
    stage.settle()
    page.panel.text.setPlainText("of deal\nby owner_id\nmeasure count\nmeasure sum(name)\n")
    stage.settle()
    assert page.drawn is None
    assert "cannot be added up" in page.panel.text_fault.text()
    page.keeper.save("Nothing")
    stage.settle()
    assert all(entry.standard for entry in reports.reports_of(stage.app.replica))
    page.panel.way.chosen.emit(DRAWN)
    stage.settle()
    assert "cannot be added up" in _figure(page, 1).fault.text()
    assert not _figure(page, 0).fault.isVisible()
    _figure(page, 1).remove.click()
    stage.settle()
    assert page.drawn is not None
    assert not page.result.fault.isVisible()


def test_text_that_cannot_be_read_stays_and_says_its_line(stage: Stage) -> None:
    page = _change(stage, "ranking")
    page.panel.way.chosen.emit(WRITTEN)
    stage.settle()
    page.panel.text.setPlainText("of deal\nmeasure nonsense(amount)\n")
    page.panel.way.chosen.emit(DRAWN)
    stage.settle()
    assert page.panel.is_written
    assert page.panel.text_fault.text().startswith("Line 2:")


def test_changes_are_taken_back_and_done_again(stage: Stage) -> None:
    page = _change(stage, "ranking")
    before = page.report
    _choose(page.panel.chart, "table")
    page.panel.rows.rows[0].remove.click()
    stage.settle()
    after = page.report
    page.undo_button.click()
    stage.settle()
    assert (page.report, page.panel.chart.currentData()) == (before, "table")
    page.undo_button.click()
    stage.settle()
    assert page.panel.chart.currentData() == "bar"
    assert not page.undo_button.isEnabled()
    page.redo_button.click()
    page.redo_button.click()
    stage.settle()
    assert page.report == after
    assert not page.panel.rows.rows


def test_questions_are_asked_remembered_and_counted_by(stage: Stage) -> None:
    page, replica = _page(stage, "activities"), stage.app.replica
    report = STANDARD_REPORTS["activities"].report
    (question,) = report.questions
    _, editor, _ = page.bar._questions[question.key]
    editor._line.setText("this-year-3")
    page.bar.answered.emit()
    stage.settle()
    answers = reports.answered(replica, report, {question.key: "this-year-3"})
    assert _table(page).report.rule == answered(report, answers).rule
    again = ReportBuilderPage(stage.context, stage.actions)
    stage.show(again)
    again.show_place(Place(page="report_builder", record_id="activities"))
    stage.settle()
    assert again.bar.answers() == answers
    assert _table(again).report.rule == answered(report, answers).rule


def test_a_question_without_a_default_waits_for_its_answer(stage: Stage) -> None:
    replica = stage.app.replica
    script = reports.read_script(replica, 'of deal\nask whose "Whose": owner_id =\n')
    key = reports.save(replica, "Asking", script.report).value.id
    page = _page(stage, key)
    assert page.drawn is None
    assert page.bar.waits
    page.bar.count_button.click()
    stage.settle()
    assert _table(page).counted > 0
    attainment = _page(stage, "attainment")
    assert not attainment.bar.waits
    assert _table(attainment).counted > 0


def test_another_kind_begins_anew_and_can_be_taken_back(stage: Stage) -> None:
    page = _change(stage, "ranking")
    before = page.report
    _choose(page.panel.kind, "ticket")
    stage.settle()
    assert _table(page).report.entity == "ticket"
    assert page.panel.rows.values() == ()
    page.undo()
    stage.settle()
    assert page.report == before


def test_rows_are_moved_by_keys_and_the_keyboard_stays_with_them(stage: Stage) -> None:
    page = _change(stage, "ranking")
    first, second = page.panel.measures.values()[:2]
    row = page.panel.measures.rows[0]
    row.take.setFocus()  # type: ignore[attr-defined]
    stage.press(
        row.take,  # type: ignore[attr-defined]
        Qt.Key.Key_Down,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert page.panel.measures.values()[:2] == (second, first)
    assert row.take.hasFocus()  # type: ignore[attr-defined]


def test_drawn_and_written_say_the_same_of_every_third_standard_report(stage: Stage) -> None:
    page = _change(stage, "ranking")
    for key, each in list(STANDARD_REPORTS.items())[::3]:
        script = Script(report=each.report, chart=each.chart)
        page.panel.show_script(script, report_offers.report_offers(stage.app.replica, each.report))
        assert _plainly(page.panel.script().report) == _plainly(each.report), key


def _plainly(report: Report) -> Report:
    """Return a report without groups of one condition, which mean nothing."""
    measures = tuple(
        replace(each, only=None if each.only is None else _bare(each.only)) for each in report.measures
    )
    return replace(report, rule=_bare(report.rule), measures=measures)


def _bare(rule: Rule) -> Rule:
    rule = bare(rule)
    match rule:
        case AllOf(parts):
            return AllOf(tuple(_bare(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_bare(part) for part in parts))
        case Not(part):
            return Not(_bare(part))
        case Condition(value=tuple(several)):
            return replace(rule, value=tuple(sorted(several, key=str)))
        case _:
            return rule


def test_a_narrow_window_shows_the_parts_or_the_result(stage: Stage) -> None:
    stage.window.resize(620, 600)
    page = _change(stage, "ranking")
    assert page.panel.isVisible()
    assert not page.result.isVisible()
    page.change_button.click()
    stage.settle()
    assert page.result.isVisible()
    assert not page.panel.isVisible()


def test_a_row_of_the_numbers_leads_to_the_very_records(stage: Stage) -> None:
    page = _page(stage, "ranking")
    table = _table(page)
    page.result.row_opened.emit(0)
    stage.settle()
    (place,) = stage.places
    assert place.page == "pipeline"
    found = place.options["conditions"]
    assert found
    assert table.rows[0].counted > 0
