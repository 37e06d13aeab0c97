"""Quotes to print, of any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from crm_core.money import Money
from crm_core.rules.totals import QuoteLineValues, totals
from crm_desktop.documents.quote_document import (
    CustomerBlock,
    Letterhead,
    PreparedBy,
    PrintedLine,
    QuoteDocument,
    clauses,
)

ARTICLES = [
    ("FM-200-DN80", "电磁流量计", "Electromagnetic flow meter", "12", "台", 860000, "5"),
    ("PV-45-S", "先导阀，不锈钢", "Pilot valve, stainless", "24", "只", 235000, "10"),
    ("CP-15/2", "冷却水泵组 15 kW", "Cooling pump set, 15 kW", "4", "套", 3680000, "8"),
    ("GW-10", "采集网关", "Data gateway", "4", "台", 420000, "0"),
    ("VS-3", "振动传感器", "Vibration sensor", "16", "只", 118000, "5"),
    ("CBL-20", "信号电缆 20 m", "Signal cable, 20 m", "16", "根", 26000, "0"),
    ("SRV-INST", "安装调试", "Installation and commissioning", "1", "项", 1800000, "0"),
    ("SRV-24M", "延保 24 个月", "Extended warranty, 24 months", "1", "项", 960000, "50"),
]


def lines_of(count: int) -> tuple[PrintedLine, ...]:
    """Return so many lines, the eight articles over and over."""
    chosen = [ARTICLES[index % len(ARTICLES)] for index in range(count)]
    return tuple(
        PrintedLine(
            code=code,
            description_zh=zh,
            description_en=en,
            quantity=Decimal(quantity),
            unit_zh=unit,
            unit_price=Money(price, "CNY"),
            discount_percent=Decimal(discount),
        )
        for code, zh, en, quantity, unit, price, discount in chosen
    )


def quote_of(
    lines: Sequence[PrintedLine] | int = 8,
    *,
    allowance_minor: int = 0,
    tax_rate: str = "13",
    tax_included: bool = False,
    optional: frozenset[int] = frozenset(),
    **changed: Any,
) -> QuoteDocument:
    """Return a quote with these lines, its totals calculated, and any other value changed."""
    rows = lines_of(lines) if isinstance(lines, int) else tuple(lines)
    found = totals(
        [
            QuoteLineValues(
                quantity=row.quantity,
                unit_price=row.unit_price,
                discount_percent=row.discount_percent,
                tax_rate=Decimal(tax_rate),
                optional=index in optional,
            )
            for index, row in enumerate(rows)
        ],
        currency=rows[0].unit_price.currency if rows else "CNY",
        allowance_minor=allowance_minor,
        tax_included=tax_included,
    )
    plain = QuoteDocument(
        letterhead=Letterhead(
            name_zh="澄波示例仪表有限公司",
            name_en="Clearwave Demo Instruments Co., Ltd.",
            address_zh="上海市示例路 100 号 2 幢　邮编 200000",
            address_en="Bldg 2, 100 Demo Road, Shanghai, China",
            phone="021 5550 0100",
            email="sales@clearwave.example",
        ),
        number="Q-2026-1171",
        version=3,
        issued_on=date(2026, 11, 24),
        valid_until=date(2026, 12, 24),
        customer=CustomerBlock(
            name_zh="纸鹤食品（示例）有限公司",
            name_en="Papercrane Foods (demo)",
            address_zh="苏州市工业园示例路 18 号",
            address_en="Suzhou",
            contact="采购经理（示例）",
            phone="138 0000 0142",
        ),
        prepared_by=PreparedBy(
            name_zh="大客户组（示例）", name_en="Key accounts (demo)", email="accounts@clearwave.example"
        ),
        lines=rows,
        totals=found,
        terms_zh=clauses("1. 付款：签约付 30 %，发货前付 60 %，验收后付 10 %。\n2. 交货：签约后 35 天。"),
        terms_en=clauses("Payment: 30 % at signing, 60 % before dispatch, 10 % after acceptance."),
        acceptance_url="https://crm.clearwave.example/q/8fK2mZ",
    )
    return replace(plain, **changed)
