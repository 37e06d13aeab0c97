"""The list by keyboard: open, edit, select, delete and undo, filter, sort, views, columns, details."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_core.i18n import message
from crm_desktop.interchange import exporting
from crm_desktop.models import repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services import records, saved_views
from crm_desktop.settings import DENSITY, EXPORT_FOLDER, LIST_STATES
from crm_desktop.ui.itemmodels import keyset
from crm_desktop.ui.itemmodels.rows import CellText, Column
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.cells import CellKind
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard

Key, Ctrl, Shift = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Alt = Qt.KeyboardModifier.AltModifier
CITIES = ("Leeds", "Derby", "苏州")


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give twelve customers, all but one owned by whoever is here."""
    app = empty_app(tmp_path)
    with app.replica.write() as session:
        rows = [
            {
                "name": f"Demo {number:02}",
                "level": "ABC"[number % 3],
                "city": CITIES[number % 3],
                "owner_id": None if number == 11 else LOCAL_USER,
            }
            for number in range(12)
        ]
        repository.create_many(session, "customer", rows)
    app.replica.catch_up()
    with staged(qtbot, app) as made:
        yield made


def shown(stage: Stage, **options: object) -> RecordList:
    """Return a list of customers on screen, every one of them in view."""
    made = RecordList(stage.context, stage.actions, "customer", **options)  # type: ignore[arg-type]
    stage.show(made)
    if options.get("views", True):
        made.choose_view("all")
        stage.settle()
    made.focus_table()
    return made


def names(made: RecordList) -> list[str]:
    """Return the titles of the rows that are here."""
    rows = [made.model.row_at(place) for place in range(made.model.known)]
    return [row.record.title for row in rows if row is not None]


def test_enter_opens_the_current_record(stage: Stage) -> None:
    made = shown(stage)
    opened: list[str] = []
    made.opened.connect(opened.append)
    stage.press(made.table, Key.Key_Down)
    stage.press(made.table, Key.Key_Return)
    row = made.current_row()
    assert row is not None
    assert row.record.title == "Demo 01"
    assert opened == [row.id]


def test_no_head_is_cut_and_free_room_goes_to_columns_of_words(stage: Stage) -> None:
    made = shown(stage, details=False, views=False)
    table = made.table
    words = QFontMetrics(theme().font("caption"))
    for place, column in enumerate(made.model.columns):
        needed = words.horizontalAdvance(str(made.model.headerData(place, Qt.Orientation.Horizontal) or ""))
        assert table.columnWidth(place) >= needed, column.key
    made.show_column_keys(["name", "phone"])
    stage.settle()
    keys = [column.key for column in made.model.columns]
    phone = next(column for column in made.model.columns if column.key == "phone")
    assert table.columnWidth(keys.index("phone")) > phone.width
    table.horizontalHeader().resizeSection(keys.index("phone"), 90)
    stage.window.resize(1500, 900)
    stage.settle()
    assert table.columnWidth(keys.index("phone")) == 90  # a person's choice stays


def test_a_day_of_another_year_is_not_cut_in_either_language(stage: Stage) -> None:
    for day in ("2024-12-28", "2026-01-02"):
        records.create(stage.app.replica, "deal", {"name": day, "close_date": day})
    for language in ("en", "zh_CN"):
        translator().use(language)
        try:
            made = RecordList(stage.context, stage.actions, "deal", ("name", "close_date"))
            stage.show(made)
            place = [column.key for column in made.model.columns].index("close_date")
            texts = [made.model.index(row, place).data() for row in range(made.model.known)]
            assert any("2024" in text for text in texts)
            room = made.table.columnWidth(place) - 2 * theme().px(8)
            body = QFontMetrics(theme().font())
            assert max(map(body.horizontalAdvance, texts)) <= room, language
            made.hide()
        finally:
            translator().use("en")


def test_an_amount_is_never_cut_off(stage: Stage) -> None:
    amount = {"amount": 98_765_432_109_87, "currency": "CNY"}
    records.create(stage.app.replica, "deal", {"name": "Small", "amount": 100, "currency": "CNY"})
    made = RecordList(stage.context, stage.actions, "deal", ("name", "amount"))
    stage.show(made)
    place = [column.key for column in made.model.columns].index("amount")
    before = made.table.columnWidth(place)
    records.create(stage.app.replica, "deal", {"name": "Large", **amount})
    stage.until(lambda: made.model.known == 2)
    stage.settle()
    texts = [made.model.index(row, place).data() for row in range(2)]
    needed = max(map(QFontMetrics(theme().font()).horizontalAdvance, texts)) + 2 * theme().px(8)
    assert before < needed <= made.table.columnWidth(place)


