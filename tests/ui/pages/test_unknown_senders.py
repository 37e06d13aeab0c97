"""Tickets of unknown senders and calls, in the window by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, tickets
from crm_desktop.services.tickets import Queue
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.tickets import TicketsPage
from crm_desktop.ui.tickets.call_taken import CallTaken
from crm_desktop.ui.tickets.unknown_sender import UnknownSender
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.cards import InfoRow
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a stage over a profile with a customer, his contact and two tickets of one stranger."""
    app = empty_app(tmp_path)
    with staged(qtbot, app) as made:
        yield made


def make(stage: Stage, entity: str, **values: Any) -> str:
    return records.create(stage.app.replica, entity, values).value.id


@pytest.fixture
def heron(stage: Stage) -> str:
    customer = make(stage, "customer", name="Blue Heron Valves", website="https://heron.example")
    make(stage, "contact", name="Tom Moss", customer_id=customer, phone="13912345678")
    return customer


@pytest.fixture
def page(stage: Stage, heron: str) -> TicketsPage:
    for subject in ("Leak", "Noise"):
        sender = {"from_name": "Tom Moss", "from_address": "tom@heron.example"}
        make(stage, "ticket", subject=subject, channel="mail", **sender)
    shown = TicketsPage(stage.context, stage.actions)
    stage.show(shown)
    shown.show_place(Place(page="tickets", options={"queue": "unknown"}))
    stage.settle()
    return shown


def rows(widget: Any) -> list[InfoRow]:
    return [each for each in widget.findChildren(InfoRow) if each.isVisible()]


def shown(panel: UnknownSender) -> list[str]:
    return [each.title.text() for each in rows(panel)]


def test_an_unknown_sender_is_linked_with_his_other_tickets_and_it_is_undone(
    stage: Stage, page: TicketsPage, heron: str
) -> None:
    panel = page.facts.unknown
    assert page.queue.queue is Queue.UNKNOWN
    assert not page.queue.tabs.isVisible()
    assert page.queue.strangers.isVisible()
    assert panel.isVisible()
    assert panel.facts["address"].isVisible()
    assert shown(panel) == ["Tom Moss"]
    assert panel.also.isChecked()
    stage.press(rows(panel)[0], Qt.Key.Key_Return)
    assert not panel.isVisible()
    assert tickets.counts(stage.app.replica)[Queue.UNKNOWN] == 0
    assert all(
        row.customer_name == "Blue Heron Valves" for row in tickets.queue(stage.app.replica, Queue.ALL)
    )
    undo = stage.notices[-1]
    assert undo.act is not None
    undo.act()
    stage.settle()
    assert tickets.counts(stage.app.replica)[Queue.UNKNOWN] == 2


def test_a_contact_is_made_and_junk_is_barred(stage: Stage, page: TicketsPage) -> None:
    panel = page.facts.unknown
    panel.also.setChecked(False)
    panel.new_button.click()
    assert panel.contact_name.text() == "Tom Moss"
    panel.contact_name.clear()
    stage.press(panel.contact_name, Qt.Key.Key_Return)
    assert panel.contact_field.error, "said at the field"
    QTest.keyClicks(panel.contact_name, "Thomas")
    QTest.keyClicks(panel.customer_name, "Heron Ltd")
    panel.make_button.click()
    stage.settle()
    assert tickets.counts(stage.app.replica)[Queue.UNKNOWN] == 1
    left = tickets.queue(stage.app.replica, Queue.UNKNOWN)[0].id
    page.show_place(Place(page="tickets", record_id=left))
    stage.settle()
    panel.junk_button.click()
    stage.settle()
    (barred,) = records.page(stage.app.replica, ListQuery(entity="barred_sender")).rows
    assert barred["address"] == "tom@heron.example"
    assert records.get(stage.app.replica, "ticket", left)["status"] == "closed"


def test_the_view_of_unknown_senders_stands_there_while_there_are_some(
    stage: Stage, page: TicketsPage
) -> None:
    for row in tickets.queue(stage.app.replica, Queue.UNKNOWN):
        records.delete(stage.app.replica, "ticket", row.id)
    page.queue.choose(Queue.ALL)
    stage.settle()
    assert not page.queue.strangers.isVisible()
    assert page.queue.tabs.isVisible()


def call_of(stage: Stage) -> CallTaken:
    call = CallTaken(stage.context)
    stage.show(call)
    call.begin()
    stage.settle()
    return call


def test_a_call_is_taken_by_keyboard_in_chinese_too(stage: Stage, heron: str) -> None:
    make(
        stage, "installed_product", name="Pump", customer_id=heron, serial="P-1", warranty_until="2020-01-31"
    )
    call = call_of(stage)
    made: list[str] = []
    call.made.connect(made.append)
    QTest.keyClicks(call.number, "+86 139 1234")
    stage.settle()
    assert [row.title.text() for row in rows(call)] == ["Tom Moss"]
    stage.press(call.number, Qt.Key.Key_Return)
    assert call.caller is not None
    assert call.subject.hasFocus()
    assert "P-1 · warranty ended" in [row.line.text() for row in rows(call)][-1]
    translator().use("zh_CN")
    stage.settle()
    assert any("保修" in row.line.text() for row in rows(call))
    translator().use("en")
    stage.press(call, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert call.subject_field.error
    stage.press(rows(call)[-1], Qt.Key.Key_Return)
    QTest.keyClicks(call.subject, "It hums")
    stage.press(call.subject, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    (ticket_id,) = made
    held = records.get(stage.app.replica, "ticket", ticket_id)
    assert (held["customer_id"], held["channel"], held["from_phone"]) == (heron, "phone", "+8613912345678")
    assert held["installed_id"]
    call.begin("13912345678")
    stage.settle()
    stage.press(call.number, Qt.Key.Key_Return)
    stage.press(next(row for row in rows(call) if row.title.text() == "It hums"), Qt.Key.Key_Return)
    assert call.ticket is not None
    assert not call.subject_field.isVisible()
    call.make.click()
    assert call.said_field.error
    call.said.setPlainText("Still hums")
    call.make.click()
    stage.settle()
    assert made == [ticket_id, ticket_id]
    assert [row.body for row in tickets.view(stage.app.replica, ticket_id).messages] == ["Still hums"]


def test_somebody_nobody_knows_is_kept_as_a_contact(stage: Stage, heron: str) -> None:
    call = call_of(stage)
    made: list[str] = []
    call.made.connect(made.append)
    QTest.keyClicks(call.number, "0512 5550 0777")
    stage.settle()
    assert call.notice.isVisible()
    stage.press(call.number, Qt.Key.Key_Return)
    assert call.name.hasFocus()
    call.keep.setChecked(True)
    call.subject.setText("Who?")
    call.make.click()
    assert call.name_field.error
    call.name.setText("Kim")
    call.make.click()
    assert call.customer_field.error
    call.customer.link(heron, "Blue Heron Valves")
    call.make.click()
    stage.settle()
    assert made, [str(each.text) for each in stage.notices]
    held = records.get(stage.app.replica, "ticket", made[0])
    contact = records.get(stage.app.replica, "contact", str(held["contact_id"]))
    assert (contact.title, contact["phone"]) == ("Kim", "+8651255500777")
