"""The customers' page: its list, all of one customer, logging, editing, stepping from one to the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import insert

from crm_core.i18n import message
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.models import state
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.device_tables import OtherVersion
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.state import Key as StateKey
from crm_desktop.services import activities, customers, drafts, lists, places, records
from crm_desktop.services.timeline import ItemKind
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers import quick_log_box
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.customers.customer_details import CustomerDetails
from crm_desktop.ui.customers.customer_view import CustomerView
from crm_desktop.ui.forms.other_versions import VersionPanel
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.itemmodels import keyset
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.products import ProductsPage
from crm_desktop.ui.pages.records import ActivitiesPage
from crm_desktop.ui.places import place_showing
from crm_desktop.ui.tasks import READERS
from crm_desktop.ui.timeline.history_list import HistoryList
from crm_desktop.ui.timeline.timeline_model import Entry
from crm_desktop.ui.translate import show, tr, translator
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.fields import Fact
from tests.support.desktop import empty_app, sample_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard

Key, Ctrl, Alt = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a profile with sample records, ten customers."""
    with staged(qtbot, sample_app(tmp_path, customers=10)) as made:
        yield made


def page_of(stage: Stage) -> CustomersPage:
    """Return the page on screen, following the places it wants to go to."""
    page = CustomersPage(stage.context, stage.actions)
    stage.context.go.connect(lambda place: page.show_place(place) if place.page == "customers" else None)
    stage.show(page)
    page.show_place(Place(page="customers"))
    stage.settle()
    assert page.list is not None
    page.list.choose_view("all")
    stage.settle()
    page.list.focus_table()
    return page


def opened(stage: Stage, page: CustomersPage, customer: Record | None = None) -> CustomerView:
    """Open a customer and return its view; without one, the first of the list."""
    if customer is None:
        assert page.list is not None
        stage.press(page.list.table, Key.Key_Return)
    else:
        page.show_place(Place(page="customers", record_id=customer.id))
    stage.settle()
    assert page.view is not None
    return page.view


def make(stage: Stage, entity: str = "customer", **values: Any) -> Record:
    """Make a record."""
    return records.create(stage.app.replica, entity, values).value


def entries(view: CustomerView) -> list[Entry]:
    """Return the entries of the time line."""
    rows = (view.line.model.row(place) for place in range(view.line.model.rowCount()))
    return [row for row in rows if isinstance(row, Entry)]


