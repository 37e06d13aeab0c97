"""Charts paint whatever they are given, are walked by keys, and say themselves in words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.ui.charts.bar_months import BarMonths
from crm_desktop.ui.charts.chart import Chart
from crm_desktop.ui.charts.donut import MOST, OTHER, Donut
from crm_desktop.ui.charts.figure_tile import FigureTile
from crm_desktop.ui.charts.funnel import Funnel
from crm_desktop.ui.charts.heat_map import HeatMap
from crm_desktop.ui.charts.horizontal_bars import HorizontalBars
from crm_desktop.ui.charts.line_chart import LineChart
from crm_desktop.ui.charts.scale import axis
from crm_desktop.ui.charts.values import (
    Bar,
    Figure,
    Forecast,
    Line,
    MonthBar,
    Running,
    Series,
    Slice,
    StageBar,
)
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.paint import Tone


def months(count: int) -> BarMonths:
    return BarMonths(
        "Won by month",
        [
            MonthBar(
                key=f"m{n}", label=f"M{n}", won=100 + n, target=120, forecast=200 if n == count - 1 else None
            )
            for n in range(count)
        ],
    )


def funnel(count: int) -> Funnel:
    return Funnel(
        "My pipeline",
        [
            StageBar(key=f"s{n}", label=f"Stage {n}", count=n + 1, amount=1000 * (n + 1), weighted=300)
            for n in range(count)
        ],
    )


def bars(count: int) -> HorizontalBars:
    return HorizontalBars(
        "By owner", [Bar(key=f"b{n}", label=f"Owner {n}", values=(n + 1,)) for n in range(count)]
    )


def stacked(count: int) -> HorizontalBars:
    series = [Series(key="x", label="Meters"), Series(key="y", label="Valves")]
    return HorizontalBars(
        "By region", [Bar(key=f"b{n}", label=f"Region {n}", values=(n + 1, 2)) for n in range(count)], series
    )


def lines(count: int) -> LineChart:
    if not count:
        return LineChart("Won")
    points, before = tuple(Decimal(n) for n in range(count)), tuple(range(9, 9 + count))
    return LineChart(
        "Won",
        [f"M{n}" for n in range(count)],
        [
            Line(key="now", label="2026", points=points),
            Line(key="then", label="2025", points=before, dashed=True),
        ],
        running=Running(place=count - 1, value=1, text="1 so far"),
    )


def donut(count: int) -> Donut:
    return Donut("By product", [Slice(key=f"d{n}", label=f"Product {n}", value=n + 1) for n in range(count)])


def heat(count: int) -> HeatMap:
    rows = ["Mon"] if count else []
    return HeatMap(
        "Visits", rows, [str(n) for n in range(count)], [list(range(1, count + 1))] if count else []
    )


MAKERS: list[Callable[[int], Chart]] = [months, funnel, bars, stacked, lines, donut, heat]


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
@pytest.mark.parametrize("count", [0, 1, 5, 90])
@pytest.mark.parametrize(("width", "height"), [(20, 20), (400, 240), (3000, 60)])
def test_a_chart_paints_none_one_some_and_too_many_at_any_size(
    look: QApplication, qtbot: QtBot, make: Callable[[int], Chart], count: int, width: int, height: int
) -> None:
    chart = make(count)
    shown(qtbot, chart, width, height)
    assert chart.is_empty() == (count == 0)
    assert bool(chart.parts()) == (count > 0)
    assert chart.accessibleDescription()


@pytest.mark.parametrize("make", MAKERS)
def test_a_chart_without_values_says_so_and_ignores_keys(
    look: QApplication, qtbot: QtBot, make: Callable[[int], Chart]
) -> None:
    chart = make(0)
    shown(qtbot, chart)
    assert chart.accessibleDescription() == "Nothing to show yet"
    with qtbot.assertNotEmitted(chart.part_clicked):
        qtbot.keyClick(chart, Qt.Key.Key_Right)
        qtbot.keyClick(chart, Qt.Key.Key_Return)
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("make", MAKERS)
def test_a_click_on_a_part_tells_its_key(
    look: QApplication, qtbot: QtBot, make: Callable[[int], Chart]
) -> None:
    chart = make(4)
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


@pytest.mark.parametrize("make", MAKERS)
def test_arrow_keys_walk_the_parts_and_enter_clicks(
    look: QApplication, qtbot: QtBot, make: Callable[[int], Chart]
) -> None:
    chart = make(4)
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


@pytest.mark.parametrize("make", MAKERS)
def test_focus_is_seen_on_a_part(look: QApplication, qtbot: QtBot, make: Callable[[int], Chart]) -> None:
    chart = make(4)
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
def test_the_table_holds_a_row_for_all_that_is_drawn(
    look: QApplication, qtbot: QtBot, make: Callable[[int], Chart]
) -> None:
    chart = make(4)
    qtbot.addWidget(chart)
    rows = chart.as_table()
    assert len(rows) == (2 if isinstance(chart, HeatMap) else 5)
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("make", MAKERS)
def test_a_chart_follows_language_and_theme(
    look: QApplication, qtbot: QtBot, make: Callable[[int], Chart]
) -> None:
    chart = make(4)
    shown(qtbot, chart)
    light, english = chart.grab().toImage(), chart.accessibleDescription()
    theme().apply(look, "dark")
    assert chart.grab().toImage() != light
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: chart.accessibleDescription() != english, timeout=2000)


def test_a_chart_prints_by_the_same_code(look: QApplication, qtbot: QtBot) -> None:
    chart = funnel(5)
    qtbot.addWidget(chart)
    image = QImage(800, 400, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    parts = chart.draw(painter, QRectF(0, 0, 800, 400))
    painter.end()
    assert [part.key for part in parts] == [f"s{n}" for n in range(5)]


def test_more_than_six_slices_become_five_and_the_rest(look: QApplication, qtbot: QtBot) -> None:
    chart = donut(9)
    shown(qtbot, chart)
    assert [part.key for part in chart.parts()] == ["d8", "d7", "d6", "d5", "d4", OTHER]
    assert len(chart.parts()) == MOST
    assert chart.as_table()[-1] == ("Other", "10", "22 %")


def test_slices_of_nothing_are_left_out(look: QApplication, qtbot: QtBot) -> None:
    chart = Donut("x", [Slice(key="a", label="A", value=5), Slice(key="b", label="B", value=0)])
    shown(qtbot, chart)
    assert [part.key for part in chart.parts()] == ["a"]


def test_a_forecast_starts_after_the_last_point_of_the_first_line(look: QApplication, qtbot: QtBot) -> None:
    chart = LineChart(
        "Won",
        ["Sep", "Oct", "Nov", "Dec"],
        [Line(key="now", label="2026", points=(600, 550, None, None))],
        forecast=Forecast(label="forecast, 80 % range", points=(520, 470), low=(450, 350), high=(585, 600)),
    )
    shown(qtbot, chart)
    assert [row[2] for row in chart.as_table()] == ["forecast, 80 % range", "—", "—", "520", "470"]


def test_values_and_labels_that_do_not_match_are_refused(look: QApplication) -> None:
    with pytest.raises(ValueError, match="2 points for 1 labels"):
        LineChart("x", ["Jan"], [Line(key="a", label="A", points=(1, 2))])
    with pytest.raises(ValueError, match="1 values for 2 series"):
        HorizontalBars(
            "x",
            [Bar(key="a", label="A", values=(1,))],
            [Series(key="x", label="X"), Series(key="y", label="Y")],
        )
    with pytest.raises(ValueError, match="not 1 rows of 2"):
        HeatMap("x", ["Mon"], ["9", "10"], [[1]])


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([], [0, 1]),
        ([0], [0, 1]),
        ([601], [0, 200, 400, 600]),
        ([670], [0, 250, 500, 750]),
        ([1], [0, 0.5, 1]),
        ([-40, 100], [-50, 0, 50, 100]),
        ([2_140_000], [0, 1_000_000, 2_000_000, 3_000_000]),
    ],
)
def test_grids_have_at_most_four_round_lines_with_zero_among_them(
    values: list[int], lines: list[float]
) -> None:
    scale = axis(values)
    assert [float(line) for line in scale.lines] == lines
    assert all(0 <= scale.share(value) <= 1 for value in values)


def test_a_figure_tile_opens_what_is_behind_it(look: QApplication, qtbot: QtBot) -> None:
    tile = FigureTile(
        Figure(
            key="won",
            label="Won",
            figure="920,000",
            aside="56 %",
            state="Behind",
            tone=Tone.WARN,
            remark="of 1",
        )
    )
    shown(qtbot, tile)
    assert tile.accessibleName() == "Won: 920,000, 56 %, Behind, of 1"
    for act in (
        lambda: qtbot.mouseClick(tile, Qt.MouseButton.LeftButton),
        lambda: qtbot.keyClick(tile, Qt.Key.Key_Return),
    ):
        with qtbot.waitSignal(tile.part_clicked, timeout=1000) as told:
            act()
        assert told.args == ["won"]


def test_hovering_says_what_a_part_is(look: QApplication, qtbot: QtBot) -> None:
    chart = funnel(3)
    shown(qtbot, chart)
    spot = chart.parts()[1].shape.boundingRect().center().toPoint()
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, spot, chart.mapToGlobal(spot)))
    assert QToolTip.text() == "Stage 1: 2 deals, 2,000, 300 weighted"
    QToolTip.hideText()
