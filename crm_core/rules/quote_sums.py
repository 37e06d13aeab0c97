"""What a quote's own records come to: the fields of quotes and lines, read for the rule of totals.

The same on the laptop and at HQ, for records of either: all it needs is their values by field name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from crm_core.errors import UserError
from crm_core.i18n import Message
from crm_core.money import Money
from crm_core.rules.totals import QuoteLineValues, Totals, totals
from crm_core.schema.values import DEFAULT_CURRENCY

TERMS: Final = frozenset(("currency", "discount_percent", "discount_amount", "tax_included"))
"""Fields of a quote its totals follow from."""

LINE_TERMS: Final = (
    *("quantity", "unit_price", "currency", "discount_percent", "tax_rate"),
    *("optional", "group_id", "alternatives", "chosen_at"),
)
"""Fields of a line its amounts, and the totals, follow from: those `line_values` reads."""

Values = Mapping[str, Any]
Lines = Iterable[tuple[str, Values]]
"""Lines as (id, values), in their order."""


def line_values(line_id: str, line: Values, currency: str) -> QuoteLineValues:
    """Return a line as the rule of totals reads it; what is missing counts as nothing.

    A line without a price has no currency of its own either, whatever the quote was in when it was made.
    """
    price = line.get("unit_price") or 0
    return QuoteLineValues(
        quantity=Decimal(line.get("quantity") or 0),
        unit_price=Money(price, (line.get("currency") if price else None) or currency),
        discount_percent=Decimal(line.get("discount_percent") or 0),
        tax_rate=Decimal(line.get("tax_rate") or 0),
        optional=bool(line.get("optional")),
        group=str(line.get("group_id") or ""),
        alternatives=str(line.get("alternatives") or ""),
        chosen=(line.get("chosen_at") or 0, line_id),
    )


def totals_of(quote: Values, lines: Lines) -> Totals:
    """Return what a quote comes to. Raises `UserError` where its lines cannot be added up."""
    currency = quote.get("currency") or DEFAULT_CURRENCY
    return totals(
        [line_values(line_id, line, currency) for line_id, line in lines],
        currency=currency,
        allowance_percent=Decimal(quote.get("discount_percent") or 0),
        allowance_minor=quote.get("discount_amount") or 0,
        tax_included=bool(quote.get("tax_included")),
    )


def total_of(quote: Values, lines: Lines) -> int | None:
    """Return a quote's total in minor units; None where its lines cannot be added up."""
    try:
        return totals_of(quote, lines).total_minor
    except UserError:
        return None


def shown_totals(quote: Values, lines: Lines) -> tuple[Totals, Message | None]:
    """Return what can be shown of a quote's totals, and why that is not all: the quote has no total then.

    Two people may each have set what alone was right: a line priced in one currency and the quote put into
    another, an allowance and fewer lines. Lines that cannot be counted show nothing, and no allowance is
    taken off.
    """
    listed = list(lines)
    try:
        return totals_of(quote, listed), None
    except UserError as error:
        reason = error.message
    currency = quote.get("currency") or DEFAULT_CURRENCY
    included = bool(quote.get("tax_included"))
    found = [_countable(line_values(line_id, line, currency), currency) for line_id, line in listed]
    try:
        return totals(found, currency=currency, tax_included=included), reason
    except UserError:  # each alone is kept, and together they are more than the program keeps
        nothing = [_nothing(line, currency) for line in found]
        return totals(nothing, currency=currency, tax_included=included), reason


def _countable(line: QuoteLineValues, currency: str) -> QuoteLineValues:
    try:
        totals([line], currency=currency)
    except UserError:
        return _nothing(line, currency)
    return line


def _nothing(line: QuoteLineValues, currency: str) -> QuoteLineValues:
    none = Decimal(0)
    price = Money(0, currency)
    return replace(line, quantity=none, unit_price=price, discount_percent=none, tax_rate=none, optional=True)
