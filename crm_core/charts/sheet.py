"""The surface a chart is laid out on: gathers shapes, words and marks, and measures words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from crm_core.charts import patterns
from crm_core.charts.chart import Form, Number, Text
from crm_core.charts.drawing import (
    Align,
    Box,
    Mark,
    Outline,
    Point,
    Shape,
    Writing,
    circle,
    polygon,
    rectangle,
)
from crm_core.charts.scale import Axis
from crm_core.charts.words import Words

TEXT, SECTION, TITLE, FIGURE = 12.0, 15.0, 20.0, 28.0
"""Sizes of words, before the reader's font scale."""
RADIUS = 2.0
"""Of the corners of a bar."""
# A line of figures looks centred where its base line lies this share of its size below the middle.
_BASE = 0.36
_LEGEND_LINE = 20.0
_LEGEND_LINES = 3
"""A legend takes more lines only where shorter words do not help."""
_LABEL, _LABELS_APART = 80, 12
"""How wide a label of an axis may be in any column; how far apart they are where only some are written."""


class Metrics(Protocol):
    """Measures words in the face they will be drawn in."""

    def width(self, text: str, size: float, weight: int) -> float:
        """Return how wide a line is, in pixels."""
        ...


Sample = Callable[["Sheet", Box], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a legend: its words and what draws its sample in a box."""

    words: str
    sample: Sample


@dataclass(slots=True)
class Sheet:
    """What a chart is drawn on so far."""

    metrics: Metrics
    words: Words
    scale: float = 1.0
    """The reader's font scale."""
    items: list[Shape | Writing] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def px(self, length: float) -> int:
        """Return a length at the reader's font scale, on whole pixels."""
        return round(length * self.scale)

    def say(self, text: Text) -> str:
        """Return a text in the reader's language."""
        return self.words.show(text)

    def number(self, value: Number | None, form: Form) -> str:
        """Return a value as the reader reads it."""
        return self.words.number(value, form)

    def width_of(self, texts: Iterable[str], weight: int = 400, size: float = TEXT) -> float:
        """Return the width of the widest text."""
        return max((self.metrics.width(text, size * self.scale, weight) for text in texts), default=0.0)

    def fitted(self, text: str, room: float, size: float = TEXT, weight: int = 400) -> str:
        """Return a text cut with an ellipsis where it is wider than the room."""
        if self.width_of([text], weight, size) <= room + 1:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.width_of([text[:middle].rstrip() + "…"], weight, size) <= room + 1
            low, high = (middle, high) if fits else (low, middle - 1)
        return text[:low].rstrip() + "…" if low else ""

    def write(
        self,
        box: Box,
        text: str,
        *,
        color: str = "text",
        align: Align = "left",
        weight: int = 400,
        size: float = TEXT,
    ) -> None:
        """Write one line in the middle of a box's height, cut where it is too wide."""
        shown = self.fitted(text, box.width, size, weight)
        if not shown:
            return
        x = {"left": box.x, "center": box.center.x, "right": box.right}[align]
        base = box.center.y + size * self.scale * _BASE
        self.items.append(
            Writing(
                at=Point(x, base),
                text=shown,
                size=size * self.scale,
                weight=weight,
                color=color,
                align=align,
            )
        )

    def fill(self, outline: Outline, color: str) -> None:
        """Fill an outline with a colour."""
        self.items.append(Shape(outline=outline, fill=color))

    def fill_series(self, outline: Outline, place: int) -> None:
        """Fill an outline with the colour and pattern of a series, counted from 0."""
        self.items.append(
            Shape(outline=outline, fill=patterns.color_of(place), pattern=patterns.name_of(place))
        )

    def hatch(self, outline: Outline, *, edge: bool = False) -> None:
        """Fill an outline with the hatch of a forecast."""
        stroke = "ramp3" if edge else ""
        self.items.append(Shape(outline=outline, pattern=patterns.HATCH, ink="ramp3", stroke=stroke))

    def line(
        self, points: Sequence[Point], color: str, width: float = 2, dashes: tuple[float, ...] = ()
    ) -> None:
        """Draw a line through points."""
        if len(points) > 1:
            self.items.append(
                Shape(outline=polygon(points, closed=False), stroke=color, width=width, dashes=dashes)
            )

    def point(self, at: Point, color: str) -> None:
        """Draw a hollow point of a line."""
        self.items.append(Shape(outline=circle(at, 3.5), fill="surface", stroke=color, width=2))

    def mark(
        self,
        key: str,
        words: str,
        area: Outline,
        *,
        ring: Outline = (),
        series: int | None = None,
        category: int | None = None,
        gathered: tuple[int, ...] = (),
    ) -> None:
        """Add a piece the reader can go to."""
        self.marks.append(
            Mark(
                key=key,
                words=words,
                area=area,
                ring=ring,
                series=series,
                category=category,
                gathered=gathered,
            )
        )

    def legend(self, box: Box, entries: Sequence[Entry]) -> float:
        """Draw a legend from the upper left, in as many lines as it takes; return how high it is.

        Long words are cut where that leaves the chart more room.
        """
        side, gap, line = self.px(12), self.px(6), self.px(_LEGEND_LINE)
        columns = ceil(len(entries) / _LEGEND_LINES)
        whole, part = ((box.width + side) / share - 2 * side - gap for share in (1, max(1, columns)))
        placed = self._flowing(box, entries, max(0.0, whole))
        if placed and placed[-1].y > box.y + line * (_LEGEND_LINES - 1):
            placed = self._flowing(box, entries, max(0.0, part))
        for entry, room in zip(entries, placed, strict=True):
            entry.sample(self, Box(round(room.x), round(room.center.y - side / 2), side, side))
            words = room.inset(left=side + gap)
            self.write(Box(words.x, words.y, words.width + 1, line), entry.words, color="text-soft")
        return placed[-1].bottom - box.y if placed else 0.0

    def _flowing(self, box: Box, entries: Sequence[Entry], most: float) -> list[Box]:
        """Return where entries stand one after the other, none with words wider than `most`."""
        side, gap, line = self.px(12), self.px(6), self.px(_LEGEND_LINE)
        x, y = box.x, box.y
        placed = []
        for entry in entries:
            width = side + gap + min(self.width_of([entry.words]), most)
            if x > box.x and x + width > box.right + 1:
                x, y = box.x, y + line
            placed.append(Box(x, y, width, line))
            x += width + side
        return placed

    def legend_height(self, width: float, entries: Sequence[Entry]) -> float:
        """Return how high a legend will be."""
        return Sheet(self.metrics, self.words, self.scale).legend(Box(0, 0, width, 0), entries)

    def axis_labels(
        self,
        line: Box,
        labels: Sequence[str],
        middles: Sequence[float],
        *,
        apart: float = 2,
        current: Collection[int] = (),
    ) -> None:
        """Write labels below the middles of their columns, in one line and never beyond it.

        Where not all fit only every so many are written, well apart; where all are, `apart` is enough. Long
        names are cut.
        """
        pitch = middles[1] - middles[0] if len(middles) > 1 else line.width
        most = max(pitch - apart, self.px(_LABEL))
        widest = min(self.width_of(labels, 600 if current else 400) + 2, most)
        every = 1 if widest + apart <= pitch else ceil((widest + self.px(_LABELS_APART)) / max(pitch, 1))
        free, gap = line.x, apart if every == 1 else self.px(_LABELS_APART)
        for place in range(self.first_label(labels, every), len(labels), every):
            weight, color = (600, "text") if place in current else (400, "text-soft")
            wide = min(self.width_of([labels[place]], weight) + 2, widest)
            x = max(free, min(middles[place] - wide / 2, line.right - wide))
            if every > 1 and x + wide > line.right + 1:
                return  # another one would be cut at the edge
            box = Box(x, line.y, min(wide, line.right - x), line.height)
            self.write(box, labels[place], color=color, weight=weight, align="center")
            free = box.right + gap

    def first_label(self, labels: Sequence[str], every: int) -> int:
        """Return which label is written first where only every so many are: so that years are among them."""
        year = next((place for place, label in enumerate(labels) if label.isdigit() and len(label) == 4), 0)
        return year % every

    def grid(self, plot: Box, scale: Axis, labels: Sequence[str], left: float) -> None:
        """Draw the lines of an axis across a plot, with their values at the left."""
        half = self.px(9)
        for line, label in zip(scale.lines, labels, strict=True):
            y = round(plot.bottom - plot.height * scale.share(line))
            self.fill(rectangle(Box(plot.x, y, plot.width, 1)), "line")
            self.write(
                Box(left, y - half, plot.x - left - 9, 2 * half), label, color="text-soft", align="right"
            )


def solid(color: str) -> Sample:
    """Return what draws a sample in one colour."""
    return lambda sheet, box: sheet.fill(rectangle(box, RADIUS), color)


def of_series(place: int) -> Sample:
    """Return what draws a sample in the colour and pattern of a series."""
    return lambda sheet, box: sheet.fill_series(rectangle(box, RADIUS), place)


def hatched(sheet: Sheet, box: Box) -> None:
    """Draw the sample of a forecast."""
    sheet.hatch(rectangle(box), edge=True)


def ticked(sheet: Sheet, box: Box) -> None:
    """Draw the sample of a target."""
    sheet.fill(rectangle(Box(box.x - 1, round(box.center.y) - 1, box.width + 2, 2)), "text")


def of_line(color: str, dashes: tuple[float, ...] = ()) -> Sample:
    """Return what draws the sample of a line."""

    def sample(sheet: Sheet, box: Box) -> None:
        y = box.center.y
        start, end = Point(box.x, y), Point(box.right + 3, y)
        sheet.line([start, end], color, dashes=dashes)
        if not dashes:
            sheet.point(Point((start.x + end.x) / 2, y), color)

    return sample
