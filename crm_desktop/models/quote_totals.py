"""The total of a quote follows from its lines: computed here, never sent; HQ computes its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities.quote import Quote, QuoteLine
from crm_core.money import Money
from crm_core.rules.totals import QuoteLineValues, Totals, totals
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models import repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.session import WriteSession


def lines_of(session: Session, quote_id: str) -> list[Record]:
    """Return the living lines of a quote in their order."""
    rows = session.scalars(
        select(QuoteLine)
        .where(QuoteLine.quote_id == quote_id, QuoteLine.life % 2 == 1)
        .order_by(QuoteLine.position, QuoteLine.id)
    )
    return [record_of(row) for row in rows]


def line_values(line: Record | dict[str, Any], currency: str) -> QuoteLineValues:
    """Return a line as the rule of totals reads it; what is missing counts as nothing."""
    return QuoteLineValues(
        quantity=Decimal(line.get("quantity") or "0"),
        unit_price=Money(line.get("unit_price") or 0, currency),
        discount_percent=Decimal(line.get("discount_percent") or "0"),
        tax_rate=Decimal(line.get("tax_rate") or "0"),
        optional=bool(line.get("optional")),
    )


def totals_of(quote: Record, lines: list[Record]) -> Totals:
    """Return what a quote comes to."""
    currency = quote.get("currency") or DEFAULT_CURRENCY
    return totals(
        [line_values(line, currency) for line in lines],
        currency=currency,
        allowance_percent=Decimal(quote.get("discount_percent") or "0"),
        tax_included=bool(quote.get("tax_included")),
    )


def refresh(session: WriteSession, quote_id: str) -> None:
    """Compute a quote's total anew from what is on this laptop."""
    session.flush()
    quote = repository.get(session, "quote", quote_id)
    if quote is None:
        return
    total = totals_of(quote, lines_of(session, quote_id)).total_minor
    if total != quote.get("total"):
        # A computed field makes no operation, so it is written past the recorder, as is.
        session.connection().execute(
            update(Quote.__table__).where(Quote.id == quote_id).values(total=total)  # type: ignore[arg-type]
        )
        session.expire_all()
        session.touch("quote", [quote_id])
