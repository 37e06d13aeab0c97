"""One large figure with how it stands and where it came from; and the values as a table."""

from __future__ import annotations

from decimal import Decimal

from crm_core.charts.chart import Chart, Role, Unit, latest
from crm_core.charts.drawing import Box, Point, rectangle
from crm_core.charts.judging import draw_state, state_words
from crm_core.charts.scale import axis
from crm_core.charts.sheet import FIGURE, TITLE, Sheet
from crm_core.charts.told import change_words, rows_of
from crm_core.charts.words import share_of

_LINE = 24
ROW = 24


def figure(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw the value, its share of the target, its state, what it was before, and its way as a small line."""
    series = chart.plain[0]
    value, target = latest(series), chart.of(Role.TARGET)
    goal = None if target is None else latest(target)
    said = sheet.number(value, chart.form_of(series))
    size = FIGURE if sheet.width_of([said], 600, FIGURE) <= area.width else TITLE
    line = Box(area.x, area.y, area.width, sheet.px(34))
    sheet.write(line, said, size=size, weight=600)
    words = [said]
    if goal and value is not None and chart.form_of(series).unit is not Unit.PERCENT:
        reached = share_of(value, goal)
        x = area.x + sheet.width_of([said], 600, size) + sheet.px(8)
        aside = Box(x, line.y + sheet.px(6), max(0.0, area.right - x), sheet.px(22))
        sheet.write(aside, reached, weight=600)
        words.append(reached)
    y = line.bottom + sheet.px(4)
    x = area.x
    if value is not None and chart.bands:
        x = draw_state(sheet, chart, value, Box(area.x, y, area.width, sheet.px(22))) + sheet.px(8)
        words.append(state_words(sheet, chart, value))
    remarks = [each for each in (_goal_words(sheet, chart), change_words(chart, sheet.words)) if each]
    for number, remark in enumerate(remarks):
        if number and x + sheet.width_of([remark]) > area.right:
            x, y = area.x, y + sheet.px(_LINE)
        if y + sheet.px(20) > area.bottom:
            break
        sheet.write(Box(x, y, max(0.0, area.right - x), sheet.px(22)), remark, color="text-soft")
        x += sheet.width_of([remark]) + sheet.px(12)
    words += remarks
    y += sheet.px(_LINE) + sheet.px(6)
    known = [(place, each) for place, each in enumerate(series.values) if each is not None]
    if len(known) > 1 and area.bottom - y >= sheet.px(16):
        _small_line(sheet, known, Box(area.x, y, area.width, area.bottom - y))
    label = sheet.say(series.label) or sheet.say(chart.title)
    told = sheet.words.tr("{label}: {value}", label=label, value=", ".join(words))
    place = len(chart.categories) - 1
    sheet.mark(chart.categories[place].key, told, rectangle(area, 4), series=0, category=place)


def _goal_words(sheet: Sheet, chart: Chart) -> str:
    target = chart.of(Role.TARGET)
    goal = None if target is None else latest(target)
    if target is None or goal is None:
        return ""
    return sheet.words.tr("of {target}", target=sheet.number(goal, chart.form_of(target)))


def _small_line(sheet: Sheet, known: list[tuple[int, Decimal | int]], area: Box) -> None:
    scale = axis([value for _, value in known])
    last = known[-1][0] or 1
    inner = area.inset(left=4, right=4, top=4, bottom=4)
    points = [
        Point(inner.x + inner.width * place / last, inner.bottom - inner.height * scale.share(value))
        for place, value in known
    ]
    sheet.line(points, "ramp1")
    sheet.point(points[-1], "ramp1")


def table(sheet: Sheet, chart: Chart, area: Box) -> None:
    """Draw head and rows, as many as there is room for; how many more there are stands below."""
    head, *rows = rows_of(chart, sheet.words)
    row_height = sheet.px(ROW)
    fit = max(1, int(area.height // row_height) - 1)
    more = len(rows) - fit
    kept = rows[: max(1, fit - 1)] if more > 0 else rows
    wanted = [sheet.width_of([row[place] for row in [head, *kept]], 600) + 16 for place in range(len(head))]
    spare = area.width - sum(wanted)
    if spare >= 0:
        wanted[0] += spare
    else:
        room = max(area.width * 0.3, wanted[0] + spare)
        rest = sum(wanted[1:]) or 1.0
        wanted = [room, *(width * max(0.0, area.width - room) / rest for width in wanted[1:])]
    for number, row in enumerate([head, *kept]):
        y, x = area.y + row_height * number, area.x
        for place, said in enumerate(row):
            cell = Box(x, y, max(0.0, wanted[place] - (0 if place == len(row) - 1 else 8)), row_height)
            color = "text-soft" if number == 0 else "text"
            sheet.write(cell, said, color=color, align="right" if place else "left")
            x += wanted[place]
        sheet.fill(rectangle(Box(area.x, y + row_height - 1, area.width, 1)), "line")
        if number:
            category = chart.categories[number - 1]
            words = ", ".join(part for part in row if part)
            reach = rectangle(Box(area.x, y, area.width, row_height - 1))
            sheet.mark(category.key, words, reach, category=number - 1)
    if more > 0:
        said = sheet.words.tr("and {count} more, see the table", count=len(rows) - len(kept))
        y = area.y + row_height * (len(kept) + 1)
        sheet.write(Box(area.x, y, area.width, row_height), said, color="text-soft")
