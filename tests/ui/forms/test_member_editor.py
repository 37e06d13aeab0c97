"""Whom a record is shared with, in a form: found by name, added and taken out by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.services import customers, records
from crm_desktop.ui.forms.member_editor import MemberEditor
from crm_desktop.ui.forms.record_form import RecordForm
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

Key, Ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give an empty profile."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def test_people_and_teams_are_added_by_name_and_taken_out_by_backspace(stage: Stage) -> None:
    replica = stage.app.replica
    role = records.create(replica, "role", {"name": "Demo", "rights": {}}).value
    wang = records.create(replica, "user", {"name": "Wang Demo", "role_id": role.id}).value
    east = records.create(replica, "team", {"name": "East Demo"}).value
    made = records.create(replica, "customer", {"name": "Demo Works"}).value
    form = RecordForm(stage.context, stage.actions, "customer", made.id)
    stage.show(form)
    editor = form.grid.fields["shared_with"].editor
    assert isinstance(editor, MemberEditor)
    assert editor.line.placeholderText() == "Search: Users / Teams"
    for text in ("Wang", "East"):
        editor.line.setFocus()
        QTest.keyClicks(editor.line, text)
        stage.until(lambda: editor.line._options.isVisible() and editor.line._options.count() == 1)
        stage.press(editor.line, Key.Key_Return)
        assert editor.line.text() == ""
    assert [chip.text() for chip in editor.row.chips] == ["East Demo", "Wang Demo"]
    stage.press(editor.line, Key.Key_S, Ctrl)
    stage.settle()
    assert records.get(replica, "customer", made.id).values["shared_with"] == sorted([wang.id, east.id])
    assert customers.overview(replica, made.id).titles["shared_with"] == "East Demo, Wang Demo"
    stage.press(editor.line, Key.Key_Backspace)
    stage.press(editor.line, Key.Key_S, Ctrl)
    stage.settle()
    assert records.get(replica, "customer", made.id).values["shared_with"] == [east.id]
    QTest.keyClicks(editor.line, "Nobody")
    stage.press(editor.line, Key.Key_S, Ctrl)
    assert str(form.grid.fields["shared_with"].widget.error) == "Choose one of those found for “Nobody”"
