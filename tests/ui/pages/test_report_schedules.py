"""Reports that go out by themselves, made in the window; and figures HQ counted, shown in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.charts.form import plain_chart
from crm_core.charts.starters import STARTERS
from crm_core.ids import named_id
from crm_desktop.models import repository, state
from crm_desktop.models.query import ListQuery
from crm_desktop.models.state import Key
from crm_desktop.services import dashboards, records, report_schedules
from crm_desktop.ui.context import Place
from crm_desktop.ui.dashboards.sources import AT_HQ, HERE
from crm_desktop.ui.pages.dashboards import DashboardsPage
from crm_desktop.ui.pages.report_builder import ReportBuilderPage
from crm_desktop.ui.reports.schedules_dialog import SchedulesDialog
from tests.support.desktop import sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a window over sample data whose HQ lets reports go to one domain outside."""
    app = sample_app(tmp_path)
    with app.replica.write() as session:
        told = {**state.read(session, Key.SETTINGS), "report_outside": ["@kontor.example"]}
        state.write(session, {Key.DEVICE: 1, Key.SETTINGS: told})
    with staged(qtbot, app) as made:
        yield made


def _dialog(stage: Stage) -> SchedulesDialog:
    page = ReportBuilderPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="report_builder", record_id="ranking"))
    stage.settle()
    page.keeper.open_schedules()
    stage.settle()
    assert page.keeper.schedules is not None
    return page.keeper.schedules


def _kept(stage: Stage) -> list[dict[str, Any]]:
    rows = records.page(stage.app.replica, ListQuery(entity="report_schedule")).rows
    return [{"id": row.id, **{name: row.get(name) for name in report_schedules._KEPT}} for row in rows]


def test_a_schedule_is_made_wrong_said_at_its_place_then_paused_and_deleted(stage: Stage) -> None:
    dialog = _dialog(stage)
    dialog.add_button.click()
    form = dialog.form
    assert form is not None
    form.outside.setText("nobody")
    form.save_button.click()
    stage.settle()
    assert form._fields["outside"].error
    form.outside.setText("ann@kontor.example")
    form.rule.setCurrentIndex(0)
    form.pdf.click()
    form.save_button.click()
    stage.settle()
    (kept,) = _kept(stage)
    assert (kept["standard"], kept["outside"], kept["repeat"]) == (
        "ranking",
        "ann@kontor.example",
        "FREQ=DAILY",
    )
    assert (kept["attach_pdf"], kept["by_mail"], bool(kept["to_laptops"])) == (True, True, False)
    stage.until(lambda: dialog.table.row_count == 1)
    dialog.pause_button.click()
    stage.settle()
    assert _kept(stage)[0]["paused"]
    stage.until(lambda: dialog.pause_button.text() == "Resume")
    dialog.open_form(dialog.current)
    assert dialog.form is not None
    unsaid = {"readers": [], "to_laptops": False, "attach_xlsx": False}
    assert dialog.form.values() == {name: kept[name] for name in dialog.form.values()} | unsaid
    dialog.form.reject()
    dialog.delete_button.click()
    stage.settle()
    assert _kept(stage) == []


def test_what_went_to_whom_is_listed_with_the_reason(stage: Stage) -> None:
    replica = stage.app.replica
    made = records.create(
        replica,
        "report_schedule",
        {
            "name": "Daily",
            "standard": "ranking",
            "outside": "ann@kontor.example",
            "starts_at": 1,
            "repeat": "FREQ=DAILY",
        },
    ).value
    with replica.write() as session:
        sent = {"schedule_id": made.id, "due_at": 1, "way": "mail", "address": "ann@kontor.example"}
        why = ["The mail server: {said}", {"said": "550 no"}]
        repository.create(session, "report_sending", {**sent, "status": "failed", "outcome": why})
    dialog = _dialog(stage)
    stage.until(lambda: dialog.log.row_count == 1)
    assert dialog.log.texts()[0][1:] == [
        "ann@kontor.example", "By mail", "Could not be sent", "The mail server: 550 no",
    ]  # fmt: skip


def test_figures_of_hq_are_shown_as_of_their_time_and_lead_to_no_records(
    stage: Stage, tmp_path: Path
) -> None:
    replica = stage.app.replica
    board = dashboards.create(replica, "Sales", STARTERS[0].tiles, STARTERS[0].period).value
    row = next(each for each in dashboards.dashboards_of(replica) if each.id == board.id)
    counted = dashboards.count_tiles(replica, row.tiles[:1], row.period)
    assert counted[0].drawn is not None
    first = {"id": row.tiles[0].id, "title": "Team", "chart": plain_chart(counted[0].drawn.chart)}
    second = {"id": row.tiles[1].id, "title": "Rate", "fault": ["You may not read this", {}]}
    kept = {"dashboard_id": board.id, "shown_to": [replica.person.user_id], "as_of": 1_800_000_000_000}
    with replica.write() as session:
        key = named_id("dashboard_snapshot", board.id)
        repository.create(session, "dashboard_snapshot", {**kept, "tiles": [first, second]}, key)
    page = DashboardsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="reports", record_id=board.id))
    stage.settle()
    assert page.header.source.isVisible()
    own = page.grid.cards[row.tiles[0].id]
    assert own.drawn is not None
    page.choose_source(AT_HQ)
    stage.settle()
    assert "as of" in page.header.scope.text()
    assert (own.name.text(), own.drawn, own.chart) == ("Team", None, counted[0].drawn.chart)
    assert not page.header.period.isEnabled()
    page.save_to(tmp_path / "hq.svg", "svg")
    stage.settle()
    drawn = (tmp_path / "hq.svg").read_text(encoding="utf-8")
    assert "What headquarters counted for you" in drawn
    assert "You may not read this" in drawn
    page.choose_source(HERE)
    page.choose_source(AT_HQ)  # before this laptop's figures are counted
    stage.settle()
    assert (own.name.text(), own.drawn) == ("Team", None)
    page.choose_source(HERE)
    stage.settle()
    assert own.drawn is not None
