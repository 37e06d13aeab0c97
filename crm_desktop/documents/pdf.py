"""Pages drawn to a PDF file: the only place that talks to reportlab's canvas."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import groupby

from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.documents.archival import make_archival
from crm_desktop.documents.paper import (
    PAGE_HEIGHT,
    PAGE_WIDTH,
    Align,
    Bar,
    Bookmark,
    Ink,
    Mark,
    Outline,
    Page,
    Picture,
    QrCode,
    Rule,
    Text,
    Watermark,
)
from resources.face import Face
from resources.faces import font, runs

# Printable ASCII for the page streams costs a quarter more bytes; no mail or disk has needed it for decades.
rl_config.useA85 = 0  # type: ignore[attr-defined]

_COLOURS: dict[Ink, Color] = {ink: HexColor(f"#{ink.value}") for ink in Ink}
_CORNER_MM = 0.9
_HAIRLINE_MM = 0.2
_PRINTED = 4  # flag of an annotation; archives take no other kind (ISO 19005-2, 6.3.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What the PDF says about itself."""

    title: str
    author: str
    subject: str
    language: str


def draw_pdf(pages: Sequence[Page], title: Title) -> bytes:
    """Return the pages as a PDF/A-2b; the same pages give the same bytes.

    Fonts are embedded as subsets. Raises `UserError` where a picture cannot be read.
    """
    for face in (Face.REGULAR, Face.STRONG):
        font(face)
    file = BytesIO()
    canvas = Canvas(
        file,
        pagesize=(PAGE_WIDTH * mm, PAGE_HEIGHT * mm),
        pageCompression=1,
        invariant=1,
        initialFontName=Face.REGULAR.value,
        lang=title.language,
    )
    canvas.setTitle(title.title)
    canvas.setAuthor(title.author)
    canvas.setSubject(title.subject)
    canvas.setCreator("Satchel")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    for page in pages:
        for is_text, marks in groupby(page.marks, lambda mark: isinstance(mark, Text)):
            if is_text:
                _draw_texts(canvas, [mark for mark in marks if isinstance(mark, Text)])
            else:
                for mark in marks:
                    _draw(canvas, mark)
        canvas.showPage()
    make_archival(
        canvas._doc,
        title=title.title,
        author=title.author,
        subject=title.subject,
        language=title.language,
    )
    canvas.save()
    return file.getvalue()


def _draw(canvas: Canvas, mark: Mark) -> None:
    match mark:
        case Text():
            _draw_texts(canvas, [mark])
        case Rule():
            canvas.setStrokeColor(_COLOURS[mark.ink])
            canvas.setLineWidth(_points(mark.thickness))
            canvas.line(_points(mark.x), _up(mark.y), _points(mark.x + mark.width), _up(mark.y))
        case Bar():
            canvas.setFillColor(_COLOURS[mark.ink])
            canvas.rect(*_box(mark.x, mark.y, mark.width, mark.height), stroke=0, fill=1)
        case Outline():
            canvas.setStrokeColor(_COLOURS[mark.ink])
            canvas.setLineWidth(_points(_HAIRLINE_MM))
            box = _box(mark.x, mark.y, mark.width, mark.height)
            canvas.roundRect(*box, _points(_CORNER_MM), stroke=1, fill=0)
        case Picture():
            _draw_picture(canvas, mark)
        case QrCode():
            _draw_qr(canvas, mark)
        case Watermark():
            _draw_watermark(canvas, mark)
        case Bookmark():
            _enter_outline(canvas, mark)


def _points(millimetres: float) -> float:
    """Return points to a hundredth: finer figures are only bytes."""
    return round(millimetres * mm, 2)


def _up(y: float) -> float:
    """Return the PDF's own y, in points from the bottom of the page."""
    return _points(PAGE_HEIGHT - y)


def _box(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of a box in points."""
    return _points(x), _up(y + height), _points(width), _points(height)


def _draw_texts(canvas: Canvas, marks: Sequence[Text]) -> None:
    """Draw texts that follow each other as one text object, naming face and colour where they change."""
    run = canvas.beginText()
    look: tuple[Face, float] | None = None
    ink: Ink | None = None
    for mark in marks:
        size = round(mark.size, 2)
        parts = runs(mark.text, mark.face)
        x = _points(mark.x)
        if mark.align is Align.RIGHT:
            x = round(x - sum(canvas.stringWidth(text, face.value, size) for text, face in parts), 2)
        run.setTextOrigin(x, _up(mark.y))
        if ink != mark.ink:
            run.setFillColor(_COLOURS[mark.ink])
        ink = mark.ink
        for text, face in parts:
            if look != (face, size):
                run.setFont(face.value, size)
            look = (face, size)
            run.textOut(text)
    canvas.drawText(run)


def _enter_outline(canvas: Canvas, mark: Bookmark) -> None:
    # A key of its own for each entry: two groups may be called the same and begin at the same height.
    key = f"entry {canvas.getPageNumber()} {_up(mark.y)} {mark.title}"
    canvas.bookmarkHorizontalAbsolute(key, _up(mark.y))
    canvas.addOutlineEntry(mark.title, key, mark.level)


def _draw_watermark(canvas: Canvas, mark: Watermark) -> None:
    canvas.saveState()
    canvas.translate(_points(mark.x), _up(mark.y))
    canvas.rotate(mark.degrees)
    canvas.setFillColor(_COLOURS[Ink.WATERMARK])
    canvas.setFont(Face.STRONG.value, mark.size)
    canvas.drawCentredString(0, -mark.size * 0.35, mark.text)
    canvas.restoreState()


def _draw_picture(canvas: Canvas, mark: Picture) -> None:
    # Pillow reports a damaged picture as OSError, SyntaxError or ValueError, by format.
    try:
        picture = ImageReader(BytesIO(mark.content))
        canvas.drawImage(picture, *_box(mark.x, mark.y, mark.width, mark.height), mask="auto")
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(N_("The logo cannot be read; use a PNG or JPEG picture")) from error


@lru_cache(maxsize=16)
def _qr_bars(address: str) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """Return how many squares a side of a code has, and its dark bars as (row, first column, squares).

    Kept: a preview is drawn again and again, and finding the squares takes longer than drawing a page.
    """
    from reportlab.graphics.barcode.qrencoder import (  # noqa: PLC0415 - its package loads half of reportlab
        QRCode,
        QRErrorCorrectLevel,
    )

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(address)
    code.make()
    count = code.getModuleCount()
    bars = []
    for row in range(count):
        column = 0
        while column < count:
            start = column
            while column < count and code.isDark(row, column):
                column += 1
            if column > start:
                bars.append((row, start, column - start))
            column += 1
    return count, tuple(bars)


def _draw_qr(canvas: Canvas, mark: QrCode) -> None:
    count, bars = _qr_bars(mark.address)
    side = mark.size / count
    canvas.setFillColor(_COLOURS[Ink.TEXT])
    path = canvas.beginPath()
    for row, start, squares in bars:
        path.rect(*_box(mark.x + start * side, mark.y + row * side, squares * side, side))
    canvas.drawPath(path, stroke=0, fill=1)
    left, bottom, width, height = _box(mark.x, mark.y, mark.size, mark.size)
    canvas.linkURL(mark.address, (left, bottom, left + width, bottom + height), thickness=0, F=_PRINTED)
