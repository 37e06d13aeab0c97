"""Stage by stage: how much is in each, and what part of it counts."""

from __future__ import annotations

from crm_core.charts.bars import fitting, words_of
from crm_core.charts.chart import Chart, Number, Role, Series
from crm_core.charts.drawing import Box, rectangle
from crm_core.charts.scale import share
from crm_core.charts.sheet import RADIUS, Entry, Sheet, solid

_PITCH, _BAR, _LEGEND_GAP = 32, 20, 16


def funnel(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw a bar a stage: the part over all, what is written beside after it, the value at the right."""
    plain, part, beside = chart.plain[0], chart.of(Role.PART), chart.of(Role.BESIDE)
    entries = _legend(sheet, chart)
    high = sheet.legend_height(area.width, entries)
    legend = high + sheet.px(_LEGEND_GAP) if entries else 0
    shown, rows = fitting(sheet, chart, area.inset(bottom=legend))
    pitch = min(float(sheet.px(_PITCH)), rows.height / len(shown))
    thick = min(sheet.px(_BAR), max(4, round(pitch * 0.62)))
    names = [sheet.say(category.label) for category in chart.categories]
    values = [sheet.number(value or 0, chart.form) for value in plain.values]
    asides = [_aside(sheet, chart, beside, place) for place in range(len(names))]
    labels = min(sheet.width_of(names) + 20, area.width * 0.35)
    amounts, counts = sheet.width_of(values) + 1, sheet.width_of(asides) + 1
    room = max(8.0, area.width - labels - amounts - counts - 26)
    top = max((value or 0 for value in plain.values), default=0)
    for place, category in enumerate(shown):
        row = Box(area.x, area.y + pitch * place, area.width, pitch)
        value: Number = plain.values[place] or 0
        whole = max(1, round(room * share(value, 0, top))) if value > 0 else 0
        bar = Box(round(area.x + labels), round(row.center.y - thick / 2), whole, thick)
        if whole:
            sheet.fill(rectangle(bar, RADIUS), "ramp4" if part else "ramp1")
        counted = None if part is None else part.values[place]
        if whole and counted and counted > 0:
            over = min(round(room * share(counted, 0, top)), whole)
            sheet.fill(rectangle(Box(bar.x, bar.y, over, thick), RADIUS if over > 2 else 0), "ramp1")
        sheet.write(Box(row.x, row.y, labels - 8, pitch), names[place])
        sheet.write(Box(bar.right + 9, row.y, counts, pitch), asides[place], color="text-soft")
        sheet.write(Box(row.right - amounts, row.y, amounts, pitch), values[place], align="right")
        sheet.mark(
            category.key,
            words_of(sheet, chart, place, None),
            rectangle(row.inset(top=1, bottom=1)),
            ring=rectangle(Box(bar.x, bar.y, max(bar.width, 4), thick), RADIUS),
            series=0,
            category=place,
        )
    if entries:
        foot = min(area.y + pitch * len(shown) + sheet.px(12), area.bottom - high)
        foot = area.bottom - high if len(shown) < len(chart.categories) else foot
        sheet.legend(Box(area.x, foot, area.width, high), entries)


def _aside(sheet: Sheet, chart: Chart, beside: Series | None, place: int) -> str:
    if beside is None or beside.values[place] is None:
        return ""
    return sheet.number(beside.values[place], chart.form_of(beside))


def _legend(sheet: Sheet, chart: Chart) -> list[Entry]:
    """Return what a bar and its part come to in all; nothing where there is no part."""
    part = chart.of(Role.PART)
    if part is None:
        return []

    def entry(label: str, values: tuple[Number | None, ...], color: str) -> Entry:
        total = sheet.number(sum(value or 0 for value in values), chart.form)
        return Entry(sheet.words.tr("{label} {amount}", label=label, amount=total), solid(color))

    plain = chart.plain[0]
    return [
        entry(sheet.say(part.label), part.values, "ramp1"),
        entry(sheet.say(plain.label), plain.values, "ramp4"),
    ]
