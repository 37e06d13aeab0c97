"""Service requests in the window: a form made, chosen, filled in, sent, seen beside its ticket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.entities import SCHEMAS
from crm_core.rules import approval
from crm_core.rules.approval import Own, Step, Who
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, service_requests
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.approval_setup import ApprovalFlowsPage
from crm_desktop.ui.pages.approvals import ApprovalsPage
from crm_desktop.ui.pages.service_requests import ServiceRequestsPage
from crm_desktop.ui.pages.service_setup import RequestFormsPage
from crm_desktop.ui.pages.tickets import TicketsPage
from crm_desktop.ui.requests.asked_form import AskedForm
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "amount",
        "label": "Amount",
        "label_zh": "金额",
        "kind": "money",
        "currency": "CNY",
        "required": True,
    },
    {
        "key": "what",
        "label": "What",
        "kind": "choice",
        "choices": [{"value": "gift", "label": "Gift", "label_zh": "礼品"}],
    },
    {"key": "photo", "label": "Photo", "kind": "file"},
]


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def make_form(stage: Stage, **said: Any) -> str:
    values = {"name": "Goodwill", "name_zh": "客户补偿", "questions": QUESTIONS, **said}
    return records.create(stage.app.replica, "request_form", values).value.id


def shown(stage: Stage, page: Any, record_id: str | None = None, **options: Any) -> Any:
    stage.show(page)
    page.show_place(Place(page="here", record_id=record_id, options=options))
    stage.settle()
    return page


def test_a_form_is_put_together_moved_about_and_shown_as_it_will_be(stage: Stage) -> None:
    form = shown(stage, RequestFormsPage(stage.context, stage.actions), new="request_form").form
    fields = form.grid.fields
    fields["name"].editor.setText("Goodwill")
    editor = fields["questions"].editor
    for english, kind in (("What it costs", "money"), ("What is given", "choice")):
        editor.add_button.click()
        editor.rows[-1].english.setText(english)
        editor.rows[-1].kind.setCurrentIndex(editor.rows[-1].kind.findData(kind))
        editor.rows[-1].kind.activated.emit(0)
    assert editor.rows[1].choices.isVisibleTo(editor)
    editor.rows[1].choices.setText("Gift = 礼品，Repair")
    editor.rows[0].required.click()
    editor.add_button.click()
    form.save()
    stage.settle()
    assert "Say what is asked" in show(fields["questions"].widget.error)
    editor.rows[2].remove_button.click()
    editor.rows[1].up.click()
    form.save()
    stage.settle()
    (row,) = records.page(stage.app.replica, ListQuery(entity="request_form")).rows
    kept = records.get(stage.app.replica, "request_form", row.id)["questions"]
    assert [(each["key"], each["kind"]) for each in kept] == [
        ("what_is_given", "choice"),
        ("what_it_costs", "money"),
    ]
    assert [(each["label"], each["label_zh"]) for each in kept[0]["choices"]] == [
        ("Gift", "礼品"),
        ("Repair", ""),
    ]
    again = shown(stage, RequestFormsPage(stage.context, stage.actions), row.id).form
    assert not again.dirty
    assert again.grid.preview.body.count() == 2
    again.grid.fields["questions"].editor.rows[0].english.setText("Given")
    again.grid.fields["questions"].editor.edited.emit()
    again.save()
    stage.settle()
    kept = records.get(stage.app.replica, "request_form", row.id)["questions"]
    assert (kept[0]["key"], kept[0]["label"]) == ("what_is_given", "Given")  # a question keeps its key


def test_one_asks_by_keyboard_is_told_what_is_missing_and_sees_it_beside_the_ticket(
    stage: Stage, tmp_path: Path
) -> None:
    make_form(stage)
    customer = records.create(stage.app.replica, "customer", {"name": "Acme（示例）"}).value.id
    page = ServiceRequestsPage(stage.context, stage.actions)
    shown(stage, page, new=True, values={"customer_id": customer})
    assert [row.title.text() for row in page.chooser.rows] == ["Goodwill"]
    stage.qtbot.keyClick(page.chooser.rows[0], Qt.Key.Key_Return)
    stage.settle()
    form = page.form
    assert isinstance(form, AskedForm)
    fields = form.grid.fields
    assert fields["customer_id"].editor.record_id == customer
    form.save()
    stage.settle()
    assert show(fields["a:amount"].widget.error)
    assert not records.page(stage.app.replica, ListQuery(entity="ticket")).rows
    fields["a:amount"].editor.fill({"a:amount": 60_000}, {})
    what = fields["a:what"].editor
    what.setCurrentIndex(what.findData("gift"))
    photo = tmp_path / "broken.txt"
    photo.write_text("Broken")
    fields["a:photo"].editor.take(photo)
    form.save()
    stage.until(lambda: bool(records.page(stage.app.replica, ListQuery(entity="service_request")).rows))
    stage.settle()
    (row,) = records.page(stage.app.replica, ListQuery(entity="service_request")).rows
    request = records.get(stage.app.replica, "service_request", row.id)
    assert (request["status"], request["answers"]["amount"]) == ("granted", 60_000)
    tickets = TicketsPage(stage.context, stage.actions)
    shown(stage, tickets, str(request["ticket_id"]))
    panel = tickets.facts.asked
    assert panel.isVisibleTo(tickets.facts)
    assert "Accepted" in panel.state.text()
    words = {fact.label.text(): fact.value.text() for fact in panel.facts}  # type: ignore[attr-defined]
    assert words["What"] == "Gift"
    assert words["Photo"].replace("\N{ZERO WIDTH SPACE}", "") == "broken.txt"
    panel.open.click()
    assert stage.places[-1] == Place(page="service_requests", record_id=row.id)
    kept = shown(stage, ServiceRequestsPage(stage.context, stage.actions), row.id).form
    assert kept.grid.fields["a:photo"].widget.editor.text() == "broken.txt"
    assert kept.grid.fields["a:amount"].editor is None  # it stays as it was asked


def test_what_waits_says_so_and_its_answers_stand_where_they_are_approved(stage: Stage) -> None:
    me = stage.app.replica.person.user_id
    form = make_form(stage)
    steps = [approval.plain_step(Step(who=Who.NAMED, users=(me,), own=Own.SELF))]
    flow = {"name": "All", "record_entity": "service_request", "steps": steps}
    records.create(stage.app.replica, "approval_flow", flow)
    made = service_requests.ask(stage.app.replica, form, {"amount": 60_000, "what": "gift"}).value
    assert made["status"] == "waiting"
    page = shown(stage, ServiceRequestsPage(stage.context, stage.actions), made.id)
    assert page.form.approval.bar.isVisibleTo(page.form)
    page.form.steps.buttons["take_back"].click()
    stage.settle()
    assert records.get(stage.app.replica, "service_request", made.id)["status"] == "draft"
    page = shown(stage, ServiceRequestsPage(stage.context, stage.actions), made.id)
    page.form.grid.fields["a:amount"].editor.fill({"a:amount": 70_000}, {})
    page.form.save()
    stage.settle()
    assert records.get(stage.app.replica, "service_request", made.id)["answers"]["amount"] == 70_000
    page.form.steps.buttons["send"].click()
    stage.settle()
    assert records.get(stage.app.replica, "service_request", made.id)["status"] == "waiting"
    approvals = shown(stage, ApprovalsPage(stage.context, stage.actions))
    texts = [label.text() for card in approvals.cards for label in card.findChildren(type(card.title))]
    assert any("Amount: " in text and "What: Gift" in text for text in texts)


def test_a_flow_asks_of_the_questions_of_forms(stage: Stage) -> None:
    make_form(stage)
    form = shown(stage, ApprovalFlowsPage(stage.context, stage.actions), new="approval_flow").form
    kind = form.grid.fields["record_entity"].editor
    kind.setCurrentIndex(kind.findData("service_request"))
    form.grid.edited.emit("record_entity")
    stage.settle()
    rules = form.grid.fields["rules"].editor
    known = rules.asked(dict(SCHEMAS["service_request"].fields))
    assert known["a:amount"].label == "Goodwill · Amount"
    assert "answers" not in known
