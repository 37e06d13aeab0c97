"""The form of a record: what it shows, what it refuses, what it keeps, how it closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import insert

from crm_core.rules.access import Person, Reach, read_rights
from crm_core.rules.scopes import EVERYONE
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.models.device_tables import OtherVersion
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services import drafts, other_versions, records
from crm_desktop.ui.forms import following, record_form
from crm_desktop.ui.forms.other_versions import VersionPanel
from crm_desktop.ui.forms.record_form import RecordForm
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard

Key, Ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def stage(
    look: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """Give an empty profile; drafts are kept sooner than in the program."""
    monkeypatch.setattr(record_form, "DRAFT_MS", 100)
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def form_of(
    stage: Stage, record: Record | None = None, entity: str = "customer", **options: Any
) -> RecordForm:
    """Return a form on screen."""
    made = RecordForm(stage.context, stage.actions, entity, record.id if record else None, **options)
    stage.show(made)
    return made


def customer(stage: Stage, **values: Any) -> Record:
    """Make a customer."""
    return records.create(stage.app.replica, "customer", {"name": "Demo Works", **values}).value


def typed(form: RecordForm, name: str, text: str) -> None:
    """Type into a field in place of what it holds."""
    editor = form.grid.fields[name].editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)


def given_way(stage: Stage, record: Record, text: str) -> None:
    """Keep a text a colleague wrote at the same time as the record's notes."""
    field = str(record.schema.fields["notes"].no)
    with stage.app.replica.applying() as session:
        session.execute(
            insert(OtherVersion).values(
                entity="customer",
                row_id=record.id,
                field=field,
                text=text,
                at_ms=1_700_000_000_000,
                is_open=True,
            )
        )


def test_another_version_of_a_text_is_taken_joined_or_let_go_at_its_field(stage: Stage) -> None:
    made = customer(stage, notes="Mine")
    for text in ("Theirs", "A third"):
        given_way(stage, made, text)
    form = form_of(stage, made)
    first, second = form.findChildren(VersionPanel)
    assert {first._text.text(), second._text.text()} == {"Theirs", "A third"}
    first.add.click()
    assert form.grid.fields["notes"].editor.toPlainText() == f"Mine\n\n{first.version.text}"
    second.dismiss.click()
    stage.settle()
    assert [panel for panel in form.findChildren(VersionPanel) if panel.isVisible()] == []
    # What was joined is the person's to save; until then the other version is not gone.
    assert len(other_versions.of_record(stage.app.replica, "customer", made.id)) == 1
    assert has_keyboard(form.grid.fields["notes"].editor), "what one goes on with"
    stage.press(form.grid.fields["notes"].editor, Key.Key_Return, Ctrl)
    assert records.get(stage.app.replica, "customer", made.id)["notes"] == f"Mine\n\n{first.version.text}"
    assert other_versions.of_record(stage.app.replica, "customer", made.id) == ()


def test_a_new_record_is_saved_and_closed_by_ctrl_enter(stage: Stage) -> None:
    form = form_of(stage)
    closed: list[bool] = []
    form.closed.connect(lambda: closed.append(True))
    assert has_keyboard(form.grid.fields["name"].editor)
    QTest.keyClicks(form.grid.fields["name"].editor, "Demo Mill")
    stage.press(form.grid.fields["name"].editor, Key.Key_Return, Ctrl)
    rows = records.page(stage.app.replica, ListQuery(entity="customer")).rows
    assert [(row["name"], row["owner_id"], row["kind"]) for row in rows] == [
        ("Demo Mill", LOCAL_USER, "company")
    ]
    assert closed == [True]


def test_what_is_required_says_so_in_words_and_keeps_the_form_open(stage: Stage) -> None:
    form = form_of(stage)
    assert form.grid.fields["name"].widget.label.text() == "Name (required)"
    stage.press(form, Key.Key_Return, Ctrl)
    assert str(form.grid.fields["name"].widget.error) == "This is required"
    assert has_keyboard(form.grid.fields["name"].editor)
    assert records.count(stage.app.replica, ListQuery(entity="customer")) == 0


def test_a_wrong_value_is_named_under_its_field_while_typing(stage: Stage) -> None:
    form = form_of(stage)
    typed(form, "email", "nobody")
    stage.until(lambda: str(form.grid.fields["email"].widget.error) == "This is not an e-mail address")
    typed(form, "email", "office@mill.example")
    stage.until(lambda: str(form.grid.fields["email"].widget.error) == "")


