"""Round charts: parts of a whole as a ring or pie, and one value on a half circle of bands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from crm_core.charts.chart import Chart, Number, Role, latest
from crm_core.charts.drawing import Box, Point, Shape, circle, rectangle, sector
from crm_core.charts.judging import draw_state, limits, state_words
from crm_core.charts.scale import share
from crm_core.charts.sheet import FIGURE, SECTION, TEXT, TITLE, Sheet, of_series
from crm_core.charts.words import share_of
from crm_core.i18n import message

MOST = 6
OTHER = "other"
_HOLE = 0.62
_ENTRY = 24
_LEGEND = 170
_LARGEST = 164
_SMALLEST = 96
"""A ring shrinks so far for the sake of long names beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a whole; `places` are the categories it gathers."""

    key: str
    label: str
    value: Number
    places: tuple[int, ...]


def slices(sheet: Sheet, chart: Chart) -> list[Slice]:
    """Return the parts largest first, those past the fifth as one where there are more than six.

    Parts of nothing, or less, are left out.
    """
    values = chart.plain[0].values if chart.plain else ()
    found = [
        Slice(key=category.key, label=sheet.say(category.full), value=value, places=(place,))
        for place, (category, value) in enumerate(zip(chart.categories, values, strict=True))
        if value is not None and value > 0
    ]
    found.sort(key=lambda each: -each.value)
    if len(found) <= MOST:
        return found
    kept, rest = found[: MOST - 1], found[MOST - 1 :]
    places = tuple(place for each in rest for place in each.places)
    value = sum((Decimal(each.value) for each in rest), Decimal(0))
    return [*kept, Slice(key=OTHER, label=sheet.say(message("Other")), value=value, places=places)]


def pie(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw the parts clockwise from the top, named at the right with their shares."""
    found = slices(sheet, chart)
    whole = sum((Decimal(each.value) for each in found), Decimal(0))
    legend = max(min(sheet.px(_LEGEND), area.width * 0.48), _wanted(sheet, area, found, whole))
    side = max(24.0, min(area.height - 4, area.width - legend - 20, sheet.px(_LARGEST)))
    middle = Point(area.x + 2 + side / 2, area.center.y)
    start = 0.0
    shapes = []
    for place, each in enumerate(found):
        part = Decimal(each.value) / whole
        shape = sector(middle, side / 2, side / 2 * _HOLE if chart.ring else 0, start, float(part))
        shapes.append(shape)
        sheet.fill_series(shape, place)
        words = sheet.words.tr(
            "{label}: {value}, {share}",
            label=each.label,
            value=sheet.number(each.value, chart.form),
            share=share_of(each.value, whole),
        )
        only = each.places[0] if len(each.places) == 1 else None
        several = each.places if only is None else ()
        sheet.mark(each.key, words, shape, series=0, category=only, gathered=several)
        start += float(part)
    if len(shapes) > 1:  # a gap of the surface between neighbours
        for shape in shapes:
            sheet.items.append(Shape(outline=shape, stroke="surface", width=2))
    if chart.ring:
        _write_middle(sheet, chart, middle, side * _HOLE - 8, whole)
    left = middle.x + side / 2 + 20
    wide = min(max(legend, sheet.px(_LEGEND)), max(0.0, area.right - left))
    _write_legend(sheet, Box(left, area.y, wide, area.height), found, whole)


def _wanted(sheet: Sheet, area: Box, found: list[Slice], whole: Decimal) -> float:
    """Return how wide a legend without a cut name is, as far as the ring can give way."""
    names = sheet.width_of([each.label for each in found])
    shares = sheet.width_of([share_of(each.value, whole) for each in found])
    return min(sheet.px(14) + 18 + names + shares, area.width - 20 - sheet.px(_SMALLEST))


def _write_middle(sheet: Sheet, chart: Chart, middle: Point, width: float, whole: Decimal) -> None:
    caption = sheet.say(chart.subtitle) or sheet.say(chart.plain[0].label)
    said = sheet.number(whole, chart.form)
    # A smaller whole is a whole; one that is cut off would say another amount.
    sizes = (TITLE, SECTION, TEXT)
    size = next((each for each in sizes if sheet.width_of([said], 600, each) <= width), None)
    if size is None:
        return
    line = sheet.px(26)
    top = middle.y - line / 2 - (sheet.px(8) if caption else 0)
    sheet.write(Box(middle.x - width / 2, top, width, line), said, size=size, weight=600, align="center")
    if caption:
        below = Box(middle.x - width / 2, top + line - 3, width, sheet.px(18))
        sheet.write(below, caption, color="text-soft", align="center")


