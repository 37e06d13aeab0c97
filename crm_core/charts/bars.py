"""Bars: standing over time, lying by owner or region; one series, or several beside or on one another."""

from __future__ import annotations

from decimal import Decimal

from crm_core.charts.chart import Category, Chart, Number, Role, Series
from crm_core.charts.drawing import Box, Outline, bounds, rectangle
from crm_core.charts.scale import Axis, axis, share
from crm_core.charts.sheet import RADIUS, Entry, Sheet, hatched, of_series, solid, ticked

_LEGEND, _LABELS, _TOP = 32, 22, 10
_BAR, _SHARE, _VALUE = 16, 0.6, 18
"""A standing bar: its usual width, and how much of its column it may take."""
_FEW = 8
"""Fewer standing bars carry their values; from here on there is an axis."""
_PITCH, _LYING, _THIN = 32, 20, 12
_LEAST_PITCH = 16
_GAP = 1


def standing(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw bars that stand: plain series, what is expected on top, the target as a tick."""
    few = len(chart.categories) * (1 if chart.stacked else len(chart.plain)) < _FEW
    scale = axis(_heights(chart))
    labels = [sheet.number(line, chart.form) for line in scale.lines]
    entries = _legend(sheet, chart)
    below = sheet.legend_height(area.width, entries) + sheet.px(12) if entries else 0
    top = sheet.px(18 if few else _TOP)
    left = 0.0 if few else sheet.width_of(labels) + 10
    plot = area.inset(left=left, top=top, bottom=below + sheet.px(_LABELS))
    plot = Box(plot.x, plot.y, plot.width, max(20.0, round(plot.bottom) - plot.y))
    if few:
        sheet.fill(rectangle(Box(plot.x, _y(plot, scale, 0), plot.width, 1)), "line")
    else:
        sheet.grid(plot, scale, labels, area.x)
    pitch = plot.width / len(chart.categories)
    names = [sheet.say(each.label) for each in chart.categories]
    for place in range(len(names)):
        column = Box(plot.x + pitch * place, plot.y, pitch, plot.height)
        _column(sheet, chart, column, place, scale, valued=few)
    current = {place for place, category in enumerate(chart.categories) if category.current}
    middles = [plot.x + pitch * (place + 0.5) for place in range(len(names))]
    line = Box(area.x, plot.bottom + 4, area.width, sheet.px(_LABELS) - 4)
    sheet.axis_labels(line, names, middles, current=current)
    if entries:
        sheet.legend(Box(area.x, area.bottom - below + sheet.px(8), area.width, below), entries)


def _column(sheet: Sheet, chart: Chart, column: Box, place: int, scale: Axis, *, valued: bool) -> None:
    """Draw the bars of one category."""
    plain = chart.plain
    across = 1 if chart.stacked else max(1, len(plain))
    room = column.width * _SHARE if across == 1 else column.width * 0.8
    usual = sheet.px(_BAR if not valued else 28)
    width = max(2.0, min(float(usual), float(round(room / across))))
    left = round(column.center.x - width * across / 2)
    up: Number = 0
    down: Number = 0
    for number, series in enumerate(plain):
        value = series.values[place]
        if value is None:
            continue
        begin = (up if value >= 0 else down) if chart.stacked else Decimal(0)
        end = Decimal(begin) + value
        if value >= 0:
            up = end
        else:
            down = end
        x = left if chart.stacked else left + width * number
        bar = _bar(column, scale, x, width - (_GAP if across > 1 else 0), begin, end)
        shape = rectangle(bar, RADIUS, foot=value < 0) if not chart.stacked else rectangle(bar)
        if len(plain) > 1:
            sheet.fill_series(shape, number)
        else:
            sheet.fill(shape, "ramp1")
        if valued and (not chart.stacked or number == len(plain) - 1):
            expected = _value(chart.of(Role.EXPECTED), place) if len(plain) == 1 else None
            top = bar.y if expected is None else min(bar.y, _y(column, scale, expected))
            tick = _value(chart.of(Role.TARGET), place)
            if tick is not None:
                top = _clear_of(_y(column, scale, tick), top, sheet.px(_VALUE))
            _write_value(sheet, chart, Box(bar.x, top, bar.width, 0), end, column.width / across + 8)
        if len(plain) > 1:
            _mark(sheet, chart, place, number, shape)
    if len(plain) == 1:
        _only(sheet, chart, column, place, scale, left, width)
    tick = _value(chart.of(Role.TARGET), place)
    if tick is not None:
        y = _y(column, scale, tick)
        sheet.fill(rectangle(Box(left - 3, y - 1, width * across + 6, 2)), "text")


def _clear_of(tick: float, top: float, height: float) -> float:
    """Return where what stands on `top` begins instead, so that a tick does not go through its words."""
    return tick - 2 if top - height <= tick <= top else top


def _write_value(sheet: Sheet, chart: Chart, bar: Box, value: Number, room: float) -> None:
    """Write what a bar comes to above it, where it does not run into its neighbour."""
    shown = sheet.number(value, chart.form)
    wide = max(sheet.width_of([shown]) + 2, bar.width)
    if wide <= room:
        above = Box(bar.center.x - wide / 2, bar.y - sheet.px(_VALUE), wide, sheet.px(_VALUE - 1))
        sheet.write(above, shown, align="center")


def _only(
    sheet: Sheet, chart: Chart, column: Box, place: int, scale: Axis, left: float, width: float
) -> None:
    """Draw what is expected above the bar of the one series, and make one mark of both."""
    value = chart.plain[0].values[place] or 0
    expected = _value(chart.of(Role.EXPECTED), place)
    reach = _bar(column, scale, left, width, 0, value)
    if expected is not None and expected > value:
        above = _bar(column, scale, left, width, value, expected)
        sheet.hatch(rectangle(above.inset(0.5, 0.5, 0.5, 0.5 if value else -0.5)), edge=True)
        reach = Box(left, above.y, width, reach.bottom - above.y)
    if reach.height < 1:
        reach = Box(left, reach.bottom - 4, width, 4)
    _mark(sheet, chart, place, None, rectangle(reach))


def _bar(column: Box, scale: Axis, x: float, width: float, begin: Number, end: Number) -> Box:
    first, last = _y(column, scale, begin), _y(column, scale, end)
    return Box(x, min(first, last), max(1.0, width), abs(first - last))


def _y(plot: Box, scale: Axis, value: Number) -> float:
    return float(round(plot.bottom - plot.height * scale.share(value)))


def lying(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw bars that lie, a row each with its value at the end; what does not fit is counted below."""
    plain = chart.plain
    several = len(plain) > 1
    if several:
        entries = [Entry(sheet.say(each.label), of_series(place)) for place, each in enumerate(plain)]
        area = area.inset(top=sheet.legend(area, entries) + sheet.px(8))
    shown, area = fitting(sheet, chart, area)
    pitch = min(float(sheet.px(_PITCH)), area.height / len(shown))
    labels = min(sheet.width_of([sheet.say(each.label) for each in shown]) + 14, area.width * 0.4)
    ends = [_end(sheet, chart, place) for place in range(len(shown))]
    beside = [_beside(sheet, chart, place) for place in range(len(shown))]
    end, aside = sheet.width_of(ends) + 9, sheet.width_of(beside)
    aside += 10 if aside else 0
    room = max(8.0, area.width - labels - end - aside)
    low, high = _span(chart)
    for place, category in enumerate(shown):
        row = Box(area.x, area.y + pitch * place, area.width, pitch)
        sheet.write(Box(row.x, row.y, labels - 8, pitch), sheet.say(category.label))
        track = Box(round(area.x + labels), row.y, room, pitch)
        if several and not chart.stacked:
            last = _grouped(sheet, chart, track, place, low, high)
        else:
            last = _stack(sheet, chart, track, row, place, low, high)
        sheet.write(Box(last + 7, row.y, end, pitch), ends[place])
        if aside:
            sheet.write(
                Box(row.right - aside, row.y, aside, pitch), beside[place], color="text-soft", align="right"
            )


def fitting(sheet: Sheet, chart: Chart, area: Box) -> tuple[tuple[Category, ...], Box]:
    """Return the categories there is room for one below the other; below them how many more there are."""
    fit = max(1, int(area.height // sheet.px(_LEAST_PITCH)))
    if len(chart.categories) <= fit:
        return chart.categories, area
    kept = chart.categories[: max(1, fit - 1)]
    line = sheet.px(_LEAST_PITCH)
    more = sheet.words.tr("and {count} more, see the table", count=len(chart.categories) - len(kept))
    sheet.write(Box(area.x, area.bottom - line, area.width, line), more, color="text-soft")
    return kept, area.inset(bottom=line)


def _stack(sheet: Sheet, chart: Chart, track: Box, row: Box, place: int, low: Number, high: Number) -> float:
    """Draw one row's pieces one after the other; return where they end."""
    plain = chart.plain
    several = len(plain) > 1
    thick = min(sheet.px(_LYING if several else _THIN), max(4, round(track.height * 0.62)))
    y = round(track.center.y - thick / 2)
    x = before = track.x + track.width * share(0, low, high)
    total: Number = 0
    for number, series in enumerate(plain):
        value = series.values[place] or 0
        total = Decimal(total) + value
        x = round(track.x + track.width * share(total, low, high))
        gap = _GAP if number < len(plain) - 1 else 0
        box = Box(min(before, x), y, max(abs(x - before) - gap, 0), thick)
        if several:
            sheet.fill_series(rectangle(box), number)
            if value:
                _mark(sheet, chart, place, number, rectangle(box))
        else:
            sheet.fill(rectangle(box, RADIUS), "ramp2")
            _part(sheet, chart, place, box)
            ring = rectangle(Box(box.x, y, max(box.width, 4), thick), RADIUS)
            reach = rectangle(Box(row.x, row.y + 1, row.width, row.height - 2), 3)
            _mark(sheet, chart, place, None, reach, ring)
        before = x
    tick = _value(chart.of(Role.TARGET), place)
    if tick is not None:
        at = round(track.x + track.width * share(tick, low, high))
        sheet.fill(rectangle(Box(at - 1, y - 3, 2, thick + 6)), "text")
    return max(x, track.x + track.width * share(0, low, high))


def _part(sheet: Sheet, chart: Chart, place: int, box: Box) -> None:
    """Draw what part of a row counts over it."""
    value, whole = _value(chart.of(Role.PART), place), chart.plain[0].values[place]
    if value and whole:
        part = box.width * share(value, 0, whole)
        sheet.fill(rectangle(Box(box.x, box.y, round(part), box.height), RADIUS), "ramp1")


def _grouped(sheet: Sheet, chart: Chart, track: Box, place: int, low: Number, high: Number) -> float:
    """Draw one row's bars below one another; return where the longest ends."""
    count = len(chart.plain)
    thick = max(2, min(sheet.px(_THIN), round(track.height * 0.8 / count)))
    top = round(track.center.y - thick * count / 2)
    zero = track.x + track.width * share(0, low, high)
    last = zero
    for number, series in enumerate(chart.plain):
        value = series.values[place]
        if value is None:
            continue
        x = round(track.x + track.width * share(value, low, high))
        box = Box(min(zero, x), top + thick * number, abs(x - zero), max(1, thick - _GAP))
        sheet.fill_series(rectangle(box), number)
        if value:
            reach = Box(box.x, box.y, max(box.width, 3), box.height)
            _mark(sheet, chart, place, number, rectangle(reach))
        last = max(last, x)
    return last


def _mark(
    sheet: Sheet, chart: Chart, place: int, number: int | None, area: Outline, ring: Outline = ()
) -> None:
    category = chart.categories[place]
    series = chart.plain[number or 0]
    key = category.key if number is None else f"{category.key}/{series.key}"
    if bounds(area).width <= 0:
        return
    sheet.mark(
        key,
        words_of(sheet, chart, place, number),
        area,
        ring=ring,
        series=chart.series.index(series),
        category=place,
    )


def words_of(sheet: Sheet, chart: Chart, place: int, number: int | None) -> str:
    """Return what a bar says: its category, its series where there are several, and every value of it."""
    category = chart.categories[place]
    if number is not None:
        series = chart.plain[number]
        label = f"{sheet.say(category.full)}, {sheet.say(series.label)}"
        return sheet.words.tr(
            "{label}: {value}", label=label, value=sheet.number(series.values[place], chart.form_of(series))
        )
    said = sheet.words.tr(
        "{label}: {value}",
        label=sheet.say(category.full),
        value=sheet.number(chart.plain[0].values[place], chart.form_of(chart.plain[0])),
    )
    for series in chart.series:
        value = series.values[place]
        if series.role is not Role.PLAIN and value is not None:
            more = f"{sheet.say(series.label)} {sheet.number(value, chart.form_of(series))}"
            said = sheet.words.tr("{said}, {more}", said=said, more=more)
    return said


def _end(sheet: Sheet, chart: Chart, place: int) -> str:
    """Return what stands at the end of a row: what its plain series come to, or the largest of several."""
    values = [each.values[place] or 0 for each in chart.plain]
    several = len(values) > 1 and not chart.stacked
    return "" if several else sheet.number(sum(values, Decimal(0)), chart.form)


def _beside(sheet: Sheet, chart: Chart, place: int) -> str:
    series = chart.of(Role.BESIDE)
    if series is None or series.values[place] is None:
        return ""
    return sheet.number(series.values[place], chart.form_of(series))


def _value(series: Series | None, place: int) -> Number | None:
    return None if series is None else series.values[place]


def _span(chart: Chart) -> tuple[Number, Number]:
    """Return the least and the largest end of a row, zero among them."""
    ends = [Decimal(0), *map(Decimal, _heights(chart))]
    return min(ends), max(ends)


def _heights(chart: Chart) -> list[Number]:
    """Return every value a bar reaches."""
    found: list[Number] = [
        value
        for each in chart.series
        if each.role in (Role.EXPECTED, Role.TARGET) or (each.role is Role.PLAIN and not chart.stacked)
        for value in each.values
        if value is not None
    ]
    if chart.stacked:
        for place in range(len(chart.categories)):
            values = [each.values[place] or 0 for each in chart.plain]
            found.append(sum((value for value in values if value > 0), Decimal(0)))
            found.append(sum((value for value in values if value < 0), Decimal(0)))
    return found


def _legend(sheet: Sheet, chart: Chart) -> list[Entry]:
    """Return what is explained: several series, and what stands beside one."""
    plain = chart.plain
    entries = [Entry(sheet.say(each.label), of_series(place)) for place, each in enumerate(plain)]
    expected, target = chart.of(Role.EXPECTED), chart.of(Role.TARGET)
    if len(plain) == 1:
        entries = [Entry(sheet.say(plain[0].label), solid("ramp1"))] if expected or target else []
    if expected is not None:
        entries.append(Entry(sheet.say(expected.label), hatched))
    if target is not None:
        entries.append(Entry(sheet.say(target.label), ticked))
    return entries
