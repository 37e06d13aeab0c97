"""Versions of a quote: begun anew, shown, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.quote import QuoteVersion
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules import quote_versions
from crm_core.rules.quote_state import DRAFT, is_draft
from crm_core.rules.quote_versions import RowChange
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.company import QUOTE_VALID_DAYS
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.quote_sending import as_it_stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a quote, as it was sent or as it stands."""

    number: int
    sent_at_ms: int | None
    """None for the one that is still a draft."""
    sent_by: str
    total: int | None
    currency: str
    content: Mapping[str, Any]
    amounts: Mapping[str, Any] | None
    """None where the reader sees no money."""


def revise(replica: Replica, quote_id: str) -> Outcome[Record]:
    """Begin the next version of a quote that was sent: a draft under its number, valid from today."""
    with replica.write() as session:
        records.update_in(session, replica, "quote", quote_id, {"status": DRAFT})
        day = replica.clock.today()
        until = (day + timedelta(days=QUOTE_VALID_DAYS)).isoformat()
        terms = {"issued_on": day.isoformat(), "valid_until": until}
        quote = records.update_in(session, replica, "quote", quote_id, terms)
    return Outcome(quote, frozenset(session.changed))


def versions(replica: Replica, quote_id: str) -> tuple[Version, ...]:
    """Return every version of a quote, the newest first; `NotFound` where the quote is not on this laptop."""
    with replica.read() as session:
        quote = repository.get(session, "quote", quote_id)
        if quote is None:
            raise NotFound(N_("There is no such record on this laptop"))
        kept = _kept(session, quote_id)
        names = query.labels(session, "user", {str(row.get("created_by") or "") for row in kept})
        found = [
            Version(
                number=int(row["version"]),
                sent_at_ms=row.get("created_at"),
                sent_by=names.get(str(row.get("created_by") or ""), ""),
                total=row.get("total"),
                currency=str(row.get("currency") or ""),
                content=row.get("content") or {},
                amounts=row.get("amounts"),
            )
            for row in kept
            if row.get("content")
        ]
        present = int(quote.get("version") or 1)
        if is_draft(quote.values):
            found = [each for each in found if each.number < present]
        if present not in {each.number for each in found}:
            said = as_it_stands(session, quote)
            found.insert(
                0,
                Version(
                    number=present,
                    sent_at_ms=None,
                    sent_by="",
                    total=said.total,
                    currency=str(quote.get("currency") or ""),
                    content=said.content,
                    amounts=said.amounts,
                ),
            )
    return tuple(sorted(found, key=lambda each: -each.number))


def compare(older: Version, newer: Version) -> tuple[RowChange, ...]:
    """Return how one version differs from another."""
    return quote_versions.differences((older.content, older.amounts), (newer.content, newer.amounts))


def _kept(session: Session, quote_id: str) -> list[Record]:
    """Return what was kept of a quote's versions; of one that was written down twice the newer."""
    rows = session.scalars(
        select(QuoteVersion)
        .where(QuoteVersion.quote_id == quote_id, QuoteVersion.life % 2 == 1)
        .order_by(QuoteVersion.created_at, QuoteVersion.id)
    )
    newest = {row.version: record_of(row) for row in rows if row.version is not None}
    return list(newest.values())
