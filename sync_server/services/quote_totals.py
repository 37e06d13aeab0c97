"""What quotes come to, worked out at HQ whenever a line or the quote's own terms change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from crm_core.entities import SCHEMAS
from crm_core.rules.quote_sums import TERMS, total_of
from crm_core.sync.clock import tick
from sync_server.services.records import Mark, Record, Records
from sync_server.store.database import HqTransaction

QUOTE: Final = SCHEMAS["quote"]
LINE: Final = SCHEMAS["quote_line"]
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
        total = total_of(quote.values, ((line.id, line.values) for line in lines))
        if total != quote.values.get("total"):
            found.append((quote, total))
    return found


def _counts(quote: Record, line: Record) -> bool:
    """Tell whether a line lives, or comes back with its quote if that is deleted."""
    return line.lives or (not quote.lives and line.cascade == quote.cascade)