def test_ctrl_s_saves_only_what_changed_and_stays(stage: Stage) -> None:
    record = customer(stage, phone="0512 0000 0001")
    form = form_of(stage, record)
    typed(form, "city", "Leeds")
    stage.press(form, Key.Key_S, Ctrl)
    saved = records.get(stage.app.replica, "customer", record.id)
    assert (saved["city"], saved["phone"]) == ("Leeds", "0512 0000 0001")
    assert form._state.text().startswith("Saved on this laptop")
    assert not form.dirty
    changed = {entry.field for entry in records.history(stage.app.replica, "customer", record.id)}
    assert "phone" not in {f for f in changed if f} - {"city", "country", "province", "address"}


def test_what_is_typed_while_a_save_is_under_way_stays_and_is_saved_next(stage: Stage) -> None:
    record = customer(stage)
    form = form_of(stage, record)
    typed(form, "name", "First (demo)")
    form.save()
    typed(form, "name", "First and second (demo)")
    typed(form, "address", "Lane 4")
    stage.settle()
    assert records.get(stage.app.replica, "customer", record.id)["name"] == "First (demo)"
    assert form.dirty
    assert form.grid.fields["name"].editor.text() == "First and second (demo)"
    assert not form._note.bar.isVisible()
    form.save()
    stage.settle()
    kept = records.get(stage.app.replica, "customer", record.id)
    assert (kept["name"], kept["address"]) == ("First and second (demo)", "Lane 4")
    assert not form.dirty


def test_esc_closes_at_once_where_nothing_was_typed(stage: Stage) -> None:
    form = form_of(stage, customer(stage))
    closed: list[bool] = []
    form.closed.connect(lambda: closed.append(True))
    stage.press(form, Key.Key_Escape)
    assert closed == [True]


def test_esc_asks_in_a_bar_where_something_is_not_saved(stage: Stage) -> None:
    record = customer(stage)
    form = form_of(stage, record)
    closed: list[bool] = []
    form.closed.connect(lambda: closed.append(True))
    typed(form, "name", "Something else")
    stage.press(form, Key.Key_Escape)
    assert closed == []
    assert form._note.bar.isVisible()
    assert not form.leave()
    stage.press(form, Key.Key_Escape)
    assert not form._note.bar.isVisible()
    assert form.grid.fields["name"].editor.text() == "Something else"
    stage.press(form, Key.Key_Escape)
    form._note.bar.action.click()
    stage.settle()
    assert closed == [True]
    assert records.get(stage.app.replica, "customer", record.id)["name"] == "Demo Works"
    assert drafts.kept(stage.app.replica, "customer", record.id) is None


def test_a_draft_outlives_the_form_and_goes_when_it_is_saved(stage: Stage) -> None:
    record = customer(stage)
    form = form_of(stage, record)
    typed(form, "name", "Half a na")
    stage.until(lambda: drafts.kept(stage.app.replica, "customer", record.id) is not None)
    form.hide()
    form.deleteLater()
    again = form_of(stage, record)
    assert again.grid.fields["name"].editor.text() == "Half a na"
    assert "is back" in again._note.bar.label.text()
    stage.press(again, Key.Key_Return, Ctrl)
    assert records.get(stage.app.replica, "customer", record.id)["name"] == "Half a na"
    assert drafts.kept(stage.app.replica, "customer", record.id) is None


def test_a_record_changed_meanwhile_is_not_overwritten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SETTLE_MS", 60_000)  # saved before the form has looked again
    record = customer(stage)
    form = form_of(stage, record)
    records.update(stage.app.replica, "customer", record.id, {"name": "Theirs", "phone": "0512 0000 0002"})
    typed(form, "name", "Mine")
    stage.press(form, Key.Key_S, Ctrl)
    assert "was changed meanwhile" in form._note.bar.label.text()
    assert records.get(stage.app.replica, "customer", record.id)["name"] == "Theirs"
    form._note.bar.action.click()
    stage.settle()
    assert form.grid.fields["name"].editor.text() == "Mine", "what was typed stays"
    assert form.grid.fields["phone"].editor.text() == "0512 0000 0002"
    stage.press(form, Key.Key_S, Ctrl)
    assert records.get(stage.app.replica, "customer", record.id)["name"] == "Mine"


