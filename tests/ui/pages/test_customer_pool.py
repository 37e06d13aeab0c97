"""The shared pool in the window: marks, keys, the reason asked for, and undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.times import DAY_MS
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import pool, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers.customer_view import CustomerView
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.pool_rules import PoolRulesPage
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard, show_active

Key, Shifted = Qt.Key, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier

POOLED = ("owner_id", "holding", "last_owner_id", "returned_at", "pool_reason", "claimed_at", "held_since")


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a profile of an administrator without records."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def make(stage: Stage, entity: str = "customer", **values: Any) -> Record:
    return records.create(stage.app.replica, entity, values).value


def page_of(stage: Stage) -> CustomersPage:
    page = CustomersPage(stage.context, stage.actions)
    stage.context.go.connect(lambda place: page.show_place(place) if place.page == "customers" else None)
    stage.show(page)
    page.show_place(Place(page="customers"))
    stage.settle()
    return page


def opened(stage: Stage, page: CustomersPage, customer: Record) -> CustomerView:
    page.show_place(Place(page="customers", record_id=customer.id))
    stage.settle()
    assert page.view is not None
    return page.view


def held_by(stage: Stage, customer: Record) -> Any:
    return records.get(stage.app.replica, "customer", customer.id).get("owner_id")


def test_a_customer_is_returned_with_a_reason_and_claimed_by_key(stage: Stage) -> None:
    customer = make(stage, name="无主客户")
    page = page_of(stage)
    view = opened(stage, page, customer)
    assert view.header.claim.isHidden()
    popup = page.pool.ask_reason()
    assert popup is not None
    assert not popup.button.isEnabled()
    popup.line.setText("搬走了")
    stage.press(popup.line, Key.Key_Return)
    stage.settle()
    assert held_by(stage, customer) is None
    assert view.header.pool.text() == "In the public pool: 搬走了"
    assert not view.header.claim.isHidden()
    show_active(stage.qtbot, stage.window)
    view.header.claim.setFocus()
    stage.until(lambda: has_keyboard(view.header.claim))
    stage.press(view.header.claim, Key.Key_C, Shifted)
    stage.settle()
    assert held_by(stage, customer) == stage.app.replica.person.user_id
    assert view.header.pool.text() == "Waits for HQ"
    assert stage.notices[-1].action is not None
    stage.notices[-1].act()
    stage.settle()
    assert held_by(stage, customer) is None


def test_the_days_left_stand_on_the_page_and_in_the_list(stage: Stage) -> None:
    make(stage, "pool_rule", name="All", contact_days=5, remind_days=7)
    customer = make(stage, name="Quiet")
    make(stage, name="Locked")
    page = page_of(stage)
    view = opened(stage, page, customer)
    assert view.header.pool.text() == "Returns to the pool in 5 days"
    assert "5 days without contact (All)" in view.header.pool.toolTip()
    page.show_place(Place(page="customers"))
    assert page.list is not None
    page.list.choose_view("returning")
    stage.settle()
    assert page.list.model.known == 2
    pool.lock(stage.app.replica, [customer.id])
    stage.settle()
    view = opened(stage, page, customer)
    assert view.header.pool.text() == "Kept out of the pool"
    due = records.get(stage.app.replica, "customer", customer.id)
    assert due.get("created_at") + 5 * DAY_MS > stage.app.replica.clock.now_ms()


def test_several_are_one_step_which_undo_takes_back_whole_and_as_if_it_had_not_been(stage: Stage) -> None:
    make(stage, "pool_rule", name="全部", claims_a_day=2, barred_days=3)
    replica = stage.app.replica
    for name in ("一号", "二号", "三号"):
        make(stage, name=name)
    page = page_of(stage)
    assert page.list is not None
    page.list.choose_view("all")
    stage.settle()
    before = {row.id: row.values for row in records.page(replica, ListQuery(entity="customer")).rows}
    page.list.selection.take_every_one()
    menu = page.list.actions_of_list.open_menu(QPoint())
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "Return to the pool").trigger()
    menu.close()
    popup = page.findChild(NamePopup) or stage.window.findChild(NamePopup)
    assert popup is not None
    popup.line.setText("不再跟进")
    stage.press(popup.line, Key.Key_Return)
    stage.settle()
    assert show(stage.notices[-1].text) == "3 customers: Returned to the pool"
    assert all(records.get(replica, "customer", row_id).get("owner_id") is None for row_id in before)
    stage.notices[-1].act()  # a claim would be barred for three days, and of three one too many
    stage.settle()
    for row_id, values in before.items():
        found = records.get(replica, "customer", row_id)
        assert {name: found.get(name) for name in POOLED} == {name: values.get(name) for name in POOLED}


def test_an_undone_claim_counts_against_no_limit_and_what_goes_too_far_is_said(stage: Stage) -> None:
    make(stage, "pool_rule", name="全部", claims_a_day=2)
    replica = stage.app.replica
    made = [make(stage, name=name).id for name in ("一号", "二号", "三号")]
    pool.release(replica, made, "No")
    page = page_of(stage)
    assert page.list is not None
    page.list.choose_view("pool")
    stage.settle()
    for _ in range(2):
        page.list.selection.take_every_one()
        menu = page.list.actions_of_list.open_menu(QPoint())
        assert menu is not None
        offered = {action.text(): action for action in menu.actions()}
        assert "Return to the pool" not in offered, "these are there"
        offered["Claim from the pool"].trigger()
        menu.close()
        stage.settle()
        told = "2 of 3 customers: Claimed; yours when HQ has agreed. You took 2 customers in 24 hours"
        assert show(stage.notices[-1].text).startswith(told)
        stage.notices[-1].act()
        stage.settle()
        assert [held_by(stage, records.get(replica, "customer", row_id)) for row_id in made] == [None] * 3
    assert page.list.model.known == 3


def test_a_limit_is_said_where_the_claim_was_asked_for(stage: Stage) -> None:
    make(stage, "pool_rule", name="全部", most_held=0)
    customer = make(stage, name="C")
    pool.release(stage.app.replica, [customer.id], "No")
    page = page_of(stage)
    assert page.list is not None
    page.list.choose_view("pool")
    stage.settle()
    page.list.focus_table()
    stage.press(page.list.table, Key.Key_C, Shifted)
    stage.settle()
    assert held_by(stage, customer) is None
    assert show(stage.notices[-1].text) == "You hold 0 of the 0 customers one may hold (全部)"


def test_rules_are_listed_and_made_where_settings_lead(stage: Stage) -> None:
    make(stage, "pool_rule", name="普通客户", contact_days=30)
    page = PoolRulesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="pool_rules"))
    stage.settle()
    assert page.list.model.known == 1
    page.show_place(Place(page="pool_rules", options={"new": "pool_rule"}))
    stage.settle()
    assert page.form is not None
    assert page.form.isVisible()
