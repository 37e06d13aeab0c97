"""Table rows show what they are: hovered, selected, with focus, deleted; and every kind of cell."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QColor, QImage, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

from crm_core.i18n import message
from crm_core.money import Money
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.cells import CellKind, CellStatus, Role, alignment
from crm_desktop.ui.widgets.glyphs import Glyph, NextStep
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.rows import dress, set_density

VALUES: dict[CellKind, object] = {
    CellKind.TEXT: "Tin Kettle Marine",
    CellKind.STRONG: "Tin Kettle Marine",
    CellKind.SOFT: "Plymouth",
    CellKind.RIGHT: "21 Nov",
    CellKind.FIGURE: Decimal("12.5"),
    CellKind.MONEY: Money(12_800_000, "CNY"),
    CellKind.GLYPH: Glyph.CONFLICT,
    CellKind.LEVEL: "A",
    CellKind.TAGS: ("marine", "key account", "spares", "pumps"),
    CellKind.NEXT_STEP: NextStep(glyph=Glyph.OVERDUE, text=message("Overdue")),
    CellKind.ICON: "ticket",
    CellKind.STATUS: CellStatus(text="Paid", tone=Tone.GOOD),
    CellKind.BAR: Decimal("0.4"),
}


def table(qtbot: QtBot, rows: int, kinds: list[CellKind], values: list[object]) -> QTableView:
    """Return a shown table whose rows all hold the same values."""
    view = QTableView()
    qtbot.addWidget(view)
    model = QStandardItemModel(rows, len(kinds), view)
    for row in range(rows):
        for column, value in enumerate(values):
            item = QStandardItem(value if isinstance(value, str) else "")
            item.setData(value, Role.VALUE)
            model.setItem(row, column, item)
    view.setModel(model)
    view.delegate = dress(view, kinds)
    view.resize(120 * len(kinds), 32 * rows + 60)
    view.show()
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow, timeout=2000)
    return view


def picture(view: QTableView) -> QImage:
    """Return what the rows look like now."""
    QApplication.processEvents()
    return view.viewport().grab().toImage()


def ground(view: QTableView, row: int) -> QColor:
    """Return the colour near the right end of a row, where no text stands."""
    area = view.visualRect(view.model().index(row, view.model().columnCount() - 1))
    ratio = view.devicePixelRatioF()
    return picture(view).pixelColor(int((area.right() - 4) * ratio), int((area.top() + 5) * ratio))


@pytest.mark.parametrize("kind", CellKind)
def test_every_kind_of_cell_paints_its_value_and_bears_to_have_none(
    look: QApplication, qtbot: QtBot, kind: CellKind
) -> None:
    full = picture(table(qtbot, 1, [kind], [VALUES[kind]]))
    empty = picture(table(qtbot, 1, [kind], [None]))
    assert full != empty


def test_rows_are_told_apart_by_hover_and_selection(look: QApplication, qtbot: QtBot) -> None:
    view = table(qtbot, 3, [CellKind.TEXT, CellKind.TEXT], ["a", "b"])
    assert ground(view, 1).name() == theme().color("surface").name()
    qtbot.mouseMove(view.viewport(), view.visualRect(view.model().index(1, 0)).center())
    qtbot.waitUntil(lambda: view.delegate.hovered_row == 1, timeout=2000)
    assert ground(view, 1).name() == theme().color("hover").name()
    view.selectRow(2)
    qtbot.waitUntil(lambda: ground(view, 2).name() == theme().color("accent-soft").name(), timeout=2000)
    assert ground(view, 0).name() == theme().color("surface").name()


def test_the_row_with_focus_wears_a_frame_from_end_to_end(look: QApplication, qtbot: QtBot) -> None:
    view = table(qtbot, 3, [CellKind.TEXT, CellKind.TEXT], ["a", "b"])
    view.setFocus()
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().setCurrentIndex(view.model().index(1, 0), flags.NoUpdate)
    accent = theme().color("accent").name()
    rows = [view.visualRect(view.model().index(1, column)) for column in (0, 1)]
    corners = [rows[0].topLeft(), rows[1].topRight(), rows[0].bottomLeft(), rows[1].bottomRight()]

    def framed() -> bool:
        image, ratio = picture(view), view.devicePixelRatioF()
        return all(image.pixelColor(corner * ratio).name() == accent for corner in corners)

    qtbot.waitUntil(framed, timeout=2000)
    view.clearFocus()
    assert not framed()


def test_a_deleted_row_is_struck_through(look: QApplication, qtbot: QtBot) -> None:
    view = table(qtbot, 1, [CellKind.TEXT], ["Wren Hill Dairy"])
    alive = picture(view)
    view.model().item(0, 0).setData(True, Role.DELETED)
    assert picture(view) != alive


def test_figures_stand_right_and_words_left() -> None:
    assert alignment(CellKind.MONEY) & Qt.AlignmentFlag.AlignRight
    assert alignment(CellKind.TAGS) & Qt.AlignmentFlag.AlignLeft


def test_density_follows_choice_and_font_scale(look: QApplication, qtbot: QtBot) -> None:
    view = table(qtbot, 2, [CellKind.TEXT], ["a"])
    assert view.rowHeight(0) == 32
    set_density(view, compact=True)
    assert view.rowHeight(0) == 26


def test_a_theme_switched_under_a_table_repaints_it(look: QApplication, qtbot: QtBot) -> None:
    view = table(qtbot, 1, [CellKind.TEXT], ["a"])
    theme().apply(look, "dark")
    assert ground(view, 0).name() == theme().color("surface").name()
    assert theme().dark


def test_a_table_closed_under_the_mouse_leaves_nothing_behind(look: QApplication, qtbot: QtBot) -> None:
    view = table(qtbot, 2, [CellKind.TEXT], ["a"])
    qtbot.mouseMove(view.viewport(), QPoint(10, 10))
    view.close()
    view.deleteLater()
    QApplication.processEvents()
    theme().apply(look, "dark")
    assert theme().dark
