"""Setting up how deals go: stages put in order by keys, conditions in words, competitors with their rates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.errors import Invalid
from crm_desktop.models.query import ListQuery
from crm_desktop.services import deals, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages import selling_setup
from crm_desktop.ui.pages.losses import LossesPage
from crm_desktop.ui.pages.records import RecordsPage
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def cells(page: RecordsPage, *keys: str) -> list[tuple[object, ...]]:
    model = page.list.model
    shown = {column.key: place for place, column in enumerate(model.columns)}
    return [tuple(model.index(row, shown[key]).data() for key in keys) for row in range(model.rowCount())]


def test_stages_are_put_earlier_and_later(stage: Stage) -> None:
    replica = stage.app.replica
    page = selling_setup.StagesPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    first, second = (column.stage for column in deals.board(replica).columns[:2])
    page.list.select_record(second.id)
    stage.settle()
    stage.actions.action("stages.earlier").trigger()
    stage.settle()
    assert [column.stage.id for column in deals.board(replica).columns[:2]] == [second.id, first.id]
    page.list.select_record(second.id)
    stage.settle()
    page.later.click()
    stage.settle()
    assert [column.stage.id for column in deals.board(replica).columns[:2]] == [first.id, second.id]
    added = records.create(replica, "stage", {"name": "Trial", "pipeline_id": first.pipeline_id}).value
    assert deals.board(replica).columns[-1].stage.id == added.id  # behind the last open one


def test_conditions_stand_in_words_and_those_nobody_could_meet_are_refused(stage: Stage) -> None:
    replica = stage.app.replica
    target = deals.board(replica).columns[2].stage.id
    compares = {"stage_id": target, "kind": "field_compares", "field": "amount", "operator": ">="}
    records.create(replica, "stage_rule", {**compares, "value": "500 CNY"})
    page = selling_setup.ConditionsPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    assert cells(page, "asks") == [("“Amount” must be at least 500 CNY",)]
    for wrong, field in (({"value": "lots"}, "value"), ({"field": "nothing"}, "field")):
        with pytest.raises(Invalid) as refused:
            records.create(replica, "stage_rule", {**compares, "value": "1", **wrong})
        assert [problem.field for problem in refused.value.problems] == [field]


def test_each_competitor_stands_with_what_was_won_against_it(stage: Stage) -> None:
    replica = stage.app.replica
    rival = records.create(replica, "competitor", {"name": "Kite Works (demo)"}).value.id
    for kind, extra in (("won", {}), ("lost", {"loss_reason": "price"}), ("lost", {"loss_reason": "price"})):
        deal = records.create(
            replica, "deal", {"name": "Against", "competitor_id": rival, "amount": 100, "currency": "CNY"}
        )
        deals.finish(replica, deal.value.id, kind, **extra)
    page = selling_setup.CompetitorsPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    assert cells(page, "name", "open", "won", "lost", "rate") == [
        ("Kite Works (demo)", "0", "1", "2", "33 %")
    ]


def test_lost_deals_are_counted_and_each_row_opens_them(stage: Stage) -> None:
    replica = stage.app.replica
    for reason in ("price", "price", "timing"):
        deal = records.create(
            replica, "deal", {"name": "Gone", "amount": 100_000, "currency": "CNY"}
        ).value.id
        deals.finish(replica, deal, "lost", loss_reason=reason)
    page = LossesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="losses"))
    stage.settle()
    assert [(row.title.text(), row.line.text()) for row in page.rows] == [
        ("Price", "2 deals · 67 %"),
        ("Timing", "1 deal · 33 %"),
    ]
    page.rows[0].setFocus()
    stage.press(page.rows[0], Qt.Key.Key_Return)
    conditions = stage.places[-1].options["conditions"]
    assert len(records.page(replica, ListQuery(entity="deal", conditions=conditions)).rows) == 2
    page.by.choose("competitor_id")
    page.refresh()
    stage.settle()
    assert [row.title.text() for row in page.rows] == ["No competitor met"]
    records.create(replica, "competitor", {"name": "Elsewhere"})
    stage.settle()
    assert len(page.rows) == 1
    page.window().resize(560, 700)  # as narrow as twice the size of text makes a window
    stage.settle()
    assert page.time.y() > page.by.y()
    assert page.card.visibleRegion().boundingRect().width() == page.card.width()


def test_pipelines_and_milestones_are_listed(stage: Stage) -> None:
    first = deals.board(stage.app.replica).columns[0].stage.id
    survey = {"name": "Survey", "name_zh": "勘察", "stage_id": first}  # else it is of no deal
    records.create(stage.app.replica, "milestone", survey)
    for page_class, name in (
        (selling_setup.PipelinesPage, "Sales"),
        (selling_setup.MilestonesPage, "Survey"),
    ):
        page = page_class(stage.context, stage.actions)
        stage.show(page)
        stage.settle()
        assert cells(page, "name") == [(name,)]
