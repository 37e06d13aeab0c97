"""The tab of comments: said, changed and taken away by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.services import comments, records
from crm_desktop.ui.timeline.comments_panel import CommentsPanel
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

Key, Ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a profile of one person without records."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def test_a_comment_is_said_changed_and_taken_away_by_keyboard(stage: Stage) -> None:
    replica = stage.app.replica
    customer = records.create(replica, "customer", {"name": "C"}).value.id
    panel = CommentsPanel(stage.context, "customer")
    stage.show(panel)
    panel.show_record(customer)
    stage.settle()
    stage.press(panel.text, Key.Key_Return, Ctrl)
    assert show(panel.field.error) == "Write something first"
    panel.text.setPlainText("第一条 First")
    stage.press(panel.text, Key.Key_Return, Ctrl)
    (row,) = comments.comments_of(replica, "customer", customer)
    assert (row.body, panel.text.toPlainText()) == ("第一条 First", "")
    panel.list.setCurrentIndex(panel.model.index(1, 0))
    stage.press(panel.list, Key.Key_F2)
    assert panel.text.toPlainText() == "第一条 First"
    panel.text.setPlainText("Second")
    stage.press(panel.text, Key.Key_Return, Ctrl)
    assert [each.body for each in comments.comments_of(replica, "customer", customer)] == ["Second"]
    panel.list.setCurrentIndex(panel.model.index(1, 0))
    stage.press(panel.list, Key.Key_Delete)
    assert comments.comments_of(replica, "customer", customer) == ()
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert len(comments.comments_of(replica, "customer", customer)) == 1