class Painted(QObject):
    """Notes how high the part of a widget is that is painted each time."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.heights: list[int] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note what is to be painted."""
        if isinstance(event, QPaintEvent):
            self.heights.append(event.region().boundingRect().height())
        return False


def test_scrolling_paints_only_the_rows_that_come_up(stage: Stage) -> None:
    made = shown(stage)
    table = made.table
    table.setFixedHeight(table.horizontalHeader().height() + 6 * table.rowHeight(0))
    stage.settle()
    painted = Painted(table.viewport())
    table.verticalScrollBar().setValue(table.rowHeight(0))
    stage.settle()
    assert painted.heights, "something came up"
    assert max(painted.heights) <= 2 * table.rowHeight(0)
    whole = table.viewport().grab().toImage()
    table.viewport().update()
    stage.settle()
    assert table.viewport().grab().toImage() == whole


def test_the_ground_under_the_last_row_is_painted_too(stage: Stage) -> None:
    made = shown(stage)
    made.bar.search.setText("Demo 03")
    stage.settle()
    view = made.table.viewport()
    drawn = view.grab().toImage()
    below = drawn.pixelColor(view.width() // 2, view.height() - 2)
    assert below == theme().color("surface")


def test_space_selects_several_rows_and_the_status_bar_hears_how_many(stage: Stage) -> None:
    made = shown(stage)
    stage.press(made.table, Key.Key_Space)
    stage.press(made.table, Key.Key_Down, Ctrl)
    stage.press(made.table, Key.Key_Down, Ctrl)
    stage.press(made.table, Key.Key_Space)
    assert [row.record.title for row in made.selection.rows()] == ["Demo 00", "Demo 02"]
    assert str(stage.selections[-1]) == "2 selected"


def test_ctrl_a_means_every_record_of_the_filter_not_only_those_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 5)
    monkeypatch.setattr(keyset, "AHEAD", 0)
    made = shown(stage, details=False)
    stage.press(made.table, Key.Key_A, Ctrl)
    assert made.selection.number == 12
    assert str(stage.selections[-1]) == "12 selected"
    stage.press(made.table, Key.Key_Delete)
    assert records.count(stage.app.replica, ListQuery(entity="customer")) == 0


def test_delete_takes_the_record_away_and_undo_brings_it_back(stage: Stage) -> None:
    made = shown(stage)
    stage.press(made.table, Key.Key_Delete)
    assert names(made)[0] == "Demo 01"
    notice = stage.notices[-1]
    assert str(notice.text) == "“Demo 00” deleted"
    assert notice.act is not None
    notice.act()
    stage.settle()
    assert names(made)[0] == "Demo 00"


def test_what_was_deleted_can_be_restored_from_the_bin(stage: Stage) -> None:
    made = shown(stage)
    stage.press(made.table, Key.Key_Delete)
    made.choose_view("bin")
    stage.settle()
    assert names(made) == ["Demo 00"]
    stage.press(made.table, Key.Key_Delete)
    assert names(made) == ["Demo 00"], "what is in the bin is not deleted again"
    made.actions_of_list.restore()
    stage.settle()
    assert names(made) == []
    assert records.count(stage.app.replica, ListQuery(entity="customer")) == 12


def test_f2_edits_the_cell_in_place_and_undo_takes_it_back(stage: Stage) -> None:
    made = shown(stage)
    stage.press(made.table, Key.Key_F2)
    editor = made.table.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    QTest.keyClicks(editor, "Demo 00 renamed")
    stage.press(editor, Key.Key_Return)
    row = made.model.row_at(0)
    assert row is not None
    assert row.record.title == "Demo 00 renamed"
    assert stage.notices[-1].act is not None
    stage.notices[-1].act()
    stage.settle()
    assert names(made)[0] == "Demo 00"


def test_a_cell_that_cannot_be_kept_says_why_and_stays(stage: Stage) -> None:
    made = shown(stage)
    column = [column.key for column in made.model.columns].index("phone")
    made.table.setCurrentIndex(made.model.index(0, column))
    stage.press(made.table, Key.Key_F2)
    editor = made.table.viewport().findChild(QLineEdit)
    assert editor is not None
    QTest.keyClicks(editor, "call me")
    stage.press(editor, Key.Key_Return)
    assert editor.isVisible()
    assert editor.property("error") == "true"
    assert "digits" in editor.accessibleDescription()
    assert editor.text() == "call me"
    row = made.model.row_at(0)
    assert row is not None
    assert row.record.get("phone") is None
    stage.press(editor, Key.Key_Escape)
    assert row.record.get("phone") is None


