"""Orders and contracts in the window: made of a quote, lines typed, steps taken, goods moved, by keys."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import contracts, orders, quotes, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.customers.orders_tab import PURCHASES, OrdersTab
from crm_desktop.ui.customers.purchases_panel import PurchasesPanel
from crm_desktop.ui.orders.clauses_panel import ClausesPanel
from crm_desktop.ui.orders.forms import CLAUSES, DELIVERIES, LINES, ContractForm, OrderForm
from crm_desktop.ui.orders.lines_panel import LinesPanel
from crm_desktop.ui.orders.moves_panel import BACK, MovesPanel
from crm_desktop.ui.pages.agreed import ContractsPage, InstalledPage, OrdersPage
from crm_desktop.ui.pages.next_purchases import NextPurchasesPage
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.quotes.lines import Col
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def draw(stage: Stage, name: str) -> None:
    """Keep a picture where somebody asks for it."""
    folder = os.environ.get("SATCHEL_DRAWN")
    if folder:
        stage.window.grab().save(str(Path(folder) / f"{name}.png"))


def every(stage: Stage, entity: str) -> list[Record]:
    return list(records.page(stage.app.replica, ListQuery(entity=entity, limit=50)).rows)


def _list(tab: OrdersTab, key: str) -> ChildList:
    part = tab.parts[key]
    assert isinstance(part, ChildList)
    return part


def sent_quote(stage: Stage) -> str:
    replica = stage.app.replica
    customer = records.create(replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    product = records.create(
        replica, "product", {"name": "Pump", "code": "P-1", "list_price": 100_00, "warranty_months": 24}
    ).value.id
    quote = quotes.create(replica, {"customer_id": customer, "currency": "CNY"}).value.id
    quotes.add_line(replica, quote, {"product_id": product, "quantity": "3", "discount_percent": "10"})
    quotes.set_status(replica, quote, "sent")
    return quote


def test_an_accepted_quote_makes_an_order_whose_lines_are_typed_and_whose_goods_are_moved(
    stage: Stage,
) -> None:
    replica, quote = stage.app.replica, sent_quote(stage)
    quotes_page = QuotesPage(stage.context, stage.actions)
    stage.show(quotes_page)
    quotes_page.show_place(Place(page="quotes", record_id=quote))
    stage.settle()
    assert quotes_page.editor.states.make.isVisible()
    quotes_page.editor.states.order.trigger()
    stage.settle()
    place = stage.places[-1]
    assert (place.page, place.options) == ("orders", {"tab": LINES})
    quotes_page.hide()
    page = OrdersPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(place)
    stage.settle()
    form = page.form
    assert isinstance(form, OrderForm)
    panel = form.tabs.further[LINES]
    assert isinstance(panel, LinesPanel)
    assert (panel.lines.line_count, panel.lines.totals.total_minor) == (1, 270_00)
    panel.entry.input.setText("Carriage")
    panel.entry.input.textEdited.emit("Carriage")
    stage.press(panel.entry.input, Qt.Key.Key_Return)
    stage.settle()
    assert panel.lines.line_count == 2
    line_id = panel.lines.id_at(1)
    assert line_id is not None
    panel.lines.setData(panel.lines.index(1, Col.PRICE), "50")
    stage.settle()
    assert records.get(replica, "order", str(place.record_id))["total"] == 320_00
    panel.grid.select_line(line_id)
    stage.actions.action("order_line.up").trigger()
    stage.settle()
    assert panel.lines.id_at(0) == line_id
    stage.actions.action("order_line.delete").trigger()
    stage.settle()
    assert panel.lines.line_count == 1
    draw(stage, "order-lines")
    assert form.steps is not None
    form.steps.buttons["confirm"].click()
    stage.settle()
    assert not panel.entry.isVisible()
    form.steps.buttons["Deliver or take back…"].click()
    stage.settle()
    moves = form.tabs.further[DELIVERIES]
    assert isinstance(moves, MovesPanel)
    ((quantity, serials),) = moves.rows.values()
    assert quantity.text() == "3"
    quantity.setText("4")
    stage.press(quantity, Qt.Key.Key_Return)
    assert moves.note.isVisible()
    assert "4 are too many" in moves.note.label.text()
    assert every(stage, "delivery") == []
    draw(stage, "order-too-much")
    quantity.setText("2")
    serials.setText("A-1, A-2")
    stage.press(serials, Qt.Key.Key_Return)
    assert records.get(replica, "order", str(place.record_id))["delivered"] == "part"
    assert {each["serial"] for each in every(stage, "installed_product")} == {"A-1", "A-2"}
    moves.which.choose(BACK)
    moves.which.chosen.emit(BACK)
    stage.settle()
    ((quantity, serials),) = moves.rows.values()
    quantity.setText("1")
    serials.setText("A-2")
    stage.press(quantity, Qt.Key.Key_Return)
    assert {each["status"] for each in every(stage, "installed_product")} == {"in_use", "retired"}
    draw(stage, "order-moves")
    assert form.steps.state.text() == "Confirmed · Partly delivered"


def test_a_contract_is_made_with_the_clauses_of_the_library_and_renewed(stage: Stage) -> None:
    replica, quote = stage.app.replica, sent_quote(stage)
    for rank, title in enumerate(("Payment", "Disputes")):
        values = {"title": title, "body": f"Of {title}", "rank": rank, "standard": rank == 0}
        records.create(replica, "clause", values)
    contract = contracts.from_quote(replica, quote).value
    term = {"starts_on": "2027-01-01", "ends_on": "2027-12-31"}
    records.update(replica, "contract", contract.id, term)
    page = ContractsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="contracts", record_id=contract.id, options={"tab": CLAUSES}))
    stage.settle()
    form = page.form
    assert isinstance(form, ContractForm)
    panel = form.tabs.further[CLAUSES]
    assert isinstance(panel, ClausesPanel)
    other = next(each for each in every(stage, "clause") if each["title"] == "Disputes")
    panel.library.link(other.id, "Disputes")
    panel.add()
    stage.settle()
    assert [each["title"] for each in contracts.clauses(replica, contract.id)] == ["Payment", "Disputes"]
    panel.list.list.select_record(contracts.clauses(replica, contract.id)[1].id)
    stage.settle()
    stage.actions.action("contract_clause.up").trigger()
    stage.settle()
    assert [each["title"] for each in contracts.clauses(replica, contract.id)] == ["Disputes", "Payment"]
    draw(stage, "contract-clauses")
    assert form.steps is not None
    for step in ("send", "sign"):
        form.steps.buttons[step].click()
        stage.settle()
    form.steps.buttons["Renew"].click()
    stage.settle()
    follower = records.get(replica, "contract", str(stage.places[-1].record_id))
    assert (follower["starts_on"], follower["follows_id"]) == ("2028-01-01", contract.id)
    form.steps.buttons["Make order"].click()
    stage.settle()
    assert stage.places[-1].page == "orders"
    page.show_place(Place(page="contracts", options={"new": "contract"}))
    stage.settle()
    made = page.form
    assert made is not None
    made.grid.fields["customer_id"].editor.link(str(contract["customer_id"]), "纸鹤食品（示例）")
    made.grid.edited.emit("customer_id")
    made.save(close=True)
    stage.settle()
    draw(stage, "contract-new")
    by_hand = str(stage.places[-1].record_id)
    assert [each["title"] for each in contracts.clauses(replica, by_hand)] == ["Payment"]


def test_what_belongs_to_a_customer_and_what_stands_there_is_listed(stage: Stage) -> None:
    replica = stage.app.replica
    order = orders.from_quote(replica, sent_quote(stage)).value
    soon = replica.clock.today().isoformat()
    for name, until in (("Old pump", soon), ("New pump", "2099-01-01")):
        values = {"name": name, "customer_id": order["customer_id"], "warranty_until": until}
        records.create(replica, "installed_product", values)
    tab = OrdersTab(stage.context, stage.actions)
    stage.show(tab)
    tab.show_customer(str(order["customer_id"]))
    stage.settle()
    assert _list(tab, "order").list.table.model().rowCount() == 1
    tab.choose("installed_product")
    stage.settle()
    assert _list(tab, "installed_product").list.table.model().rowCount() == 2
    tab.hide()
    page = InstalledPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="installed"))
    stage.settle()
    page.list.choose_view("ending")
    stage.settle()
    assert page.list.table.model().rowCount() == 1
    draw(stage, "installed")


def test_purchases_and_suggestions_stand_at_the_customer_and_who_is_due_in_a_list(stage: Stage) -> None:
    replica = stage.app.replica
    customer = records.create(replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    product = records.create(replica, "product", {"name": "Pump", "list_price": 100_00}).value.id
    today = replica.clock.today()
    for ago in (92, 61, 31):
        day = (today - datetime.timedelta(days=ago)).isoformat()
        order = records.create(replica, "order", {"customer_id": customer, "ordered_on": day}).value.id
        records.create(replica, "order_line", {"order_id": order, "product_id": product})
        records.update(replica, "order", order, {"status": "confirmed"})
    tab = OrdersTab(stage.context, stage.actions)
    stage.show(tab)
    tab.show_customer(customer)
    tab.choose(PURCHASES)
    stage.settle()
    panel = tab.parts[PURCHASES]
    assert isinstance(panel, PurchasesPanel)
    ((name, times, quantity, _day, price, amount),) = panel.table.texts()
    assert (name, times, quantity, price, amount) == ("Pump", "3", "3", "¥100.00", "¥300.00")
    assert panel.card.isVisible()
    draw(stage, "purchases")
    tab.hide()
    page = NextPurchasesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="next_purchases"))
    stage.settle()
    assert page.table.row_count == 1
    page.table.selectRow(0)
    stage.press(page.table, Qt.Key.Key_Return)
    assert (stage.places[-1].record_id, stage.places[-1].options) == (customer, {"tab": "orders"})
    draw(stage, "next-purchases")
