"""A drawing as SVG: for web pages, pictures with sharp edges, and as proof of what was laid out."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from crm_core.charts import patterns
from crm_core.charts.drawing import Drawing, Outline, Shape, Writing, bounds

_ANCHORS = {"left": "start", "center": "middle", "right": "end"}


def as_svg(drawing: Drawing, colors: Mapping[str, str], family: str, *, ground: str = "surface") -> str:
    """Return the picture; `colors` by the theme's names, `family` the faces as CSS names them.

    It carries its title and summary for those who listen.
    """
    width, height = _number(drawing.width), _number(drawing.height)
    defs: list[str] = []
    body: list[str] = []
    for item in drawing.items:
        if isinstance(item, Writing):
            body.append(_writing(item, colors))
        else:
            body += _shape(item, colors, defs)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" font-family={quoteattr(family)}>',
            f"<title>{escape(drawing.title)}</title>",
            f"<desc>{escape(drawing.summary)}</desc>",
            *(["<defs>", *defs, "</defs>"] if defs else []),
            f'<rect width="{width}" height="{height}" fill="{colors[ground]}"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _shape(shape: Shape, colors: Mapping[str, str], defs: list[str]) -> list[str]:
    path = _path(shape.outline)
    found = []
    fill = f'fill="{colors[shape.fill]}" fill-rule="evenodd"' if shape.fill else 'fill="none"'
    stroke = ""
    if shape.stroke:
        stroke = f' stroke="{colors[shape.stroke]}" stroke-width="{_number(shape.width)}"'
        stroke += ' stroke-linejoin="round"'
        if shape.dashes:
            stroke += f' stroke-dasharray="{" ".join(map(_number, shape.dashes))}"'
    box = bounds(shape.outline)
    lines, dots = patterns.lines(shape.pattern, box), patterns.dots(shape.pattern, box)
    if not (lines or dots):
        return [f'<path d="{path}" {fill}{stroke}/>']
    if shape.fill:
        found.append(f'<path d="{path}" {fill}/>')
    name = f"c{len(defs)}"
    defs.append(f'<clipPath id="{name}"><path d="{path}" clip-rule="evenodd"/></clipPath>')
    ink, clip = colors[shape.ink], f'clip-path="url(#{name})"'
    if lines:
        drawn = "".join(f"M{_number(a.x)} {_number(a.y)}L{_number(b.x)} {_number(b.y)}" for a, b in lines)
        wide = _number(patterns.line_width(shape.pattern))
        found.append(f'<path d="{drawn}" fill="none" stroke="{ink}" stroke-width="{wide}" {clip}/>')
    else:
        drawn = "".join(f"M{_number(dot.x)} {_number(dot.y)}h0" for dot in dots)
        round_ = f'stroke="{ink}" stroke-width="{_number(2 * patterns.DOT)}" stroke-linecap="round"'
        found.append(f'<path d="{drawn}" fill="none" {round_} {clip}/>')
    if stroke:
        found.append(f'<path d="{path}" fill="none"{stroke}/>')
    return found


def _writing(item: Writing, colors: Mapping[str, str]) -> str:
    weight = "" if item.weight == 400 else f' font-weight="{item.weight}"'
    anchor = "" if item.align == "left" else f' text-anchor="{_ANCHORS[item.align]}"'
    return (
        f'<text x="{_number(item.at.x)}" y="{_number(item.at.y)}" font-size="{_number(item.size)}"'
        f'{weight}{anchor} fill="{colors[item.color]}">{escape(item.text)}</text>'
    )


def _path(outline: Outline) -> str:
    return "".join(
        step.to + " ".join(f"{_number(point.x)} {_number(point.y)}" for point in step.points)
        for step in outline
    )


def _number(value: float) -> str:
    """Return a length with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