def test_a_saved_view_is_shown_to_a_role_from_its_tab(stage: Stage) -> None:
    replica = stage.app.replica
    role = records.create(replica, "role", {"name": "sellers", "rights": {}}).value
    view = saved_views.save_view(replica, "customer", "Mine to call", saved_views.ViewDefinition()).value
    made = shown(stage)
    menu = made.tabs.menu_of(f"saved:{view.id}")
    assert menu is not None
    assert made.tabs.menu_of("all") is None
    action = next(each for each in menu.actions() if "sellers" in each.text())
    assert action.isCheckable()
    assert not action.isChecked()
    action.trigger()
    stage.settle()
    assert records.get(replica, "saved_view", view.id)["shown_to"] == [role.id]
    notice = stage.notices[-1]
    assert "sellers" in show(notice.text)
    assert notice.act is not None
    notice.act()
    stage.settle()
    assert records.get(replica, "saved_view", view.id).get("shown_to") is None


def test_enter_goes_on_below_and_tab_in_the_next_cell(stage: Stage) -> None:
    made = shown(stage)
    made.show_column_keys(["name", "city", "phone"])
    stage.settle()
    column = [column.key for column in made.model.columns].index("city")
    made.table.setCurrentIndex(made.model.index(0, column))
    stage.press(made.table, Key.Key_F2)
    for text, key in (("York", Key.Key_Return), ("Bath", Key.Key_Tab), ("0512 6688", Key.Key_Tab)):
        editor = QApplication.focusWidget()
        assert isinstance(editor, QLineEdit)
        editor.selectAll()
        QTest.keyClicks(editor, text)
        stage.press(editor, key)
    rows = [made.model.row_at(place) for place in range(3)]
    assert [row.record.get("city") for row in rows if row][:2] == ["York", "Bath"]
    assert rows[1] is not None
    assert rows[1].record.get("phone") == "0512 6688"
    editor = QApplication.focusWidget()  # after the last cell of a row comes the first of the next
    assert isinstance(editor, QLineEdit)
    assert editor.text() == "Demo 02"
    stage.press(editor, Key.Key_Escape)
    assert names(made)[2] == "Demo 02"


def test_ctrl_f_filters_by_text_as_it_is_typed(stage: Stage) -> None:
    made = shown(stage)
    stage.press(made.table, Key.Key_F, Ctrl)
    assert has_keyboard(made.bar.search)
    QTest.keyClicks(made.bar.search, "demo 07")
    stage.settle()
    assert names(made) == ["Demo 07"]
    assert made.bar.count.text() == "1 customer"
    made.bar.chips.clear_button.click()
    stage.settle()
    assert len(names(made)) == 12


def test_a_condition_made_by_hand_narrows_the_list_and_its_chip_takes_it_back(stage: Stage) -> None:
    made = shown(stage)
    popup = made.bar.chips.open_popup()
    assert popup is not None
    popup.choose_field("level")
    boxes = popup._editor._boxes  # type: ignore[union-attr]
    boxes["A"].setChecked(True)
    boxes["B"].setChecked(True)
    popup.apply()
    stage.settle()
    assert made.bar.conditions == (Condition(field="level", op=Op.IN, value=("A", "B")),)
    assert made.bar.chips.chips[0].text() == "Level: A, B"
    assert len(names(made)) == 8
    made.bar.chips.chips[0].closed.emit()
    stage.settle()
    assert len(names(made)) == 12


def test_a_condition_without_a_value_says_what_is_missing(stage: Stage) -> None:
    made = shown(stage)
    popup = made.bar.chips.open_popup()
    assert popup is not None
    popup.choose_field("city")
    popup.apply()
    assert popup.isVisible()
    assert popup._wrong.text() == "Say what to compare with"
    popup.close()
    assert made.bar.conditions == ()


def test_a_click_on_a_head_sorts_by_an_indexed_field_and_again_the_other_way(stage: Stage) -> None:
    made = shown(stage)
    head = made.table.horizontalHeader()
    place = [column.key for column in made.model.columns].index("name")
    at = QPoint(head.sectionViewportPosition(place) + 12, 10)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=at)
    stage.settle()
    assert names(made)[0] == "Demo 11"
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=at)
    stage.settle()
    assert names(made)[0] == "Demo 00"


