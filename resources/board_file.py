"""A dashboard as a file: PDF on landscape pages, or one picture."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

import resources
from crm_core.charts.board import Placed, pages
from crm_core.charts.chart import Text
from crm_core.charts.svg import as_svg
from crm_core.charts.words import Words
from resources.chart_pdf import draw_on
from resources.chart_png import as_png
from resources.face import Face
from resources.faces import font
from resources.look import Scheme, colors
from resources.measuring import BundledMetrics

PDF, PNG, SVG = "pdf", "png", "svg"
WIDTH = 1240
"""Of the picture, in pixels: the content of a window of usual size."""
_FAMILY = "Noto Sans SC, sans-serif"
_PAGE = landscape(A4)
PAGE_HEIGHT = int(_PAGE[1] * WIDTH / _PAGE[0])
"""Of a page of the PDF, in pixels of the picture."""


def board_file(
    kind: str, tiles: Sequence[Placed], heading: Text, remark: Text, language: str, *, dark: bool = False
) -> bytes:
    """Return a dashboard as `pdf`, `png` or `svg`; a PDF is always light, as paper is.

    `ValueError` for another kind, or a picture too large to draw.
    """
    words = Words(resources.translation(language), language)
    metrics = BundledMetrics()
    look = colors(Scheme.DARK if dark and kind != PDF else Scheme.LIGHT)
    if kind == PDF:
        return _pdf(tiles, heading, remark, words, metrics)
    (drawing,) = pages(tiles, heading, remark, WIDTH, metrics, words)
    if kind == PNG:
        return as_png(drawing, look, ground="canvas")
    if kind == SVG:
        return as_svg(drawing, look, _FAMILY, ground="canvas").encode()
    raise ValueError(kind)


def _pdf(
    tiles: Sequence[Placed], heading: Text, remark: Text, words: Words, metrics: BundledMetrics
) -> bytes:
    for face in (Face.REGULAR, Face.STRONG):
        font(face)
    scale = _PAGE[0] / WIDTH
    made = pages(tiles, heading, remark, WIDTH, metrics, words, height=_PAGE[1] / scale)
    file = BytesIO()
    canvas = Canvas(
        file,
        pagesize=_PAGE,
        pageCompression=1,
        invariant=1,
        initialFontName=Face.REGULAR.value,
        lang=words.language.replace("_", "-"),
    )
    canvas.setTitle(words.show(heading))
    canvas.setCreator("Satchel")
    for page in made:
        draw_on(canvas, page, colors(Scheme.LIGHT), 0, _PAGE[1], scale)
        canvas.showPage()
    canvas.save()
    return file.getvalue()
