"""Cells that are darker the more there is: by weekday and hour, and by province of China."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.charts.chart import Chart, Number
from crm_core.charts.drawing import Box, Shape, rectangle
from crm_core.charts.provinces import COLUMNS, ROWS, TILES, short_name, sign
from crm_core.charts.sheet import RADIUS, Sheet
from crm_core.schema.code_lists import CodeList, entries

_RAMP = 5
_LABELS = 26
_LARGEST_ROW = 29
_NUMBER_ROOM = 11
_TILE_LINE = 15
_WIDEST = 1.8
"""How many times wider than high a province may be."""


def heat_map(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw a row a series and a column a category, with the numbers where there is room."""
    rows = chart.plain
    names = [sheet.say(row.label) for row in rows]
    left = min(sheet.width_of(names) + 8, area.width * 0.35)
    below = sheet.px(_LABELS)
    width = (area.width - left) / len(chart.categories)
    height = min((area.height - below) / len(rows), float(sheet.px(_LARGEST_ROW)))
    most = max((value for row in rows for value in row.values if value is not None), default=0)
    for number, row in enumerate(rows):
        y = area.y + height * number
        sheet.write(Box(area.x, y, left - 8, height), names[number], color="text-soft", align="right")
        for place, value in enumerate(row.values):
            x = area.x + left + width * place
            gap = 1 if width > 6 and height > 6 else 0
            cell = Box(
                round(x) + gap,
                round(y) + gap,
                max(1.0, round(x + width) - round(x) - 2 * gap),
                max(1.0, round(y + height) - round(y) - 2 * gap),
            )
            step = _step(value, most)
            corner = min(RADIUS, cell.width / 4, cell.height / 4)  # narrow cells would look like pills
            sheet.fill(rectangle(cell, corner), f"ramp{step}")
            if value:
                _count(sheet, chart, cell, number, place, step)
    foot = area.y + height * len(rows) + 2
    labels = [sheet.say(each.label) for each in chart.categories]
    middles = [area.x + left + width * (place + 0.5) for place in range(len(labels))]
    sheet.axis_labels(Box(area.x, foot, area.width, below - 4), labels, middles, apart=4)


def _count(sheet: Sheet, chart: Chart, cell: Box, number: int, place: int, step: int) -> None:
    row, category = chart.plain[number], chart.categories[place]
    said = sheet.number(row.values[place], chart.form)
    if cell.height >= sheet.px(_NUMBER_ROOM) and sheet.width_of([said]) <= cell.width:
        sheet.write(cell, said, color=_ink(step), align="center")
    where = f"{sheet.say(row.label)}, {sheet.say(category.full)}"
    sheet.mark(
        f"{category.key}/{row.key}",
        sheet.words.tr("{label}: {value}", label=where, value=said),
        rectangle(cell, RADIUS),
        series=chart.series.index(row),
        category=place,
    )


def province_map(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw a tile a province, each about where it lies, the same size for all; the rest is counted below."""
    values = chart.plain[0].values
    known = {each.code: each for each in entries(CodeList.PROVINCE)}
    places = {category.key: place for place, category in enumerate(chart.categories)}
    elsewhere = [place for place, category in enumerate(chart.categories) if category.key not in TILES]
    foot = sheet.px(22) if elsewhere else 0
    high = max(4.0, min((area.height - foot) / ROWS, float(sheet.px(48))))
    wide = max(4.0, min(area.width / COLUMNS, high * _WIDEST))
    left = round(area.center.x - wide * COLUMNS / 2)
    placed = [values[place] for key, place in places.items() if key in TILES]
    most = max((value for value in placed if value is not None), default=0)
    shown = {code: value for code in TILES if code in places and (value := values[places[code]])}
    written = {code: sheet.number(value, chart.form) for code, value in shown.items()}
    names = _tile_names(sheet, written, wide - 2, high - 2)
    for code, (column, line) in TILES.items():
        place, value = places.get(code), shown.get(code)
        x, y = round(left + wide * column), round(area.y + high * line)
        box = Box(
            x + 1, y + 1, round(left + wide * (column + 1)) - x - 2, round(area.y + high * (line + 1)) - y - 2
        )
        step = _step(value, most)
        if value:
            sheet.fill(rectangle(box, 3), f"ramp{step}")
        else:
            sheet.items.append(Shape(outline=rectangle(box, 3), fill="hover", stroke="line", width=1))
        said = written.get(code, "")
        _write_tile(sheet, box, names[code], said, _ink(step) if value else "text-soft")
        if value and place is not None:
            full = known[code].name(sheet.words.language)
            words = sheet.words.tr("{label}: {value}", label=full, value=said)
            sheet.mark(chart.categories[place].key, words, rectangle(box, 3), series=0, category=place)
    if elsewhere:
        _write_elsewhere(sheet, chart, Box(area.x, area.bottom - foot, area.width, foot), elsewhere)


def _tile_names(sheet: Sheet, written: Mapping[str, str], width: float, height: float) -> dict[str, str]:
    """Return what the tiles are called: by short names, or all by their signs where values would not fit."""
    short, signs = ({code: call(code, sheet.words.language) for code in TILES} for call in (short_name, sign))
    room = {
        code: 0.0 if height >= 2 * sheet.px(_TILE_LINE) else _beside(sheet, said)
        for code, said in written.items()
    }
    fits = all(sheet.width_of([name]) + room.get(code, 0.0) <= width for code, name in short.items())
    return short if fits else signs


def _beside(sheet: Sheet, said: str) -> float:
    """Return the room a value takes beside the name of its province."""
    return sheet.width_of([said], 600) + 6


def _write_tile(sheet: Sheet, box: Box, name: str, said: str, ink: str) -> None:
    """Write name and value below one another, or beside where that fits, or as much as does."""
    names, values = sheet.width_of([name]), sheet.width_of([said], 600)
    line = sheet.px(_TILE_LINE)
    if said and box.height >= 2 * line and values <= box.width:
        top = box.y + (box.height - 2 * line) / 2
        sheet.write(Box(box.x, top, box.width, line), name, color=ink, align="center")
        sheet.write(Box(box.x, top + line, box.width, line), said, color=ink, align="center", weight=600)
    elif said and names + _beside(sheet, said) <= box.width:
        inner = box.inset(left=2, right=2)
        sheet.write(inner, name, color=ink)
        sheet.write(inner, said, color=ink, align="right", weight=600)
    elif names <= box.width + 2:
        sheet.write(box, name, color=ink, align="center")


def _write_elsewhere(sheet: Sheet, chart: Chart, line: Box, places: list[int]) -> None:
    """Write what lies in no province, each with its value, as far as the line reaches."""
    x = line.x
    for place in places:
        category, value = chart.categories[place], chart.plain[0].values[place]
        if not value:
            continue
        said = sheet.words.tr(
            "{label}: {value}", label=sheet.say(category.full), value=sheet.number(value, chart.form)
        )
        width = sheet.width_of([said]) + 2
        if x > line.x and x + width > line.right:
            return
        box = Box(x, line.y, min(width, line.right - x), line.height)
        sheet.write(box, said, color="text-soft")
        sheet.mark(category.key, said, rectangle(box), series=0, category=place)
        x += width + sheet.px(16)


def _step(value: Number | None, most: Number) -> int:
    """Return the step of the ramp, 5 for the weakest; nothing is the weakest too."""
    if value is None or value <= 0 or most <= 0:
        return _RAMP
    return max(1, _RAMP - min(_RAMP - 1, int(value * _RAMP / most)))


def _ink(step: int) -> str:
    return "on-accent" if step <= 2 else "text"