def test_a_column_no_index_holds_cannot_be_sorted_by(stage: Stage) -> None:
    made = shown(stage)
    assert {column.key for column in made.all_columns().values() if column.sort is None} >= {"tags", "notes"}


def test_views_show_mine_all_and_the_bin_with_their_numbers(stage: Stage) -> None:
    made = shown(stage)
    numbers = {"mine": 11, "all": 12, "bin": 0}
    stage.until(lambda: {tab.key: tab.count for tab in made.tabs.tabs._tabs} == numbers)
    made.choose_view("mine")
    stage.settle()
    assert "Demo 11" not in names(made)


def test_a_saved_view_keeps_filter_order_and_columns_and_can_be_deleted(stage: Stage) -> None:
    made = shown(stage)
    made.bar.show_filter((Condition(field="level", op=Op.IN, value=("B",)),))
    made.bar.filtered.emit()
    made.show_column_keys(["name", "city"])
    stage.settle()
    made.tabs.saved.emit("B only")
    stage.settle()
    view = saved_views.views_of(stage.app.replica, "customer")[0]
    assert view.name == "B only"
    assert view.definition.columns == ("name", "city")
    made.choose_view("all")
    stage.settle()
    assert len(names(made)) == 12
    made.choose_view(f"saved:{view.id}")
    stage.settle()
    assert len(names(made)) == 4
    made.tabs.forgotten.emit(view.id)
    stage.settle()
    assert saved_views.views_of(stage.app.replica, "customer") == ()
    assert made.view.key != f"saved:{view.id}"


def test_a_view_saved_of_the_persons_own_records_goes_on_showing_those_alone(stage: Stage) -> None:
    made = shown(stage)
    made.choose_view("mine")
    stage.settle()
    assert len(names(made)) == 11
    made.tabs.saved.emit("Own")
    stage.settle()
    assert made.view.text == "Own"
    assert len(names(made)) == 11
    assert len(made.bar.conditions) == 1, "what narrows it is in sight"


def test_what_a_chart_drilled_into_is_a_view_of_its_own(stage: Stage) -> None:
    made = shown(stage)
    made.show_conditions((Condition(field="city", op=Op.EQUAL, value="苏州"),), message("In Suzhou"))
    stage.settle()
    assert made.tabs.tabs.tabText(0) == "In Suzhou"
    assert names(made) == ["Demo 02", "Demo 05", "Demo 08", "Demo 11"]
    made.choose_view("all")
    stage.settle()
    assert len(names(made)) == 12


def test_columns_widths_and_order_are_remembered(stage: Stage) -> None:
    made = shown(stage)
    made.show_column_keys(["city", "name"])
    stage.settle()
    place = [column.key for column in made.model.columns].index("city")
    made.table.setColumnWidth(place, 173)
    stage.settle()
    QTest.qWait(500)
    stage.settle()
    kept = stage.app.settings.get(LIST_STATES)["customer"]
    assert kept["columns"] == ["city", "name"]
    assert kept["widths"]["city"] == 173
    again = RecordList(stage.context, stage.actions, "customer")
    stage.show(again)
    assert again.column_keys() == ["city", "name"]
    assert again.table.columnWidth(again.table.keyset.columns.index(again.all_columns()["city"])) == 173


def test_compact_rows_are_lower_and_stay_so(stage: Stage) -> None:
    made = shown(stage)
    before = made.table.rowHeight(0)
    made.bar.density_button.click()
    stage.settle()
    assert made.table.rowHeight(0) < before
    assert stage.app.settings.get(DENSITY) == "compact"


def test_f4_hides_the_details_and_a_narrow_window_lays_them_over_the_table(stage: Stage) -> None:
    made = shown(stage)
    assert made.pane is not None
    assert made.pane.isVisible()
    stage.press(made.table, Key.Key_F4)
    assert not made.pane.isVisible()
    stage.press(made.table, Key.Key_F4)
    assert made.pane.isVisible()
    stage.window.resize(1000, 700)
    stage.settle()
    assert not made.pane.isVisible()
    width = made.table.width()
    stage.press(made.table, Key.Key_F4)
    assert made.pane.isVisible()
    assert made.table.width() == width


