"""The page of leads by keyboard, on a real encrypted profile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.assembly import App
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.services import converting, leads, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.leads.convert_form import ConvertForm
from crm_desktop.ui.leads.lead_view import LeadView
from crm_desktop.ui.pages.leads import LeadsPage
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Button
from tests.support.desktop import empty_app
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile without records, for all tests of this file."""
    made = empty_app(tmp_path_factory.mktemp("leads"))
    yield made
    made.close()


@pytest.fixture
def stage(look: QApplication, app: App, qtbot: QtBot) -> Iterator[Stage]:
    """Give a stage over the profile."""
    made = Stage(qtbot, app)
    yield made
    made.settle()
    app.replica.on_changed.remove(made.context._committed.emit)
    made.close()


def new_lead(app: App, name: str, **values: object) -> str:
    return records.create(app.replica, "lead", {"name": name, **values}).value.id


def page_of(stage: Stage) -> LeadsPage:
    page = LeadsPage(stage.context, stage.actions)
    stage.context.go.connect(lambda place: page.show_place(place) if place.page == "leads" else None)
    stage.show(page)
    page.list.choose_view("all")
    stage.settle()
    return page


def go_to(stage: Stage, page: LeadsPage, lead_id: str) -> None:
    page.list.select_record(lead_id)
    stage.settle()
    page.list.focus_table()
    row = page.list.current_row()
    assert row is not None
    assert row.id == lead_id


def state(app: App, lead_id: str) -> tuple[object, object]:
    lead = records.get(app.replica, "lead", lead_id)
    return lead.get("status"), lead.get("junk_reason")


def test_leads_are_sorted_out_by_single_keys_and_each_step_can_be_undone(app: App, stage: Stage) -> None:
    first, second = new_lead(app, "Ann Moss", company="Blue Heron"), new_lead(app, "方明")
    page = page_of(stage)
    go_to(stage, page, second)
    stage.press(page.list.table, Qt.Key.Key_J)
    row = page.list.current_row()
    assert row is not None
    assert row.id == first
    stage.press(page.list.table, Qt.Key.Key_Q)
    assert state(app, first) == ("qualified", None)
    stage.press(page.list.table, Qt.Key.Key_K)
    stage.press(page.list.table, Qt.Key.Key_D)
    menu = page.triage.menu
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "Spam").trigger()
    menu.close()
    stage.settle()
    assert state(app, second) == ("junk", "spam")
    undo = stage.notices[-1]
    assert undo.text.text == "“{lead}” is put aside"
    assert undo.act is not None
    undo.act()
    stage.settle()
    assert state(app, second) == ("new", None)
    stage.press(page.list.table, Qt.Key.Key_A)
    assert page.triage.menu is not None
    page.triage.menu.actions()[0].trigger()
    page.triage.menu.close()
    stage.settle()
    assert stage.notices[-1].text.text == "1 lead given to {name}"


def test_a_lead_of_nobody_is_claimed_by_key_or_button_and_given_back(app: App, stage: Stage) -> None:
    own = app.replica.person.user_id
    free = [new_lead(app, name) for name in ("Free one", "Free two")]
    leads.assign(app.replica, dict.fromkeys(free, None))
    page = page_of(stage)
    page.list.choose_view("nobodys")
    stage.settle()
    go_to(stage, page, free[0])
    page.list.table.selectAll()
    stage.press(page.list.table, Qt.Key.Key_M)
    stage.settle()
    assert show(stage.notices[-1].text) == "2 leads are claimed; yours when HQ has agreed"
    assert [records.get(app.replica, "lead", lead).get("owner_id") for lead in free] == [own, own]
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert records.get(app.replica, "lead", free[1]).get("owner_id") is None
    go_to(stage, page, free[1])
    pane = page.list.pane
    assert pane is not None
    stage.until(lambda: any(button.text() == "Claim" for button in pane.findChildren(Button)))
    next(button for button in pane.findChildren(Button) if button.text() == "Claim").click()
    stage.settle()
    assert show(stage.notices[-1].text) == "“Free two” is claimed; yours when HQ has agreed"
    page.list.choose_view("all")
    stage.settle()
    go_to(stage, page, free[1])
    stage.press(page.list.table, Qt.Key.Key_R)
    stage.settle()
    assert show(stage.notices[-1].text) == "“Free two” is free to be claimed"
    assert records.get(app.replica, "lead", free[1]).get("owner_id") is None


