"""Charts paint whatever they are given, are walked by keys, and say themselves in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from crm_core.charts.chart import Chart, Kind
from crm_desktop.ui.charts.chart_view import ChartView
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from tests.support import charts

MAKERS = [pytest.param(make, id=name) for name, make in charts.MAKERS.items()]
MANY = [
    pytest.param(make, id=name) for name, make in charts.MAKERS.items() if name not in ("figure", "gauge")
]
"""Those with a part for each value."""
APART = [pytest.param(make, id=name) for name, make in charts.MAKERS.items() if name != "many_lines"]
"""Those whose parts do not lie on one another."""
Make = Callable[[int], Chart]


def shown(qtbot: QtBot, chart: QWidget, width: int = 400, height: int = 240) -> QWidget:
    """Return the chart shown at a size in a window, painted once."""
    window = QWidget()
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(window)
    chart.setParent(window)
    chart.kept = window  # qtbot holds it weakly
    chart.setGeometry(0, 0, width, height)
    window.resize(width, height)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=2000)
    window.setFocus()
    chart.grab()
    return window


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("count", [0, 1, 90])
@pytest.mark.parametrize(("width", "height"), [(20, 20), (400, 240)])
def test_a_chart_paints_none_one_some_and_too_many_at_any_size(
    look: QApplication, qtbot: QtBot, make: Make, count: int, width: int, height: int
) -> None:
    chart = ChartView(make(count))
    shown(qtbot, chart, width, height)
    assert chart.is_empty() == (count == 0)
    assert bool(chart.parts()) == (count > 0)
    assert chart.accessibleDescription()


@pytest.mark.parametrize("make", MAKERS)
def test_a_chart_without_values_says_so_and_ignores_keys(
    look: QApplication, qtbot: QtBot, make: Make
) -> None:
    chart = ChartView(make(0))
    shown(qtbot, chart)
    assert chart.accessibleDescription() == "Nothing to show yet"
    with qtbot.assertNotEmitted(chart.part_clicked):
        qtbot.keyClick(chart, Qt.Key.Key_Right)
        qtbot.keyClick(chart, Qt.Key.Key_Return)
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("make", APART)
def test_a_click_on_a_part_tells_its_key(look: QApplication, qtbot: QtBot, make: Make) -> None:
    chart = ChartView(make(4))
    shown(qtbot, chart)
    for part in chart.parts():
        inside = [
            point
            for point in (part.shape.pointAtPercent(0.0), *_inside(part.shape))
            if chart.part_at(point) == part
        ]
        assert inside, part.key
        with qtbot.waitSignal(chart.part_clicked, timeout=1000) as told:
            qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=inside[-1].toPoint())
        assert told.args == [part.key]


def _inside(shape: QPainterPath) -> list[QPointF]:
    """Return points strewn over a shape's box."""
    box = shape.boundingRect()
    steps = [0.1, 0.3, 0.5, 0.7, 0.9]
    return [
        QPointF(round(box.left() + box.width() * x), round(box.top() + box.height() * y))
        for x in steps
        for y in steps
    ]


@pytest.mark.parametrize("make", MANY)
def test_arrow_keys_walk_the_parts_and_enter_clicks(look: QApplication, qtbot: QtBot, make: Make) -> None:
    chart = ChartView(make(4))
    shown(qtbot, chart)
    chart.setFocus()
    parts = chart.parts()
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    with qtbot.waitSignal(chart.part_clicked, timeout=1000) as told:
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert told.args == [parts[1].key]
    assert chart.accessibleDescription() == parts[1].words
    qtbot.keyClick(chart, Qt.Key.Key_End)
    for _ in range(3):
        qtbot.keyClick(chart, Qt.Key.Key_Down)
    with qtbot.waitSignal(chart.part_clicked, timeout=1000) as told:
        qtbot.keyClick(chart, Qt.Key.Key_Space)
    assert told.args == [parts[-1].key]
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    with qtbot.waitSignal(chart.part_clicked, timeout=1000) as told:
        qtbot.keyClick(chart, Qt.Key.Key_Enter)
    assert told.args == [parts[0].key]


@pytest.mark.parametrize("make", MANY)
def test_focus_is_seen_on_a_part(look: QApplication, qtbot: QtBot, make: Make) -> None:
    chart = ChartView(make(4))
    shown(qtbot, chart)
    chart.setFocus()
    first = chart.grab().toImage()
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    second = chart.grab().toImage()
    chart.window().setFocus()
    assert not chart.hasFocus()
    rest = chart.grab().toImage()
    assert len({_bytes(picture) for picture in (first, second, rest)}) == 3


def _bytes(picture: QImage) -> bytes:
    """Return the pixels of a picture."""
    return bytes(picture.constBits())


@pytest.mark.parametrize("make", MAKERS)
def test_the_table_holds_a_row_for_all_that_is_drawn(look: QApplication, qtbot: QtBot, make: Make) -> None:
    chart = ChartView(make(4))
    qtbot.addWidget(chart)
    rows = chart.as_table()
    assert len(rows) == (6 if chart.chart.kind is Kind.HEAT_MAP else 5)
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("make", MAKERS)
def test_a_chart_follows_language_and_theme(look: QApplication, qtbot: QtBot, make: Make) -> None:
    chart = ChartView(make(4))
    shown(qtbot, chart)
    light, english = chart.grab().toImage(), chart.accessibleDescription()
    theme().apply(look, "dark")
    assert chart.grab().toImage() != light
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: chart.accessibleDescription() != english, timeout=2000)


def test_a_chart_prints_by_the_same_code(look: QApplication, qtbot: QtBot) -> None:
    chart = ChartView(charts.funnel(5))
    qtbot.addWidget(chart)
    image = QImage(800, 400, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    parts = chart.draw(painter, QRectF(0, 0, 800, 400))
    painter.end()
    assert [part.key for part in parts] == [f"k{n}" for n in range(5)]


def test_hovering_says_what_a_part_is(look: QApplication, qtbot: QtBot) -> None:
    chart = ChartView(charts.funnel(3))
    shown(qtbot, chart)
    spot = chart.parts()[1].shape.boundingRect().center().toPoint()
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, spot, chart.mapToGlobal(spot)))
    assert QToolTip.text() == "Qualified: 450,000, Weighted 150,000, Deals 39"
    QToolTip.hideText()
