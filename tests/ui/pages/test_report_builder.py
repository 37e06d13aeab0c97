"""The report builder: what is chosen and typed is counted at once, kept and written to files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.services import reports
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.report_builder import ReportBuilderPage
from tests.support.desktop import sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, sample_app(tmp_path)) as made:
        yield made


def _page(stage: Stage) -> ReportBuilderPage:
    page = ReportBuilderPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="report_builder"))
    stage.settle()
    return page


def test_a_report_is_counted_as_chosen_and_as_changed_then_kept_and_exported(
    stage: Stage, tmp_path: Path
) -> None:
    page, replica = _page(stage), stage.app.replica
    page.listed.setCurrentRow([*page._entries].index("ranking"))
    stage.settle()
    assert page.counted is not None
    assert page.counted.drawn.table == reports.count(replica, reports.report(replica, "ranking").report)
    assert page.parts.where.text() == "stage_id.kind = won and close_date >= this-year"
    page.parts.measures.line.setText("")
    page.parts.rows.line.setText("")
    page.parts.rows.add("close_date by month")
    stage.settle()
    assert page.table is not None
    months = [row[0] for row in page.table.texts()]
    assert months[-1] == "Total"
    assert all(len(month) == 7 for month in months[:-1])
    page.save("By month")
    stage.settle()
    kept = reports.report(replica, "by month")
    assert page.entry is not None
    assert (page.entry.key, kept.own, kept.report.rows[0].field) == (kept.key, True, "close_date")
    page.export(tmp_path / "months.csv")
    stage.settle()
    lines = (tmp_path / "months.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == months


def test_what_cannot_be_counted_is_said_in_place_and_nothing_else_happens(stage: Stage) -> None:
    page = _page(stage)
    page.parts.measures.line.setText("sum(name)")
    page.parts.changed.emit()
    stage.settle()
    assert page.counted is None
    assert page.fault.isVisible()
    assert "cannot be added up" in page.fault.text()
    page.save("Nothing")
    stage.settle()
    assert all(entry.standard for entry in reports.reports_of(stage.app.replica))
    page.parts.measures.line.setText("sum(amount)")
    page.parts.changed.emit()
    stage.settle()
    assert page.counted is not None
    assert not page.fault.isVisible()


def test_fields_are_offered_for_groups_and_figures_and_another_kind_begins_anew(stage: Stage) -> None:
    page = _page(stage)
    page.parts.rows.open_menu()
    assert page.parts.rows.menu_shown is not None
    offered = [action.text() for action in page.parts.rows.menu_shown.actions()]
    assert {"Owner", "Stage", "Level of the Customer"} <= set(offered)
    page.parts.rows.menu_shown.close()
    page.parts.kind.setCurrentIndex(page.parts.kind.findData("ticket"))
    page.parts.kind_chosen.emit("ticket")
    stage.settle()
    assert page.parts.rows.parts() == []
    assert page.counted is not None
    assert page.counted.report.entity == "ticket"
