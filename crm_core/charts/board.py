"""Charts put side by side on pages: a dashboard as it is printed or kept as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm_core.charts.chart import Chart, Text
from crm_core.charts.drawing import Box, Drawing, Point, Shape, Writing, moved, rectangle
from crm_core.charts.figures import ROW
from crm_core.charts.layout import layout
from crm_core.charts.sheet import TITLE, Metrics, Sheet
from crm_core.charts.words import Words

MARGIN, GAP, PADDING = 24, 16, 16
FIGURE_HEIGHT, CHART_HEIGHT = 124, 292
"""Of a tile, before the reader's font scale."""
_HEAD = 48
_HEADED, _NOTED = 30, 80
"""What the title of a table takes, and at most what is noted below it."""
FIRST_AT = _HEAD + 8
"""Where the first row of tiles begins."""
_TWELVE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A chart in a grid of twelve columns; `fault` is said in its place where there is none."""

    title: Text
    row: int
    column: int
    span: int
    tall: bool
    height: int = 0
    """Its own, where it is neither a figure's nor a chart's."""
    chart: Chart | None = None
    fault: Text = ""


def cut_table(chart: Chart, first: int, room: int) -> list[tuple[Chart, int]]:
    """Return a table as several, each with its tile's height: at most `first` the first, `room` the others.

    What is noted below it stands below the last.
    """
    made: list[tuple[Chart, int]] = []
    begin, high = 0, first
    around = 2 * PADDING + _HEADED + (_NOTED if chart.note else 0)
    while True:
        most = max(1, (high - around) // ROW - 1)
        end = begin + most
        is_last = end >= len(chart.categories)
        series = tuple(replace(each, values=each.values[begin:end]) for each in chart.series)
        part = replace(
            chart,
            categories=chart.categories[begin:end],
            series=series,
            note=chart.note if is_last else "",
        )
        rows = len(part.categories)
        made.append((part, around + ROW * (max(1, rows) + 1)))
        if is_last:
            return made
        begin, high = end, room


def pages(
    tiles: Sequence[Placed],
    heading: Text,
    remark: Text,
    width: float,
    metrics: Metrics,
    words: Words,
    *,
    height: float | None = None,
) -> tuple[Drawing, ...]:
    """Return the tiles drawn row by row under their heading, on pages of at most `height` where it is given.

    A row that does not fit a page any more begins the next.
    """
    made: list[Drawing] = []
    page = _Page(heading, remark, width, metrics, words)
    for row in sorted({tile.row for tile in tiles}):
        of_row = [tile for tile in tiles if tile.row == row]
        tall = max(tile.height or (CHART_HEIGHT if tile.tall else FIGURE_HEIGHT) for tile in of_row)
        if height is not None and page.filled and page.y + tall + MARGIN > height:
            made.append(page.drawing())
            page = _Page(heading, remark, width, metrics, words)
        page.add(of_row, tall)
    return (*made, page.drawing())


class _Page:
    def __init__(self, heading: Text, remark: Text, width: float, metrics: Metrics, words: Words) -> None:
        self._width, self._metrics, self._words = width, metrics, words
        self._title, self._summary = words.show(heading), ""
        sheet = Sheet(metrics, words)
        head = Box(MARGIN, MARGIN - 8, width - 2 * MARGIN, 32)
        wide = min(sheet.width_of([self._title], 600, TITLE) + 12, head.width)
        sheet.write(head, self._title, size=TITLE, weight=600)
        aside = Box(head.x + wide, head.y + 2, head.width - wide, head.height)
        sheet.write(aside, words.show(remark), color="text-soft")
        self._items: list[Shape | Writing] = list(sheet.items)
        self.y = float(FIRST_AT)
        self.filled = False

    def add(self, tiles: Sequence[Placed], height: int) -> None:
        """Draw a row of tiles."""
        column = (self._width - 2 * MARGIN + GAP) / _TWELVE
        for tile in tiles:
            box = Box(MARGIN + column * tile.column, self.y, column * tile.span - GAP, height)
            self._items.append(Shape(outline=rectangle(box, 6), fill="surface", stroke="line"))
            inner = box.inset(PADDING, PADDING, PADDING, PADDING)
            self._items += moved(self._tile(tile, inner), Point(inner.x, inner.y))
        self.y += height + GAP
        self.filled = True

    def drawing(self) -> Drawing:
        """Return the page as it is."""
        return Drawing(
            width=self._width,
            height=self.y - GAP + MARGIN,
            items=tuple(self._items),
            title=self._title,
            summary=self._summary,
        )

    def _tile(self, tile: Placed, box: Box) -> Drawing:
        if tile.chart is not None:
            drawn = layout(tile.chart, box.width, box.height, self._metrics, self._words, headed=True)
            said = f"{drawn.title}: {drawn.summary}"
            self._summary = f"{self._summary}. {said}" if self._summary else said
            return drawn
        sheet = Sheet(self._metrics, self._words)
        sheet.write(Box(0, 0, box.width, 22), self._words.show(tile.title), size=15, weight=600)
        middle = Box(0, 22, box.width, box.height - 22)
        sheet.write(middle, self._words.show(tile.fault), color="text-soft", align="center")
        return Drawing(width=box.width, height=box.height, items=tuple(sheet.items))
