"""What back ends draw: outlines filled and stroked, words, and the marks a reader can go to.

Lengths are pixels from the upper left corner; colours are names of the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, pi, sin, tan
from typing import Literal, NamedTuple


class Point(NamedTuple):
    """A place."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def center(self) -> Point:
        """Its middle."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def inset(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Box:
        """Return what is left inside of margins, never less than nothing."""
        return Box(
            self.x + left,
            self.y + top,
            max(0.0, self.width - left - right),
            max(0.0, self.height - top - bottom),
        )


class Step(NamedTuple):
    """One step of an outline: move, line, curve (two control points, then the end) or close."""

    to: Literal["M", "L", "C", "Z"]
    points: tuple[Point, ...] = ()


Outline = tuple[Step, ...]


def bounds(outline: Outline) -> Box:
    """Return the box around all points of an outline, those that only bend curves included."""
    points = [point for step in outline for point in step.points]
    if not points:
        return Box(0, 0, 0, 0)
    left, top = min(point.x for point in points), min(point.y for point in points)
    return Box(left, top, max(point.x for point in points) - left, max(point.y for point in points) - top)


def polygon(points: Sequence[Point], *, closed: bool = True) -> Outline:
    """Return straight lines from point to point."""
    steps = [Step("L" if place else "M", (point,)) for place, point in enumerate(points)]
    return (*steps, Step("Z")) if closed else tuple(steps)


# How far the control points of a quarter's curve lie from its ends, for a radius of 1.
_QUARTER = 4 / 3 * tan(pi / 8)


def rectangle(box: Box, radius: float = 0, *, foot: bool = True) -> Outline:
    """Return a rectangle with round corners; `foot` off leaves the lower two square."""
    radius = max(0.0, min(radius, box.width / 2, box.height / 2 if foot else box.height))
    if radius == 0:
        corners = (
            Point(box.x, box.y),
            Point(box.right, box.y),
            Point(box.right, box.bottom),
            Point(box.x, box.bottom),
        )
        return polygon(corners)
    bend = radius * _QUARTER
    left, top, right, bottom = box.x, box.y, box.right, box.bottom
    steps = [
        Step("M", (Point(left, top + radius),)),
        Step(
            "C",
            (Point(left, top + radius - bend), Point(left + radius - bend, top), Point(left + radius, top)),
        ),
        Step("L", (Point(right - radius, top),)),
        Step(
            "C",
            (
                Point(right - radius + bend, top),
                Point(right, top + radius - bend),
                Point(right, top + radius),
            ),
        ),
    ]
    if not foot:
        return (*steps, Step("L", (Point(right, bottom),)), Step("L", (Point(left, bottom),)), Step("Z"))
    return (
        *steps,
        Step("L", (Point(right, bottom - radius),)),
        Step(
            "C",
            (
                Point(right, bottom - radius + bend),
                Point(right - radius + bend, bottom),
                Point(right - radius, bottom),
            ),
        ),
        Step("L", (Point(left + radius, bottom),)),
        Step(
            "C",
            (
                Point(left + radius - bend, bottom),
                Point(left, bottom - radius + bend),
                Point(left, bottom - radius),
            ),
        ),
        Step("Z"),
    )


def circle(center: Point, radius: float) -> Outline:
    """Return a circle."""
    return (Step("M", (Point(center.x, center.y - radius),)), *_arc(center, radius, 0, 1), Step("Z"))


def sector(center: Point, outer: float, inner: float, start: float, span: float) -> Outline:
    """Return a piece of a ring, or of a disc where `inner` is 0: shares of a turn, clockwise from the top."""
    if span >= 0.9999:
        hole = (Step("M", (_at(center, inner, 1),)), *_arc(center, inner, 1, -1), Step("Z")) if inner else ()
        return (*circle(center, outer), *hole)
    there = (Step("M", (_at(center, outer, start),)), *_arc(center, outer, start, span))
    if not inner:
        return (*there, Step("L", (center,)), Step("Z"))
    back = (Step("L", (_at(center, inner, start + span),)), *_arc(center, inner, start + span, -span))
    return (*there, *back, Step("Z"))


def _at(center: Point, radius: float, share: float) -> Point:
    return Point(center.x + radius * sin(2 * pi * share), center.y - radius * cos(2 * pi * share))


def _arc(center: Point, radius: float, start: float, span: float) -> list[Step]:
    """Return the curves of an arc from where the outline stands, a quarter of a turn each at most."""
    count = max(1, ceil(abs(span) * 4))
    part = span / count
    bend = radius * 4 / 3 * tan(2 * pi * part / 4)
    steps = []
    for number in range(count):
        first, last = 2 * pi * (start + part * number), 2 * pi * (start + part * (number + 1))
        begin, end = (
            _at(center, radius, start + part * number),
            _at(center, radius, start + part * (number + 1)),
        )
        steps.append(
            Step(
                "C",
                (
                    Point(begin.x + bend * cos(first), begin.y + bend * sin(first)),
                    Point(end.x - bend * cos(last), end.y - bend * sin(last)),
                    end,
                ),
            )
        )
    return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An outline: filled, its filling covered by a pattern in another colour, and stroked."""

    outline: Outline
    fill: str = ""
    pattern: str = ""
    """One of `patterns`; nothing is filled with it where it is empty or "solid"."""
    ink: str = "surface"
    stroke: str = ""
    width: float = 1.0
    dashes: tuple[float, ...] = ()
    """Lengths in pixels, drawn and left out by turns."""


Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One line of words. `at` is where it begins, is centred or ends, on its base line."""

    at: Point
    text: str
    size: float
    weight: int = 400
    color: str = "text"
    align: Align = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A piece a reader can go to and ask what is behind it, in reading order.

    `series` and `category` are places in the chart; None where the mark is of all of them.
    """

    key: str
    words: str
    area: Outline
    ring: Outline = ()
    """What focus frames of it, where that is less than the area."""
    series: int | None = None
    category: int | None = None
    gathered: tuple[int, ...] = ()
    """The categories it puts together, where these are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart laid out."""

    width: float
    height: float
    items: tuple[Shape | Writing, ...] = ()
    marks: tuple[Mark, ...] = ()
    title: str = ""
    summary: str = ""


def moved(drawing: Drawing, by: Point) -> tuple[Shape | Writing, ...]:
    """Return the items of a drawing somewhere else, for one that is put together of several."""

    def outline(steps: Outline) -> Outline:
        return tuple(
            Step(step.to, tuple(Point(point.x + by.x, point.y + by.y) for point in step.points))
            for step in steps
        )

    return tuple(
        replace(item, at=Point(item.at.x + by.x, item.at.y + by.y))
        if isinstance(item, Writing)
        else replace(item, outline=outline(item.outline))
        for item in drawing.items
    )