def test_shift_f10_offers_what_can_be_done(stage: Stage) -> None:
    made = shown(stage)
    menu = made.actions_of_list.open_menu(made.mapToGlobal(QPoint(0, 0)))
    assert menu is not None
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Show", "Edit cell", "Change selected…", "Copy “Demo 00”", "Export", "Delete"]
    menu.close()
    asked: list[QPoint] = []
    made.table.menu_asked.disconnect()
    made.table.menu_asked.connect(asked.append)
    stage.press(made.table, Key.Key_F10, Shift)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("typed", "kind", "written"),
    [
        ("Customers.xlsx", "CSV (*.csv)", "Customers.csv"),
        ("Customers.xlsx", "Excel (*.xlsx)", "Customers.xlsx"),
        ("mine", "vCard (*.vcf)", "mine.vcf"),
        ("mine.json", "Excel (*.xlsx)", "mine.json"),
        ("of 2026.11", "CSV (*.csv)", "of 2026.11.csv"),
    ],
)
def test_ctrl_e_asks_for_a_file_and_writes_its_kind(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, kind: str, written: str
) -> None:
    made = shown(stage)
    stage.app.settings.set(EXPORT_FOLDER, str(tmp_path))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), kind))
    stage.press(made.table, Key.Key_E, Ctrl)
    assert (tmp_path / written).stat().st_size > 0
    assert str(stage.notices[-1].text) == f"12 rows written to {written}"


def test_an_export_holds_the_columns_shown_in_their_order(stage: Stage, tmp_path: Path) -> None:
    beside = Column(
        key="letters",
        title=message("Name"),
        kind=CellKind.RIGHT,
        width=60,
        cell=lambda row: CellText(str(row.extra)),
    )
    made = shown(
        stage,
        extra_columns=(beside,),
        extras=lambda _replica, ids: {record_id: record_id[-3:] for record_id in ids},
    )
    made.show_column_keys(["level", "letters", "name", "city"])
    stage.settle()
    made.actions_of_list.export_to(tmp_path / "shown.csv")
    stage.settle()
    with (tmp_path / "shown.csv").open(encoding="utf-8-sig", newline="") as file:
        head, first, *rest = list(csv.reader(file))
    assert head == ["ID", "Level", "Name", "Name", "City"]
    assert first[1:] == ["A · key account", first[0][-3:], "Demo 00", "Leeds"]
    assert len(rest) == 11
    made.actions_of_list.export_to(tmp_path / "shown.json")
    stage.settle()
    one = json.loads((tmp_path / "shown.json").read_text(encoding="utf-8"))[0]
    assert list(one) == ["id", "name", "level", "city", "letters"]


def test_an_export_that_is_cancelled_leaves_the_file_as_it_was(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(stage)
    file = tmp_path / "out.csv"
    file.write_text("before", encoding="utf-8")
    monkeypatch.setattr(exporting, "ROWS_A_PAGE", 5)
    step = Job.step

    def stop_soon(job: Job, done: int, total: int) -> None:
        job.cancel()
        step(job, done, total)

    monkeypatch.setattr(Job, "step", stop_soon)
    made.actions_of_list.export_to(file)
    assert [show(job.text) for job in stage.tasks.jobs] == ["Exporting to out.csv"]
    stage.settle()
    assert file.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.glob("*.part")) == []
    assert str(stage.notices[-1].text) == "The export was stopped; no file was written"


def test_export_writes_the_filter_with_the_columns_shown(stage: Stage, tmp_path: Path) -> None:
    made = shown(stage)
    made.bar.show_filter((Condition(field="level", op=Op.IN, value=("C",)),))
    made.bar.filtered.emit()
    stage.settle()
    made.actions_of_list.export_to(tmp_path / "out.csv")
    stage.settle()
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + 4
    assert {"Demo 02", "Demo 05", "Demo 08", "Demo 11"} == {
        cell for row in rows for cell in row if "Demo" in cell
    }
    assert "4 rows" in str(stage.notices[-1].text)


def test_a_change_made_elsewhere_appears_and_keeps_the_place(stage: Stage) -> None:
    made = shown(stage)
    made.table.setCurrentIndex(made.model.index(5, 1))
    row = made.current_row()
    assert row is not None
    records.create(stage.app.replica, "customer", {"name": "Demo 00b"})
    stage.settle()
    assert names(made)[1] == "Demo 00b"
    again = made.current_row()
    assert again is not None
    assert again.id == row.id


def test_nothing_that_fits_says_so_and_offers_to_clear_the_filter(stage: Stage) -> None:
    made = shown(stage)
    made.bar.search.setText("nobody of that name")
    stage.settle()
    assert made.empty.state.line.text() == "Nothing fits this filter"
    assert made.empty.isVisible()
    assert made.pane is not None
    assert made.pane.isHidden(), "there is nothing to tell more of"
    stage.press(made.table, Key.Key_F4)
    assert made.pane.isHidden()
    made.empty.clear_button.click()
    stage.settle()
    assert made.table.isVisible()