def test_the_list_shows_contact_open_deals_and_next_step_beside_the_fields(stage: Stage) -> None:
    page = page_of(stage)
    assert page.list is not None
    model = page.list.model
    keys = [column.key for column in model.columns]
    assert keys[1:] == ["name", "level", "owner_id", "city", "last_contact", "open", "next_step", "tags"]
    row = model.row_at(0)
    assert row is not None
    extra = customers.list_extras(stage.app.replica, [row.id])[row.id]
    assert row.extra == extra
    shown = str(model.index(0, keys.index("open")).data())
    assert shown.replace(",", "") == str((extra.open_minor or 0) // 100) or extra.open_minor is None


def test_the_details_follow_the_current_row(stage: Stage) -> None:
    page = page_of(stage)
    assert page.list is not None
    assert page.list.pane is not None
    stage.press(page.list.table, Key.Key_Down)
    row = page.list.current_row()
    assert row is not None
    assert page.list.pane.title.text() == row.record.title
    records.update(stage.app.replica, "customer", row.id, {"phone": "0571 8888 0001"})
    stage.settle()
    said = [fact.value.text() for fact in page.list.pane.findChildren(Fact) if fact.label.text() == "Phone"]
    assert "0571 8888 0001" in said


def test_selected_customers_are_told_with_their_open_deals(stage: Stage) -> None:
    page = page_of(stage)
    assert page.list is not None
    for _ in range(2):
        stage.press(page.list.table, Key.Key_Space)
        stage.press(page.list.table, Key.Key_Down, Ctrl)
    ids = [row.id for row in page.list.selection.rows()]
    extras = customers.list_extras(stage.app.replica, ids).values()
    total = sum(extra.open_minor or 0 for extra in extras) // 100
    assert str(stage.selections[-1]) == f"2 selected · open ¥{total:,}"


def test_enter_opens_the_page_of_the_customer(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page)
    overview = customers.overview(stage.app.replica, view.customer_id)
    assert view.header.name.text() == overview.customer.title
    assert view.header.health.text() == f"Health {overview.health.score}"
    assert view.place.text() == "1 of 10"
    assert len(entries(view)) > 0


def test_ctrl_down_and_up_step_through_the_list(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page)
    first = view.customer_id
    stage.press(view.line.list, Key.Key_Down, Ctrl)
    assert view.customer_id != first
    assert view.place.text() == "2 of 10"
    stage.press(view.line.list, Key.Key_Up, Ctrl)
    assert view.customer_id == first
    stage.press(view.line.list, Key.Key_Up, Ctrl)
    assert view.customer_id == first, "before the first there is none"


def test_a_customer_found_by_search_has_its_place_in_the_list_and_a_next_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2)
    monkeypatch.setattr(keyset, "AHEAD", 0)
    own = Condition(field="owner_id", op=Op.EQUAL, value=stage.app.replica.person.user_id)
    query = ListQuery(entity="customer", conditions=(own,), sort=(("name", False),))
    second, third = records.page(stage.app.replica, query).rows[1:3]
    page = CustomersPage(stage.context, stage.actions)
    stage.context.go.connect(page.show_place)
    page.show_place(Place(page="customers", record_id=second.id))
    stage.show(page)
    view = page.view
    assert view is not None
    assert view.place.isVisible()
    assert view.place.text() == f"2 of {records.count(stage.app.replica, query)}"
    stage.press(view.line.list, Key.Key_Down, Ctrl)  # its page was not read so far
    assert view.customer_id == third.id
    outside = make(stage, name="Outside", owner_id=None)
    view = opened(stage, page, outside)
    stage.press(view.line.list, Key.Key_Down, Ctrl)
    assert view.customer_id == outside.id
    assert str(stage.notices[-1].text) == "This customer is not in the view of the list that is in front"


