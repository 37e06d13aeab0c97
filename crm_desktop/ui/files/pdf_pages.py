"""How many pages a PDF has, and its first one as a picture. For any thread; needs no display."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPdf import QPdfDocument

from crm_desktop.services.previews import PdfLook


def read_pdf(content: bytes, pixels: int) -> PdfLook | None:
    """Look into a PDF; None for one that is broken, or that asks for a password.

    The picture is a PNG whose longer side has so many pixels, on white as paper is.
    """
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document = QPdfDocument()
    try:
        document.load(buffer)
        if document.error() is not QPdfDocument.Error.None_ or document.pageCount() < 1:
            return None
        return PdfLook(pages=document.pageCount(), picture=_first_page(document, pixels))
    finally:
        document.close()  # before the bytes go that it reads


def _first_page(document: QPdfDocument, pixels: int) -> bytes | None:
    page = document.pagePointSize(0)
    if page.isEmpty():
        return None
    size = page.scaled(pixels, pixels, Qt.AspectRatioMode.KeepAspectRatio).toSize().expandedTo(QSize(1, 1))
    drawn = document.render(0, size)
    if drawn.isNull():
        return None
    paper = QImage(drawn.size(), QImage.Format.Format_RGB32)
    paper.fill(Qt.GlobalColor.white)
    painter = QPainter(paper)
    painter.drawImage(0, 0, drawn)
    painter.end()
    kept = QBuffer()
    kept.open(QIODevice.OpenModeFlag.WriteOnly)
    return bytes(kept.data().data()) if paper.save(kept, "PNG") else None
