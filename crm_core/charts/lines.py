"""Lines over periods: this year against last, what is expected, a period that still runs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, pairwise

from crm_core.charts import patterns
from crm_core.charts.chart import Chart, Number, Role, Series
from crm_core.charts.drawing import Box, Point, circle, polygon
from crm_core.charts.scale import axis
from crm_core.charts.sheet import Entry, Sheet, hatched, of_line

_REACH = 9.0
_TOP, _LABELS, _LEGEND = 20, 24, 8
_DASHED = (4.0, 4.0)
_EXPECTED = (5.0, 4.0)
At = Callable[[int, Number], Point]


def lines(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw a line a series; the first carries its highest value, and the forecast goes on from it."""
    entries = _legend(sheet, chart)
    legend = sheet.legend(area, entries) if entries else 0.0
    scale = axis(_every_value(chart))
    words = [sheet.number(line, chart.form) for line in scale.lines]
    left = sheet.width_of(words) + 12
    plot = area.inset(left=left, top=legend + sheet.px(_TOP), bottom=sheet.px(_LABELS))
    plot = Box(plot.x, plot.y, plot.width, max(20.0, round(plot.bottom) - plot.y))
    sheet.grid(plot, scale, words, area.x)
    inner = plot.inset(left=14, right=14)
    count = len(chart.categories)

    def at(place: int, value: Number) -> Point:
        step = inner.width / max(count - 1, 1)
        x = inner.x + step * place if count > 1 else inner.center.x
        return Point(x, plot.bottom - plot.height * scale.share(value))

    _write_labels(sheet, chart, plot, area.x, at)
    _draw_interval(sheet, chart, at)
    marks = len(sheet.marks)
    for place, series in reversed(list(enumerate(_shown(chart)))):
        drawn = sheet.marks[marks:]
        del sheet.marks[marks:]
        _draw_line(sheet, chart, place, series, at)
        sheet.marks += drawn
    _draw_running(sheet, chart, plot, at)


def _shown(chart: Chart) -> list[Series]:
    """Return the series that are lines, the plain ones first."""
    return [*chart.plain, *(each for each in chart.series if each.role in (Role.EARLIER, Role.TARGET))]


def _dashes(series: Series) -> tuple[float, ...]:
    return () if series.role is Role.PLAIN else _DASHED


def _color(place: int, series: Series) -> str:
    """Return the colour of a line; one to compare with takes the text's."""
    return patterns.color_of(place) if series.role is Role.PLAIN else "text"


def _draw_line(sheet: Sheet, chart: Chart, number: int, series: Series, at: At) -> None:
    color, dashes = _color(number, series), _dashes(series)
    points = [
        (place, at(place, value), value) for place, value in enumerate(series.values) if value is not None
    ]
    for _, run in groupby(enumerate(points), key=lambda item: item[1][0] - item[0]):
        sheet.line([point for _, (_, point, _) in run], color, dashes=dashes)
    crowded = any(after.x - before.x < _REACH for (_, before, _), (_, after, _) in pairwise(points))
    for place, point, value in points:
        category = chart.categories[place]
        if not dashes and not crowded:
            sheet.point(point, color)
        label = f"{sheet.say(category.full)}, {sheet.say(series.label)}"
        said = sheet.number(value, chart.form_of(series))
        key = category.key if series.role is Role.PLAIN and len(chart.plain) == 1 else None
        sheet.mark(
            key or f"{category.key}/{series.key}",
            sheet.words.tr("{label}: {value}", label=label, value=said),
            circle(point, _REACH),
            series=chart.series.index(series),
            category=place,
        )
    if number == 0 and len(points) > 1 and len(chart.plain) == 1:
        _, point, value = max(points, key=lambda found: found[2])
        shown = sheet.number(value, chart.form_of(series))
        width = sheet.width_of([shown], 600) + 2
        above = Box(point.x - width / 2, point.y - sheet.px(23), width, sheet.px(18))
        sheet.write(above, shown, weight=600, align="center")


