"""Standard fields in a form: shown as people read them, stored in one form, doubts said while typing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.services import records
from crm_desktop.ui.forms.record_form import RecordForm
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a place for a form."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def form_of(stage: Stage, **values: str) -> RecordForm:
    record = records.create(stage.app.replica, "customer", {"name": "Demo Works", **values}).value
    form = RecordForm(stage.context, stage.actions, "customer", record.id)
    stage.show(form)
    return form


def typed(form: RecordForm, name: str, text: str) -> None:
    editor = form.grid.fields[name].editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)


def test_a_number_is_shown_as_it_is_dialled_and_stored_in_one_form(stage: Stage) -> None:
    form = form_of(stage, phone="+8651255500199")
    assert form.grid.fields["phone"].editor.text() == "0512 5550 0199"
    typed(form, "phone", "0512 5550-0200")
    form.save()
    stage.until(
        lambda: (
            records.get(stage.app.replica, "customer", str(form.record_id)).get("phone") == "+8651255500200"
        )
    )


def test_what_is_no_number_is_said_while_typing_and_kept_as_it_is(stage: Stage) -> None:
    form = form_of(stage)
    shown = form.grid.fields["phone"].widget
    typed(form, "phone", "5550 0199")
    stage.until(lambda: "kept as it is typed" in shown._line.text() and shown._help.isVisible())
    assert not shown.error
    typed(form, "phone", "0512 5550 0199")
    stage.until(lambda: not shown._help.isVisible())
    typed(form, "phone", "5550 0199")
    form.save()
    stage.until(
        lambda: records.get(stage.app.replica, "customer", str(form.record_id)).get("phone") == "5550 0199"
    )


def test_country_province_and_city_are_chosen_in_lists_that_narrow_each_other(stage: Stage) -> None:
    form = form_of(stage)
    editors = {name: form.grid.fields[name].editor for name in ("country", "province", "city")}
    offered = lambda name: [  # noqa: E731 - read after each step
        editors[name]._options.item(row).text() for row in range(editors[name]._options.count())
    ]
    for name, text in (("country", "prc"), ("province", "jiang"), ("city", "su")):
        typed(form, name, text)
        stage.until(editors[name]._options.isVisible)
        if name == "province":
            assert offered("province")[:2] == ["Jiangsu · 江苏省", "Jiangxi · 江西省"]
        if name == "city":
            assert offered("city")[:1] == ["Suzhou · 苏州市"]
            assert not any("宿州" in each for each in offered("city"))
        QTest.keyClick(editors[name], Qt.Key.Key_Return)
    assert editors["country"].text() == "China"
    form.save()
    stage.until(lambda: saved(stage, form, "city") == "Suzhou")
    assert (saved(stage, form, "country"), saved(stage, form, "province")) == ("China", "Jiangsu")


def test_a_name_that_is_on_no_list_is_marked_and_kept(stage: Stage) -> None:
    form = form_of(stage, city="苏州市", province="江苏", industry="Frozen food")
    assert form.grid.fields["city"].editor.text() == "Suzhou"
    assert form.grid.fields["industry"].editor.text() == "Frozen food"
    shown = form.grid.fields["city"].widget
    typed(form, "city", "Atlantis")
    stage.until(lambda: "Not a standard name" in shown._line.text() and shown._help.isVisible())
    form.save()
    stage.until(lambda: saved(stage, form, "city") == "Atlantis")
    assert (saved(stage, form, "province"), saved(stage, form, "industry")) == ("江苏", "Frozen food")


def test_an_everyday_word_for_an_industry_is_offered_and_kept_where_it_is_not_taken(stage: Stage) -> None:
    form = form_of(stage)
    shown = form.grid.fields["industry"].widget
    typed(form, "industry", "Technology")
    stage.until(lambda: "Another spelling of" in shown._line.text() and shown._help.isVisible())
    form.save()
    stage.until(lambda: saved(stage, form, "industry") == "Technology")


def saved(stage: Stage, form: RecordForm, name: str) -> object:
    return records.get(stage.app.replica, "customer", str(form.record_id)).get(name)
