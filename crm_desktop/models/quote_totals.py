"""The lines of quotes in their groups, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.quote import QuoteGroup, QuoteLine
from crm_core.rules import quote_sums
from crm_core.rules.totals import Totals
from crm_desktop.models.records import Record, record_of


def groups_of(session: Session, quote_id: str) -> list[Record]:
    """Return the living groups of a quote in their order."""
    rows = session.scalars(
        select(QuoteGroup)
        .where(QuoteGroup.quote_id == quote_id, QuoteGroup.life % 2 == 1)
        .order_by(QuoteGroup.position, QuoteGroup.id)
    )
    return [record_of(row) for row in rows]


def lines_of(session: Session, quote_id: str, groups: Sequence[Record] | None = None) -> list[Record]:
    """Return the living lines of a quote in their order: those outside of all groups, then group by group.

    A line of a group that was deleted stands outside. `groups` are the quote's where they were read already.
    """
    known = groups_of(session, quote_id) if groups is None else groups
    places = {group.id: at for at, group in enumerate(known)}
    rows = session.scalars(
        select(QuoteLine)
        .where(QuoteLine.quote_id == quote_id, QuoteLine.life % 2 == 1)
        .order_by(QuoteLine.position, QuoteLine.id)
    )
    lines = [record_of(row) for row in rows]
    lines = [line if (line.get("group_id") or "") in ("", *places) else _outside(line) for line in lines]
    return sorted(lines, key=lambda line: places.get(line.get("group_id") or "", -1))


def _outside(line: Record) -> Record:
    return replace(line, values=MappingProxyType({**line.values, "group_id": None}))


def totals_of(quote: Record, lines: list[Record]) -> Totals:
    """Return what a quote comes to. Raises `UserError` where its lines cannot be added up."""
    return quote_sums.totals_of(quote.values, ((line.id, line.values) for line in lines))