def _draw_interval(sheet: Sheet, chart: Chart, at: At) -> None:
    """Draw what is expected: the range hatched, its middle dashed, both from the last known point on."""
    interval = chart.interval
    if interval is None:
        return
    first = next((place for place, value in enumerate(interval.middle) if value is not None), None)
    if first is None:
        return
    start = [
        (place, value)
        for place, value in enumerate(chart.plain[0].values if chart.plain else ())
        if value is not None and place < first
    ][-1:]
    ahead = [at(place, value) for place, value in start]
    high = ahead + [at(place, value) for place, value in enumerate(interval.high) if value is not None]
    low = ahead + [at(place, value) for place, value in enumerate(interval.low) if value is not None]
    middle = ahead + [at(place, value) for place, value in enumerate(interval.middle) if value is not None]
    if len(high) > 1 and len(low) > 1:
        sheet.hatch(polygon(high + low[::-1]))
    sheet.line(middle, "chart1", dashes=_EXPECTED)


def _draw_running(sheet: Sheet, chart: Chart, plot: Box, at: At) -> None:
    """Draw the value of the period that runs apart from the line, with its words below."""
    running = chart.of(Role.RUNNING)
    if running is None:
        return
    for place, value in enumerate(running.values):
        if value is None:
            continue
        point = at(place, value)
        sheet.point(point, "chart1")
        said = f"{sheet.number(value, chart.form_of(running))} {sheet.say(running.label)}"
        width = min(sheet.width_of([said]) + 2, plot.width)
        x = min(max(point.x - width / 2, plot.x), max(plot.x, plot.right - width))
        taken = [at(place, there).y - point.y for there in _at_place(chart, place)]
        low = point.y + sheet.px(25) > plot.bottom or any(0 < way < sheet.px(25) for way in taken)
        above = low and not any(-sheet.px(25) < way < 0 for way in taken)
        y = point.y - sheet.px(25) if above else point.y + 7
        sheet.write(Box(x, y, width, sheet.px(18)), said, align="center")
        category = chart.categories[place]
        key = f"{category.key}/{running.key}"
        label = sheet.say(category.full)
        sheet.mark(
            key,
            sheet.words.tr("{label}: {value}", label=label, value=said),
            circle(point, _REACH),
            series=chart.series.index(running),
            category=place,
        )


def _at_place(chart: Chart, place: int) -> list[Number]:
    """Return what lines have at a place: words beside it had better not lie on them."""
    values = [each.values[place] for each in _shown(chart)]
    if chart.interval is not None:
        values += [chart.interval.middle[place], chart.interval.low[place]]
    return [value for value in values if value is not None]


def _write_labels(sheet: Sheet, chart: Chart, plot: Box, left: float, at: At) -> None:
    labels = [sheet.say(each.label) for each in chart.categories]
    line = Box(left, plot.bottom + 4, plot.right + 4 - left, sheet.px(_LABELS) - 4)
    sheet.axis_labels(line, labels, [at(place, 0).x for place in range(len(labels))], apart=8)


def _every_value(chart: Chart) -> list[Number]:
    values = [
        value
        for each in chart.series
        if each.role not in (Role.BESIDE, Role.PART)
        for value in each.values
        if value is not None
    ]
    if chart.interval is not None:
        for row in (chart.interval.middle, chart.interval.low, chart.interval.high):
            values += [value for value in row if value is not None]
    return values


def _legend(sheet: Sheet, chart: Chart) -> list[Entry]:
    shown = _shown(chart)
    if len(shown) < 2 and chart.interval is None:
        return []
    entries = [
        Entry(sheet.say(each.label), of_line(_color(place, each), _dashes(each)))
        for place, each in enumerate(shown)
    ]
    if chart.interval is not None:
        entries.append(Entry(sheet.say(chart.interval.label), hatched))
    return entries
