"""Prices in the window: offered in place, set up in grids, shown with a product."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from crm_core.schema.field import Plain
from crm_desktop.assembly import App
from crm_desktop.services import price_rows, quotes, records
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.pages.price_setup import PriceBooksPage, TaxClassesPage
from crm_desktop.ui.pages.products import ProductsPage
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.prices.forms import PriceBookForm, ProductForm
from crm_desktop.ui.prices.price_model import Col as PriceCol
from crm_desktop.ui.quotes.lines import Col
from crm_desktop.ui.tasks import Tasks
from tests.support.desktop import empty_app
from tests.support.windows import WAIT_MS, has_keyboard, show_active


class Shop:
    """A profile with a product in a standard book, a book to fill, and a customer."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.tax = self.make("tax_class", name="VAT", rates=[{"from": None, "rate": "13"}])
        pump = {"name": "Pump (demo)", "code": "P-1", "list_price": 120_00, "currency": "CNY"}
        self.pump = self.make("product", **pump, family="Pumps", tax_class_id=self.tax)
        self.make("product", name="Valve (demo)", code="V-1", family="Valves")
        self.book = self.make("price_book", name="2026", currency="CNY", is_default=True)
        self.target = self.make("price_book", name="Partners", currency="CNY")
        for least, price in (("1", 100_00), ("10", 90_00)):
            values: dict[str, Plain] = {"product_id": self.pump, "book_id": self.book, "unit_price": price}
            self.make("price", **values, min_quantity=least)
        self.customer = self.make("customer", name="Acme (demo)")

    def make(self, entity: str, **values: Plain) -> str:
        return records.create(self.app.replica, entity, values).value.id


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Give one shop to all tests of this file."""
    app = empty_app(tmp_path_factory.mktemp("shop"))
    yield Shop(app)
    app.close()


@pytest.fixture
def context(look: QApplication, shop: Shop, qtbot: QtBot) -> Iterator[Context]:
    """Give what pages are made with."""
    tasks = Tasks()
    context = Context(shop.app, tasks)
    yield context
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT_MS)
    shop.app.replica.on_changed.remove(context._committed.emit)
    tasks.close()


def _press(key: Qt.Key) -> None:
    QTest.keyClick(QApplication.focusWidget(), key)


def test_a_typed_quantity_offers_another_price_that_enter_takes_and_esc_leaves(
    context: Context, shop: Shop, qtbot: QtBot
) -> None:
    page = QuotesPage(context, ActionRegistry())
    page.resize(1240, 824)
    qtbot.addWidget(page)
    show_active(qtbot, page)
    quote = quotes.create(shop.app.replica, {"customer_id": shop.customer}).value
    line = quotes.add_line(shop.app.replica, quote.id, {"product_id": shop.pump}).value
    page.show_place(Place(page="quotes", record_id=quote.id))
    editor = page.editor
    qtbot.waitUntil(lambda: editor.lines.rowCount() == 1, timeout=WAIT_MS)
    assert not editor.prices.isVisible()

    def type_quantity(text: str) -> None:
        editor.grid.begin_edit(line.id, Col.QUANTITY)
        QTest.keyClicks(QApplication.focusWidget(), text)
        _press(Qt.Key.Key_Return)
        qtbot.waitUntil(editor.entry.input.hasFocus, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: editor.lines.has_offers, timeout=WAIT_MS)

    def price() -> object:
        return quotes.view(shop.app.replica, quote.id).lines[0]["unit_price"]

    type_quantity("10")
    cell = editor.lines.index(0, Col.PRICE)
    assert cell.data() == "100.00 → 90.00"
    assert "From a quantity of 10 on" in editor.prices.offered.label.text()
    assert price() == 100_00, "offered, not changed"
    _press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not editor.lines.has_offers and not editor.saving, timeout=WAIT_MS)
    assert price() == 90_00
    type_quantity("2")
    _press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not editor.lines.has_offers and not editor.saving, timeout=WAIT_MS)
    assert price() == 90_00
    assert "2026" in editor.fields.book.currentText()
    editor.fields.book.setCurrentIndex(editor.fields.book.findData(shop.target))
    editor.fields.book.activated.emit(editor.fields.book.currentIndex())
    qtbot.waitUntil(
        lambda: editor.view is not None and editor.view.quote.get("price_book_id") == shop.target,
        timeout=WAIT_MS,
    )
    assert not editor.lines.has_offers, "a price somebody kept is his"


def test_a_book_is_filled_by_copying_adding_and_typing_over_its_prices(
    context: Context, shop: Shop, qtbot: QtBot
) -> None:
    actions = ActionRegistry()
    page = PriceBooksPage(context, actions)
    qtbot.addWidget(page)
    show_active(qtbot, page)
    page.show_place(Place(page="price_books", record_id=shop.target))
    form = page.form
    assert isinstance(form, PriceBookForm)
    table = form.prices
    assert table is not None
    table.source.link(shop.book, "2026")
    qtbot.waitUntil(table.copy_button.isVisible, timeout=WAIT_MS)
    table.copy_button.click()
    qtbot.waitUntil(lambda: table.model.rowCount() == 2, timeout=WAIT_MS)
    table.other.link(shop.pump, "Pump (demo)")
    table.least.setText("100")
    table.add_button.click()
    assert table._price_field.error, "a price needs an amount"
    table.price.setText("80")
    table.add_button.click()
    qtbot.waitUntil(lambda: table.model.rowCount() == 3, timeout=WAIT_MS)
    row = next(n for n, each in enumerate(table.model.rows) if each.record["min_quantity"] == "100")
    assert table.model.setData(table.model.index(row, PriceCol.PRICE), "79.50")
    qtbot.waitUntil(
        lambda: any(each.record["unit_price"] == 79_50 for each in table.model.rows), timeout=WAIT_MS
    )
    assert price_rows.copy(shop.app.replica, shop.book, shop.target).value == 0, "what it has stays its own"
    found = price_rows.rows(shop.app.replica, book_id=shop.target, text="p-1")
    assert (found.count, found.currency) == (3, "CNY")
    assert price_rows.rows(shop.app.replica, book_id=shop.target, text="v-1").count == 0
    # The buttons are in the palette too; an import that is asked for here is of this book.
    places: list[Place] = []
    context.go.connect(places.append)
    actions.action("price.import").trigger()
    assert places == [Place(page="import", options={"entity": "price", "defaults": {"book_id": "Partners"}})]
    actions.action("price.add").trigger()
    assert has_keyboard(table.other)
    actions.action("price.copy").trigger()
    assert has_keyboard(table.source)


def test_products_are_shown_by_family_with_their_prices_and_stock(
    context: Context, shop: Shop, qtbot: QtBot
) -> None:
    page = ProductsPage(context, ActionRegistry())
    page.resize(1240, 824)
    qtbot.addWidget(page)
    show_active(qtbot, page)
    qtbot.waitUntil(lambda: page.families.list.count() == 3, timeout=WAIT_MS)
    page.families.list.setCurrentRow(1)
    qtbot.waitUntil(lambda: page.list.model.rowCount() == 1, timeout=WAIT_MS)
    page.show_place(Place(page="products", record_id=shop.pump))
    form = page.form
    assert isinstance(form, ProductForm)
    assert form.prices is not None
    prices = form.prices
    qtbot.waitUntil(lambda: prices.model.rowCount() >= 2, timeout=WAIT_MS)
    assert {row.book for row in prices.model.rows} >= {"2026"}


def test_a_tax_class_keeps_the_rates_typed_with_their_days(
    context: Context, shop: Shop, qtbot: QtBot
) -> None:
    page = TaxClassesPage(context, ActionRegistry())
    qtbot.addWidget(page)
    show_active(qtbot, page)
    page.show_place(Place(page="tax_classes", record_id=shop.tax))
    form = page.form
    assert form is not None
    qtbot.waitUntil(lambda: "rates" in form.grid.fields, timeout=WAIT_MS)
    editor = form.grid.fields["rates"].editor
    editor.add_button.click()
    rate, day = editor.lines[1]
    assert isinstance(rate, QLineEdit)
    QTest.keyClicks(rate, "9")
    QTest.keyClicks(day, "tomorrow")
    form.save()
    assert form.grid.fields["rates"].widget.error
    day.clear()
    QTest.keyClicks(day, "2027-01-01")
    form.save()
    kept = [{"from": None, "rate": "13"}, {"from": "2027-01-01", "rate": "9"}]
    qtbot.waitUntil(
        lambda: records.get(shop.app.replica, "tax_class", shop.tax)["rates"] == kept, timeout=WAIT_MS
    )