def test_a_link_is_found_by_a_part_of_its_name(stage: Stage) -> None:
    parent = customer(stage)
    form = form_of(stage)
    typed(form, "name", "Demo Branch")
    editor = form.grid.fields["parent_id"].editor
    editor.setFocus()
    QTest.keyClicks(editor, "works")
    stage.until(lambda: editor._options.isVisible())
    QTest.keyClick(editor, Key.Key_Return)
    assert editor.text() == "Demo Works"
    assert editor.record_id == parent.id
    stage.press(form, Key.Key_S, Ctrl)
    rows = records.page(stage.app.replica, ListQuery(entity="customer", sort=(("name", False),))).rows
    assert rows[0]["parent_id"] == parent.id


def test_a_link_that_was_typed_and_not_chosen_is_an_error(stage: Stage) -> None:
    form = form_of(stage)
    typed(form, "name", "Demo Branch")
    typed(form, "parent_id", "nobody at all")
    stage.press(form, Key.Key_S, Ctrl)
    assert "Choose one of those found" in str(form.grid.fields["parent_id"].widget.error)


def test_tags_amounts_and_days_are_kept_exactly(stage: Stage) -> None:
    form = form_of(stage)
    typed(form, "name", "Demo Mill")
    tags = form.grid.fields["tags"].editor
    QTest.keyClicks(tags.line, "marine")
    QTest.keyClick(tags.line, Key.Key_Return)
    QTest.keyClicks(tags.line, "key account")
    limit = form.grid.fields["credit_limit"].editor
    QTest.keyClicks(limit.amount, "12,345.60")
    limit.show_currency("USD")
    stage.press(form, Key.Key_S, Ctrl)
    saved = records.page(stage.app.replica, ListQuery(entity="customer")).rows[0]
    assert saved["tags"] == ["key account", "marine"]
    assert (saved["credit_limit"], saved["credit_currency"]) == (1_234_560, "USD")


def test_a_day_is_typed_in_words(stage: Stage) -> None:
    parent = customer(stage)
    form = form_of(stage, entity="contact", given={"customer_id": parent.id}, left_out=("customer_id",))
    typed(form, "name", "Demo Person")
    typed(form, "birthday", "1990/2/3")
    stage.press(form, Key.Key_S, Ctrl)
    saved = records.page(stage.app.replica, ListQuery(entity="contact")).rows[0]
    assert (saved["customer_id"], saved["birthday"]) == (parent.id, "1990-02-03")
    assert "customer_id" not in form.grid.fields


def test_fields_a_role_may_not_read_are_absent_and_those_it_may_not_write_are_text(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = customer(stage, payment_terms="30 days", notes="Ring twice")
    rights: dict[str, Any] = dict(STANDARD_ROLES["admin"][1])
    rights["classes"] = {
        **rights.get("classes", {}),
        "customer": {"core": "write", "money": "mask", "comms": "read"},
    }
    person = Person(
        user_id=LOCAL_USER,
        rights=read_rights(rights),
        scopes={reach: frozenset((EVERYONE,)) for reach in Reach},
    )
    monkeypatch.setattr(type(stage.app.replica), "person", property(lambda _replica: person))
    form = form_of(stage, record)
    assert "payment_terms" not in form.grid.fields
    assert form.grid.fields["notes"].editor is None
    assert form.grid.fields["notes"].widget.editor.text() == "Ring twice"
    assert form.grid.fields["name"].editor is not None


def test_a_narrow_form_has_one_column_and_a_wide_one_two(stage: Stage) -> None:
    form = form_of(stage, customer(stage))
    name, level = (form.grid.fields[field].widget for field in ("name", "level"))
    assert name.y() == level.y()
    stage.window.resize(480, 700)
    stage.settle()
    assert name.y() < level.y()


def test_a_long_text_is_never_squeezed_and_grows_with_what_is_typed(stage: Stage) -> None:
    form = form_of(stage, customer(stage))
    form.resize(700, 300)
    stage.settle()
    notes = form.grid.fields["notes"].editor
    line, first = notes.fontMetrics().lineSpacing(), notes.height()
    assert first >= 4 * line
    notes.setPlainText("\n".join("abcdefgh"))
    stage.settle()
    assert notes.height() - first == 4 * line
    notes.setPlainText("\n".join("abcdefgh" * 9))
    stage.settle()
    assert notes.height() - first == 10 * line


def test_fields_stand_at_the_left_however_wide_the_window(stage: Stage) -> None:
    form = form_of(stage)
    form.resize(1300, 700)
    stage.settle()
    assert form.grid.mapTo(form, form.grid.rect().topLeft()).x() == form._heading.x()
