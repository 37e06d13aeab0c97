"""What becomes an order or a contract of what was there before: a quote, a contract, the contract that ended.

Values in, values out: the same on the laptop and at HQ. Everything is taken as it was agreed, so what is
made comes to the same total; nothing is asked of price books again.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules import quote_sums
from crm_core.rules.positions import between
from crm_core.rules.quote_state import EXPIRED, SENT

ACCEPTED: Final = "accepted"
_HEAD: Final = (
    *("customer_id", "contact_id", "deal_id", "owner_id", "currency", "discount_percent", "discount_amount"),
    *("tax_included", "exchange_rate", "base_currency", "terms", "terms_en"),
)
_LINE: Final = (
    *("product_id", "description", "quantity", "unit", "unit_price", "currency", "discount_percent"),
    *("tax_rate", "heading", "heading_en"),
)
_CLAUSE: Final = ("clause_id", "title", "title_en", "body", "body_en", "position")
_TERM: Final = ("subject", "notice_days", "renewal", "renewal_months", "reference")

Values = Mapping[str, Any]
Rows = Iterable[tuple[str, Values]]
"""Records as (id, values), in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a new order or contract holds, by field name; its lines and clauses in their order."""

    head: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    clauses: tuple[dict[str, Any], ...] = ()


def order_from_quote(quote_id: str, quote: Values, lines: Rows, groups: Rows, day: datetime.date) -> Drawn:
    """Return the order that follows from a quote the customer has; `lines` as they are printed.

    Optional lines and alternatives that were not chosen stay behind. Raises `UserError` for a quote the
    customer does not have, or whose lines do not add up.
    """
    drawn = _from_quote(quote_id, quote, lines, groups)
    return Drawn(head={**drawn.head, "ordered_on": day.isoformat()}, lines=drawn.lines)


def contract_from_quote(quote_id: str, quote: Values, lines: Rows, groups: Rows, clauses: Rows = ()) -> Drawn:
    """Return the draft of a contract about what a quote offers, with clauses of the library.

    Raises as `order_from_quote` does, but takes a draft quote too: its contract may be worked on beside it.
    """
    drawn = _from_quote(quote_id, quote, lines, groups, only_sent=False)
    return Drawn(head=drawn.head, lines=drawn.lines, clauses=tuple(from_library(clauses)))


def order_from_contract(contract_id: str, contract: Values, lines: Rows, day: datetime.date) -> Drawn:
    """Return an order of what a contract is about; its lines may be changed while it is a draft.

    Raises `UserError` for a contract that was not signed, or is over.
    """
    if contract.get("status") not in ("signed", "in_force"):
        raise UserError(N_("Orders are made of contracts that are signed and not over"))
    head = _taken(contract, _HEAD)
    head |= {"contract_id": contract_id, "ordered_on": day.isoformat()}
    if contract.get("quote_id"):
        head["quote_id"] = contract["quote_id"]
    return Drawn(head=head, lines=tuple(_placed(_taken(line, _LINE) for _, line in lines)))


def next_contract(contract_id: str, contract: Values, lines: Rows, clauses: Rows) -> Drawn:
    """Return the contract that goes on where one ends: as long as it was, or as its renewal says.

    Raises `UserError` where the one before has no last day.
    """
    head = _taken(contract, _HEAD) | _taken(contract, _TERM) | {"follows_id": contract_id}
    starts, ends = renewed_term(contract)
    head |= {"starts_on": starts.isoformat(), "ends_on": ends.isoformat()}
    return Drawn(
        head=head,
        lines=tuple(_placed(_taken(line, _LINE) for _, line in lines)),
        clauses=tuple(_taken(clause, _CLAUSE) for _, clause in clauses),
    )


def renewed_term(contract: Values) -> tuple[datetime.date, datetime.date]:
    """Return first and last day of the contract that would follow one. `UserError` where it has no end."""
    if not contract.get("ends_on"):
        raise UserError(N_("The contract has no last day, so nothing follows it"))
    ends = datetime.date.fromisoformat(contract["ends_on"])
    first = ends + datetime.timedelta(days=1)
    months = contract.get("renewal_months")
    if months:
        return first, months_on(first, int(months)) - datetime.timedelta(days=1)
    if not contract.get("starts_on"):
        return first, months_on(first, 12) - datetime.timedelta(days=1)
    began = datetime.date.fromisoformat(contract["starts_on"])
    whole = (first.year - began.year) * 12 + first.month - began.month
    if whole > 0 and months_on(began, whole) == first:
        return first, months_on(first, whole) - datetime.timedelta(days=1)
    return first, first + (ends - began)


def months_on(day: datetime.date, months: int) -> datetime.date:
    """Return the same day so many months on; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def from_library(clauses: Rows) -> Iterable[dict[str, Any]]:
    """Yield clauses of a contract from those of the library, in their order."""
    place = None
    for clause_id, clause in clauses:
        place = between(place, None, _middle)
        yield _taken(clause, ("title", "title_en", "body", "body_en")) | {
            "clause_id": clause_id,
            "position": place,
        }


def _from_quote(quote_id: str, quote: Values, lines: Rows, groups: Rows, *, only_sent: bool = True) -> Drawn:
    if only_sent and quote.get("status") not in (SENT, ACCEPTED, EXPIRED):
        raise UserError(N_("An order is made of a quote that was sent"))
    listed = list(lines)
    counted = quote_sums.totals_of(quote, listed).lines
    titles = dict(groups)
    taken = []
    for (_, line), total in zip(listed, counted, strict=True):
        if not total.counts:
            continue
        group: Values = titles.get(str(line.get("group_id") or ""), {})
        heading = {"heading": group.get("title"), "heading_en": group.get("title_en")}
        taken.append(_taken({**line, **heading}, _LINE))
    return Drawn(head=_taken(quote, _HEAD) | {"quote_id": quote_id}, lines=tuple(_placed(taken)))


def _placed(lines: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    place = None
    for line in lines:
        place = between(place, None, _middle)
        yield {**line, "position": place}


def _taken(values: Values, names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}


def _middle(below: int) -> int:
    """Stand in for chance: what is made of one record at two places is the same."""
    return below // 2
