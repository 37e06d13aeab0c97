"""From a chart and a size to what back ends draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from crm_core.charts.bars import lying, standing
from crm_core.charts.cells import heat_map, province_map
from crm_core.charts.chart import Chart, Kind
from crm_core.charts.drawing import Box, Drawing
from crm_core.charts.figures import figure, table
from crm_core.charts.funnel import funnel
from crm_core.charts.lines import lines
from crm_core.charts.rounds import gauge, pie
from crm_core.charts.sheet import SECTION, Metrics, Sheet
from crm_core.charts.told import summary
from crm_core.charts.words import Words

_HEAD, _LINE, _GAP = 30, 17, 6
_MOST_LINES = 3


def _bars(sheet: Sheet, chart: Chart, area: Box) -> None:
    (lying if chart.lying else standing)(sheet, chart, area)


_KINDS: Mapping[Kind, Callable[[Sheet, Chart, Box], None]] = MappingProxyType(
    {
        Kind.FIGURE: figure,
        Kind.BAR: _bars,
        Kind.LINE: lines,
        Kind.PIE: pie,
        Kind.FUNNEL: funnel,
        Kind.GAUGE: gauge,
        Kind.HEAT_MAP: heat_map,
        Kind.MAP: province_map,
        Kind.TABLE: table,
    }
)


def layout(
    chart: Chart,
    width: float,
    height: float,
    metrics: Metrics,
    words: Words,
    *,
    scale: float = 1.0,
    headed: bool = False,
) -> Drawing:
    """Return a chart drawn at a size, in pixels; with its title and subtitle above it where `headed`.

    A chart without values says so; its note stands at the foot in any case.
    """
    sheet = Sheet(metrics, words, scale)
    area = Box(0, 0, max(width, 1.0), max(height, 1.0))
    if headed:
        area = _write_head(sheet, chart, area)
    area = _write_note(sheet, chart, area)
    if chart.is_empty:
        sheet.write(area, words.show(chart.empty), color="text-soft", align="center")
    else:
        _KINDS[_drawn_as(chart)](sheet, chart, area)
    return Drawing(
        width=width,
        height=height,
        items=tuple(sheet.items),
        marks=tuple(sheet.marks),
        title=words.show(chart.title),
        summary=summary(chart, words),
    )


def _drawn_as(chart: Chart) -> Kind:
    """Return the kind it is drawn as: what is below zero is no part of a ring, but has a bar."""
    values = chart.plain[0].values if chart.plain else ()
    is_ring = chart.kind is Kind.PIE
    return Kind.BAR if is_ring and any(value is not None and value < 0 for value in values) else chart.kind


def _write_head(sheet: Sheet, chart: Chart, area: Box) -> Box:
    line = sheet.px(22)
    subtitle = sheet.say(chart.subtitle)
    aside = min(sheet.width_of([subtitle]) + (12 if subtitle else 0), area.width * 0.5)
    head = Box(area.x, area.y, area.width - aside, line)
    sheet.write(head, sheet.say(chart.title), size=SECTION, weight=600)
    sheet.write(Box(area.right - aside, area.y, aside, line), subtitle, color="text-soft", align="right")
    return area.inset(top=sheet.px(_HEAD))


def _write_note(sheet: Sheet, chart: Chart, area: Box) -> Box:
    note = sheet.say(chart.note)
    line = sheet.px(_LINE)
    if not note or area.height < 6 * line:
        return area
    found = wrapped(sheet, note, area.width)
    if len(found) > _MOST_LINES:
        found = [*found[: _MOST_LINES - 1], sheet.fitted(" ".join(found[_MOST_LINES - 1 :]), area.width)]
    top = area.bottom - line * len(found)
    for number, text in enumerate(found):
        sheet.write(Box(area.x, top + line * number, area.width, line), text, color="text-soft")
    return area.inset(bottom=line * len(found) + sheet.px(_GAP))


def wrapped(sheet: Sheet, text: str, width: float) -> list[str]:
    """Return a text in lines that fit a width: broken at blanks, and between Chinese characters."""
    lines = [""]
    for piece in _pieces(text):
        if sheet.width_of([(lines[-1] + piece).rstrip()]) > width and lines[-1].strip():
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [line.strip() for line in lines if line.strip()]


def _pieces(text: str) -> list[str]:
    """Return where a line may break: words with the blank before them, Chinese characters one by one."""
    pieces: list[str] = []
    for character in text:
        wide = ord(character) >= 0x2E80
        before = pieces[-1][-1] if pieces else ""
        # No line begins with a closing mark (GB/T 15834).
        closes = character in "，。、；：？！）》”’"
        begins = (
            not pieces or character == " " or (wide and not closes) or (ord(before) >= 0x2E80 and not closes)
        )
        if begins:
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces
