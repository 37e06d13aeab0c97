"""Changing many records from the list: select, choose, look, change, undo; by keyboard alone."""

from __future__ import annotations

from PySide6.QtCore import Qt

from crm_desktop.services.bulk import How
from crm_desktop.ui.translate import show
from tests.support.stage import Stage
from tests.support.windows import has_keyboard
from tests.ui.lists.test_record_list import names, shown, stage

__all__ = ["stage"]
Key, Ctrl, Shift = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def cities(made: object) -> list[str | None]:
    return [made.model.row_at(place).record.get("city") for place in range(made.model.known)]  # type: ignore[attr-defined]


def test_every_record_of_the_filter_is_changed_after_a_look_and_put_back(stage: Stage) -> None:
    made = shown(stage)
    before = cities(made)
    stage.press(made.table, Key.Key_A, Ctrl)
    stage.press(made.table, Key.Key_F2, Shift)
    bar = made.bulk
    assert bar.isVisible()
    assert has_keyboard(bar.field_box)
    assert "12" in bar.head.text()
    bar.choose("city")
    bar.editor.setText("Leeds")
    bar.editor.textEdited.emit("Leeds")
    assert not bar.apply_button.isEnabled()
    stage.press(bar.editor, Key.Key_Return)
    assert bar.outcome is not None
    assert (bar.outcome.changed, bar.outcome.same) == (8, 4)
    assert "8 will change" in bar.said.text()
    assert cities(made) == before
    stage.press(bar.editor, Key.Key_Return, Ctrl)
    stage.settle()
    assert set(cities(made)) == {"Leeds"}
    assert not bar.isVisible()
    notice = stage.notices[-1]
    assert "8" in show(notice.text)
    assert notice.act is not None
    notice.act()
    stage.settle()
    assert cities(made) == before


def test_what_is_typed_anew_must_be_looked_at_anew_and_esc_changes_nothing(stage: Stage) -> None:
    made = shown(stage)
    stage.press(made.table, Key.Key_Space)
    stage.press(made.table, Key.Key_F2, Shift)
    bar = made.bulk
    assert "1 record" in bar.head.text()
    bar.choose("tags", How.ADD)
    bar.preview()
    assert "Say what" in bar.said.text()
    bar.choose("level")
    bar.editor.choose("C")
    bar.editor.edited.emit()
    bar.preview()
    stage.settle()
    assert bar.apply_button.isEnabled()
    bar.editor.choose("A")
    bar.editor.edited.emit()
    assert not bar.apply_button.isEnabled()
    stage.press(bar, Key.Key_Escape)
    assert not bar.isVisible()
    assert has_keyboard(made.table)
    assert len(names(made)) == 12
