"""A segment's rule drawn as groups of conditions: made by keyboard, read back as it was, shown to roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_core.rules.conditions import Condition, Op
from crm_core.rules.rule_groups import group_of, rule_of_group
from crm_core.rules.segments import AllOf
from crm_desktop.services import records, rule_offers, segments
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.segments import SegmentsPage
from crm_desktop.ui.segments.rule_editor import RuleEditor, RuleGroup
from crm_desktop.ui.segments.rule_rows import KeptRow, LeafRow
from crm_desktop.ui.segments.segment_form import DRAWN, WRITTEN, SegmentForm
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        for name, level, city in (("Ash", "A", "上海"), ("Birch", "A", "Berlin"), ("Cedar", "C", "上海")):
            records.create(made.app.replica, "customer", {"name": name, "level": level, "city": city})
        yield made


def opened(stage: Stage, place: Place) -> tuple[SegmentsPage, SegmentForm]:
    """Show the form of a segment, or of a new one."""
    page = SegmentsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(place)
    stage.settle()
    assert page.segment_form is not None
    return page, page.segment_form


def front(stage: Stage) -> QWidget:
    """Return what has the keyboard."""
    found = stage.window.focusWidget()
    assert found is not None
    return found


def tab_to(stage: Stage, name: str, *, most: int = 12) -> QWidget:
    """Go on by Tab until a control of that name has the keyboard."""
    passed = []
    for _ in range(most):
        QTest.keyClick(front(stage), Qt.Key.Key_Tab)
        if front(stage).accessibleName() == name:
            return front(stage)
        passed.append(front(stage).accessibleName())
    raise AssertionError(f"Tab does not lead to {name}, but to {passed}")


def choose(stage: Stage, words: str) -> None:
    """Choose an entry of the box that has the keyboard by typing its beginning."""
    box = front(stage)
    assert isinstance(box, QComboBox)
    for _ in range(box.count()):
        if box.currentText() == words:
            return
        QTest.keyClick(box, Qt.Key.Key_Down)
    raise AssertionError(f"no {words} in the box")


def test_a_rule_with_a_group_is_made_and_counted_by_keyboard_alone(stage: Stage) -> None:
    page, form = opened(stage, Place(page="segments", options={"new": "segment"}))
    assert has_keyboard(form.name)
    QTest.keyClicks(form.name, "Best")
    stage.press(tab_to(stage, "Add a condition"), Qt.Key.Key_Space)
    assert front(stage).accessibleName() == "Field of condition 1"
    choose(stage, "Level")
    stage.settle()
    assert form.count.text() == ""
    form.save()
    assert show(form._ruled.error) == "Tick at least one"
    assert front(stage).accessibleName() == "Value of condition 1: A · key account"
    stage.press(front(stage), Qt.Key.Key_Space)
    assert form.count.text().startswith("2 of your 3 customers")
    stage.press(tab_to(stage, "Add a group"), Qt.Key.Key_Space)
    assert front(stage).accessibleName() == "How the conditions of group 2 are put together"
    choose(stage, "None of these holds")
    tab_to(stage, "Field of condition 2.1")
    choose(stage, "City")
    tab_to(stage, "Comparison of condition 2.1")
    choose(stage, "is")
    line = tab_to(stage, "Value of condition 2.1")
    assert isinstance(line, QLineEdit)
    QTest.keyClicks(line, "Berlin")
    stage.press(tab_to(stage, "Add a condition to group 2"), Qt.Key.Key_Space)
    assert front(stage).accessibleName() == "Field of condition 2.2"
    choose(stage, "Activities: how many")
    number = tab_to(stage, "Value of condition 2.2")
    assert isinstance(number, QLineEdit)
    QTest.keyClicks(number, "1")
    stage.press(tab_to(stage, "Which records of condition 2.2: add a condition"), Qt.Key.Key_Space)
    assert front(stage).accessibleName() == "Field of condition 2.2.1"
    choose(stage, "Happened")
    day = tab_to(stage, "Value of condition 2.2.1")
    assert isinstance(day, QLineEdit)
    QTest.keyClicks(day, "90 days ago")
    stage.settle()
    assert form.count.text().startswith("1 of your 3 customers")
    assert form.first.text() == "Ash"
    assert "not (" in form.words.text()
    stage.press(day, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert page.segment_form is None
    kept = segments.segment(stage.app.replica, "Best").rule
    assert kept is not None
    assert segments.written_rule(stage.app.replica, kept) == (
        "level = A and not (city = Berlin or count(activity where happened_at >= today-90) >= 1)"
    )


RULES = (
    "level in A, B",
    "level != C and not (tags = VIP or employees >= 50)",
    "credit_limit >= 1000.5 CNY and annual_revenue > 5000",
    "shared_until <= today or created_at > 2026-01-01",
    "last_contact not since this-year-1 or last_contact empty",
    "sum(deal.amount where stage_id.kind = won and close_date = this-year) > 100000 CNY",
    "sum(activity.duration_minutes where kind in visit, call) < 30",
    "count(quote_line where quote_id.status = accepted and quantity >= 2.5) = 0",
    "not (not (city = 上海) or (level = A and (phone filled or not segment = best)))",
    "owner_id = {user} and (everybody or nobody)",
    "name in Ash, Birch",
)


def parts_of(group: RuleGroup) -> Iterator[LeafRow | KeptRow]:
    """Yield the conditions of a group and of those within it."""
    for part in group.parts:
        if isinstance(part, RuleGroup):
            yield from parts_of(part)
        else:
            yield part


def test_every_rule_is_drawn_and_read_back_as_it_was(stage: Stage) -> None:
    replica = stage.app.replica
    segments.pick(replica, "Best")
    someone = replica.person.user_id
    rules = [segments.read_rule(replica, text.replace("{user}", someone)) for text in RULES]
    # What no row can show: a moment within a day, a record chosen that is not here.
    rules.append(Condition(field="last_contact", op=Op.AT_LEAST, value=1_700_000_000_123))
    rules.append(AllOf((Condition(field="owner_id", op=Op.EQUAL, value="0" * 32), rules[0])))
    editor = RuleEditor(stage.context, rule_offers.rule_offers(replica))
    stage.show(editor)
    kept = []
    for rule in rules:
        editor.show_rule(rule, rule_offers.rule_offers(replica, rule))
        assert segments.written_rule(replica, editor.rule()) == segments.written_rule(
            replica, rule_of_group(group_of(rule))
        ).replace("visit, call", "call, visit")
        stage.settle()
        kept += [row.label.text() for row in parts_of(editor.root) if isinstance(row, KeptRow)]
        for row in parts_of(editor.root):
            if isinstance(row, LeafRow):
                assert row.row.field_box.accessibleName()
                assert row.row.value_editor is None or row.row.value_editor.accessibleName()
    assert len(kept) == 5, kept  # created_at, everybody, nobody and these two


def test_parts_are_taken_away_and_a_rule_goes_from_rows_to_text_and_back(stage: Stage) -> None:
    rule = segments.read_rule(stage.app.replica, "level = A or not (city = 上海 or employees > 5)")
    kept = segments.save(stage.app.replica, "Some", rule).value
    _, form = opened(stage, Place(page="segments", record_id=kept.id))
    editor = form.editor
    assert editor is not None
    assert form.leave()
    inner = editor.root.parts[1]
    assert isinstance(inner, RuleGroup)
    last = inner.parts[1]
    assert isinstance(last, LeafRow)
    stage.press(last.row.remove_button, Qt.Key.Key_Space)
    assert has_keyboard(inner.parts[0].row.remove_button)  # type: ignore[union-attr]
    stage.press(inner.parts[0].row.remove_button, Qt.Key.Key_Space)  # type: ignore[union-attr]
    assert form.words.text() == "Add a condition to this group, or take the group away"
    assert not form.leave()
    form.choose_way(WRITTEN)
    assert form.way.key == DRAWN
    form.save()
    assert has_keyboard(inner.add_button)
    stage.press(inner.remove_button, Qt.Key.Key_Space)
    form.choose_way(WRITTEN)
    assert form.rule.toPlainText() == "level = A"
    form.rule.setPlainText("level = A and city =")
    form.choose_way(DRAWN)
    assert form.way.key == WRITTEN
    assert "cannot be read" in show(form._ruled.error)
    form.rule.setPlainText("level = A and city = 上海")
    form.choose_way(DRAWN)
    stage.settle()
    assert len(editor.root.parts) == 2
    assert form.first.text() == "Ash"


def test_a_segment_is_shown_to_roles_and_talked_about(stage: Stage) -> None:
    replica = stage.app.replica
    role = records.create(replica, "role", {"name": "Selling", "rights": {"reach": {}}}).value.id
    kept = segments.save_text(replica, "Some", "level = A").value
    _, form = opened(stage, Place(page="segments", record_id=kept.id))
    form.shown_to.click()
    stage.settle()
    menu = form.shown_to.menu_shown
    assert menu is not None
    (action,) = (each for each in menu.actions() if each.text() == "Show to role: Selling")
    action.trigger()
    menu.close()
    stage.settle()
    assert segments.segment(replica, kept.id).shown_to == (role,)
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert segments.segment(replica, kept.id).shown_to == ()
    form.tabs.choose("comments")
    assert form.tabs.comments is not None
    form.tabs.comments.text.setPlainText("Ask Ash first")
    form.tabs.comments.send()
    stage.settle()
    form.tabs.choose("history")
    stage.settle()
    assert form.tabs.history is not None
    assert form.tabs.history.model.rowCount() > 0
    others = SegmentForm(stage.context, replace(segments.segment(replica, kept.id), own=False))
    stage.show(others)
    assert others.editor is not None
    assert (others.name.isReadOnly(), others.editor.isEnabled(), others.save_button.isEnabled()) == (
        True,
        False,
        False,
    )
    assert not others.shown_to.isVisible()
    assert others.leave()
