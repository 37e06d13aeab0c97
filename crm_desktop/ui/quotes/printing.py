"""A PDF on paper: its pages drawn at the printer's own resolution."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_

MOST_DPI = 600  # a page of A4 at 600 dpi is 140 MB while it is drawn; finer shows no more


def ask_and_print(document: QPdfDocument, name: str, parent: QWidget) -> bool:
    """Ask for a printer and pages, print; return whether anything was printed."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setResolution(min(printer.resolution(), MOST_DPI))
    printer.setDocName(name)
    dialog = QPrintDialog(printer, parent)
    dialog.setMinMax(1, document.pageCount())
    if not dialog.exec():
        return False
    print_pages(document, printer)
    return True


def print_pages(document: QPdfDocument, printer: QPrinter) -> int:
    """Print the pages the printer is set to, all by default, and return how many."""
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    printer.setPageOrientation(QPageLayout.Orientation.Portrait)
    printer.setFullPage(True)
    first = max(printer.fromPage(), 1)
    last = min(printer.toPage() or document.pageCount(), document.pageCount())
    painter = QPainter()
    if not painter.begin(printer):
        raise UserError(N_("The printer did not take the document"))
    try:
        for page in range(first - 1, last):
            if page > first - 1:
                printer.newPage()
            painter.drawImage(QPoint(0, 0), page_image(document, page, printer.resolution()))
    finally:
        painter.end()
    return last - first + 1


def page_image(document: QPdfDocument, page: int, dpi: int) -> QImage:
    """Return a page as a picture on white; the library's own has no ground."""
    points = document.pagePointSize(page)
    size = QSize(round(points.width() * dpi / 72), round(points.height() * dpi / 72))
    drawn = document.render(page, size)
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.drawImage(0, 0, drawn)
    painter.end()
    return image
