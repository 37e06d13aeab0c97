"""A whole quote by keyboard, its totals and its PDF, on a real encrypted profile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_core.money import Money
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import picking, quotes, records
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import money
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.quotes.editor import QuoteEditor
from crm_desktop.ui.quotes.entry import FreeText
from crm_desktop.ui.quotes.lines import Col, QuoteLines
from crm_desktop.ui.quotes.printing import page_image, print_pages
from crm_desktop.ui.quotes.versions import VersionsPanel
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.widgets.fields import Field
from tests.support.desktop import sample_app
from tests.support.windows import WAIT_MS, has_keyboard, show_active


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile with sample records, for all tests of this file."""
    made = sample_app(tmp_path_factory.mktemp("quotes"), customers=12)
    yield made
    made.close()


@pytest.fixture
def page(look: QApplication, app: App, qtbot: QtBot) -> Iterator[QuotesPage]:
    """Give the page in a window."""
    tasks = Tasks()
    context = Context(app, tasks)
    shown = QuotesPage(context, ActionRegistry())
    context.go.connect(shown.show_place)
    shown.resize(1240, 824)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    yield shown
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT_MS)
    app.replica.on_changed.remove(context._committed.emit)
    tasks.close()


def _first(app: App, entity: str, status: str | None = None) -> records.Record:
    rows = records.page(app.replica, ListQuery(entity=entity, limit=100)).rows
    return next(row for row in rows if status is None or row.get("status") == status)


def _new_quote(page: QuotesPage, app: App, qtbot: QtBot) -> QuoteEditor:
    customer = _first(app, "customer")
    page.show_place(Place(page="quotes", options={"new": True, "values": {"customer_id": customer.id}}))
    qtbot.waitUntil(lambda: page.editor.view is not None, timeout=WAIT_MS)
    return page.editor


def _type(keys: str) -> None:
    QTest.keyClicks(QApplication.focusWidget(), keys)


def _press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def _saved(editor: QuoteEditor, qtbot: QtBot, lines: int) -> None:
    def through() -> bool:
        view = editor.view
        return (
            editor.saving == 0
            and view is not None
            and len(view.lines) == lines
            and editor.lines.rowCount() == lines
            and view.totals.total_minor == editor.lines.totals.total_minor
        )

    qtbot.waitUntil(through, timeout=WAIT_MS)


def _add(editor: QuoteEditor, qtbot: QtBot, typed: str, quantity: str) -> None:
    rows = editor.lines.rowCount()
    editor.entry.focus()
    _type(typed)
    _press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.lines.rowCount() == rows + 1, timeout=WAIT_MS)
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    _type(quantity)
    _press(Qt.Key.Key_Return)
    _in_entry(editor, qtbot)


def _in_entry(editor: QuoteEditor, qtbot: QtBot) -> None:
    qtbot.waitUntil(editor.entry.input.hasFocus, timeout=WAIT_MS)


