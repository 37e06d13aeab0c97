"""A chart's drawing as a PNG, without a window: for mail and for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from itertools import pairwise
from math import ceil, floor

from PIL import Image, ImageChops, ImageDraw, ImageFont

import resources
from crm_core.charts import patterns
from crm_core.charts.drawing import Drawing, Outline, Point, Shape, Writing, bounds
from resources.face import Face
from resources.faces import runs
from resources.measuring import face_of_weight

_FINE = 4
"""Shapes are drawn at least so many times larger and brought down, which smooths their edges."""
_PIECES = 12
"""Straight pieces a curve is drawn as."""
MOST_PIXELS = 120_000_000
"""Of one picture, after enlarging; more would need more memory than a picture is worth."""


def as_png(
    drawing: Drawing, colors: Mapping[str, str], ratio: float = 2.0, *, ground: str = "surface"
) -> bytes:
    """Return the picture, `ratio` pixels for each of the drawing. `ValueError` beyond `MOST_PIXELS`."""
    finer = max(1, ceil(_FINE / ratio))
    size = (max(1, ceil(drawing.width * ratio)), max(1, ceil(drawing.height * ratio)))
    if size[0] * size[1] * finer**2 > MOST_PIXELS:
        raise ValueError(f"a picture of {size[0]} × {size[1]} is too large")
    picture = Image.new("RGB", (size[0] * finer, size[1] * finer), colors[ground])
    for item in drawing.items:
        if isinstance(item, Shape):
            _draw(picture, item, colors, ratio * finer)
    picture = picture.resize(size, Image.Resampling.BOX)
    pen = ImageDraw.Draw(picture)
    for item in drawing.items:
        if isinstance(item, Writing):
            _write(pen, item, colors, ratio)
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(picture: Image.Image, shape: Shape, colors: Mapping[str, str], fine: float) -> None:
    """Draw one shape by masks as large as the box around it."""
    paths = [[(point.x * fine, point.y * fine) for point in path] for path in _flat(shape.outline)]
    points = [point for path in paths for point in path]
    if not points:
        return
    edge = shape.width * fine if shape.stroke else 0.0
    left, top = floor(min(x for x, _ in points) - edge), floor(min(y for _, y in points) - edge)
    width = ceil(max(x for x, _ in points) + edge) - left + 1
    height = ceil(max(y for _, y in points) + edge) - top + 1
    moved = [[(x - left, y - top) for x, y in path] for path in paths]
    mask = Image.new("L", (width, height))
    for path in moved:
        if len(path) > 2:
            one = Image.new("L", (width, height))
            # An edge belongs to the pixel it ends in: half a pixel back, neighbours do not overlap.
            ImageDraw.Draw(one).polygon([(x - 0.5, y - 0.5) for x, y in path], fill=255)
            mask = ImageChops.difference(mask, one)  # where two overlap there is a hole
    if shape.fill:
        picture.paste(colors[shape.fill], (left, top), mask)
    box = bounds(shape.outline)
    pattern = Image.new("L", (width, height))
    pen = ImageDraw.Draw(pattern)
    for begin, end in patterns.lines(shape.pattern, box):
        ends = [(point.x * fine - left, point.y * fine - top) for point in (begin, end)]
        pen.line(ends, fill=255, width=max(1, round(patterns.line_width(shape.pattern) * fine)))
    for dot in patterns.dots(shape.pattern, box):
        x, y, reach = dot.x * fine - left, dot.y * fine - top, patterns.DOT * fine
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
    if pattern.getbbox():
        picture.paste(colors[shape.ink], (left, top), ImageChops.multiply(pattern, mask))
    if shape.stroke:
        stroke = Image.new("L", (width, height))
        pen = ImageDraw.Draw(stroke)
        for path in moved:
            for piece in _dashed(path, [length * fine for length in shape.dashes]):
                pen.line(piece, fill=255, width=max(1, round(shape.width * fine)), joint="curve")
        picture.paste(colors[shape.stroke], (left, top), stroke)


def _flat(outline: Outline) -> list[list[Point]]:
    """Return an outline as straight pieces, a list of points for each of its paths."""
    paths: list[list[Point]] = []
    for step in outline:
        if step.to == "M":
            paths.append([step.points[0]])
        elif step.to == "L":
            paths[-1].append(step.points[0])
        elif step.to == "C":
            start = paths[-1][-1]
            first, second, end = step.points
            for number in range(1, _PIECES + 1):
                t = number / _PIECES
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                paths[-1].append(
                    Point(
                        a * start.x + b * first.x + c * second.x + d * end.x,
                        a * start.y + b * first.y + c * second.y + d * end.y,
                    )
                )
        else:
            paths[-1].append(paths[-1][0])
    return paths


def _dashed(path: list[tuple[float, float]], dashes: list[float]) -> Iterator[list[tuple[float, float]]]:
    """Give the pieces of a line that are drawn; the whole line where it is not dashed."""
    if not dashes:
        yield path
        return
    turn, left, drawn = 0, dashes[0], [path[0]]
    for (x, y), (to_x, to_y) in pairwise(path):
        length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        gone = 0.0
        while length - gone > left:
            gone += left
            at = (x + (to_x - x) * gone / length, y + (to_y - y) * gone / length)
            if turn % 2 == 0:
                yield [*drawn, at]
            drawn, turn = [at], turn + 1
            left = dashes[turn % len(dashes)]
        left -= length - gone
        if turn % 2 == 0:
            drawn.append((to_x, to_y))
    if turn % 2 == 0 and len(drawn) > 1:
        yield drawn


def _write(pen: ImageDraw.ImageDraw, item: Writing, colors: Mapping[str, str], ratio: float) -> None:
    parts = [
        (part, _face(face, round(item.size * ratio, 1)))
        for part, face in runs(item.text, face_of_weight(item.weight))
    ]
    whole = sum(face.getlength(part) for part, face in parts)
    x = item.at.x * ratio - {"left": 0.0, "center": whole / 2, "right": whole}[item.align]
    for part, face in parts:
        pen.text((x, item.at.y * ratio), part, fill=colors[item.color], font=face, anchor="ls")
        x += face.getlength(part)


@cache
def _face(face: Face, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(resources.path("fonts", f"{face.value}.ttf"), size)
