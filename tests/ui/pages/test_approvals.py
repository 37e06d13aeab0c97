"""Approvals in the window: what waits, deciding by keys, the bar on the quote, flows and mandates set up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.rules import approval
from crm_core.rules.approval import Mode, Own, Step, Who
from crm_desktop.services import approvals, quotes, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.approval_setup import ApprovalFlowsPage
from crm_desktop.ui.pages.approvals import ENDED, MINE, ApprovalsPage
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.settings.flow_grid import FlowGrid
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def set_flow(stage: Stage, **said: Any) -> str:
    me = stage.app.replica.person.user_id
    steps = [approval.plain_step(Step(who=Who.NAMED, users=(me,), own=Own.SELF))]
    values = {"name": "All quotes", "record_entity": "quote", "steps": steps, **said}
    return records.create(stage.app.replica, "approval_flow", values).value.id


def make_quote(stage: Stage) -> str:
    replica = stage.app.replica
    customer = records.create(replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    quote = quotes.create(replica, {"customer_id": customer, "currency": "CNY"}).value.id
    quotes.add_line(replica, quote, {"description": "Pump", "unit_price": 100_000, "discount_percent": "15"})
    return quote


def test_what_waits_is_decided_by_keys_and_a_refusal_says_why(stage: Stage) -> None:
    replica = stage.app.replica
    set_flow(stage)
    for _ in range(2):
        approvals.ask(replica, "quote", make_quote(stage), "The customer is new")
    page = ApprovalsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="approvals"))
    stage.settle()
    assert (page.which.key, len(page.cards)) == (MINE, 2)
    page.cards[0].comment.setFocus()
    stage.actions.action("approvals.refuse").trigger()
    stage.settle()
    assert len(approvals.to_decide(replica)) == 2  # nothing is refused without a word
    page.cards[0].comment.setText("Too much")
    stage.actions.action("approvals.refuse").trigger()
    stage.settle()
    assert len(page.cards) == 1
    page.cards[0].comment.setFocus()
    stage.actions.action("approvals.approve").trigger()
    stage.settle()
    assert page.cards == []
    assert page.nothing.isVisible()
    page.which.choose(ENDED)
    page.refresh()
    stage.settle()
    states = {card.view.standing.state.value for card in page.cards}
    assert states == {"approved", "refused"}


def test_a_return_goes_to_who_asked_or_to_a_step_before(stage: Stage) -> None:
    replica = stage.app.replica
    me = replica.person.user_id
    step = approval.plain_step(Step(who=Who.NAMED, users=(me,), own=Own.SELF))
    set_flow(stage, steps=[step, step])
    approvals.ask(replica, "quote", make_quote(stage), "New")
    page = ApprovalsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="approvals"))
    stage.settle()
    (card,) = page.cards
    assert not card.back_to.isVisible()
    stage.press(card.approve, Qt.Key.Key_Space)
    (card,) = page.cards
    assert [card.back_to.itemText(at) for at in range(card.back_to.count())] == [
        "Back to who asked",
        "Back to step 1",
    ]
    card.back_to.setCurrentIndex(1)
    card.comment.setText("The terms first")
    stage.press(card.give_back, Qt.Key.Key_Space)
    (waits,) = approvals.to_decide(replica)
    assert (waits.standing.place.round, waits.standing.place.step) == (1, 0)


def test_the_bar_on_a_quote_says_that_it_asks_and_withdraws(stage: Stage) -> None:
    replica = stage.app.replica
    set_flow(stage)
    quote = make_quote(stage)
    page = QuotesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="quotes", record_id=quote))
    stage.settle()
    editor = page.editor
    assert editor.approval.isVisible()
    assert editor.title.next.text() == "Ask for approval"
    editor.title.next.click()
    stage.settle()
    assert records.get(replica, "quote", quote)["status"] == "waiting"
    assert "Sent for approval when online" in editor.approval.bar.label.text()
    assert not editor.approval.bar.action.isHidden()
    (view,) = approvals.about(replica, "quote", quote)
    approvals.withdraw(replica, view.request.id)
    stage.settle()
    assert records.get(replica, "quote", quote)["status"] == "draft"
    assert editor.approval.bar.action.isHidden()


def test_a_flow_is_drawn_in_rows_of_conditions_and_steps(stage: Stage) -> None:
    replica = stage.app.replica
    condition = {"field": "below_list", "op": ">=", "kind": "decimal", "value": "10"}
    flow = set_flow(stage, rules={"all": [condition]})
    page = ApprovalFlowsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="approval_flows", record_id=flow))
    stage.settle()
    assert page.form is not None
    grid = page.form.grid
    assert isinstance(grid, FlowGrid)
    conditions, steps = grid.fields["rules"].editor, grid.fields["steps"].editor
    assert [said.field for said in conditions.conditions()] == ["below_list"]
    (row,) = steps.rows
    assert row.step().users == (replica.person.user_id,)
    steps.add_button.click()
    steps.rows[1].who.setCurrentIndex(steps.rows[1].who.findData(Who.CHAIN))
    steps.rows[1].who.activated.emit(0)
    steps.rows[1].mode.setCurrentIndex(steps.rows[1].mode.findData(Mode.SEQUENCE))
    steps.rows[1].levels.setValue(2)
    page.form.save()
    stage.settle()
    kept = approval.steps_of(records.get(replica, "approval_flow", flow)["steps"])
    assert [(each.who, each.levels, each.mode) for each in kept[1:]] == [(Who.CHAIN, 2, Mode.SEQUENCE)]
