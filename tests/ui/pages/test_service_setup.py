"""Setting up when people work, what customers are promised and what macros do, in the window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.rules.sla import Promised
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import records
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.records import RecordsPage
from crm_desktop.ui.pages.service_setup import MacrosPage, SlaPoliciesPage, WorkCalendarsPage
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give one empty profile to all tests of this file."""
    made = empty_app(tmp_path_factory.mktemp("service"))
    yield made
    made.close()


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, app: App) -> Iterator[Stage]:
    """Give a window over that profile."""
    made = Stage(qtbot, app)
    yield made
    made.close()


def opened(stage: Stage, page: RecordsPage, record_id: str | None = None) -> RecordForm:
    """Return the form of a record, or of a new one, on screen."""
    stage.show(page)
    page.show_place(
        Place(page="here", record_id=record_id, options={} if record_id else {"new": page.list.entity})
    )
    stage.settle()
    assert page.form is not None
    return page.form


def saved(stage: Stage, form: RecordForm, entity: str) -> Record:
    form.save()
    stage.settle()
    (row,) = records.page(stage.app.replica, ListQuery(entity=entity)).rows
    return records.get(stage.app.replica, entity, row.id)


def test_a_calendar_is_typed_day_by_day_and_says_what_it_cannot_read(stage: Stage, tmp_path: Path) -> None:
    form = opened(stage, WorkCalendarsPage(stage.context, stage.actions))
    fields = form.grid.fields
    hours = fields["hours"].editor
    assert [line.text() for line in hours.days[4:6]] == ["09:00–18:00", ""]
    fields["name"].editor.setText("Shanghai")
    fields["time_zone"].editor.setText("Asia/Shanghai")
    hours.days[0].setText("9 to 12")
    fields["holidays"].editor.setPlainText("2026-10-01 - 2026-10-03")
    fields["made_up"].editor.setPlainText("2026-10-10 = Friday")
    form.save()
    stage.settle()
    assert not records.page(stage.app.replica, ListQuery(entity="work_calendar")).rows
    assert "09:00-12:00" in show(fields["hours"].widget.error)
    hours.days[0].setText("9:00-12:00, 13:00-18:00")
    kept = saved(stage, form, "work_calendar")
    assert kept["hours"][0] == [[540, 720], [780, 1080]]
    assert kept["hours"][6] == []
    assert kept["holidays"] == ["2026-10-01", "2026-10-02", "2026-10-03"]
    assert kept["made_up"] == [["2026-10-10", 4]]
    again = opened(stage, WorkCalendarsPage(stage.context, stage.actions), kept.id)
    assert again.grid.fields["holidays"].editor.toPlainText() == "2026-10-01 – 2026-10-03"
    assert not again.dirty
    assert again.grid.preview.isVisible()
    again.grid.year.setCurrentIndex(again.grid.year.findData(2026))
    again.grid.add_days.click()
    lines = again.grid.fields["holidays"].editor.toPlainText().splitlines()
    assert "2026-10-01 – 2026-10-07" in lines
    made_up = again.grid.fields["made_up"].editor.toPlainText().splitlines()
    assert "2026-10-10 = Friday" in made_up, "what was typed stays"
    assert "2026-09-20 = Monday" in made_up
    file = tmp_path / "uk.ics"
    event = "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261228\nSUMMARY:Boxing Day\nEND:VEVENT\n"
    file.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{event}END:VCALENDAR\n")
    again.grid.take_file(file)
    stage.until(lambda: again.grid.file_said.isVisible())
    assert "2026-12-28" in again.grid.fields["holidays"].editor.toPlainText().splitlines()
    file.write_text("no calendar")
    again.grid.take_file(file)
    stage.until(lambda: "not a calendar" in again.grid.file_said.text())
    again._discard()


def test_a_service_level_is_a_table_of_times_with_levels_after_it(stage: Stage) -> None:
    form = opened(stage, SlaPoliciesPage(stage.context, stage.actions))
    fields = form.grid.fields
    fields["name"].editor.setText("Gold")
    fields["promised"].editor.cells["high", Promised.REPLY].setText("1:30")
    assert [name for name, box in fields["pausing"].editor.boxes.items() if box.isChecked()] == ["waiting"]
    levels = fields["escalations"].editor
    levels.add_button.click()
    levels.add_button.click()
    first, second = levels.rows
    first.after.setText("0:00")
    second.after.setText("2")
    second.to.setCurrentIndex(second.to.findData("manager"))
    kept = saved(stage, form, "sla_policy")
    assert kept["promised"] == {"high": {"reply": 90}}
    assert kept["pausing"] == ["waiting"]
    assert kept["escalations"] == [{"after": 0, "to": "assignee"}, {"after": 120, "to": "manager"}]
    again = opened(stage, SlaPoliciesPage(stage.context, stage.actions), kept.id)
    assert again.grid.fields["promised"].editor.cells["high", Promised.REPLY].text() == "1:30"
    levels = again.grid.fields["escalations"].editor
    assert [row.level() for row in levels.rows] == kept["escalations"]
    assert not again.dirty
    levels.rows[0].removed.emit()
    assert [row.level() for row in levels.rows] == kept["escalations"][1:]
    again._discard()
    assert [row.level() for row in levels.rows] == kept["escalations"], "given up with all else"


def test_a_macro_sets_what_is_filled_in_and_leaves_the_rest(stage: Stage) -> None:
    form = opened(stage, MacrosPage(stage.context, stage.actions))
    fields = form.grid.fields
    fields["name"].editor.setText("Waits")
    changes = fields["changes"].editor
    changes.editors["status"].setCurrentIndex(changes.editors["status"].findData("waiting"))
    kept = saved(stage, form, "macro")
    assert kept["changes"] == {"status": "waiting"}
    again = opened(stage, MacrosPage(stage.context, stage.actions), kept.id)
    assert again.grid.fields["changes"].editor.read({}) == {"changes": {"status": "waiting"}}
    assert not again.dirty
