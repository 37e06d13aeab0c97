"""Customer value in the window: tiles counted, narrowed by person, opened records, files, and nothing yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from crm_core.charts.value_board import VALUE_BOARD
from crm_core.reporting import texts
from crm_desktop.models.query import ListQuery
from crm_desktop.services import customer_values, dashboards, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers.profile_tab import ProfileTab
from crm_desktop.ui.pages.customer_value import CustomerValuePage
from crm_desktop.ui.translate import tr, translator
from crm_desktop.ui.widgets.labels import Label
from tests.support.desktop import empty_app, sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, sample_app(tmp_path)) as made:
        yield made


def shown(stage: Stage) -> CustomerValuePage:
    """Give the page, counted."""
    page = CustomerValuePage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="customer_value"))
    stage.settle()
    return page


def test_the_page_shows_what_is_counted_narrows_it_and_opens_the_records(
    stage: Stage, tmp_path: Path
) -> None:
    page, replica = shown(stage), stage.app.replica
    assert [each.id for each in page.tiles] == [each.tile.id for each in VALUE_BOARD]
    counted = dashboards.count_tiles(replica, customer_values.tiles_of(replica))
    for each in counted:
        card = page.grid.cards[each.tile.id]
        assert each.drawn is not None
        assert card.drawn is not None
        assert card.drawn.table == each.drawn.table, each.tile.id
    gone = [place for place in stage.places if place.page == "customers"]
    assert gone == []
    card = page.grid.cards["lost_customers"]
    assert card.drawn is not None
    card.opened.emit(card.drawn, None)
    stage.settle()
    (place,) = [place for place in stage.places if place.page == "customers"]
    assert len(place.options["conditions"]) == 1
    # To a file: a sheet for each report, with the figures on screen.
    page.save_to(tmp_path / "value.xlsx", "xlsx")
    stage.settle()
    book = CalamineWorkbook.from_path(str(tmp_path / "value.xlsx"))
    standard = [each.drawn.table for each in counted if each.tile.standard and each.drawn is not None]
    assert len(book.sheet_names) == len(standard)
    for place, table in enumerate(standard):
        written = book.get_sheet_by_index(place).to_python()[3:]
        for told, (_, cells) in zip(written, texts.rows(table, tr), strict=False):
            for cell, known in zip(told, cells, strict=False):
                assert cell == (
                    "" if known is None else known if isinstance(known, str) else pytest.approx(float(known))
                )
    page.save_to(tmp_path / "value.pdf", "pdf")
    stage.settle()
    assert (tmp_path / "value.pdf").read_bytes().startswith(b"%PDF")
    # Narrowed to somebody: his customers alone.
    owners = {row.get("owner_id") for row in records.page(replica, ListQuery(entity="customer")).rows}
    someone = next(each for each in dashboards.people_of(replica) if each.user_id in owners)
    page.choose_person(someone.user_id)
    stage.settle()
    buyers = page.counted["value_classes"].drawn
    assert buyers is not None
    assert 0 < buyers.table.counted < 40
    page.choose_period("this-year-1")
    stage.settle()
    tiles = [each for each in page.tiles if each.id == "best_customers"]
    (best,) = dashboards.count_tiles(replica, tiles, "this-year-1", someone.user_id)
    assert page.counted["best_customers"].drawn == best.drawn


def test_the_page_says_that_nobody_bought_anything(look: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    with staged(qtbot, empty_app(tmp_path)) as stage:
        page = shown(stage)
        assert page.stack.currentWidget() is page.empty
        assert not page.header.export.isEnabled()
        page.orders.click()
        assert stage.places[-1].page == "orders"


def test_a_customer_shows_its_class_with_the_reason_in_both_languages(stage: Stage) -> None:
    replica = stage.app.replica
    lost = dashboards.count_tiles(
        replica, [each.tile for each in VALUE_BOARD if each.tile.id == "lost_customers"]
    )[0].drawn
    assert lost is not None
    tab = ProfileTab(stage.context)
    stage.show(tab)
    tab.show_customer(str(lost.table.rows[0].heads[0].key))
    stage.settle()
    said = [label.text() for label in tab.findChildren(Label)]
    assert "At risk" in said
    assert "Lost by its own interval" in said
    assert any(text.startswith("Bought every 80 days and is silent") for text in said)
    translator().use("zh_CN")
    try:
        tab.retranslate()
        assert "有流失风险" in [label.text() for label in tab.findChildren(Label)]
    finally:
        translator().use("en")
