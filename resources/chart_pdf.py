"""A chart's drawing on a page of reportlab, as lines and words that can be searched and copied."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from crm_core.charts import patterns
from crm_core.charts.drawing import Drawing, Outline, Shape, Writing, bounds
from resources.faces import font, runs
from resources.measuring import face_of_weight

_EVEN_ODD = 0


def draw_on(
    canvas: Canvas, drawing: Drawing, colors: Mapping[str, str], left: float, top: float, scale: float = 0.75
) -> None:
    """Draw onto the page's open canvas with the upper left corner at `left`, `top`, in points from below.

    `scale`: points a pixel; 0.75 keeps the sizes of the screen.
    """
    canvas.saveState()
    # reportlab's y goes up from the lower left: turned over, it goes down. Words are turned back.
    canvas.translate(left, top)
    canvas.scale(scale, -scale)
    for item in drawing.items:
        if isinstance(item, Writing):
            _write(canvas, item, colors)
        else:
            _draw(canvas, item, colors)
    canvas.restoreState()


def _draw(canvas: Canvas, shape: Shape, colors: Mapping[str, str]) -> None:
    if shape.fill:
        canvas.setFillColor(HexColor(colors[shape.fill]))
        canvas.drawPath(_path(canvas, shape.outline), stroke=0, fill=1, fillMode=_EVEN_ODD)
    box = bounds(shape.outline)
    lines, dots = patterns.lines(shape.pattern, box), patterns.dots(shape.pattern, box)
    if lines or dots:
        canvas.saveState()
        canvas.clipPath(_path(canvas, shape.outline), stroke=0, fill=0, fillMode=_EVEN_ODD)
        if lines:
            canvas.setStrokeColor(HexColor(colors[shape.ink]))
            canvas.setLineWidth(patterns.line_width(shape.pattern))
            canvas.lines([(begin.x, begin.y, end.x, end.y) for begin, end in lines])
        canvas.setFillColor(HexColor(colors[shape.ink]))
        for dot in dots:
            canvas.circle(dot.x, dot.y, patterns.DOT, stroke=0, fill=1)
        canvas.restoreState()
    if shape.stroke:
        canvas.saveState()
        canvas.setStrokeColor(HexColor(colors[shape.stroke]))
        canvas.setLineWidth(shape.width)
        canvas.setLineJoin(1)
        if shape.dashes:
            canvas.setDash(list(shape.dashes))
        canvas.drawPath(_path(canvas, shape.outline), stroke=1, fill=0)
        canvas.restoreState()


def _path(canvas: Canvas, outline: Outline) -> Any:
    path = canvas.beginPath()
    for step in outline:
        places = [round(value, 2) for point in step.points for value in point]
        match step.to:
            case "M":
                path.moveTo(*places)
            case "L":
                path.lineTo(*places)
            case "C":
                path.curveTo(*places)
            case "Z":
                path.close()
    return path


def _write(canvas: Canvas, item: Writing, colors: Mapping[str, str]) -> None:
    parts = runs(item.text, face_of_weight(item.weight))
    widths = [font(face).stringWidth(part, item.size) for part, face in parts]
    shift = {"left": 0.0, "center": sum(widths) / 2, "right": sum(widths)}[item.align]
    canvas.saveState()
    canvas.translate(item.at.x - shift, item.at.y)
    canvas.scale(1, -1)
    written = canvas.beginText(0, 0)
    written.setFillColor(HexColor(colors[item.color]))
    for part, face in parts:
        written.setFont(face.value, item.size)
        written.textOut(part)
    canvas.drawText(written)
    canvas.restoreState()