def _write_legend(sheet: Sheet, area: Box, found: list[Slice], whole: Decimal) -> None:
    entry = min(float(sheet.px(_ENTRY)), area.height / len(found))
    top = area.center.y - entry * len(found) / 2
    shares = [share_of(each.value, whole) for each in found]
    wide = sheet.width_of(shares) + 2
    side = sheet.px(14)
    for place, each in enumerate(found):
        row = Box(area.x, top + entry * place, area.width, entry)
        of_series(place)(sheet, Box(row.x, round(row.center.y - side / 2), side, side))
        name = Box(row.x + side + 8, row.y, max(0.0, row.width - side - 14 - wide), entry)
        sheet.write(name, each.label)
        sheet.write(Box(row.right - wide, row.y, wide, entry), shares[place], align="right")


def gauge(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw a half ring of bands with a pointer at the value, which stands below it with its state."""
    series = chart.plain[0]
    value = latest(series) or 0
    target = chart.of(Role.TARGET)
    goal = None if target is None else latest(target)
    low, high = limits(chart, value, goal)
    state = state_words(sheet, chart, value)
    text = sheet.px(34) + (sheet.px(26) if state else 0) + (sheet.px(20) if goal is not None else 0)
    radius = max(20.0, min((area.width - 2 * sheet.px(40)) / 2, area.height - text - sheet.px(16), 150))
    spare = max(0.0, area.height - text - radius - sheet.px(16))
    middle = Point(area.center.x, area.y + radius + sheet.px(6) + spare / 3)
    inner = radius * 0.72
    _draw_bands(sheet, chart, middle, radius, inner, low, high)
    at = share(value, low, high)
    _draw_pointer(sheet, middle, radius, at)
    if goal is not None:
        place = 0.75 + share(goal, low, high) / 2
        sheet.fill(sector(middle, radius + 5, inner - 5, place - 0.003, 0.006), "text")
    half = sheet.px(9)
    ends = ((low, middle.x - radius), (high, middle.x + radius))
    for bound, x in ends:
        said = sheet.number(bound, chart.form)
        wide = sheet.width_of([said]) + 2
        begin = x + (radius - inner) / 2 * (1 if bound == low else -1) - wide / 2
        sheet.write(Box(begin, middle.y + 4, wide, 2 * half), said, color="text-soft", align="center")
    below = Box(area.x, middle.y + sheet.px(8), area.width, sheet.px(34))
    said = sheet.number(value, chart.form_of(series))
    size = FIGURE if radius > 60 else TITLE
    sheet.write(below, said, size=size, weight=600, align="center")
    y = below.bottom
    if state:
        draw_state(sheet, chart, value, Box(area.x, y, area.width, sheet.px(22)), centered=True)
        y += sheet.px(26)
    words = sheet.words.tr("{label}: {value}", label=sheet.say(series.label), value=said)
    if goal is not None and target is not None:
        aimed = f"{sheet.say(target.label)} {sheet.number(goal, chart.form_of(target))}"
        sheet.write(Box(area.x, y, area.width, sheet.px(18)), aimed, color="text-soft", align="center")
        words = sheet.words.tr("{said}, {more}", said=words, more=aimed)
    if state:
        words = sheet.words.tr("{said}, {more}", said=words, more=state)
    reach = Box(middle.x - radius, middle.y - radius, 2 * radius, radius + text)
    category = chart.categories[-1]
    sheet.mark(category.key, words, rectangle(reach, 4), series=0, category=len(chart.categories) - 1)


def _draw_bands(
    sheet: Sheet, chart: Chart, middle: Point, outer: float, inner: float, low: Number, high: Number
) -> None:
    if not chart.bands:
        sheet.fill(sector(middle, outer, inner, 0.75, 0.5), "ramp5")
        return
    edges = [low, *(band.since for band in chart.bands[1:]), high]
    for place, band in enumerate(chart.bands):
        first, last = share(edges[place], low, high), share(edges[place + 1], low, high)
        if last <= first:
            continue
        color = "ramp5" if band.tone.value == "neutral" else band.tone.value
        shape = sector(middle, outer, inner, 0.75 + first / 2, (last - first) / 2)
        pattern = {"bad": "stripe 45", "warn": "dots"}.get(band.tone.value, "")
        sheet.items.append(Shape(outline=shape, fill=color, pattern=pattern))
        sheet.items.append(Shape(outline=shape, stroke="surface", width=2))


def _draw_pointer(sheet: Sheet, middle: Point, outer: float, at: float) -> None:
    tip = sector(middle, outer + 2, 0, 0.75 + at / 2 - 0.006, 0.012)
    sheet.items.append(Shape(outline=tip, fill="text", stroke="surface", width=1.5))
    sheet.items.append(Shape(outline=circle(middle, 5), fill="text"))
