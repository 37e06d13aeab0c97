"""Dashboards in the window: begun with a starter, arranged, narrowed; every mark opens its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.charts.chart import Kind
from crm_core.charts.looks import look_of
from crm_core.charts.starters import STARTERS
from crm_core.ids import named_id
from crm_core.rules.access import Action
from crm_core.rules.dashboards import Tile
from crm_core.rules.report_form import plain_report
from crm_core.rules.reports import Group, Report
from crm_desktop.models import repository
from crm_desktop.models.query import ListQuery
from crm_desktop.services import board_moves, dashboards, records
from crm_desktop.ui.dashboards.tile_card import MIME, TileCard
from crm_desktop.ui.pages.dashboards import DashboardsPage
from crm_desktop.ui.translate import show, translator
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

SALES = STARTERS[0]


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        replica = made.app.replica
        today = replica.clock.today().isoformat()
        for name, amount in (("Pumps", 5_000_00), ("Valves", 3_000_00)):
            values = {"name": name, "amount": amount, "currency": "CNY", "source": "web", "close_date": today}
            deal = records.create(replica, "deal", values).value.id
            board_moves.move(replica, deal, named_id("stage", "Won"))
            records.update(replica, "deal", deal, {"close_date": today})
        records.create(replica, "deal", {"name": "Open one", "amount": 100_00, "currency": "CNY"})
        yield made


@pytest.fixture
def page(stage: Stage) -> DashboardsPage:
    made = DashboardsPage(stage.context, stage.actions)
    stage.show(made)
    made.refresh()
    stage.settle()
    return made


def begun(stage: Stage, page: DashboardsPage) -> dict[str, TileCard]:
    """Give the cards of the first starter by the title they show."""
    page.starter_buttons[0].click()
    stage.settle()
    return {card.name.text(): card for card in page.grid.cards.values()}


def test_whoever_has_none_picks_a_starter_which_is_kept_as_ones_own(
    stage: Stage, page: DashboardsPage
) -> None:
    assert page.stack.currentWidget() is page.starters
    cards = begun(stage, page)
    (row,) = dashboards.dashboards_of(stage.app.replica)
    assert (row.name, row.own, row.period) == ("Sales this quarter", True, "this-quarter")
    assert len(row.tiles) == len(SALES.tiles) == len(cards)
    assert page.header.title.text() == "Sales this quarter"
    assert page.header.period.text() == "This quarter"
    assert page.header.scope.text().startswith("Your ")
    assert cards["Won"].hasFocus()
    won = cards["Won"].chart
    assert won is not None
    assert won.plain[0].values == (8000,)
    assert cards["Won"].accessibleDescription().startswith("8,000")


def test_a_mark_opens_the_very_records_behind_it(stage: Stage, page: DashboardsPage) -> None:
    card = begun(stage, page)["Sales funnel"]
    assert card.pane is not None
    card.pane.grab()
    mark = next(part for part in card.pane.view.parts() if part.words.startswith("Won"))
    card.pane.view.part_clicked.emit(mark.key)
    stage.settle()
    place = stage.places[-1]
    assert place.page == "pipeline"
    assert show(place.options["title"]).startswith("Sales funnel: Won: ")
    wanted = ListQuery(entity="deal", conditions=place.options["conditions"])
    found = records.page(stage.app.replica, wanted).rows
    assert sorted(row.title for row in found) == ["Pumps", "Valves"]
    card.opened.emit(card.drawn, None)
    stage.settle()
    everything = ListQuery(entity="deal", conditions=stage.places[-1].options["conditions"])
    assert len(records.page(stage.app.replica, everything).rows) == 3


def test_alt_t_turns_a_chart_into_its_table_and_back(stage: Stage, page: DashboardsPage) -> None:
    card = begun(stage, page)["Sales funnel"]
    assert card.pane is not None
    card.pane.view.setFocus()
    stage.press(card.pane.view, Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    assert card.pane.is_table
    assert card.table_button.isChecked()
    table = card.pane.table
    assert table is not None
    assert table.texts() == [list(row) for row in card.pane.view.as_table()[1:]]
    translator().use("zh_CN")
    stage.settle()
    assert card.pane.is_table
    row = next(place for place, row in enumerate(table.texts()) if row[0] == "Won")
    card.pane.table.opened.emit(row)  # type: ignore[union-attr]
    stage.settle()
    assert stage.places[-1].page == "pipeline"
    stage.press(card.pane.currentWidget(), Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    assert not card.pane.is_table


def test_tiles_are_moved_by_keys_and_by_dragging_and_stay_so(stage: Stage, page: DashboardsPage) -> None:
    cards = begun(stage, page)
    order = [tile.id for tile in page.tiles]
    first = cards["Won"]
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    stage.press(first, Qt.Key.Key_Right, both)
    stage.settle()
    assert [tile.id for tile in page.tiles] == [order[1], order[0], *order[2:]]
    carried = QMimeData()
    carried.setData(MIME, order[1].encode())
    last = page.grid.cards[order[-1]].geometry()
    drop = QDropEvent(
        QPointF(last.right() - 2, last.bottom() - 2),
        Qt.DropAction.MoveAction,
        carried,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.grid.dropEvent(drop)
    stage.settle()
    wanted = [order[0], *order[2:], order[1]]
    assert [tile.id for tile in page.tiles] == wanted
    (row,) = dashboards.dashboards_of(stage.app.replica)
    assert [tile.id for tile in row.tiles] == wanted


def test_a_tile_is_widened_changed_and_removed_with_undo(stage: Stage, page: DashboardsPage) -> None:
    card = begun(stage, page)["Won"]
    stage.press(card, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    stage.settle()
    assert page.tiles[0].width == 4
    stage.press(card, Qt.Key.Key_F2)
    stage.settle()
    dialog = page.dialog
    assert dialog is not None
    dialog.goal.setText("nothing")
    dialog.done_button.click()
    assert dialog.fault.text() == "A target is a number above 0, such as 100,000"
    dialog.goal.setText("10,000")
    dialog.title.setText("Won so far")
    dialog.done_button.click()
    stage.settle()
    assert card.name.text() == "Won so far"
    assert card.chart is not None
    band = card.chart.band_of(8000)
    assert band is not None
    assert show(band.label) == "Close to target"
    stage.press(card, Qt.Key.Key_Delete)
    stage.settle()
    assert len(page.tiles) == len(SALES.tiles) - 1
    notice = stage.notices[-1]
    assert notice.act is not None
    notice.act()
    stage.settle()
    assert len(page.tiles) == len(SALES.tiles)


def test_a_report_is_added_as_the_chart_it_is_best_seen_as(stage: Stage, page: DashboardsPage) -> None:
    begun(stage, page)
    page.header.add.click()
    stage.settle()
    dialog = page.dialog
    assert dialog is not None
    titles = [row[0] for row in dialog.reports.texts()]
    dialog.reports.selectRow(titles.index("When tickets come"))
    assert dialog.kind.currentData() == Kind.HEAT_MAP.value
    dialog.done_button.click()
    stage.settle()
    added = page.tiles[-1]
    assert added.standard == "ticket_hours"
    assert look_of(dict(added.look)).kind is Kind.HEAT_MAP
    assert page.grid.cards[added.id].name.text() == "When tickets come"


def test_a_report_kept_under_a_name_is_offered_first_and_drawn(stage: Stage, page: DashboardsPage) -> None:
    replica = stage.app.replica
    by_name = Report(entity="deal", rows=(Group(field="name"),))
    values = {"name": "Deals by name", "definition": plain_report(by_name), "chart": "pie"}
    records.create(replica, "report", values)
    offered = dashboards.reports_offered(replica)[0]
    assert (offered.title, offered.kind) == ("Deals by name", Kind.PIE)
    (counted,) = dashboards.count_tiles(replica, [offered.tile])
    assert counted.drawn is not None
    assert [show(each.label) for each in counted.drawn.chart.categories] == ["Open one", "Pumps", "Valves"]


def test_time_and_person_narrow_every_tile(stage: Stage, page: DashboardsPage) -> None:
    card = begun(stage, page)["Won"]
    page.header.period_chosen.emit("this-year-1")
    stage.settle()
    assert page.header.period.text() == "Last year"
    assert card.chart is not None
    assert card.chart.is_empty or card.chart.plain[0].values == (0,)
    page.header.period_chosen.emit("")
    page.header.person_chosen.emit("f" * 32)
    stage.settle()
    assert card.chart.is_empty or card.chart.plain[0].values in ((0,), (None,))
    page.header.person_chosen.emit("")
    stage.settle()
    assert card.chart.plain[0].values == (8000,)


def test_a_tile_that_cannot_be_counted_says_why_beside_those_that_can(
    stage: Stage, page: DashboardsPage
) -> None:
    replica = stage.app.replica
    tiles = (Tile(id="a", standard="gone"), Tile(id="b", standard="funnel"), Tile(id="c", report_id="f" * 32))
    made = dashboards.create(replica, "Odd", tiles).value
    page.choose(made.id)
    stage.settle()
    gone, funnel, missing = (page.grid.cards[tile.id] for tile in page.tiles)
    assert gone.chart is None
    assert funnel.chart is not None
    assert missing.chart is None
    assert not missing.table_button.isEnabled()


def test_records_that_change_are_counted_anew(stage: Stage, page: DashboardsPage) -> None:
    card = begun(stage, page)["Won"]
    deal = next(
        row for row in records.page(stage.app.replica, ListQuery(entity="deal")).rows if row.title == "Pumps"
    )
    records.update(stage.app.replica, "deal", deal.id, {"amount": 9_000_00})
    stage.until(lambda: card.chart is not None and card.chart.plain[0].values == (12_000,))


def test_files_hold_what_is_on_screen(stage: Stage, page: DashboardsPage, tmp_path: Path) -> None:
    translator().use("zh_CN")
    begun(stage, page)
    for kind in ("pdf", "svg"):
        page.save_to(tmp_path / f"board.{kind}", kind)
    stage.settle()
    text = "".join(each.extract_text() for each in PdfReader(tmp_path / "board.pdf").pages)
    drawn = (tmp_path / "board.svg").read_text(encoding="utf-8")
    for told in ("8,000", "本季度销售"):
        assert told in text
        assert told in drawn


def test_figures_of_what_one_may_not_export_go_into_no_file(
    stage: Stage, page: DashboardsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(stage, page)
    replica = stage.app.replica
    rights = replica.person.rights
    reads = {entity: {Action.READ: rights.reach_of(entity, Action.READ)} for entity in rights.reach}
    held = replace(replica.person, rights=replace(rights, reach=reads))
    monkeypatch.setattr(type(replica), "person", property(lambda _replica: held))
    page.save_to(tmp_path / "board.svg", "svg")
    stage.until(lambda: any("may not export" in show(each.text) for each in stage.notices))
    assert not list(tmp_path.glob("board.*"))


def test_another_persons_dashboard_is_looked_at_and_copied_but_not_changed(
    stage: Stage, page: DashboardsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = stage.app.replica
    made = dashboards.create(replica, "Shared", (Tile(id="a", standard="funnel"),)).value
    with replica.write() as session:
        (other,) = repository.create_many(session, "user", [{"name": "Zhou Min"}])
        (role,) = repository.create_many(session, "role", [{"name": "Seller"}])
    dashboards.show_to(replica, made.id, role, shown=True)
    records.update(replica, "dashboard", made.id, {"owner_id": other})
    assert dashboards.dashboards_of(replica) == ()
    held = replace(replica.person, circles=frozenset((role,)))
    monkeypatch.setattr(type(replica), "person", property(lambda _replica: held))
    page.choose(made.id)
    stage.settle()
    (row,) = dashboards.dashboards_of(replica)
    assert not row.own
    assert not page.header.add.isVisible()
    (card,) = page.grid.cards.values()
    stage.press(card, Qt.Key.Key_Delete)
    assert len(page.tiles) == 1
    page.copy()
    stage.settle()
    assert page.header.title.text() == "Shared (copy)"
    assert page.current is not None
    assert page.current.own
