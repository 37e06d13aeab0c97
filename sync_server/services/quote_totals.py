"""What quotes come to, worked out at HQ whenever a line or the quote's own terms change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.money import Money
from crm_core.rules.totals import QuoteLineValues, totals
from crm_core.sync.clock import tick
from sync_server.services.records import Mark, Record, Records
from sync_server.store.database import HqTransaction

QUOTE: Final = SCHEMAS["quote"]
LINE: Final = SCHEMAS["quote_line"]
TERMS: Final = frozenset(("currency", "discount_percent", "tax_included"))
"""Fields of a quote its total follows from."""
REGISTER: Final = str(QUOTE.fields["total"].no)


def quote_concerned(record: Record, changed: Collection[str] | None) -> str | None:
    """Return the quote whose total may follow from a change of a record; `changed` None: it came or went."""
    if record.schema is LINE:
        return record.values.get("quote_id") or None
    is_term = changed is None or not TERMS.isdisjoint(changed)
    return record.id if record.schema is QUOTE and is_term else None


def settle_totals(hq: HqTransaction, records: Records, quote_ids: Iterable[str], server_ms: int) -> None:
    """Bring the totals of quotes up to date."""
    for quote, total in changed_totals(records, quote_ids):
        quote.set("total", total)
        hq.hq_hlc = tick(hq.hq_hlc, server_ms)
        quote.stamp(REGISTER, Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None))


def changed_totals(records: Records, quote_ids: Iterable[str]) -> list[tuple[Record, int | None]]:
    """Return the quotes whose total is not what it should be, each with what it should be."""
    ids = sorted(quote_ids)
    records.load({QUOTE.no: ids})
    quotes = [quote for record_id in ids if (quote := records.get(QUOTE.no, record_id)) is not None]
    records.know_children(quotes)
    found = []
    for quote in quotes:
        lines = [child for child in records.children(quote) if child.schema is LINE and _counts(quote, child)]
        total = total_of(quote.values, (line.values for line in lines))
        if total != quote.values.get("total"):
            found.append((quote, total))
    return found


def _counts(quote: Record, line: Record) -> bool:
    """Tell whether a line lives, or comes back with its quote if that is deleted."""
    return line.lives or (not quote.lives and line.cascade == quote.cascade)


def total_of(quote: dict[str, Any], lines: Iterable[dict[str, Any]]) -> int | None:
    """Return what a quote comes to in minor units; None where its lines cannot be added up."""
    currency = quote.get("currency")
    if not currency:
        return None
    try:
        return totals(
            [
                QuoteLineValues(
                    quantity=Decimal(line.get("quantity") or 0),
                    unit_price=Money(line.get("unit_price") or 0, line.get("currency") or currency),
                    discount_percent=Decimal(line.get("discount_percent") or 0),
                    tax_rate=Decimal(line.get("tax_rate") or 0),
                    optional=bool(line.get("optional")),
                )
                for line in lines
            ],
            currency=currency,
            allowance_percent=Decimal(quote.get("discount_percent") or 0),
            tax_included=bool(quote.get("tax_included")),
        ).total_minor
    except UserError:
        return None  # two currencies, or a percentage beyond 100: the editor says so, and there is no sum
