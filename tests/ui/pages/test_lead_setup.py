"""Setting up how leads come in, to whom they go and what they score; and conditions drawn as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import deals, records, ticket_rules
from crm_desktop.ui.conditions.row import ConditionRow
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages import lead_setup as pages
from crm_desktop.ui.pages.records import RecordsPage
from crm_desktop.ui.pages.selling_setup import ConditionsPage
from crm_desktop.ui.widgets.labels import Label
from tests.support.desktop import empty_app
from tests.support.stage import Stage
from tests.support.windows import has_keyboard


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give one empty profile to all tests of this file."""
    made = empty_app(tmp_path_factory.mktemp("setup"))
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
    if not page.isVisible():
        stage.show(page)
    options = {} if record_id else {"new": page.list.entity}
    page.show_place(Place(page="here", record_id=record_id, options=options))
    stage.settle()
    assert page.form is not None
    return page.form


def write(form: RecordForm, name: str, value: Any) -> None:
    """Type or choose a value in a form."""
    editor = form.grid.fields[name].editor
    if hasattr(editor, "choose"):
        editor.choose(value)
    else:
        editor.setText(str(value))
    editor.edited.emit()


def choose(row: ConditionRow, field: str, comparison: str = "") -> None:
    """Choose a field and a comparison as somebody at the keyboard does."""
    for box, value in ((row.field_box, field), (row.comparison_box, comparison)):
        if value:
            place = box.findData(value)
            box.setCurrentIndex(place)
            box.activated.emit(place)


def stored(stage: Stage, entity: str) -> list[Any]:
    return records.page(stage.app.replica, ListQuery(entity=entity)).rows


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(Label) if label.text()]


def test_a_capture_form_is_made_seen_beforehand_and_has_an_address_nobody_guesses(stage: Stage) -> None:
    page = pages.CaptureFormsPage(stage.context, stage.actions)
    form = opened(stage, page)
    write(form, "name", "Fair")
    write(form, "heading", "Talk to us")
    boxes = form.grid.fields["asked"].editor.lines
    assert [name for name, line in boxes.items() if line.asked.isChecked()] == [
        "name", "company", "phone", "email", "needs",
    ]  # fmt: skip
    assert not boxes["name"].asked.isEnabled()
    boxes["city"].needed.click()
    boxes["company"].asked.click()
    stage.settle()
    shown = words(form.grid.preview)
    assert "Talk to us" in shown
    assert "City" in shown
    assert "Company (optional)" not in shown
    assert "Needs (optional)" in shown
    form.save(close=True)
    stage.settle()
    (made,) = stored(stage, "capture_form")
    assert (made["asked"], made["needed"]) == (["name", "phone", "email", "city", "needs"], ["name", "city"])
    assert len(made["token"]) >= 16
    page.list.select_record(made.id)
    stage.settle()
    page.copy_button.click()
    assert stage.notices[-1].kind == "warn"  # no HQ serves this profile
    page._server = "https://hq.example/"
    page.copy_button.click()
    assert QApplication.clipboard().text() == f"https://hq.example/forms/{made['token']}"
    again = opened(stage, page, made.id)
    again.grid.fields["redirect"].editor.setText("javascript:alert(1)")
    again.grid.fields["redirect"].editor.edited.emit()
    again.save()
    stage.settle()
    assert again.grid.fields["redirect"].widget.error
    again._discard()


def test_a_form_that_opens_tickets_asks_for_other_things_and_takes_files(stage: Stage) -> None:
    page = pages.CaptureFormsPage(stage.context, stage.actions)
    form = opened(stage, page)
    write(form, "name", "Help")
    assert not form.grid.fields["files_most"].widget.isVisible()
    assert form.grid.fields["source"].widget.isVisible()
    write(form, "makes", "ticket")
    stage.settle()
    boxes = form.grid.fields["asked"].editor.lines
    assert [name for name, line in boxes.items() if line.asked.isChecked()] == [
        "name", "email", "phone", "subject", "body",
    ]  # fmt: skip
    assert not boxes["body"].asked.isEnabled()
    assert form.grid.fields["files_most"].widget.isVisible()
    assert not form.grid.fields["source"].widget.isVisible()
    write(form, "files_most", "99")
    form.save()
    stage.settle()
    assert form.grid.fields["files_most"].widget.error, "more than a form takes"
    assert not [each for each in words(form.grid.preview) if each.startswith("Pictures or files")]
    write(form, "files_most", "3")
    boxes["serial"].asked.click()
    stage.settle()
    assert "Your question" in words(form.grid.preview)
    assert "Pictures or files, at most 3 (optional)" in words(form.grid.preview)
    form.grid.tongues.choose("zh_CN")
    form.grid.show_what_fits()
    assert "图片或文件，最多 3 个（选填）" in "".join(words(form.grid.preview)).replace(" （", "（")
    form.save(close=True)
    stage.settle()
    (made,) = [row for row in stored(stage, "capture_form") if row["name"] == "Help"]
    assert (made["makes"], made["files_most"]) == ("ticket", 3)
    assert set(made["asked"]) == {"name", "email", "phone", "serial", "subject", "body"}
    assert set(made["needed"]) == {"name", "body"}