def test_a_base_narrows_every_view(stage: Stage) -> None:
    made = shown(stage, views=False, details=False)
    made.set_base((Condition(field="city", op=Op.EQUAL, value="Leeds"),))
    stage.settle()
    assert len(names(made)) == 4


def test_space_picks_rows_and_arrows_alone_walk_between_them(stage: Stage) -> None:
    made = shown(stage)

    def picked() -> list[str]:
        return [row.record.title for row in made.selection.rows()]

    stage.press(made.table, Key.Key_Down)
    stage.press(made.table, Key.Key_Space)
    stage.press(made.table, Key.Key_Down)
    stage.press(made.table, Key.Key_Down)
    assert picked() == ["Demo 01"], "walking on leaves what was picked"
    stage.press(made.table, Key.Key_Space)
    assert picked() == ["Demo 01", "Demo 03"]
    stage.press(made.table, Key.Key_Space)
    assert picked() == ["Demo 01"]
    stage.press(made.table, Key.Key_Escape)
    assert picked() == []
    stage.press(made.table, Key.Key_Down)
    assert picked() == ["Demo 04"], "nothing is picked: walking selects again"


def test_what_is_selected_is_meant_whole_though_its_rows_have_left_the_memory(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 5)
    made = shown(stage, details=False)
    stage.press(made.table, Key.Key_PageDown, Shift)
    assert made.selection.number == 12
    monkeypatch.setattr(keyset, "PAGES_KEPT", 1)
    made.model._let_go()
    assert len(made.selection.rows()) < 12
    assert len(made.selection.ids() or ()) == 12


def test_columns_are_ticked_moved_sized_and_sorted_by_with_the_keyboard(stage: Stage) -> None:
    made = shown(stage)
    made.show_column_keys(["name", "level", "city"])
    stage.settle()
    popup = made.actions_of_list.arrange_columns()
    stage.settle()
    assert has_keyboard(popup.list)
    assert popup.list.item(0).text() == "Name (rising)"
    stage.press(popup.list, Key.Key_Down)
    stage.press(popup.list, Key.Key_Down)
    stage.press(popup.list, Key.Key_Up, Alt)
    assert made.column_keys() == ["name", "city", "level"]
    before = made.table.widths().get("city", 0)
    stage.press(popup.list, Key.Key_Right, Alt)
    stage.press(popup.list, Key.Key_Right, Alt)
    assert made.table.widths()["city"] > before
    stage.press(popup.list, Key.Key_Space)
    assert made.column_keys() == ["name", "level"]
    stage.press(popup.list, Key.Key_Space)
    assert made.column_keys() == ["name", "level", "city"]
    stage.press(popup.list, Key.Key_Home)
    stage.press(popup.list, Key.Key_Return)
    assert names(made)[0] == "Demo 11"
    assert popup.list.item(0).text() == "Name (falling)"
    stage.press(popup.list, Key.Key_Escape)
    assert not made.actions_of_list.arrange_columns().isHidden()


def test_a_saved_view_takes_up_what_is_shown_now_and_undo_gives_the_former_back(stage: Stage) -> None:
    made = shown(stage)
    made.show_column_keys(["name", "city"])
    stage.settle()
    made.tabs.saved.emit("Towns")
    stage.settle()

    def kept() -> tuple[str, ...]:
        return saved_views.views_of(stage.app.replica, "customer")[0].definition.columns

    assert made.tabs.more_button.isVisible()
    made.show_column_keys(["name", "level", "city"])
    stage.settle()
    assert made.column_keys() == ["name", "level", "city"], "a saved view's columns can be changed"
    assert kept() == ("name", "city"), "until it is told to keep them"
    menu = made.tabs.menu_of(made.view.key)
    assert menu is not None
    menu.actions()[0].trigger()
    stage.settle()
    assert kept() == ("name", "level", "city")
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert kept() == ("name", "city")
    made.show_column_keys(())
    stage.settle()
    usual = [column.key for column in made.all_columns().values() if column.shown and not column.fixed]
    assert made.column_keys() == usual, "the usual columns, not those the list was left with"
    made.show_column_keys(["name", "city"])
    stage.settle()
    made.choose_view("all")
    stage.settle()
    assert made.column_keys() == ["name", "city"], "and what was tried in the view is its own"
    assert not made.tabs.more_button.isVisible()
