"""Other quotes that offer one customer the same products: two offers of one thing contradict each other."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.quote import Quote, QuoteLine
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.quote_state import DRAFT, SENT, has_expired
from crm_desktop.models import query, quote_totals, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """An open quote to the same customer that holds some of the same products."""

    quote_id: str
    number: str
    """'' while it has none."""
    state: str
    owner_name: str
    products: tuple[str, ...]
    """Names of the products both hold, by the lines of the quote that was asked for."""


def repeats(replica: Replica, quote_id: str) -> tuple[Repeat, ...]:
    """Return the quotes a quote repeats. `NotFound` where the quote is not on this laptop."""
    with replica.read() as session:
        quote = repository.get(session, "quote", quote_id)
        if quote is None:
            raise NotFound(N_("There is no such record on this laptop"))
        return repeats_of(session, quote, quote_totals.lines_of(session, quote_id), replica.clock.today())


def repeats_of(
    session: Session, quote: Record, lines: Sequence[Record], today: datetime.date
) -> tuple[Repeat, ...]:
    """Return the open quotes a quote with these lines repeats, the newest first."""
    names = {
        str(line["product_id"]): str(line.get("description") or "")
        for line in lines
        if line.get("product_id")
    }
    if not names or not quote.get("customer_id"):
        return ()
    others = (
        select(Quote.id, Quote.number, Quote.status, Quote.valid_until, Quote.owner_id, QuoteLine.product_id)
        .join(QuoteLine, QuoteLine.quote_id == Quote.id)
        .where(Quote.customer_id == quote["customer_id"], Quote.id != quote.id, Quote.life % 2 == 1)
        .where(QuoteLine.product_id.in_(names), QuoteLine.life % 2 == 1)
        .where(Quote.status.in_((DRAFT, SENT)))
        .order_by(Quote.created_at.desc(), Quote.id)
    )
    rows = [
        row
        for row in session.connection().execute(others).mappings()
        if not has_expired({"status": row["status"], "valid_until": row["valid_until"]}, today)
    ]
    owners = query.labels(session, "user", {str(row["owner_id"] or "") for row in rows})
    held: dict[str, set[str]] = {}
    for row in rows:
        held.setdefault(row["id"], set()).add(row["product_id"])
    first = {row["id"]: row for row in reversed(rows)}
    return tuple(
        Repeat(
            quote_id=other_id,
            number=first[other_id]["number"] or "",
            state=first[other_id]["status"] or DRAFT,
            owner_name=owners.get(str(first[other_id]["owner_id"] or ""), ""),
            products=tuple(name for product, name in names.items() if product in products),
        )
        for other_id, products in held.items()
    )