def test_a_lead_of_nobody_is_claimed_and_given_back_on_its_own_page_by_keyboard(
    app: App, stage: Stage
) -> None:
    lead = new_lead(app, "Free three")
    leads.assign(app.replica, {lead: None})
    page = page_of(stage)
    go_to(stage, page, lead)
    page.show_place(Place(page="leads", record_id=lead))
    stage.settle()
    view = page.over
    assert isinstance(view, LeadView)
    stage.until(view.claim_button.isVisible)
    assert not view.give_back_button.isVisible()
    view.claim_button.setFocus()
    stage.press(view.claim_button, Qt.Key.Key_Space)
    stage.until(view.give_back_button.isVisible)
    assert not view.claim_button.isVisible()
    assert records.get(app.replica, "lead", lead).get("owner_id") == app.replica.person.user_id
    assert show(stage.notices[-1].text) == "“Free three” is claimed; yours when HQ has agreed"
    view.give_back_button.setFocus()
    stage.press(view.give_back_button, Qt.Key.Key_Space)
    stage.until(view.claim_button.isVisible)
    assert records.get(app.replica, "lead", lead).get("owner_id") is None


def test_of_more_leads_than_one_may_claim_as_many_are_taken_and_why_is_said(app: App, stage: Stage) -> None:
    free = [new_lead(app, f"Many {no}") for no in range(3)]
    leads.assign(app.replica, dict.fromkeys(free, None))
    own = Condition(field="claimed_by", op=Op.EQUAL, value=app.replica.person.user_id)
    most = records.count(app.replica, ListQuery(entity="lead", conditions=(own,))) + 2
    rule = records.create(app.replica, "pool_rule", {"name": "Leads", "kind": "lead", "claims_a_day": most})
    page = page_of(stage)
    page.list.choose_view("nobodys")
    stage.settle()
    go_to(stage, page, free[0])
    page.list.table.selectAll()
    stage.press(page.list.table, Qt.Key.Key_M)
    stage.settle()
    said = show(stage.notices[-1].text)
    assert said.startswith("2 of ")
    assert f"yours when HQ has agreed. You claimed {most} leads in 24 hours; {most} is most" in said
    records.delete(app.replica, "pool_rule", rule.value.id)


def test_a_letter_typed_into_the_filter_sorts_nothing_out(app: App, stage: Stage) -> None:
    lead = new_lead(app, "Quincy")
    page = page_of(stage)
    go_to(stage, page, lead)
    page.list.bar.search.setFocus()
    QTest.keyClicks(page.list.bar.search, "q")
    stage.settle()
    assert page.list.bar.text == "q"
    assert state(app, lead) == ("new", None)


def test_a_conversion_shows_who_it_may_be_first_and_can_be_undone_at_once(app: App, stage: Stage) -> None:
    values = {"name": "Paper Crane", "email": "a@crane.example"}
    known = records.create(app.replica, "customer", values).value.id
    lead = new_lead(app, "A. Fang", company="Crane Foods", email="A@crane.example", needs="Pumps")
    page = page_of(stage)
    go_to(stage, page, lead)
    stage.press(page.list.table, Qt.Key.Key_C)
    form = page.over
    assert isinstance(form, ConvertForm)
    assert list(form.cards) == ["", known]
    assert form.cards[known].radio.isChecked()
    assert form.cards[known].radio.accessibleName() == "Join “Paper Crane”"
    form.deal_name.clear()
    stage.press(form.deal_name, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert str(form.deal_field.error) == "A deal needs a name"
    QTest.keyClicks(form.deal_name, "Pumps for Crane")
    stage.press(form.deal_name, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert stage.places[-1] == Place(page="customers", record_id=known)
    converted = records.get(app.replica, "lead", lead)
    assert (converted.get("status"), converted.get("customer_id")) == ("converted", known)
    assert records.get(app.replica, "deal", str(converted.get("deal_id"))).title == "Pumps for Crane"
    assert stage.notices[-1].act is not None
    stage.notices[-1].act()
    stage.settle()
    assert state(app, lead) == ("new", None)
    page.show_place(Place(page="leads", options={"convert": lead}))
    stage.settle()
    assert isinstance(page.over, ConvertForm)
    converting.convert(app.replica, lead, converting.Wish())
    page.over.convert_button.click()
    stage.settle()
    assert page.over.note.bar.isVisible()
    stage.press(page.over, Qt.Key.Key_Escape)
    assert page.over is None


def test_the_pane_says_what_to_ask_and_the_page_of_a_lead_what_was_done(app: App, stage: Stage) -> None:
    lead = new_lead(app, "Tom Reed", needs="Three pumps", phone="+44 20 7946 0001")
    records.create(app.replica, "activity", {"kind": "call", "subject": "Asked for a price", "lead_id": lead})
    page = page_of(stage)
    go_to(stage, page, lead)
    pane = page.list.pane
    assert pane is not None
    said = " ".join(label.text() for label in pane.findChildren(type(page.title)) if label.isVisible())
    for words in ("Three pumps", "Which budget is there?", "Call within the day", "Asked for a price"):
        assert words in said
    assert "What do they need" not in said
    page.show_place(Place(page="leads", record_id=lead))
    stage.settle()
    view = page.over
    assert isinstance(view, LeadView)
    assert [item.title for item in view.model.items][:1] == ["Asked for a price"]
    page.show_place(Place(page="leads", options={"log": lead}))
    stage.settle()
    assert page.leave()
