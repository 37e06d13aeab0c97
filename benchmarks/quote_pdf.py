"""How long a quote takes to become a PDF, beside reportlab drawing the same words without any layout."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from io import BytesIO

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.money import Money
from crm_core.rules.totals import QuoteLineValues, totals
from crm_desktop.documents.quote_document import (
    CustomerBlock,
    Letterhead,
    PreparedBy,
    PrintedLine,
    QuoteDocument,
)
from crm_desktop.documents.quote_pdf import quote_pdf

TITLE = "Quote PDF"
SIZES = (40, 400)


def measure() -> list[Figure]:
    """Return seconds and bytes per quote for each size.

    The first document includes loading reportlab and both fonts, which a program does once.
    """
    started = time.perf_counter()
    quote_pdf(quote_of(SIZES[0]), "both")
    found = [Figure(f"first PDF of the program, {SIZES[0]} lines", time.perf_counter() - started, "s")]
    for size in SIZES:
        document = quote_of(size)
        content, pages = quote_pdf(document, "both")
        ours, floor = with_floor(partial(quote_pdf, document, "both"), partial(draw_plainly, document))
        found += [
            Figure(f"PDF of {size} lines", ours, "s", floor, "reportlab, same rows", f"{pages} pages"),
            Figure(f"size, {size} lines", len(content), "bytes", len(draw_plainly(document)), "same rows"),
        ]
    return found


def draw_plainly(document: QuoteDocument) -> bytes:
    """Return a PDF of the same rows: one string a cell, at fixed places, thirty rows a page."""
    from reportlab.pdfgen.canvas import Canvas

    from resources.face import Face
    from resources.faces import font

    name = font(Face.REGULAR).fontName
    file = BytesIO()
    canvas = Canvas(file, pageCompression=1)
    for number, (line, total) in enumerate(zip(document.lines, document.totals.lines, strict=True)):
        if number % 30 == 0:
            if number:
                canvas.showPage()
            canvas.setFont(name, 8.25)
        y = 800 - number % 30 * 25
        cells = (
            str(number + 1),
            line.code,
            line.description_zh,
            str(line.quantity),
            line.unit_zh,
            str(line.unit_price.decimal()),
            str(line.discount_percent),
            str(total.net_minor),
        )
        for place, cell in enumerate(cells):
            canvas.drawString(50 + 60 * place, y, cell)
        canvas.drawString(170, y - 11, line.description_en)
    canvas.save()
    return file.getvalue()


def quote_of(count: int) -> QuoteDocument:
    """Return a quote of so many lines, every one of them different."""
    lines = tuple(_line(number) for number in range(count))
    found = totals(
        [
            QuoteLineValues(
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                tax_rate=Decimal(13),
            )
            for line in lines
        ],
        currency="CNY",
    )
    return QuoteDocument(
        letterhead=Letterhead(name_zh="澄波示例仪表有限公司", name_en="Clearwave Demo Instruments Co., Ltd."),
        number="Q-2026-1171",
        version=1,
        issued_on=date(2026, 11, 24),
        valid_until=date(2026, 12, 24),
        customer=CustomerBlock(name_zh="纸鹤食品（示例）有限公司", name_en="Papercrane Foods (demo)"),
        prepared_by=PreparedBy(name_zh="大客户组（示例）", name_en="Key accounts (demo)"),
        lines=lines,
        totals=found,
        terms_zh=("付款：签约付 30 %，发货前付 60 %，验收后付 10 %。",),
        terms_en=("Payment: 30 % at signing, 60 % before dispatch, 10 % after acceptance.",),
        acceptance_url="https://crm.clearwave.example/q/8fK2mZ",
    )


def _line(number: int) -> PrintedLine:
    nouns: Sequence[tuple[str, str]] = (
        ("电磁流量计", "Electromagnetic flow meter"),
        ("先导阀，不锈钢", "Pilot valve, stainless"),
        ("冷却水泵组 15 kW", "Cooling pump set, 15 kW"),
        ("振动传感器", "Vibration sensor"),
    )
    zh, en = nouns[number % len(nouns)]
    return PrintedLine(
        code=f"FM-{number:04d}",
        description_zh=f"{zh}，规格 {number}",
        description_en=f"{en}, size {number}",
        quantity=Decimal(number % 24 + 1),
        unit_zh="台",
        unit_price=Money(26000 + 317 * number, "CNY"),
        discount_percent=Decimal(number % 4 * 5),
    )