def test_a_rule_of_assignment_has_its_conditions_in_rows_and_its_people_with_weights(stage: Stage) -> None:
    replica = stage.app.replica
    role = records.create(replica, "role", {"name": "sells", "rights": {}}).value.id
    ann = records.create(replica, "user", {"name": "Ann", "role_id": role}).value.id
    page = pages.AssignmentRulesPage(stage.context, stage.actions)
    form = opened(stage, page)
    write(form, "name", "South")
    write(form, "way", "weighted")
    conditions, people = (form.grid.fields[name].editor for name in ("regions", "people"))
    for field, comparison, value in (("regions", "", "Guangdong、Shenzhen"), ("employees", "at_most", "50")):
        conditions.add_button.click()
        assert has_keyboard(conditions.rows[-1].field_box)
        choose(conditions.rows[-1], field, comparison)
        conditions.rows[-1].value_editor.setText(value)
    conditions.add_button.click()
    form.save()
    stage.settle()
    assert form.grid.fields["regions"].widget.error  # a row that says nothing
    stage.press(conditions.rows[-1].remove_button, Qt.Key.Key_Space)
    assert has_keyboard(conditions.rows[-1].remove_button)
    form.save()
    stage.settle()
    assert form.grid.fields["people"].widget.error  # nobody would get its leads
    people.line.link(ann, "Ann")
    people.line.edited.emit()
    people.lines[0].weight.setValue(3)
    assert people.lines[0].weight.isVisible()
    assert people.lines[0].weight.accessibleName() == "Weight of Ann"
    form.save()
    stage.settle()
    (rule,) = stored(stage, "assignment_rule")
    assert (rule["regions"], rule["employees_to"]) == (["Guangdong", "Shenzhen"], 50)
    assert (rule["people"], rule["rank"]) == ([[ann, 3]], 1)
    stage.press(conditions.rows[0].remove_button, Qt.Key.Key_Space)
    form.save(close=True)
    stage.settle()
    (rule,) = stored(stage, "assignment_rule")
    assert (rule["regions"], rule["employees_to"]) == (None, 50)
    second = records.create(replica, "assignment_rule", {"name": "Rest", "people": [[ann, 1]]}).value.id
    page.list.refresh()
    stage.settle()
    page.list.select_record(second)
    stage.settle()
    page.earlier.click()
    stage.settle()
    assert [page.list.model.row_at(place).record.title for place in range(2)] == ["Rest", "South"]
    told = len(stage.notices)
    page.earlier.click()  # it is the first already: nothing moves, and no undo that would move it
    stage.settle()
    assert len(stage.notices) == told


def test_a_rule_of_scoring_says_what_a_lead_would_have_and_keeps_the_usual_ones_counting(
    stage: Stage,
) -> None:
    replica = stage.app.replica
    lead = {"name": "Moss", "phone": "5550100", "estimated_value": 900_000, "estimated_currency": "CNY"}
    records.create(replica, "lead", lead)
    page = pages.ScoringRulesPage(stage.context, stage.actions)
    form = opened(stage, page)
    write(form, "name", "large order")
    write(form, "points", 20)
    row = form.grid.fields["field"].editor.rows[0]
    assert [row.field_box.accessibleName(), row.comparison_box.accessibleName()] == [
        "Field of condition 1",
        "Comparison of condition 1",
    ]
    choose(row, "estimated_value", "at_least")
    row.value_editor.amount.setText("5000")
    row.value_editor.edited.emit()
    stage.settle()
    assert form.grid.told.text() == "Moss would have 45 points; without this rule 25."
    assert "+20 large order" in form.grid.reasons.text()
    row.value_editor.amount.setText("9001")
    row.value_editor.edited.emit()
    stage.settle()
    assert form.grid.told.text() == "Moss would have 25 points; without this rule 25."
    form.save(close=True)
    stage.settle()
    rules = {rule["name"]: rule for rule in stored(stage, "scoring_rule")}
    assert rules["large order"]["value"] == "9001.00 CNY"
    assert rules["has a budget"]["name_zh"] == "有预算"
    place = next(n for n, column in enumerate(page.list.model.columns) if column.key == "counts")
    shown = [page.list.model.index(row, place).data() for row in range(page.list.model.rowCount())]
    assert {"Employees is at least 100", "Source is Referral", "Visit"} <= set(shown)
    write_again = opened(stage, page, rules["large order"].id)
    write(write_again, "kind", "activity")
    stage.settle()
    assert write_again.grid.fields["field"].widget.isHidden()
    assert write_again.grid.fields["outcome"].widget.isVisible()
    write_again.save(close=True)
    stage.settle()
    kept = records.get(replica, "scoring_rule", rules["large order"].id)
    assert (kept["kind"], kept["field"], kept["value"]) == ("activity", None, None)