def test_the_number_at_a_tab_is_that_of_its_list(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Ash")
    stages = records.page(stage.app.replica, ListQuery(entity="stage")).rows
    for kind in ("open", "won"):
        of_kind = next(each for each in stages if each.get("kind") == kind)
        make(stage, "deal", name=kind, customer_id=customer.id, stage_id=of_kind.id, amount=100)
    view = opened(stage, page, customer)
    view.choose_tab("deals")
    stage.settle()
    tab = view._tab_widgets["deals"]
    assert isinstance(tab, ChildList)
    assert tab.list.bar.count.text() == "2 deals"
    assert view.tabs.accessibleTabName(2) == "Deals 2"


def test_an_empty_tab_offers_a_new_record_once(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page, make(stage, name="Ash"))
    view.choose_tab("contacts")
    stage.settle()
    tab = view._tab_widgets["contacts"]
    assert isinstance(tab, ChildList)
    assert tab.list.empty.new_button.isVisible()
    assert not tab.new_button.isVisible()
    make(stage, "contact", name="Nora", customer_id=view.customer_id)
    stage.settle()
    assert tab.new_button.isVisible()


def test_alt_and_a_figure_choose_a_tab(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page)
    for figure, key in (
        (Key.Key_2, "contacts"),
        (Key.Key_3, "deals"),
        (Key.Key_6, "files"),
        (Key.Key_1, "overview"),
    ):
        stage.press(view.tabs, figure, Alt)
        assert view.tabs.key == key


def test_a_visit_with_its_next_step_is_logged_by_ctrl_enter(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill")
    view = opened(stage, page, customer)
    view.header.log.click()
    assert has_keyboard(view.line.log.text)
    QTest.keyClicks(view.line.log.text, "Saw the new line")
    QTest.keyClicks(view.line.log.next_step, "Send the offer")
    view.line.log.due.setText("tomorrow 9")
    stage.press(view.line.log.text, Key.Key_Return, Ctrl)
    rows = records.page(
        stage.app.replica,
        ListQuery(
            entity="activity", conditions=(Condition(field="customer_id", op=Op.EQUAL, value=customer.id),)
        ),
    ).rows
    assert {(row["kind"], row["subject"]) for row in rows} == {
        ("visit", "Saw the new line"),
        ("task", "Send the offer"),
    }
    assert "Saw the new line" in [str(entry.title) for entry in entries(view)]
    assert view.line.log.text.toPlainText() == ""
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert entries(view) == []


def test_the_time_line_tells_how_a_visit_went_where_it_was_and_when_it_goes_on(stage: Stage) -> None:
    customer = make(stage, name="Blue Heron Valves")
    activities.log(
        stage.app.replica,
        "visit",
        "Saw the new line",
        customer_id=customer.id,
        notes="Vibration fell",
        outcome="positive",
        place="Suzhou, hall 3",
        next_contact_on="2031-05-09",
    )
    view = opened(stage, page_of(stage), customer)
    told = "Positive · Suzhou, hall 3 · Next contact 9 May 2031"
    (visit,) = (entry for entry in entries(view) if entry.item.kind is ItemKind.VISIT)
    assert [show(line) for line in visit.lines] == ["Vibration fell", told]
    assert told in visit.words()
    translator().use("zh_CN")
    stage.settle()
    (visit,) = (entry for entry in entries(view) if entry.item.kind is ItemKind.VISIT)
    assert show(visit.lines[1]) == "积极 · Suzhou, hall 3 · 下次联系 2031年5月9日"


def test_what_is_logged_stands_in_the_time_line_before_anything_is_read_anew(stage: Stage) -> None:
    view = opened(stage, page_of(stage))
    go_on = threading.Event()
    for _ in range(READERS):
        stage.tasks.read(view, go_on.wait, lambda _: None)  # whatever reads is busy for long
    QTest.keyClicks(view.line.log.text, "Saw the new line")
    QTest.keyClick(view.line.log.text, Key.Key_Return, Ctrl)
    try:
        stage.until(lambda: any(entry.item.title == "Saw the new line" for entry in entries(view)))
        assert view.line.model.rowCount() > len(entries(view))  # under the head of its day
    finally:
        go_on.set()
    stage.settle()
    assert [entry.item.title for entry in entries(view)].count("Saw the new line") == 1


def test_a_change_by_others_reads_the_time_line_beside_the_rest_of_the_page(stage: Stage) -> None:
    view = opened(stage, page_of(stage))
    go_on = threading.Event()
    customer_id = view.customer_id
    overview = customers.overview

    def slow(*about: Any) -> Any:
        go_on.wait()
        return overview(*about)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customers, "overview", slow)
        activities.log(stage.app.replica, "call", "Rang from elsewhere", customer_id=customer_id)
        try:
            stage.until(lambda: any(entry.item.title == "Rang from elsewhere" for entry in entries(view)))
        finally:
            go_on.set()
        stage.settle()


def test_a_change_in_the_list_makes_the_details_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(stage)
    assert page.list is not None
    assert page.list.pane is not None
    made: list[object] = []
    told = CustomerDetails.show_told
    monkeypatch.setattr(
        CustomerDetails, "show_told", lambda pane, read: (made.append(read), told(pane, read))
    )
    row = page.list.current_row()
    assert row is not None
    activities.log(stage.app.replica, "call", "Rang from elsewhere", customer_id=row.id)
    stage.until(lambda: bool(made))
    stage.settle()
    assert len(made) == 1


def test_a_picture_of_a_visit_goes_with_what_is_logged(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "shelf.jpg"
    picture.write_bytes(b"no picture, but a file")
    page = page_of(stage)
    customer = make(stage, name="Demo Mill")
    view = opened(stage, page, customer)
    view.line.log.attach([picture])
    assert view.line.log.files.label.text() == "shelf.jpg"
    QTest.keyClicks(view.line.log.text, "Looked at the shelf")
    stage.press(view.line.log.text, Key.Key_Return, Ctrl)
    stage.settle()
    replica = stage.app.replica
    made = records.page(replica, ListQuery(entity="attachment", limit=5)).rows
    assert [(row.get("name"), row.get("record_entity")) for row in made] == [("shelf.jpg", "activity")]
    visit = records.get(replica, "activity", str(made[0].get("record_id")))
    assert (visit.get("subject"), visit.get("customer_id")) == ("Looked at the shelf", customer.id)
    assert view.line.log.files.isHidden()


def test_the_log_says_how_a_step_is_dated_after_a_switch_of_language_too(stage: Stage) -> None:
    view = opened(stage, page_of(stage))
    assert view.line.log.due.placeholderText() == "e.g. Fri 14:00"
    translator().use("zh_CN")
    stage.until(
        lambda: view.line.log.text.placeholderText() != "What was done? The first line is the subject."
    )
    stage.settle()
    assert view.line.log.due.placeholderText() == tr("e.g. Fri 14:00")
    assert "14:00" in view.line.log.due.placeholderText()


def test_what_is_typed_into_the_log_stays_with_its_customer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_log_box, "DRAFT_MS", 100)
    page = page_of(stage)
    one, other = make(stage, name="Demo One"), make(stage, name="Demo Two")
    view = opened(stage, page, one)
    QTest.keyClicks(view.line.log.text, "Half a sentence")
    stage.until(lambda: drafts.kept(stage.app.replica, "activity", f"log:{one.id}") is not None)
    opened(stage, page, other)
    assert view.line.log.text.toPlainText() == ""
    opened(stage, page, one)
    stage.until(lambda: view.line.log.text.toPlainText() == "Half a sentence")


def test_an_empty_log_is_not_saved_and_says_why(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page, make(stage, name="Demo Mill"))
    view.line.log.save()
    stage.settle()
    assert view.line.log.wrong.text() == "Say in a few words what was done."
    assert entries(view) == []


def test_the_time_line_shows_field_changes_as_old_and_new(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill", level="C")
    view = opened(stage, page, customer)
    records.update(stage.app.replica, "customer", customer.id, {"level": "A"})
    stage.settle()
    changes = [entry for entry in entries(view) if entry.item.kind is ItemKind.FIELD]
    assert [(str(entry.title), entry.before, str(entry.lines[0])) for entry in changes] == [
        ("Level", "C · occasional", "A · key account")
    ]
    assert "C · occasional → A · key account" in changes[0].words()


def test_the_next_customer_is_shown_in_the_same_facts_and_rows(stage: Stage) -> None:
    page = page_of(stage)
    first = make(stage, name="Demo Mill", industry="Flour", phone="0512 0000 0001", website="mill.example")
    second = make(stage, name="Demo Yard", industry="Boats", email="yard@customer.example")
    for number in range(8):
        make(stage, "contact", name=f"Miller {number}", customer_id=first.id)
    make(stage, "contact", name="Skipper", customer_id=second.id)
    activities.log(stage.app.replica, "call", "Rang", customer_id=first.id)

    def seen(view: CustomerView) -> tuple[list[str], list[str], list[str]]:
        facts = [fact.accessibleName() for fact in view.facts.findChildren(Fact) if fact.isVisible()]
        rows = [row.accessibleName() for row in view.side.findChildren(InfoRow) if row.isVisible()]
        return facts, rows, [chip.text() for chip in view.line._chips]

    view = opened(stage, page, first)
    before = seen(view)
    industry = view.facts._kept["industry", False]
    assert "Phone: 0512 0000 0001" in before[0]
    assert before[1] == [f"Miller {number}" for number in range(6)] + ["and 2 more"]
    opened(stage, page, second)
    facts, rows, chips = seen(view)
    assert "Industry: Boats" in facts
    assert not any(fact.startswith(("Phone", "Web site")) for fact in facts)
    assert rows == ["Skipper"]
    assert chips == []
    opened(stage, page, first)
    assert seen(view) == before
    assert view.facts._kept["industry", False] is industry


def test_tab_goes_down_the_right_column_whichever_rows_came_later(stage: Stage) -> None:
    page = page_of(stage)
    second = make(stage, name="Demo Yard")
    make(stage, "contact", name="Skipper", customer_id=second.id)
    make(stage, "ticket", subject="Leak", customer_id=second.id)
    view = opened(stage, page, second)
    make(stage, "contact", name="Tar", customer_id=second.id)
    view.read()
    stage.settle()
    rows = [row for row in view.side.findChildren(InfoRow) if row.isVisible()]
    assert len(rows) == 3
    titles = {row: row.title.text() for row in rows}
    walked: list[str] = []
    at: QWidget | None = rows[0]
    while at is not None and len(walked) < len(rows):
        walked += [titles[at]] if isinstance(at, InfoRow) and at in titles else []
        at = at.nextInFocusChain()
    assert walked == ["Skipper", "Tar", "Leak"]


def test_a_chip_narrows_the_time_line_to_one_kind(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill")
    activities.log(stage.app.replica, "call", "Rang", customer_id=customer.id)
    activities.log(stage.app.replica, "visit", "Went", customer_id=customer.id)
    view = opened(stage, page, customer)
    texts = [chip.text() for chip in view.line._chips]
    assert texts == ["All 2", "Visits 1", "Calls 1"]
    view.line._chips[2].click()
    stage.settle()
    assert [str(entry.title) for entry in entries(view)] == ["Rang"]
    assert view.line._chips[2].isChecked()


def with_calls(stage: Stage, name: str, number: int) -> Record:
    """Return a new customer who was called so often."""
    customer = make(stage, name=name, tax_number="91320500DEMO00001X")
    with stage.app.replica.write() as session:
        for call in range(number):
            values = {
                "kind": "call",
                "subject": f"Call {call}",
                "customer_id": customer.id,
                "happened_at": 1_700_000_000_000 + call * 86_400_000,
            }
            records.create_in(session, stage.app.replica, "activity", values)
    return customer


def test_older_entries_come_as_the_time_line_is_scrolled(stage: Stage) -> None:
    view = opened(stage, page_of(stage), with_calls(stage, "Demo Mill", 70))
    assert len(entries(view)) == 50
    bar = view.line.list.verticalScrollBar()
    bar.setValue(bar.maximum())
    stage.settle()
    assert len(entries(view)) == 70


def test_another_customers_page_is_painted_at_once_from_its_top(stage: Stage) -> None:
    page = page_of(stage)
    first, second = with_calls(stage, "Demo Mill", 30), with_calls(stage, "Demo Mill West", 40)
    view = opened(stage, page, first)
    assert view.alike.isVisible()
    stage.until(lambda: view.line.list.verticalScrollBar().maximum() > 0)
    view.line.list.verticalScrollBar().setValue(view.line.list.verticalScrollBar().maximum())
    seen: list[tuple[int, str]] = []

    class Watcher(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                seen.append((view.line.list.verticalScrollBar().value(), view.header.name.text()))
            return False

    watcher = Watcher(view)
    view.line.list.viewport().installEventFilter(watcher)
    opened(stage, page, second)
    assert view.alike.isVisible()
    assert len(entries(view)) == 40
    assert [each for each in seen if each[1] != first["name"]] == [(0, second["name"])]


def test_the_link_to_another_version_of_a_text_shows_both_texts(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill", notes="\n".join(f"Mine {line}" for line in range(30)))
    with stage.app.replica.applying() as session:
        field = str(customer.schema.fields["notes"].no)
        kept = {"entity": "customer", "row_id": customer.id, "field": field, "text": "Theirs"}
        session.execute(insert(OtherVersion).values(**kept, at_ms=1_700_000_000_000, is_open=True))
    view = opened(stage, page, customer)
    (link,) = [each for each in view.facts.findChildren(Button) if each.text().startswith("Other version")]
    QTest.mouseClick(link, Qt.MouseButton.LeftButton)
    stage.settle()
    form = view.facts.form
    assert form is not None
    assert has_keyboard(form.grid.fields["notes"].editor)
    (panel,) = form.findChildren(VersionPanel)
    seen = panel.visibleRegion().boundingRect()
    assert seen == panel.rect(), "the other version is in sight without scrolling"


def test_e_turns_the_facts_into_a_form_and_ctrl_enter_saves_it(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill", phone="0512 0000 0001")
    view = opened(stage, page, customer)
    stage.press(view.line.list, Key.Key_E)
    assert view.facts.form is not None
    editor = view.facts.form.grid.fields["industry"].editor
    editor.setFocus()
    QTest.keyClicks(editor, "Flour")
    assert not page.leave(), "what is not saved is asked about"
    stage.press(editor, Key.Key_Return, Ctrl)
    assert view.facts.form is None
    facts = [fact.accessibleName() for fact in view.facts.findChildren(Fact) if fact.isVisible()]
    assert "Industry: Flour" in facts
    assert page.leave()


def test_e_in_a_field_is_a_letter(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page, make(stage, name="Demo Mill"))
    view.line.log.text.setFocus()
    stage.press(view.line.log.text, Key.Key_E)
    assert view.line.log.text.toPlainText() == "e"
    assert view.facts.form is None


def test_a_contact_is_added_and_changed_in_its_tab(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill")
    view = opened(stage, page, customer)
    view.side.contact_asked.emit()
    stage.settle()
    tab = view._tab_widgets["contacts"]
    assert isinstance(tab, ChildList)
    assert tab._form is not None
    QTest.keyClicks(tab._form.grid.fields["name"].editor, "Demo Person")
    stage.press(tab._form, Key.Key_Return, Ctrl)
    made = customers.overview(stage.app.replica, customer.id).contacts
    assert [contact.title for contact in made] == ["Demo Person"]
    assert tab._form is None
    tab.list.focus_table()
    stage.press(tab.list.table, Key.Key_Return)
    assert tab._form is not None
    editor = tab._form.grid.fields["title"].editor
    editor.setFocus()
    QTest.keyClicks(editor, "Buyer")
    stage.press(tab._form, Key.Key_Return, Ctrl)
    assert customers.overview(stage.app.replica, customer.id).contacts[0]["title"] == "Buyer"


def test_a_place_names_one_of_the_people_and_the_tab_beside_him(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Blue Heron")
    contact = make(stage, "contact", name="Wren Hale", customer_id=customer.id)
    shown_on = places.shown_on(stage.app.replica, "contact", contact.id)
    page.show_place(place_showing("contact", contact.id, shown_on, "comments"))
    stage.settle()
    assert page.view is not None
    assert (page.view.customer_id, page.view.tabs.key) == (customer.id, "contacts")
    form = page.view.findChild(RecordForm)
    assert form is not None
    assert (form.record_id, form.tabs.row.key) == (contact.id, "comments")


def test_points_are_given_in_their_tab_and_an_entry_is_only_looked_at(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill")
    view = opened(stage, page, customer)
    view.choose_tab("points")
    stage.settle()
    tab = view._tab_widgets["points"]
    assert isinstance(tab, ChildList)
    tab.new_button.click()
    stage.settle()
    assert tab._form is not None
    QTest.keyClicks(tab._form.grid.fields["points"].editor, "120")
    QTest.keyClicks(tab._form.grid.fields["reason"].editor, "Order 7")
    stage.press(tab._form, Key.Key_Return, Ctrl)
    made = customers.overview(stage.app.replica, customer.id)
    assert [(entry["points"], entry["reason"]) for entry in made.points] == [(120, "Order 7")]
    assert made.customer["points"] == 120
    tab.list.focus_table()
    stage.press(tab.list.table, Key.Key_Return)
    assert tab._form is not None
    QTest.keyClicks(tab._form.grid.fields["reason"].editor, "Changed")
    stage.press(tab._form, Key.Key_Return, Ctrl)
    assert records.get(stage.app.replica, "point_entry", made.points[0].id)["reason"] == "Order 7"


def test_a_deal_of_the_customer_leads_to_its_page(stage: Stage) -> None:
    page = page_of(stage)
    customer = make(stage, name="Demo Mill")
    deal = make(stage, "deal", name="Demo deal", customer_id=customer.id)
    view = opened(stage, page, customer)
    stage.press(view.tabs, Key.Key_3, Alt)
    tab = view._tab_widgets["deals"]
    assert isinstance(tab, ChildList)
    stage.press(tab.list.table, Key.Key_Return)
    assert stage.places[-1] == Place(page="pipeline", record_id=deal.id)
    view.header.quote.click()
    assert stage.places[-1].options == {"new": "quote", "values": {"customer_id": customer.id}}


def test_the_history_tells_of_making_changing_deleting_and_restoring(stage: Stage) -> None:
    page = page_of(stage)
    replica = stage.app.replica
    customer = make(stage, name="Demo Mill")
    records.update(replica, "customer", customer.id, {"city": "Leeds"})
    records.delete(replica, "customer", customer.id)
    records.restore(replica, "customer", customer.id)
    view = opened(stage, page, customer)
    view.choose_tab("history")
    stage.settle()
    history = view._tab_widgets["history"]
    assert isinstance(history, HistoryList)
    titles = [item.title for item in history.model.items]
    assert titles[:2] == ["Record restored", "Record deleted"]
    assert "City" in titles
    assert titles[-1] == "Record added"


def test_a_customer_that_is_not_here_says_so(stage: Stage) -> None:
    page = page_of(stage)
    page.show_place(Place(page="customers", record_id="0" * 32))
    stage.settle()
    assert page.view is not None
    assert page.view.gone.isVisible()
    assert page.view.gone.line.text() == "There is no such record on this laptop"


def test_a_new_customer_is_shown_once_it_is_saved(stage: Stage) -> None:
    page = page_of(stage)
    page.show_place(Place(page="customers", options={"new": "customer", "values": {"city": "Derby"}}))
    stage.settle()
    assert page.form is not None
    QTest.keyClicks(page.form.grid.fields["name"].editor, "Demo Arrival")
    stage.press(page.form, Key.Key_Return, Ctrl)
    assert page.form is None
    assert page.view is not None
    shown = records.get(stage.app.replica, "customer", page.view.customer_id)
    assert (shown.title, shown["city"]) == ("Demo Arrival", "Derby")


def test_what_a_chart_drilled_into_is_shown_as_its_own_view(stage: Stage) -> None:
    page = page_of(stage)
    only_a = (Condition(field="level", op=Op.IN, value=("A",)),)
    page.show_place(Place(page="customers", options={"conditions": only_a, "title": message("Level A")}))
    stage.settle()
    assert page.list is not None
    assert page.list.tabs.tabs.tabText(0) == "Level A"
    levels = {page.list.model.row_at(n).record["level"] for n in range(page.list.model.known)}  # type: ignore[union-attr]
    assert levels == {"A"}


def test_the_whole_page_is_in_chinese_after_a_switch(stage: Stage) -> None:
    page = page_of(stage)
    view = opened(stage, page)
    translator().use("zh_CN")
    stage.settle()
    assert view.tabs.tabText(0) == "概览"
    assert view.line._chips[0].text().startswith("全部")
    assert view.header.health.text().startswith("健康度")


def test_an_empty_profile_offers_the_first_customer(look: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    with staged(qtbot, empty_app(tmp_path)) as stage:
        page = page_of(stage)
        assert page.list is not None
        assert page.list.empty.state.line.text() == "No customers yet"
        assert not page.new_button.isVisible(), "one primary button a page"
        page.list.empty.new_button.click()
        stage.settle()
        assert page.form is not None


@pytest.mark.parametrize(
    ("page_class", "entity"),
    [(ActivitiesPage, "activity"), (ProductsPage, "product")],
    ids=("activities", "products"),
)
def test_activities_and_products_have_a_list_and_a_form(stage: Stage, page_class: Any, entity: str) -> None:
    page = page_class(stage.context, stage.actions)
    stage.context.go.connect(page.show_place)
    stage.show(page)
    page.list.choose_view("all")
    stage.settle()
    before = records.count(stage.app.replica, ListQuery(entity=entity))
    assert page.list.model.total == before > 0
    page.list.focus_table()
    stage.press(page.list.table, Key.Key_Return)
    assert page.form is not None
    stage.press(page.form, Key.Key_Escape)
    assert page.form is None
    page.show_place(Place(page=stage.places[-1].page, options={"new": entity}))
    stage.settle()
    title = "subject" if entity == "activity" else "name"
    QTest.keyClicks(page.form.grid.fields[title].editor, "Demo addition")
    stage.press(page.form, Key.Key_Return, Ctrl)
    assert records.count(stage.app.replica, ListQuery(entity=entity)) == before + 1


def test_customers_nobody_spoke_with_for_a_month_have_a_tab_of_their_own(stage: Stage) -> None:
    page = page_of(stage)
    assert page.list is not None
    keys = [view.key for view in page.list.keeper.views]
    assert keys == ["mine", "all", "quiet", "returning", "pool", "bin"]
    page.list.choose_view("quiet")
    stage.settle()
    model = page.list.model
    rows = [model.row_at(place) for place in range(model.known)]
    since = stage.app.replica.clock.now_ms() - 31 * 86_400_000
    assert rows
    moments = [row.record.get("last_contact") for row in rows if row is not None]
    assert all(at is None or at < since + 2 * 86_400_000 for at in moments)
    every = lists.all_ids(stage.app.replica, ListQuery(entity="customer"))
    assert 0 < len(rows) < len(every)
    recent = set(every) - {row.id for row in rows if row is not None}
    extra = records.page(stage.app.replica, ListQuery(entity="customer", fields=("last_contact",))).rows
    assert all(row["last_contact"] >= since for row in extra if row.id in recent)


def test_a_click_on_last_contact_sorts_by_it(stage: Stage) -> None:
    page = page_of(stage)
    assert page.list is not None
    page.list.choose_view("all")
    stage.settle()
    page.list.table.sort_asked.emit("last_contact")
    stage.settle()
    page.list.table.sort_asked.emit("last_contact")
    stage.settle()
    model = page.list.model
    found = [model.row_at(place) for place in range(model.known)]
    moments = [row.record.get("last_contact") or 0 for row in found if row is not None]
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) > 5


@pytest.mark.parametrize(
    ("role", "words"), [("sales", "All"), ("sales_manager", "Team"), ("regional_manager", "Territory")]
)
def test_the_tab_of_everything_is_called_by_how_far_the_person_sees(
    stage: Stage, role: str, words: str
) -> None:
    role_id = records.create(
        stage.app.replica, "role", {"name": role, "rights": STANDARD_ROLES[role][1]}
    ).value.id
    user_id = records.create(stage.app.replica, "user", {"name": "Me (demo)", "role_id": role_id}).value.id
    with stage.app.replica.applying() as session:
        state.write(session, {StateKey.USER_ID: user_id})
    page = page_of(stage)
    assert page.list is not None
    named = page.list.keeper.named("all")
    assert named is not None
    assert show(named.text) == words
