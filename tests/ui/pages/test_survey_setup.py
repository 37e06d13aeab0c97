"""Surveys and rules about feedback are set up in forms; what is wrong is said at its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import records
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.records import RecordsPage
from crm_desktop.ui.pages.survey_setup import FeedbackRulesPage, SurveysPage
from crm_desktop.ui.settings.survey_editors import options_text, parse_options
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give one empty profile to all tests of this file."""
    made = empty_app(tmp_path_factory.mktemp("surveys"))
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
    options: dict[str, Any] = {} if record_id else {"new": page.list.entity}
    page.show_place(Place(page="here", record_id=record_id, options=options))
    stage.settle()
    assert page.form is not None
    return page.form


def saved(stage: Stage, form: RecordForm, entity: str) -> Record:
    form.save()
    stage.settle()
    (row,) = records.page(stage.app.replica, ListQuery(entity=entity)).rows
    return records.get(stage.app.replica, entity, row.id)


def test_a_survey_asks_further_questions_in_both_languages(stage: Stage) -> None:
    form = opened(stage, SurveysPage(stage.context, stage.actions))
    fields = form.grid.fields
    fields["name"].editor.setText("Closed")
    questions = fields["questions"].editor
    questions.add_button.click()
    (row,) = questions.rows
    form.save()
    stage.settle()
    assert "with a text" in show(fields["questions"].widget.error)
    row.kind.setCurrentIndex(row.kind.findData("choice"))
    row.kind.activated.emit(row.kind.currentIndex())
    assert not row.options.isHidden()
    row.english.setText("How fast?")
    row.chinese.setText("速度如何？")
    row.options.setPlainText("Slow | 慢\n\nFast｜快\nNo idea")
    shown = [label.text() for label in form.grid.preview.findChildren(QLabel)]
    assert {"How did we do?", "我们做得如何？", "Slow · Fast · No idea", "慢 · 快 · No idea"} <= set(shown)
    kept = saved(stage, form, "survey")
    assert kept["questions"] == [
        {
            "kind": "choice",
            "en": "How fast?",
            "zh": "速度如何？",
            "options": [["Slow", "慢"], ["Fast", "快"], ["No idea", ""]],
        }
    ]
    assert (kept["scale"], kept["bad_at"], kept["wait_hours"]) == ("stars", 2, 2)
    again = opened(stage, SurveysPage(stage.context, stage.actions), kept.id)
    assert again.grid.fields["questions"].editor.rows[0].question() == kept["questions"][0]
    assert not again.dirty
    again.grid.fields["questions"].editor.rows[0].remove_button.click()
    again.grid.fields["bad_at"].editor.setText("7")
    again.save()
    stage.settle()
    assert show(again.grid.fields["bad_at"].widget.error) == "From 0 to 5"
    again.grid.fields["bad_at"].editor.setText("1")
    assert saved(stage, again, "survey")["questions"] is None


def test_a_rule_about_feedback_says_at_least_one_thing(stage: Stage) -> None:
    form = opened(stage, FeedbackRulesPage(stage.context, stage.actions))
    fields = form.grid.fields
    fields["name"].editor.setText("Often")
    assert fields["referrals"].widget.isHidden()
    form.save()
    stage.settle()
    assert "at least one thing" in show(fields["tickets"].widget.error)
    fields["tickets"].editor.setText("4")
    kept = saved(stage, form, "feedback_rule")
    assert (kept["kind"], kept["days"], kept["tickets"], kept["task"]) == ("complains", 180, 4, True)


@pytest.mark.parametrize("text", ["Slow | 慢\nFast | 快", "Only English", "a | b | c"])
def test_answers_to_choose_from_come_back_as_they_were_typed(text: str) -> None:
    assert options_text(parse_options(text)) == text