def test_a_condition_of_a_stage_is_drawn_with_the_fields_own_editor(stage: Stage) -> None:
    replica = stage.app.replica
    target = deals.board(replica).columns[2].stage
    page = ConditionsPage(stage.context, stage.actions)
    form = opened(stage, page)
    stage_line = form.grid.fields["stage_id"].editor
    stage_line.link(target.id, target.name)
    stage_line.edited.emit()
    write(form, "kind", "field_compares")
    row = form.grid.fields["field"].editor.rows[0]
    assert words(form.grid.preview)[-1] == "Choose what it asks for to see it."
    form.save()
    stage.settle()
    assert form.grid.fields["field"].widget.error  # no field chosen
    choose(row, "amount", ">=")
    row.value_editor.amount.setText("500")
    row.value_editor.edited.emit()
    stage.settle()
    assert "“Amount” must be at least 500.00 CNY" in words(form.grid.preview)
    form.save()
    stage.settle()
    (rule,) = stored(stage, "stage_rule")
    assert (rule["field"], rule["operator"], rule["value"]) == ("amount", ">=", "500.00 CNY")
    write(form, "kind", "field_filled")
    stage.settle()
    only = form.grid.fields["field"].editor.rows[0]
    assert only.value_editor is None
    assert only.comparison_box.isHidden()
    form.save(close=True)
    stage.settle()
    kept = records.get(replica, "stage_rule", rule.id)
    assert (kept["kind"], kept["field"], kept["operator"]) == ("field_filled", "amount", None)


def test_a_rule_of_tickets_is_tried_on_with_the_tickets_there_are(stage: Stage) -> None:
    replica = stage.app.replica
    rights = {"reach": {"*": dict.fromkeys(("read", "edit"), "all")}}
    role = records.create(replica, "role", {"name": "serves", "rights": rights}).value.id
    bo = records.create(replica, "user", {"name": "Bo", "role_id": role}).value.id
    buyer = records.create(replica, "customer", {"name": "Buyer", "level": "A"}).value.id
    for subject, customer in (("Leak", buyer), ("Noise", None)):
        records.create(replica, "ticket", {"subject": subject, "customer_id": customer})
    page = pages.AssignmentRulesPage(stage.context, stage.actions)
    form = opened(stage, page)
    assert not form.grid.preview.isVisible()
    write(form, "name", "Level A")
    write(form, "applies_to", "ticket")
    stage.settle()
    assert form.grid.preview.isVisible()
    assert not form.grid.fields["regions"].widget.isVisible()
    conditions, people = (form.grid.fields[name].editor for name in ("rules", "people"))
    people.line.link(bo, "Bo")
    people.line.edited.emit()
    stage.settle()
    assert form.grid.told.text() == "Of the latest 2 tickets this rule would give out 2: Bo 2."
    conditions.add_button.click()
    choose(conditions.rows[0], "customer_id.level")
    conditions.rows[0].value_editor.show_value("A", "")
    conditions.edited.emit()
    stage.settle()
    assert form.grid.told.text() == "Of the latest 2 tickets this rule would give out 1: Bo 1."
    texts = {row[0].split()[-1]: row[1:] for row in form.grid.table.texts()}
    assert texts["Leak"] == ["Bo", "Rule “Level A”: in turn, 0 before"]
    assert texts["Noise"][1] == "No rule fits"
    write(form, "way", "queue")
    form.save()
    stage.settle()
    assert form.grid.fields["team_id"].widget.error
    write(form, "way", "round_robin")
    form.save(close=True)
    stage.settle()
    made = next(each for each in stored(stage, "assignment_rule") if each["name"] == "Level A")
    assert (made["applies_to"], made["people"]) == ("ticket", [[bo, 1]])
    assert made["rules"]["all"][0]["field"] == "customer_id.level"
    category = records.create(replica, "ticket_category", {"name": "Pumps"}).value.id
    first = {"field": "category_id", "op": "=", "kind": "one", "value": category}
    picked = {"name": "Picked", "kind": "picked", "members": [buyer]}
    segment = records.create(replica, "segment", picked).value.id
    inside = {"field": "segment", "op": "=", "kind": "one", "value": segment}
    for op, subject in (("=", "Leak"), ("!=", "Noise")):
        tried = ticket_rules.try_on(
            replica, {**made.values, "rules": {"all": [{**inside, "op": op}]}}, made.id
        )
        assert [each.subject for each in tried if each.by_this] == [subject]
    asked = {"all": [first, inside]}
    records.update(replica, "assignment_rule", made.id, {"rules": asked})
    again = opened(stage, page, made.id)
    stage.until(lambda: bool(again.grid.fields["rules"].editor.rows))
    assert [row.value_editor.title for row in again.grid.fields["rules"].editor.rows] == ["Pumps", "Picked"]
    assert again.grid.fields["rules"].editor.read({})["rules"] == asked
    again._discard()
