"""The forecast page: figures lead to their deals, judgements and scenarios are kept, a plan is saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from crm_core.rules.stretches import Length, stretch_at
from crm_desktop.models.query import ListQuery
from crm_desktop.services import forecast_scopes, forecasts, records, scenarios, target_plans
from crm_desktop.services.target_plans import Subject
from crm_desktop.ui.context import Place
from crm_desktop.ui.forecast.attainment_view import AttainmentView
from crm_desktop.ui.forecast.deals_view import DealsView
from crm_desktop.ui.forecast.history_view import HistoryView
from crm_desktop.ui.forecast.what_if_view import WhatIfView
from crm_desktop.ui.pages.forecast import ATTAINMENT, DEALS, HISTORY, WHAT_IF, ForecastPage
from crm_desktop.ui.pages.target_plan import TargetPlanPage
from crm_desktop.ui.translate import translator
from tests.support.desktop import empty_app, sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, sample_app(tmp_path)) as made:
        yield made


@pytest.fixture
def bare(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def _page(stage: Stage, tab: str = DEALS) -> ForecastPage:
    page = ForecastPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="forecast", options={"tab": tab}))
    stage.settle()
    return page


def _said(page: ForecastPage) -> str:
    return " ".join(label.text() for label in page.view.findChildren(QLabel) if label.isVisible())


def test_each_figure_and_row_opens_the_deals_it_is_of(stage: Stage) -> None:
    page = _page(stage)
    view = page.view
    assert isinstance(view, DealsView)
    shown = view.shown
    assert shown is not None
    button = view.tiles["commit"].button
    assert button is not None
    button.click()
    stage.settle()
    place = stage.places[-1]
    listed = ListQuery(entity="deal", conditions=place.options["conditions"], limit=200)
    rows = records.page(stage.app.replica, listed).rows
    assert (place.page, sum(int(each.get("amount") or 0) for each in rows)) == (
        "pipeline",
        shown.total.with_commit,
    )
    view.table.setCurrentIndex(view.table.model().index(0, 0))
    stage.press(view.table, Qt.Key.Key_Return)
    figures = shown.people[0][1]
    listed = ListQuery(entity="deal", conditions=stage.places[-1].options["conditions"], limit=200)
    every = figures.won + figures.commit + figures.best + figures.pipeline + figures.omitted
    rows = records.page(stage.app.replica, listed).rows
    assert sum(int(each.get("amount") or 0) for each in rows) == every


def test_period_and_scope_are_chosen_and_both_languages_say_it(stage: Stage) -> None:
    page = _page(stage)
    view = page.view
    assert isinstance(view, DealsView)
    page.chooser.scope_box.setCurrentIndex(page.chooser.scope_box.findData("me"))
    page.chooser.scope_box.activated.emit(page.chooser.scope_box.currentIndex())
    stage.settle()
    assert view.shown is not None
    assert len(view.shown.people) == 1
    page.chooser.later.click()
    stage.settle()
    quarter = stretch_at(stage.app.replica.clock.today(), Length.QUARTER)
    assert view.shown.stretch == quarter.moved(1)
    translator().use("zh_CN")
    stage.settle()
    assert "已赢单" in _said(page)
    translator().use("en")


def test_a_judgement_is_typed_refused_at_its_place_and_kept(stage: Stage) -> None:
    page = _page(stage)
    view = page.view
    assert isinstance(view, DealsView)
    card = view.judgements
    card.amount_line.setText("a lot")
    card.save_button.click()
    stage.settle()
    assert card.amount_field.error
    card.amount_line.setText("850000")
    card.save_button.click()
    stage.settle()
    assert (str(card.amount_field.error), bool(card.reason_field.error)) == ("", True)
    card.reason_line.setText("Both pumps are promised")
    stage.press(card.reason_line, Qt.Key.Key_Return)
    assert view.shown is not None
    assert (view.shown.calls[0].amount, view.shown.calls[0].reason) == (850_000_00, "Both pumps are promised")
    assert "Both pumps are promised" in _said(page)


def test_what_changed_this_week_is_shown_as_soon_as_it_is_saved(stage: Stage) -> None:
    page = _page(stage)
    view = page.view
    assert isinstance(view, DealsView)
    assert view.changes.rows == []
    replica = stage.app.replica
    scope = forecast_scopes.scopes_of(replica)[0]
    shown = forecasts.forecast(replica, page.chooser.stretch, scope)
    listed = ListQuery(entity="deal", conditions=(), sort=(("amount", True),), limit=200)
    first, last = (day.isoformat() for day in page.chooser.stretch.days)
    inside = next(
        row
        for row in records.page(replica, listed).rows
        if first <= str(row.get("close_date") or "") <= last and int(row.get("probability") or 0) < 100
    )
    records.update(replica, "deal", inside.id, {"amount": int(inside.get("amount") or 0) + 100_00})
    stage.until(lambda: len(view.changes.rows) == 1)
    stage.settle()
    assert view.shown is not None
    assert view.shown.total != shown.total
    view.changes.rows[0].opened.emit()
    assert stage.places[-1].record_id == inside.id


def test_attainment_stands_below_its_team_opens_its_records_and_tells_differences(stage: Stage) -> None:
    page = _page(stage, ATTAINMENT)
    view = page.view
    assert isinstance(view, AttainmentView)
    page.chooser._on_length_chosen(Length.YEAR)
    stage.settle()
    assert view.shown is not None
    texts = view.table.texts()
    named = [row.whose or row.product or "Whole company" for row in view.shown.rows]
    assert [row[0].strip() for row in texts] == named
    assert "On target" in [row[5] for row in texts]
    assert "but the people (3) come to" in _said(page)
    view.table.opened.emit(0)
    stage.settle()
    assert stage.places[-1].page == "pipeline"
    view.measure.setCurrentIndex(view.measure.findData("calls"))
    view.measure.activated.emit(0)
    stage.settle()
    assert "no target of this kind" in _said(page)


def test_history_is_carried_on_with_its_test_or_says_that_there_is_too_little(stage: Stage) -> None:
    page = _page(stage, HISTORY)
    view = page.view
    assert isinstance(view, HistoryView)
    assert view.methods.row_count >= 5
    assert "in four of five cases between" in view.said.text()
    page.chooser._move(-1)
    stage.settle()
    assert "is over" in view.said.text()


def test_nothing_there_is_said_in_every_view(bare: Stage) -> None:
    page = _page(bare)
    assert "Nothing changed for this period." in _said(page)
    for tab, words in (
        (ATTAINMENT, "no target of this kind"),
        (HISTORY, "Too little history"),
        (WHAT_IF, "What the period would come to"),
    ):
        page.show_place(Place(page="forecast", options={"tab": tab}))
        bare.settle()
        assert words in _said(page), tab


def test_a_what_if_is_worked_out_as_one_types_kept_loaded_and_deleted(stage: Stage, tmp_path: Path) -> None:
    page = _page(stage, WHAT_IF)
    view = page.view
    assert isinstance(view, WhatIfView)
    base = view.found[0].result
    price = view.fields.boxes["price"]
    slider = view.fields.sliders[price]
    assert (slider.accessibleName(), slider.value()) == (price.accessibleName(), 0)
    for _twice in range(2):
        stage.press(slider, Qt.Key.Key_PageUp)
    assert price.value() == 10
    stage.until(lambda: view.found[1].result.pipeline != base.pipeline)
    stage.settle()
    assert abs(view.found[1].result.pipeline - base.pipeline * 11 / 10) <= 1
    view.save_button.click()
    stage.settle()
    assert view.name_field.error
    view.name_line.setText("Dearer")
    view.save_button.click()
    stage.settle()
    assert "Dearer" in [row.name for row in view.kept]
    assert [each.name for each in view.found].count("Dearer") == 1
    price.setValue(320.5)
    assert (slider.value(), price.value()) == (50, 320.5)
    view.reset_button.click()
    stage.settle()
    assert (view.found[1].result, slider.value()) == (base, 0)
    view.load(next(row for row in view.kept if row.name == "Dearer"))
    stage.settle()
    assert view.fields.boxes["price"].value() == 10
    view.write(tmp_path / "scenarios.xlsx")
    stage.settle()
    assert (tmp_path / "scenarios.xlsx").stat().st_size > 4000
    view.delete(next(row for row in view.kept if row.name == "Dearer"))
    stage.settle()
    act = stage.notices[-1].act
    assert "Dearer" not in [row.name for row in view.kept]
    assert act is not None
    act()
    stage.settle()
    assert "Dearer" in [row.name for row in scenarios.scenarios_of(stage.app.replica)]
    page.chooser._move(1)
    stage.settle()
    assert "What-if" in view.fault.text() or "what-if" in view.fault.text()


def test_a_year_is_spread_copied_told_where_it_differs_and_saved(stage: Stage) -> None:
    page = TargetPlanPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="target_plan"))
    stage.settle()
    held = page.held
    assert held is not None
    assert held.difference == 0
    fields = page.fields
    assert "come to the year" in fields.told.text()
    fields.month_lines[0].setText("1")
    fields.month_lines[0].textEdited.emit("1")
    assert "less than the year" in fields.told.text()
    fields.month_lines[0].setText("lots")
    page.save()
    assert fields.month_fields[0].error
    fields.year_line.setText("2400000")
    fields.even_button.click()
    assert {line.text() for line in fields.month_lines} == {"200000"}
    page.save_button.click()
    stage.settle()
    replica = stage.app.replica
    year = replica.clock.today().year
    saved = target_plans.plan(replica, Subject(year=year, currency="CNY"))
    assert (saved.year, set(saved.months)) == (2_400_000_00, {200_000_00})
    page.subject.year.setValue(year + 1)
    stage.settle()
    assert page.held is not None
    assert page.held.year is None
    fields.percent_box.setValue(10)
    fields.copy_button.click()
    stage.settle()
    assert fields.year_line.text() == "2640000"
    fields.share_button.click()
    assert "come to the year" in fields.told.text()
    # What is typed is lost neither by leaving nor by choosing another year: that is asked first.
    assert not page.leave()
    assert page.note.asks
    page.note.clear()
    page.subject.year.setValue(year)
    assert page.subject.year.value() == year + 1
    assert (page.note.bar.isVisible(), fields.year_line.text()) == (True, "2640000")
    page.note.bar.action_clicked.emit()
    stage.settle()
    assert page.leave()
    assert page.held.subject.year == page.subject.year.value() == year
    assert fields.year_line.text() == "2400000"
