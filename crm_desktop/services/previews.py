"""Small pictures of files, made once where a file is added. Pure: bytes in, bytes out; for any thread.

Files come from anywhere, so a picture is measured before it is unpacked, only plain formats are read, and
whatever goes wrong in reading one, and whatever takes too long, means that there is no small picture.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import IO

PREVIEW_PIXELS = 240  # of the longer side: sharp in a list at twice the usual size of pixels
PIXELS_MAX = 50_000_000  # what telephones make today; four bytes each while it is read
JPEG_QUALITY = 75
LOOK_S = 20.0  # the largest picture of a telephone takes half a second
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
PDF_MARK, PDF_MARK_WITHIN = b"%PDF-", 1024  # ISO 32000-1, annex H.3.4.1: what stands before it is passed over
_WHITE = (255, 255, 255)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found out about a file by looking into it."""

    width: int | None = None
    """In pixels, as it is shown."""
    height: int | None = None
    pages: int | None = None
    preview: bytes | None = None
    """A JPEG without anything of the original but its picture: no place, no date."""


NOTHING = Looked()


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfLook:
    """What a PDF showed of itself."""

    pages: int
    picture: bytes | None
    """The first page as a PNG; None where it could not be drawn."""


ReadPdf = Callable[[bytes, int], PdfLook | None]
"""Looks into a PDF and draws its first page so many pixels large; None for one that cannot be read.

Handed in: what draws pages belongs to the window.
"""


def look_at(stream: IO[bytes], read_pdf: ReadPdf | None = None, *, within_s: float = LOOK_S) -> Looked:
    """Return size and small picture of an image, or pages and first page of a PDF where it can be read.

    Nothing for any other file, one that is broken, or one that takes longer than `within_s`: the file is
    added all the same, and the look at it ends by itself, when its stream is closed at the latest.
    """
    found: Future[Looked] = Future()

    def look() -> None:
        try:
            found.set_result(_look(stream, read_pdf))
        except BaseException as error:  # noqa: BLE001 - raised again for whoever waits
            found.set_exception(error)

    threading.Thread(target=look, name="preview", daemon=True).start()
    try:
        return found.result(within_s)
    except TimeoutError:
        log.warning("A small picture took too long and was given up")
        return NOTHING


def _look(stream: IO[bytes], read_pdf: ReadPdf | None) -> Looked:
    head = stream.read(PDF_MARK_WITHIN)
    stream.seek(0)
    if PDF_MARK not in head:
        return _look_at_image(stream)
    found = read_pdf(stream.read(), 2 * PREVIEW_PIXELS) if read_pdf is not None else None
    if found is None:
        return NOTHING
    picture = _look_at_image(io.BytesIO(found.picture)).preview if found.picture else None
    return Looked(pages=found.pages, preview=picture)


def _look_at_image(stream: IO[bytes]) -> Looked:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only where a file is added

    try:
        image = Image.open(stream, formats=FORMATS)
    except UnidentifiedImageError:
        return NOTHING
    except Exception as error:  # noqa: BLE001 - readers of broken pictures raise whatever comes to them
        log.info("A picture could not be read: %s", type(error).__name__)
        return NOTHING
    width, height = image.size
    pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else None
    if image.getexif().get(_ORIENTATION, 1) in _ON_ITS_SIDE:
        width, height = height, width
    if width * height > PIXELS_MAX:
        return Looked(width=width, height=height, pages=pages)
    return Looked(width=width, height=height, pages=pages, preview=_reduced(image))


_ORIENTATION = 0x0112  # EXIF 2.32, table 4
_ON_ITS_SIDE = (5, 6, 7, 8)


def _reduced(image: object) -> bytes | None:
    from PIL import Image, ImageOps  # noqa: PLC0415

    assert isinstance(image, Image.Image)
    try:
        image.draft(
            "RGB", (2 * PREVIEW_PIXELS, 2 * PREVIEW_PIXELS)
        )  # a JPEG is unpacked no larger than needed
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
        plain = upright.convert("RGBA")
        ground = Image.new("RGB", plain.size, _WHITE)
        ground.paste(plain, mask=plain.getchannel("A"))
        out = io.BytesIO()
        ground.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    except Exception as error:  # noqa: BLE001 - as above
        log.info("A small picture could not be made: %s", type(error).__name__)
        return None
    return out.getvalue()