def test_a_whole_quote_is_made_by_keyboard_and_comes_to_what_the_rule_says(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    quote_id = str(editor.quote_id)
    _add(editor, qtbot, "FM-200-DN80", "12")
    _add(editor, qtbot, "PV-30", "3")
    _saved(editor, qtbot, 2)
    # Back up into the table, over to the discount, and on by Tab.
    _press(Qt.Key.Key_Up)
    editor.grid.setCurrentIndex(editor.lines.index(0, Col.DISCOUNT))
    _press(Qt.Key.Key_F2)
    _type("5")
    _press(Qt.Key.Key_Tab)
    assert editor.grid.currentIndex().column() == Col.TAX
    _press(Qt.Key.Key_Return)
    _in_entry(editor, qtbot)
    editor.terms.percent.setFocus()
    editor.terms.percent.selectAll()
    _type("1.25")
    _press(Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: editor.view is not None and editor.view.quote.get("discount_percent") == "1.25",
        timeout=WAIT_MS,
    )
    _saved(editor, qtbot, 2)
    view = quotes.view(app.replica, quote_id)
    assert [line["quantity"] for line in view.lines] == ["12", "3"]
    assert view.lines[0]["discount_percent"] == "5"
    assert view.totals == editor.lines.totals
    assert view.quote["total"] == view.totals.total_minor > 0
    total = Money(view.totals.total_minor, view.totals.currency)
    assert editor.totals.total.text() == money(total, symbol=False, decimals=True)


def test_pinyin_initials_find_a_product_and_esc_leaves_it(page: QuotesPage, app: App, qtbot: QtBot) -> None:
    app_products = picking.products(app.replica, "")
    records.create(
        app.replica,
        "product",
        {"name": "变频器（示例）", "code": "ZZ-INV", "unit": "台", "list_price": 540_000, "currency": "CNY"},
    )
    assert app_products
    editor = _new_quote(page, app, qtbot)
    editor.entry.focus()
    _type("bpq")
    qtbot.waitUntil(editor.entry.popup.isVisible, timeout=WAIT_MS)
    choice = editor.entry.popup.current()
    assert choice is not None
    assert not isinstance(choice, FreeText)
    assert choice.code == "ZZ-INV"
    _press(Qt.Key.Key_Escape)
    assert not editor.entry.popup.isVisible()
    assert editor.entry.input.text() == ""
    assert editor.lines.rowCount() == 0


def test_a_text_no_product_has_becomes_a_line_of_its_own(page: QuotesPage, app: App, qtbot: QtBot) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "Crane for one day qqq", "2")
    _saved(editor, qtbot, 1)
    row = editor.lines.index(0, Col.PRICE)
    editor.grid.setFocus()
    editor.grid.setCurrentIndex(row)
    _press(Qt.Key.Key_F2)
    _type("850.50")
    _press(Qt.Key.Key_Return)
    _in_entry(editor, qtbot)
    assert editor.lines.totals.subtotal_minor == 170_100
    _saved(editor, qtbot, 1)
    assert quotes.view(app.replica, str(editor.quote_id)).lines[0]["unit_price"] == 85_050


