"""Payments in the window: plan, post, match by keys, give back, invoice; sums open the very instalments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from crm_core.rules.payments import Share
from crm_core.schema.field import Plain
from crm_desktop.services import attention, balances, customers, payments, records
from crm_desktop.services.timeline import ItemKind, timeline
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers.payments_tab import PaymentsTab
from crm_desktop.ui.customers.side_column import SideColumn
from crm_desktop.ui.pages.payments import InvoicesPage, PaymentsPage, ReceiptsPage
from crm_desktop.ui.payments.forms import InvoiceForm, ReceiptForm
from crm_desktop.ui.payments.plan_panel import PlanPanel
from crm_desktop.ui.widgets.cards import InfoRow
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


class Sold:
    """A customer with a confirmed order of 1000.00, and a plan of it where there is to be one."""

    def __init__(self, stage: Stage, parts: str = "") -> None:
        self.replica = replica = stage.app.replica
        self.customer = records.create(replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
        values: dict[str, Plain] = {"customer_id": self.customer, "currency": "CNY"}
        self.order = records.create(replica, "order", values).value.id
        line: dict[str, Plain] = {"order_id": self.order, "description": "Pump", "unit_price": 1000_00}
        records.create(replica, "order_line", line)
        records.update(replica, "order", self.order, {"status": "confirmed"})
        self.instalments: list[str] = []
        if parts:
            today = replica.clock.today()
            first = today.replace(year=today.year - 1)
            made = payments.plan_by_parts(replica, "order", self.order, parts, first).value
            self.instalments = [each.id for each in made]
            payments.agree(replica, "order", self.order)

    def receipt(self, amount: int) -> str:
        values: dict[str, Plain] = {"customer_id": self.customer, "amount": amount, "currency": "CNY"}
        return records.create(self.replica, "receipt", values).value.id

    def paid(self) -> list[int]:
        return [records.get(self.replica, "instalment", each).get("paid") or 0 for each in self.instalments]


def test_a_plan_is_typed_as_parts_and_agreed_once_it_adds_up(stage: Stage) -> None:
    sold = Sold(stage)
    panel = PlanPanel(stage.context, "order")
    stage.show(panel)
    panel.show_record(sold.order)
    stage.settle()
    assert panel.rest.text() == "No plan yet"
    panel.parts.setText("30/60")
    QTest.keyClick(panel.parts, Qt.Key.Key_Return)
    stage.settle()
    assert str(panel.parts_field.error) == "The parts come to 90 %, not to 100 %"
    panel.parts.setText("30/60/10")
    panel.split_button.click()
    stage.settle()
    assert [row[3].text for row in panel.table.sheet.rows] == ["¥300.00", "¥600.00", "¥100.00"]
    records.delete(sold.replica, "instalment", panel.table.sheet.keys[2])
    stage.settle()
    assert panel.rest.text() == "The plan lacks ¥100"
    panel.agree_button.click()
    stage.settle()
    assert panel.note.isVisible()
    assert "lacks 100.00 CNY of 1000.00 CNY" in panel.note.label.text()
    panel.split_button.click()
    stage.settle()
    panel.agree_button.click()
    stage.settle()
    assert not panel.agree_button.isVisible()
    assert {row[6].text for row in panel.table.sheet.rows} == {"To collect"}
    panel.again_button.click()
    stage.settle()
    assert {row[6].text for row in panel.table.sheet.rows} == {"Draft"}


def test_what_a_customer_owes_stands_beside_him_and_leads_to_his_payments(stage: Stage) -> None:
    sold = Sold(stage, "30/60/10")
    side = SideColumn(stage.context)
    stage.show(side)
    asked: list[str] = []
    side.tab_asked.connect(asked.append)

    def rows() -> list[str]:
        side.show_overview(customers.overview(sold.replica, sold.customer))
        shown = [row for row in side._balances.stops() if isinstance(row, InfoRow) and row.isVisible()]
        return [f"{row.title.text()}: {row.accessibleName()}" for row in shown]

    (owed,) = rows()
    assert "¥1,000" in owed
    assert "overdue, since" in owed
    posted = payments.record_payment(
        sold.replica, {"customer_id": sold.customer, "amount": 1200_00, "currency": "CNY"}
    ).value.id
    payments.match_as_proposed(sold.replica, posted)
    (left,) = rows()
    assert "Matched to nothing" in left
    assert "¥200" in left
    next(iter(side._balances.stops())).opened.emit()  # type: ignore[attr-defined]
    assert asked == ["payments"]
    payments.refund(sold.replica, posted, 200_00, "Paid twice")
    assert rows() == []
    (balance,) = balances.balances(sold.replica, sold.customer)
    assert (balance.paid_minor, balance.open_minor, balance.unmatched_minor) == (1000_00, 0, 0)


def test_a_kept_plan_is_chosen_by_its_name(stage: Stage) -> None:
    sold = Sold(stage)
    template: dict[str, Plain] = {"name": "Thirds", "parts": "34/33/33 delivery+30", "months": 2}
    records.create(sold.replica, "plan_template", template)
    records.create(sold.replica, "plan_template", {"name": "Old", "parts": "100", "active": False})
    panel = PlanPanel(stage.context, "order")
    stage.show(panel)
    panel.show_record(sold.order)
    stage.settle()
    assert [panel.templates.itemText(each) for each in range(panel.templates.count())] == [
        "As typed",
        "Thirds",
    ]
    panel.templates.activated.emit(1)
    assert (panel.parts.text(), "every 2 months" in panel.spacing.text()) == ("34/33/33 delivery+30", True)
    panel.split_button.click()
    stage.settle()
    assert [row[3].text for row in panel.table.sheet.rows] == ["¥340.00", "¥330.00", "¥330.00"]
    first, second, third = payments.plan(sold.replica, "order", sold.order).rows
    today = sold.replica.clock.today()
    assert first.instalment["due_on"] == today.isoformat()
    assert int(str(second.instalment["due_on"])[5:7]) == (today.month + 1) % 12 + 1
    assert (third.instalment["due_on"], third.instalment["due_days"]) == (None, 30)
    QTest.keyClicks(panel.parts, " ")
    assert (panel.templates.currentText(), "One part a month" in panel.spacing.text()) == ("As typed", True)


def test_a_receipt_is_posted_and_matched_by_keys_and_money_goes_back(stage: Stage) -> None:
    sold = Sold(stage, "30/60/10")
    receipt = sold.receipt(500_00)
    page = ReceiptsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="receipts", record_id=receipt))
    stage.settle()
    form = page.form
    assert isinstance(form, ReceiptForm)
    assert form.steps is not None
    assert form.match is not None
    assert not {"reverses_id", "reason"} & form.grid.fields.keys(), "these are said of refunds alone"
    assert "must be confirmed first" in form.match.left.text()
    form.steps.buttons["post"].click()
    stage.settle()
    assert records.get(sold.replica, "receipt", receipt)["status"] == "posted"
    assert not form.grid.isEnabled()
    table = form.match.table
    assert [row[4].text for row in table.sheet.rows] == ["¥300.00", "¥200.00", ""]
    table.setFocus()
    table.setCurrentIndex(table.sheet.index(0, 0))
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert [row[4].text for row in table.sheet.rows] == ["", "¥200.00", ""]
    table.sheet.setData(table.sheet.index(1, 4), "350.50")
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert [row[4].text for row in table.sheet.rows] == ["¥149.50", "¥350.50", ""]
    assert "as shown ¥0 stays" in form.match.left.text()
    stage.actions.action("receipt.match").trigger()
    stage.settle()
    assert sold.paid() == [149_50, 350_50, 0]
    assert form.match.left.text() == "All of it is matched"
    table.setCurrentIndex(table.sheet.index(1, 0))
    form.match.off_button.click()
    stage.settle()
    assert sold.paid() == [149_50, 0, 0]
    form.match.refund_button.click()
    form.match.refund_amount.setText("500.01")
    form.match.give_button.click()
    stage.settle()
    assert "500.00 CNY can go back" in str(form.match.refund_field.error)
    form.match.refund_amount.setText("400")
    form.match.refund_reason.setText("Damaged")
    form.match.give_button.click()
    stage.settle()
    assert sold.paid() == [100_00, 0, 0]
    assert form.match.refunds.count() == 1
    (refund,) = payments.match_view(sold.replica, receipt).refunds
    page.show_place(Place(page="receipts", record_id=refund.id))
    stage.settle()
    assert isinstance(page.form, ReceiptForm)
    assert "reason" in page.form.grid.fields


def test_an_invoice_is_issued_with_what_finance_types_and_then_stands(stage: Stage) -> None:
    sold = Sold(stage, "100")
    records.create(sold.replica, "invoice_title", {"customer_id": sold.customer, "name": "Acme Ltd"})
    invoice = records.create(sold.replica, "invoice", {"order_id": sold.order}).value.id
    page = InvoicesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="invoices", record_id=invoice))
    stage.settle()
    form = page.form
    assert isinstance(form, InvoiceForm)
    assert form.steps is not None
    form.steps.buttons["issue"].click()
    number = form.steps.asked["number"].editor
    assert isinstance(number, QLineEdit)
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert str(form.steps.asked["number"].error) == "This is required"
    number.setText("04403001")
    QTest.keyClick(number, Qt.Key.Key_Return)
    stage.settle()
    held = records.get(sold.replica, "invoice", invoice)
    assert (held["status"], held["number"]) == ("issued", "04403001")
    assert held["issued_on"] == sold.replica.clock.today().isoformat()
    assert sorted(form.steps.buttons) == ["Reverse it in red letter", "void"]
    assert not form._save_button.isVisible()


def test_what_is_overdue_is_summed_opens_its_instalments_and_needs_attention(stage: Stage) -> None:
    sold = Sold(stage, "30/60/10")
    other = Sold(stage)
    draft: dict[str, Plain] = {"order_id": other.order, "amount": 5_00, "due_day": "2020-01-01"}
    records.create(sold.replica, "instalment", draft)
    page = PaymentsPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="payments"))
    stage.settle()
    assert page.ageing.words.text() == "¥1,000 to collect, ¥1,000 of it overdue"
    ((name, *cells),) = page.ageing.table.sheet.rows
    assert name.text == "纸鹤食品（示例）"
    assert [cell.text for cell in cells] == ["", "", "", "", "¥1,000.00", "¥1,000.00", "3"]
    key = page.ageing.table.sheet.keys[0]
    page.ageing.table.picked.emit(key, 5)
    stage.settle()
    assert page.list.model.rowCount() == 3
    page.ageing.table.picked.emit(key, 2)
    stage.settle()
    assert page.list.model.rowCount() == 0
    items = [each for each in attention.attention(sold.replica) if each.group == "payments"]
    assert [(each.record_id, each.late) for each in items] == [(each, True) for each in sold.instalments]
    receipt = sold.receipt(1000_00)
    payments.post(sold.replica, receipt)
    payments.match(sold.replica, receipt, [Share(each, 100_00) for each in sold.instalments])
    stage.settle()
    assert page.ageing.words.text() == "¥700 to collect, ¥700 of it overdue"


def test_a_customer_shows_what_he_owes(stage: Stage) -> None:
    sold = Sold(stage, "40/60")
    receipt = sold.receipt(450_00)
    payments.post(sold.replica, receipt)
    payments.match(sold.replica, receipt, [Share(sold.instalments[0], 400_00)])
    tab = PaymentsTab(stage.context, stage.actions)
    stage.show(tab)
    tab.show_customer(sold.customer)
    stage.settle()
    said = [tab.facts.itemAt(place).widget().text() for place in range(tab.facts.count())]
    assert said == ["To collect: ¥600", "Overdue: ¥600", "Paid: ¥400", "Matched to nothing: ¥50"]
    assert tab.lists["instalment"].list.model.rowCount() == 2
    line = timeline(sold.replica, sold.customer, [ItemKind.RECEIPT])
    assert [(each.amount_minor, each.status) for each in line.items] == [(450_00, "posted")]
    tab.switch.choose("receipt")
    tab.show_customer(sold.customer)
    stage.settle()
    assert tab.lists["receipt"].list.model.rowCount() == 1
