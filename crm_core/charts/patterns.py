"""Fills told apart without colour: lines or dots over a shape, as the theme's `chart-pattern` names them."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from crm_core.charts.drawing import Box, Point

NAMES = ("solid", "stripe 45", "dots", "stripe -45", "lines across", "lines down", "grid", "lattice 45")
"""Of the series in order; the theme's list is the same."""
HATCH = "hatch"
"""Of a forecast: closer lines, with the ground between them."""
_PITCH = 5.0
_GRID = 7.0
_SLANTED = 8.5
_LATTICE = 10.0
_HATCH = 5.0 * 1.414
_DOT_PITCH = 5.8
DOT = 1.15
"""Radius of a dot."""
LINE = 1.0
HATCH_LINE = 1.4

Line = tuple[Point, Point]


def color_of(place: int) -> str:
    """Return the colour of a series, counted from 0."""
    return f"chart{place % len(NAMES) + 1}"


def name_of(place: int) -> str:
    """Return the pattern of a series, counted from 0."""
    return NAMES[place % len(NAMES)]


def line_width(pattern: str) -> float:
    """Return how wide the lines of a pattern are."""
    return HATCH_LINE if pattern == HATCH else LINE


def lines(pattern: str, area: Box) -> list[Line]:
    """Return the lines of a pattern over an area, to be cut by the shape; none for dots."""
    match pattern:
        case "stripe 45":
            return list(_slanted(area, _SLANTED, up=True))
        case "stripe -45":
            return list(_slanted(area, _SLANTED, up=False))
        case "lines across":
            return list(_across(area, _PITCH))
        case "lines down":
            return list(_down(area, _PITCH))
        case "grid":
            return [*_across(area, _GRID), *_down(area, _GRID)]
        case "lattice 45":
            return [*_slanted(area, _LATTICE, up=True), *_slanted(area, _LATTICE, up=False)]
        case "hatch":
            return list(_slanted(area, _HATCH, up=True))
        case _:
            return []


def dots(pattern: str, area: Box) -> list[Point]:
    """Return the middles of a pattern's dots over an area; none for lines."""
    if pattern != "dots":
        return []
    columns, rows = ceil(area.width / _DOT_PITCH), ceil(area.height / _DOT_PITCH)
    return [
        Point(area.x + _DOT_PITCH * (column + 0.5), area.y + _DOT_PITCH * (row + 0.5))
        for row in range(rows)
        for column in range(columns)
    ]


def _slanted(area: Box, pitch: float, *, up: bool) -> Iterator[Line]:
    """Give parallel lines at 45°, `pitch` apart along the x axis."""
    for place in range(ceil((area.width + area.height) / pitch)):
        x = area.x - area.height + pitch * place + pitch / 2
        if up:
            yield Point(x, area.bottom), Point(x + area.height, area.y)
        else:
            yield Point(x, area.y), Point(x + area.height, area.bottom)


def _across(area: Box, pitch: float) -> Iterator[Line]:
    for place in range(ceil(area.height / pitch)):
        y = area.y + pitch / 2 + pitch * place
        yield Point(area.x, y), Point(area.right, y)


def _down(area: Box, pitch: float) -> Iterator[Line]:
    for place in range(ceil(area.width / pitch)):
        x = area.x + pitch / 2 + pitch * place
        yield Point(x, area.y), Point(x, area.bottom)