def test_lines_are_duplicated_moved_deleted_and_brought_back_by_keys(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    notices: list[Any] = []
    page.context.notice.connect(notices.append)
    _add(editor, qtbot, "FM-200-DN80", "1")
    _add(editor, qtbot, "PV-30", "2")
    _saved(editor, qtbot, 2)
    editor.grid.setFocus()
    editor.grid.setCurrentIndex(editor.lines.index(0, Col.NAME))
    _press(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    _saved(editor, qtbot, 3)
    assert [_code(editor, row) for row in range(3)] == ["FM-200-DN80", "FM-200-DN80", "PV-30"]
    editor.grid.setCurrentIndex(editor.lines.index(2, Col.NAME))
    _press(Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: _code(editor, 1) == "PV-30", timeout=WAIT_MS)
    assert editor.grid.currentIndex().row() == 1
    _press(Qt.Key.Key_Delete)
    _saved(editor, qtbot, 2)
    notices[-1].act()
    _saved(editor, qtbot, 3)
    assert _code(editor, 1) == "PV-30"


def test_groups_alternatives_and_optional_lines_are_made_by_keys(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "PV-30", "2")
    _saved(editor, qtbot, 1)
    grid, lines = editor.grid, editor.lines
    _in_entry(editor, qtbot)
    _press(Qt.Key.Key_Up)
    _press(Qt.Key.Key_G, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: lines.group_at(1) is not None and grid.currentIndex().row() == 1, timeout=WAIT_MS)
    _press(Qt.Key.Key_F2)
    _type("Spare parts")
    _press(Qt.Key.Key_Return)
    _in_entry(editor, qtbot)
    _add(editor, qtbot, "SE-10", "3")
    qtbot.waitUntil(lambda: editor.saving == 0 and lines.line_count == 2, timeout=WAIT_MS)
    assert _row(lines, 1) == ["", "", "Spare parts", money_of(lines, lines.totals.groups[1].subtotal_minor)]
    assert _row(lines, 2)[0] == "2"
    part = lines.id_at(2)
    assert part is not None
    grid.setFocus()
    grid.select_line(part)
    _press(Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: lines.group_at(2) is not None and lines.id_at(1) == part, timeout=WAIT_MS)
    _press(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: lines.group_at(1) is not None and lines.id_at(2) == part, timeout=WAIT_MS)
    grid.select_line(part)
    _press(Qt.Key.Key_O, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: _row(lines, 2)[2].endswith("(optional)"), timeout=WAIT_MS)
    assert [each.counts for each in lines.totals.lines] == [True, False]
    first = lines.id_at(0)
    assert first is not None
    grid.select_line(first)
    _press(Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    assert "Alternative to" in editor.entry.hint.text()
    _type("A better one")
    qtbot.waitUntil(lambda: editor.entry.popup.isVisible(), timeout=WAIT_MS)
    _press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: lines.line_count == 3 and editor.saving == 0, timeout=WAIT_MS)
    assert _row(lines, 0)[2].endswith("(chosen)")
    assert _row(lines, 1)[2:] == ["A better one (alternative)", "(0.00)"]
    other = lines.id_at(1)
    assert other is not None
    grid.setFocus()
    grid.select_line(other)
    _press(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: _row(lines, 1)[2] == "A better one (chosen)", timeout=WAIT_MS)
    assert lines.totals.subtotal_minor == 0


def test_another_open_quote_with_the_same_product_is_named_and_opened(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    customer = records.create(app.replica, "customer", {"name": "Twice (demo)", "phone": "1234567"}).value.id
    product = quotes.create(app.replica, {"customer_id": customer, "currency": "CNY"}).value.id
    pump = _first(app, "product").id
    other = quotes.create(app.replica, {"customer_id": customer, "currency": "CNY"}).value.id
    for made in (product, other):
        quotes.add_line(app.replica, made, {"product_id": pump})
    page.show_place(Place(page="quotes", record_id=product))
    bar = page.editor.prices
    qtbot.waitUntil(bar.repeats.isVisible, timeout=WAIT_MS)
    number = records.get(app.replica, "quote", other)["number"]
    assert number in bar.repeats.label.text()
    bar.repeats.action_clicked.emit()
    qtbot.waitUntil(lambda: page.editor.quote_id == other, timeout=WAIT_MS)


def _row(lines: QuoteLines, row: int) -> list[str]:
    return [str(lines.index(row, column).data()) for column in (Col.NO, Col.CODE, Col.NAME, Col.AMOUNT)]


def money_of(lines: QuoteLines, minor: int) -> str:
    return money(Money(minor, lines.totals.currency), symbol=False, decimals=True)


def test_a_whole_discount_by_amount_is_counted_and_one_beyond_the_sum_is_said_at_its_field(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "PV-30", "2")
    _saved(editor, qtbot, 1)
    whole = editor.lines.totals.subtotal_minor
    editor.terms.amount.setFocus()
    _type("100")
    _press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.lines.totals.allowance_minor == 100_00, timeout=WAIT_MS)
    _saved(editor, qtbot, 1)
    editor.terms.amount.setFocus()
    editor.terms.amount.selectAll()
    _type(str(whole))
    _press(Qt.Key.Key_Return)
    field = editor.terms.amount.parent()
    assert isinstance(field, Field)
    assert "larger than the subtotal" in str(field.error)
    assert editor.lines.totals.allowance_minor == 100_00


def test_a_line_is_moved_by_its_grip(page: QuotesPage, app: App, qtbot: QtBot) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "FM-200-DN80", "1")
    _add(editor, qtbot, "PV-30", "2")
    _saved(editor, qtbot, 2)
    viewport = editor.grid.viewport()
    grip = editor.grid.visualRect(editor.lines.index(0, Col.GRIP)).center()
    below = editor.grid.visualRect(editor.lines.index(1, Col.GRIP)).bottomLeft()
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(viewport, left, Qt.KeyboardModifier.NoModifier, grip)
    QTest.mouseMove(viewport, below)
    QTest.mouseRelease(viewport, left, Qt.KeyboardModifier.NoModifier, below)
    qtbot.waitUntil(lambda: _code(editor, 0) == "PV-30", timeout=WAIT_MS)
    assert _code(editor, 1) == "FM-200-DN80"


def test_a_discount_no_quote_may_hold_is_refused_and_the_cell_keeps_the_old_one(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "PV-30", "2")
    _saved(editor, qtbot, 1)
    notices: list[Any] = []
    page.context.notice.connect(notices.append)
    before = editor.lines.totals
    assert not editor.lines.setData(editor.lines.index(0, Col.DISCOUNT), "140")
    assert not editor.lines.setData(editor.lines.index(0, Col.QUANTITY), "many")
    assert [notice.kind for notice in notices] == ["bad", "bad"]
    assert editor.lines.totals == before


def test_the_preview_is_the_very_pdf_and_carries_the_number(
    page: QuotesPage, app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    draft = _first(app, "quote", "draft")
    page.show_place(Place(page="quotes", record_id=draft.id))
    document = page.editor.preview.document
    qtbot.waitUntil(lambda: document.pageCount() > 0, timeout=WAIT_MS)
    assert draft["number"] in document.getAllText(0).text()
    file = tmp_path / "quote.pdf"
    page.editor.preview.save_to(file)
    qtbot.waitUntil(file.exists, timeout=WAIT_MS)
    saved = QPdfDocument()
    saved.load(str(file))
    assert saved.pageCount() == document.pageCount()
    assert draft["number"] in page.editor.preview.file_name
    image = page_image(document, 0, 72)
    assert image.pixelColor(2, 2) == QColor("white")


def test_a_quote_is_printed_page_for_page(page: QuotesPage, app: App, qtbot: QtBot, tmp_path: Path) -> None:
    editor = _new_quote(page, app, qtbot)
    for _ in range(40):
        quotes.add_line(
            app.replica, str(editor.quote_id), {"product_id": picking.products(app.replica, "")[0].id}
        )
    document = editor.preview.document
    qtbot.waitUntil(lambda: document.pageCount() > 1, timeout=WAIT_MS)
    assert f"of {document.pageCount()}" in editor.preview.pages.text()
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    printer.setResolution(96)
    assert print_pages(document, printer) == document.pageCount()
    printed = QPdfDocument()
    printed.load(str(tmp_path / "printed.pdf"))
    assert printed.pageCount() == document.pageCount()
    image = page_image(printed, 0, 36)
    ink = sum(
        image.pixelColor(x, y).lightness() < 200 for x in range(image.width()) for y in range(image.height())
    )
    assert 0 < ink < image.width() * image.height() // 4


def test_a_quote_without_lines_says_so_where_the_pdf_would_be(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    preview = editor.preview
    qtbot.waitUntil(lambda: preview.empty.line.text() == "The quote has no lines yet", timeout=WAIT_MS)
    assert preview.empty.isVisible()
    assert not preview.print.isVisible()
    assert not editor.title.next.isEnabled()


def test_a_sent_quote_is_only_read_and_a_copy_of_it_is_a_draft(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "PV-30", "2")
    _saved(editor, qtbot, 1)
    sent = editor.quote_id
    editor.title.next.click()
    qtbot.waitUntil(lambda: editor.view is not None and not editor.view.editable, timeout=WAIT_MS)
    assert not editor.entry.isVisible()
    assert not editor.lines.flags(editor.lines.index(0, Col.QUANTITY)) & Qt.ItemFlag.ItemIsEditable
    editor.states.copy.click()
    qtbot.waitUntil(lambda: editor.quote_id != sent and editor.view is not None, timeout=WAIT_MS)
    assert editor.view is not None
    assert editor.view.editable
    assert editor.lines.rowCount() == 1


def test_a_sent_quote_gets_a_new_version_and_what_differs_is_said_under_versions(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    customer = _first(app, "customer").id
    quote = quotes.create(app.replica, {"customer_id": customer, "currency": "CNY"}).value
    for name in ("Pump", "Valve", "Seal"):
        line = {"description": name, "quantity": "2", "unit_price": 100_00}
        quotes.add_line(app.replica, quote.id, line)
    quotes.set_status(app.replica, quote.id, "sent")
    page.show_place(Place(page="quotes", record_id=quote.id))
    editor = page.editor
    qtbot.waitUntil(lambda: editor.view is not None and editor.states.revise.isVisible(), timeout=WAIT_MS)
    assert not editor.entry.isVisible()
    editor.states.revise.click()
    qtbot.waitUntil(lambda: bool(editor.view and editor.view.editable), timeout=WAIT_MS)
    assert editor.view is not None
    assert (editor.view.quote["number"], editor.view.quote["version"]) == (quote["number"], 2)
    assert "Version 2" in editor.states.remark.text()
    pump, valve, _seal = editor.view.lines
    records.update(app.replica, "quote_line", pump.id, {"quantity": "5"})
    records.delete(app.replica, "quote_line", valve.id)
    page.tabs.choose("versions")
    panel = page.tabs.further["versions"]
    assert isinstance(panel, VersionsPanel)
    qtbot.waitUntil(lambda: len(panel.rows) == 2, timeout=WAIT_MS)
    said = [row.accessibleName() for row in panel.versions]
    assert said[0] == "Version 2. Still a draft"
    assert said[1].startswith("Version 1. Sent ")
    texts = {row.title.text(): row.line.text() for row in panel.rows}
    assert texts["Pump"] == "Quantity: 2 → 5"
    assert texts["Valve"] == ""
    panel.versions[1].setFocus()
    _press(Qt.Key.Key_Return)
    assert (panel.older.currentData(), panel.newer.currentData()) == (1, 2)


def test_going_back_to_where_a_quote_was_made_makes_no_second_one(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    place = Place(page="quotes", options={"new": True, "values": {"customer_id": _first(app, "customer").id}})
    page.show_place(place)
    qtbot.waitUntil(lambda: page.editor.view is not None, timeout=WAIT_MS)
    made, count = page.editor.quote_id, records.count(app.replica, ListQuery(entity="quote"))
    page.show_place(Place(page="quotes"))
    page.show_place(place)
    assert page.editor.quote_id == made
    assert records.count(app.replica, ListQuery(entity="quote")) == count


def test_the_preview_is_reached_and_put_away_by_keys_and_takes_a_narrow_window(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    _add(editor, qtbot, "PV-30", "2")
    qtbot.waitUntil(editor.preview.print.isVisible, timeout=WAIT_MS)
    _press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert has_keyboard(editor.preview.print)
    _press(Qt.Key.Key_F4)
    assert not editor.preview.isVisible()
    assert has_keyboard(editor.entry.input)
    page.resize(1000, 700)
    qtbot.waitUntil(lambda: not editor.preview.isVisible(), timeout=WAIT_MS)
    editor.go_to_preview()
    assert editor.preview.isVisible()
    assert not editor.grid.isVisible()


def test_every_control_of_the_editor_has_a_name(page: QuotesPage, app: App, qtbot: QtBot) -> None:
    editor = _new_quote(page, app, qtbot)
    nameless = [
        widget
        for widget in editor.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and not (widget.accessibleName() or _own_words(widget))
    ]
    assert not nameless


def test_typing_in_a_long_quote_holds_the_main_thread_for_less_than_a_frame_or_two(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    editor = _new_quote(page, app, qtbot)
    choices = picking.products(app.replica, "")
    for place in range(40):
        quotes.add_line(app.replica, str(editor.quote_id), {"product_id": choices[place % len(choices)].id})
    _saved(editor, qtbot, 40)
    held = []
    for row in range(10):
        editor.grid.begin_edit(str(editor.lines.id_at(row)), Col.QUANTITY)
        for key in ("1", "2"):
            held.append(_time(lambda key=key: _type(key)))
        held.append(_time(lambda: _press(Qt.Key.Key_Tab)))
    assert sorted(held)[len(held) // 2] < 0.05
    _saved(editor, qtbot, 40)


def _time(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _code(editor: QuoteEditor, row: int) -> str:
    return str(editor.lines.index(row, Col.CODE).data())


def _own_words(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    return str(text()) if callable(text) else ""
