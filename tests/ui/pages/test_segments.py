"""Segments in the window: made by a rule with whom it means in sight, picked by hand, and lists by them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.rules.conditions import Condition, Op
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_desktop.services import records, segments
from crm_desktop.ui.context import Place
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.segments import SegmentsPage
from crm_desktop.ui.segments.segment_form import WRITTEN
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        for name, level in (("Ash", "A"), ("Birch", "A"), ("Cedar", "C")):
            records.create(made.app.replica, "customer", {"name": name, "level": level})
        yield made


def test_a_rule_says_in_words_whom_it_means_before_it_is_kept(stage: Stage) -> None:
    page = SegmentsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="segments", options={"new": "segment"}))
    stage.settle()
    form = page.segment_form
    assert form is not None
    form.save()
    assert show(form._named.error) == "This is required"
    form.name.setText("Best, not seen")
    form.choose_way(WRITTEN)
    form.rule.setPlainText("level = A and count(activity where happened_at >= this-quarter) < 1 and")
    stage.settle()
    assert "cannot be read as a rule" in show(form._ruled.error)
    form.rule.setPlainText("level = A and count(activity where happened_at >= this-quarter) < 1")
    stage.settle()
    assert not form.leave()
    assert form.words.text() == (
        "Level: A · VIP and no Activities (Happened since the beginning of this quarter)"
        if "VIP" in form.words.text()
        else "Level: A and no Activities (Happened since the beginning of this quarter)"
    )
    assert form.count.text().startswith("2 of your 3 customers, as of ")
    assert form.first.text() == "Ash, Birch"
    stage.press(form.name, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    stage.settle()
    assert page.segment_form is None
    (row,) = segments.segments_of(stage.app.replica)
    page.list.select_record(row.id)
    stage.settle()
    columns = [column.key for column in page.list.model.columns]
    assert page.list.model.index(0, columns.index("customers")).data() == "2"
    records.create(stage.app.replica, "customer", {"name": "Dogwood", "level": "A"})
    stage.settle()
    assert page.list.model.index(0, columns.index("customers")).data() == "3"
    page.show_button.click()
    stage.settle()
    place = stage.places[-1]
    assert (place.page, place.options["conditions"]) == ("customers", (row.condition,))


def test_customers_are_picked_with_undo_and_the_filter_is_kept_as_a_segment(stage: Stage) -> None:
    replica = stage.app.replica
    picked = segments.pick(replica, "Friends").value
    page = CustomersPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="customers"))
    stage.settle()
    assert page.list is not None
    page.list.focus_table()
    page.segments.choose()
    stage.settle()
    assert page.segments.menu is not None
    page.segments.menu.actions()[0].trigger()
    page.segments.menu.close()
    stage.settle()
    assert len(segments.segment(replica, "Friends").members) == 1
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert segments.segment(replica, "Friends").members == ()
    popup = page.list.bar.chips.open_popup()
    assert popup is not None
    popup.choose_field("last_contact")
    popup.op_box.setCurrentIndex(popup.op_box.findData(Op.NOT_SINCE.value))
    assert popup._editor is not None
    assert popup._editor._line is not None
    popup._editor._line.setText("90 days ago")
    popup.apply()
    stage.settle()
    day = RelativeDay(Unit.DAY, -90)
    assert page.list.bar.conditions == (Condition(field="last_contact", op=Op.NOT_SINCE, value=day),)
    asked = page.segments.ask_name()
    assert isinstance(asked, NamePopup)
    asked.line.setText("Quiet")
    asked.button.click()
    stage.settle()
    assert segments.written_rule(replica, segments.segment(replica, "Quiet").rule) == (
        "owner_id = " + stage.app.replica.person.user_id + " and last_contact not since today-90"
    )
    page.list.bar.show_filter((segments.segment(replica, picked.id).condition,))
    page.list.ask()
    stage.settle()
    assert page.list.model.known == 0
    assert [show(chip._text) for chip in page.list.bar.chips.chips] == ["Segment: Friends"]
