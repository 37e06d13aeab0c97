"""Possible duplicates in the window: said while one is typed, merged side by side, taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models import repository
from crm_desktop.models.query import ListQuery
from crm_desktop.services import merging, records
from crm_desktop.services.duplicates import find_groups
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers.customer_view import CustomerView
from crm_desktop.ui.duplicates.alike_panel import AlikePanel
from crm_desktop.ui.duplicates.side_by_side import KEPT
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.duplicates import MERGES, DuplicatesPage
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give an empty profile."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def customer(stage: Stage, **values: object) -> str:
    """Make a customer."""
    return records.create(stage.app.replica, "customer", values).value.id


def page_of(stage: Stage, **options: object) -> DuplicatesPage:
    """Return the page on screen."""
    page = DuplicatesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="duplicates", options=options))
    stage.settle()
    return page


def test_a_form_names_who_is_here_already_and_takes_no_for_an_answer(stage: Stage) -> None:
    known = customer(stage, name="Paper Crane Ltd")
    form = RecordForm(stage.context, stage.actions, "customer")
    stage.show(form)
    (panel,) = form.findChildren(AlikePanel)
    assert not panel.isVisible()
    QTest.keyClicks(form.grid.fields["name"].editor, "PAPER CRANE")
    stage.until(panel.isVisible)
    (row,) = panel.rows
    assert (row.match.record_id, row.merge.isVisible()) == (known, False)
    row.open.click()
    assert stage.places[-1] == Place(page="customers", record_id=known)
    row.apart.click()
    stage.settle()
    assert not panel.isVisible()
    stage.press(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rows = records.page(stage.app.replica, ListQuery(entity="customer")).rows
    assert sorted(record.title for record in rows) == ["PAPER CRANE", "Paper Crane Ltd"]
    assert find_groups(stage.app.replica, "customer") == ()


def test_a_customer_and_a_task_about_it_lead_to_those_it_looks_like(stage: Stage) -> None:
    first, second = customer(stage, name="Paper Crane Ltd"), customer(stage, name="PAPER CRANE")
    view = CustomerView(stage.context, stage.actions)
    stage.show(view)
    view.show_customer(first)
    stage.until(view.alike.bar.isVisible)
    assert view.alike.bar.label.text() == "Looks like another: “PAPER CRANE”"
    view.alike.bar.action.click()
    beside = Place(page="duplicates", options={"entity": "customer", "ids": (first, second)})
    assert stage.places[-1] == beside
    view.alike.bar.closed.emit()
    view.read()
    stage.settle()
    assert not view.alike.bar.isVisible()
    view.hide()
    values = {"kind": "task", "subject": "Possible duplicate", "about_entity": "customer", "about_id": first}
    with stage.app.replica.write() as session:
        task = repository.create(session, "activity", values).id
    form = RecordForm(stage.context, stage.actions, "activity", task)
    stage.show(form)
    stage.until(lambda: form._note.bar.isVisible())
    assert form._note.bar.label.text() == "“Paper Crane Ltd” looks like “PAPER CRANE”"
    form._note.bar.action.click()
    assert stage.places[-1] == beside


def test_a_group_is_merged_as_chosen_by_keyboard_undone_and_merged_again(stage: Stage) -> None:
    first = customer(stage, name="Paper Crane Ltd", city="Ulm", notes="one", phone="+49 30 1234567")
    second = customer(stage, name="PAPER CRANE", city="Bonn", notes="two")
    contact = records.create(stage.app.replica, "contact", {"customer_id": second, "name": "Lin"}).value.id
    page = page_of(stage)
    assert [sorted(m.record_id for m in group.members) for group in page.groups] == [sorted((first, second))]
    assert page.side.shown is not None
    assert page.side.shown.kept == first
    page.side.button("country", second).setFocus()
    stage.press(page.side.button("country", first), Qt.Key.Key_Space)
    page.side.button("country", second).click()
    page.side.button(KEPT, second).click()
    stage.settle()
    assert page.side.shown.kept == second
    page.side.button(KEPT, first).click()
    stage.settle()
    page.side.button("name", second).click()
    assert [page.side.result(row) for row in page.side.shown.rows if row.name == "name"] == ["PAPER CRANE"]
    stage.press(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    replica = stage.app.replica
    kept = records.get(replica, "customer", first)
    assert (kept["name"], kept["city"], kept["phone"]) == ("PAPER CRANE", "Bonn", "+49 30 1234567")
    assert sorted(kept["notes"].split("\n\n")) == ["one", "two"]
    assert records.get(replica, "contact", contact)["customer_id"] == first
    assert page.groups == []
    assert stage.notices[-1].act is not None
    stage.notices[-1].act()
    stage.settle()
    assert records.get(replica, "customer", first)["name"] == "Paper Crane Ltd"
    assert records.get(replica, "contact", contact)["customer_id"] == second
    page.find()
    stage.settle()
    assert len(page.groups) == 1
    page.merge.click()
    stage.settle()
    page.kinds.choose(MERGES)
    page._on_kind_chosen(MERGES)
    stage.settle()
    assert page.list.count() == 1
    page.take_apart.click()
    stage.settle()
    assert page.list.count() == 0
    assert merging.recent_merges(replica) == ()
    assert records.get(replica, "customer", second).alive


def test_records_named_are_shown_beside_one_another_and_found_to_be_others(stage: Stage) -> None:
    ids = tuple(customer(stage, name=name) for name in ("Paper Crane", "Crane Paper", "Paper Crane Inc"))
    page = page_of(stage, entity="customer", ids=ids)
    assert page.side.shown is not None
    assert [record.id for record in page.side.shown.records] == list(ids)
    page.apart.click()
    stage.settle()
    assert find_groups(stage.app.replica, "customer") == ()
    assert stage.notices[-1].act is not None
    stage.notices[-1].act()
    stage.settle()
    assert len(find_groups(stage.app.replica, "customer")[0].members) == 3
