"""Red, yellow, green: where a value stands against its bands, in a word, a shape and a colour."""

from __future__ import annotations

from decimal import Decimal

from crm_core.charts.chart import Chart, Number, Tone
from crm_core.charts.drawing import Box, Point, Shape, circle, polygon, rectangle
from crm_core.charts.scale import axis
from crm_core.charts.sheet import Sheet

_CHIP = 22
_PAD, _ICON, _GAP = 8, 12, 6


def state_words(sheet: Sheet, chart: Chart, value: Number) -> str:
    """Return how a value is judged, nothing where the chart judges none."""
    band = chart.band_of(value)
    return "" if band is None else sheet.say(band.label)


def limits(chart: Chart, value: Number, goal: Number | None) -> tuple[Number, Number]:
    """Return the ends of a gauge: round, with zero, the value, its target and every band inside."""
    every: list[Number] = [Decimal(0), value, *(band.since for band in chart.bands)]
    if goal is not None:
        every.append(goal)
    scale = axis(every)
    low, high = min(scale.low, *scale.lines), max(scale.high, *scale.lines)
    if chart.bands and high == chart.bands[-1].since:
        high = Decimal(high) * Decimal("1.1")  # the last band could not be seen
    return low, high


def draw_state(sheet: Sheet, chart: Chart, value: Number, box: Box, *, centered: bool = False) -> float:
    """Draw the state as a chip with a shape of its own for each tone; return where it ends."""
    band = chart.band_of(value)
    if band is None:
        return box.x
    said = sheet.say(band.label)
    pad, side, gap = sheet.px(_PAD), sheet.px(_ICON), sheet.px(_GAP)
    shaped = band.tone is not Tone.NEUTRAL
    inner = side + gap if shaped else 0
    width = min(sheet.width_of([said]) + 1 + 2 * pad + inner, box.width)
    x = round(box.center.x - width / 2) if centered else box.x
    chip = Box(x, box.y, width, min(box.height, sheet.px(_CHIP)))
    ground, ink = ("hover", "text") if not shaped else (f"{band.tone.value}-soft", band.tone.value)
    sheet.fill(rectangle(chip, 4), ground)
    if shaped:
        _draw_shape(sheet, band.tone, Box(chip.x + pad, chip.center.y - side / 2, side, side), ink)
    sheet.write(Box(chip.x + pad + inner, chip.y, width - 2 * pad - inner + 1, chip.height), said, color=ink)
    return chip.right


def _draw_shape(sheet: Sheet, tone: Tone, box: Box, ink: str) -> None:
    """Draw a tick for good, a clock for late, a triangle with a bar for bad."""
    x, y, side, middle = box.x, box.y, box.width, box.center
    if tone is Tone.GOOD:
        tick = [
            Point(x + side * 0.1, y + side * 0.55),
            Point(x + side * 0.4, y + side * 0.82),
            Point(x + side * 0.92, y + side * 0.2),
        ]
        sheet.line(tick, ink, 1.6)
    elif tone is Tone.WARN:
        sheet.items.append(Shape(outline=circle(middle, side * 0.44), stroke=ink, width=1.5))
        hands = [Point(middle.x, y + side * 0.25), middle, Point(x + side * 0.7, y + side * 0.62)]
        sheet.line(hands, ink, 1.3)
    else:
        top, left = Point(middle.x, y + side * 0.06), Point(x + side * 0.02, y + side * 0.92)
        right = Point(x + side * 0.98, y + side * 0.92)
        sheet.items.append(Shape(outline=polygon([top, right, left]), stroke=ink, width=1.5))
        sheet.line([Point(middle.x, y + side * 0.36), Point(middle.x, y + side * 0.62)], ink, 1.4)
        sheet.fill(circle(Point(middle.x, y + side * 0.76), 0.9), ink)
