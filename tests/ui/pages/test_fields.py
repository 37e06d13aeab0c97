"""The page of custom fields: making one, its preview, changing, ordering; and the field in a form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.editors import ChoiceEditor
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.forms.several import SeveralEditor
from crm_desktop.ui.pages.fields import FieldsPage
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give an empty profile."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def page_of(stage: Stage) -> FieldsPage:
    """Return the page on screen."""
    page = FieldsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="fields"))
    stage.settle()
    return page


def add(stage: Stage, key: str, kind: str = "text", **more: object) -> str:
    """Add a field to customers."""
    values = {"entity": "customer", "key": key, "label": key.title(), "kind": kind, **more}
    return records.create(stage.app.replica, "custom_field", values).value.id


def test_a_field_is_made_with_its_choices_and_shown_beforehand(stage: Stage) -> None:
    page = page_of(stage)
    page.show_place(Place(page="fields", options={"new": "custom_field"}))
    stage.settle()
    form = page.form
    assert form is not None
    editors = {name: found.editor for name, found in form.grid.fields.items()}
    assert "retired" not in editors
    assert not form.grid.fields["choices"].widget.isVisibleTo(form)
    for name, value in (("entity", "customer"), ("kind", "choice")):
        editors[name].choose(value)
        editors[name].edited.emit()
    editors["label"].setText("Contract grade")
    editors["label"].edited.emit()
    assert editors["key"].text() == "contract_grade"
    assert form.grid.fields["choices"].widget.isVisibleTo(form)
    assert not form.grid.fields["target"].widget.isVisibleTo(form)
    form.save()
    stage.settle()
    assert form.grid.fields["choices"].widget.error  # nothing to choose from
    for words in ("Gold", "Silver"):
        editors["choices"].add_button.click()
        editors["choices"].lines[-1].english.setText(words)
        editors["choices"].lines[-1].english.textEdited.emit(words)
    shown = form.grid.previewed
    assert isinstance(shown, ChoiceEditor)
    assert [shown.itemText(place) for place in range(shown.count())] == ["", "Gold", "Silver"]
    form.save(close=True)
    stage.settle()
    (made,) = records.page(stage.app.replica, ListQuery(entity="custom_field")).rows
    assert (made["key"], made["rank"]) == ("contract_grade", 10)
    assert [choice["value"] for choice in made["choices"]] == ["Gold", "Silver"]


def test_of_a_field_that_is_there_what_stays_is_only_read(stage: Stage) -> None:
    field = add(stage, "grade", "choice", choices=["a", "b"])
    page = page_of(stage)
    page.show_place(Place(page="fields", record_id=field))
    stage.settle()
    assert page.form is not None
    fields = page.form.grid.fields
    assert {name for name, found in fields.items() if found.editor is None} == {"entity", "key", "kind"}
    fields["choices"].editor.lines[0].retired.click()
    fields["retired"].editor.click()
    page.form.save(close=True)
    stage.settle()
    kept = records.get(stage.app.replica, "custom_field", field)
    assert kept["retired"] is True
    assert [choice["retired"] for choice in kept["choices"]] == [True, False]


def test_fields_are_put_in_order_and_put_back(stage: Stage) -> None:
    first, second = add(stage, "first"), add(stage, "second")
    page = page_of(stage)
    assert [page.list.model.row_at(place).id for place in range(2)] == [first, second]
    page.list.select_record(second)
    stage.settle()
    page.up.click()
    stage.settle()
    assert [page.list.model.row_at(place).id for place in range(2)] == [second, first]
    notice = stage.notices[-1]
    assert notice.act is not None
    notice.act()
    stage.settle()
    assert [page.list.model.row_at(place).id for place in range(2)] == [first, second]


def test_in_a_form_a_retired_choice_stands_and_is_offered_no_more(stage: Stage) -> None:
    replica = stage.app.replica
    grade = add(stage, "grade", "choice", choices=["a", "b"], hint="As agreed", required=True)
    markets = add(stage, "markets", "tags", choices=["asia", "europe"])
    customer = records.create(
        replica, "customer", {"name": "Kites", "x:grade": "a", "x:markets": ["asia"]}
    ).value
    for field, choices in ((grade, ["a", "b"]), (markets, ["asia", "europe"])):
        changed = [{"value": choices[0], "label": choices[0].title(), "retired": True}, choices[1]]
        records.update(replica, "custom_field", field, {"choices": changed})
    form = RecordForm(stage.context, stage.actions, "customer", customer.id)
    stage.show(form)
    chooser, boxes = form.grid.fields["x:grade"].editor, form.grid.fields["x:markets"].editor
    assert [chooser.itemText(place) for place in range(chooser.count())] == [
        "",
        "b",
        "A (no longer offered)",
    ]
    assert chooser.currentData() == "a"
    assert isinstance(boxes, SeveralEditor)
    assert {word: box.isChecked() for word, box in boxes.boxes.items()} == {"asia": True, "europe": False}
    boxes.boxes["europe"].click()
    form.save()
    stage.settle()
    assert records.get(replica, "customer", customer.id)["x:markets"] == ["asia", "europe"]
    chooser.choose("b")
    chooser.edited.emit()
    form.save()
    stage.settle()
    assert records.get(replica, "customer", customer.id)["x:grade"] == "b"
    form.close_form()
