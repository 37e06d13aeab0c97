"""What became of the deals of a forecast in the last days, counted from the history this laptop holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.deal import Deal, Stage
from crm_core.rules.access import Action, decide
from crm_core.rules.forecast import Change, DealThen, change_of
from crm_core.rules.pipeline import OPEN
from crm_core.rules.stretches import Stretch
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models.device_tables import History
from crm_desktop.models.history import lines_of
from crm_desktop.models.records import field_key
from crm_desktop.models.replica import Replica
from crm_desktop.services.company import company
from crm_desktop.services.forecast_scopes import Scope

WEEK_DAYS = 7
_ASKED = ("amount", "currency", "close_date", "stage_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDeal:
    """A deal whose part in a forecast changed: by how much, in minor units of the company's currency."""

    deal_id: str
    name: str
    change: Change
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What changed since a moment, the largest amounts of each kind first."""

    since_ms: int
    deals: tuple[ChangedDeal, ...]
    currency: str
    others: int = 0
    """Deals in other currencies that changed, which no sum takes in."""
    sums: dict[Change, int] = field(default_factory=dict)

    def of(self, change: Change) -> tuple[ChangedDeal, ...]:
        """Return the deals of one kind of change."""
        return tuple(each for each in self.deals if each.change is change)


def changed(replica: Replica, stretch: Stretch, scope: Scope, days: int = WEEK_DAYS) -> Changed:
    """Return what changed in the last days for the deals of a period.

    Whose a deal is, is as of today. `AccessDenied` for who reads no deals or no amounts of them.
    """
    person = replica.person
    decide(person, Action.READ, "deal", fields=(schema_of("deal").fields["amount"],)).demand()
    since = replica.clock.now_ms() - days * DAY_MS
    first, last = (day.isoformat() for day in stretch.days)
    with replica.read() as session:
        currency = company(session).currency
        kinds = {row.id: row.kind or OPEN for row in session.execute(select(Stage.id, Stage.kind))}
        wanted = select(Deal).where(Deal.updated_at >= since)
        if scope.people is not None:
            wanted = wanted.where(Deal.owner_id.in_(sorted(scope.people)))
        deals = {deal.id: deal for deal in session.scalars(wanted)}
        before = _as_they_were(session, deals, since)
    found, others = [], 0
    for deal_id, deal in deals.items():
        now = _then({name: getattr(deal, name) for name in _ASKED}, kinds) if deal.life % 2 else None
        held = before.get(deal_id)
        was = None if held is None else _then(held, kinds)
        told = change_of(was, now, first, last)
        if told is None:
            continue
        if deal.currency != currency:
            others += deal.amount is not None
            continue
        found.append(ChangedDeal(deal_id=deal_id, name=deal.name or "", change=told[0], amount=told[1]))
    found.sort(key=lambda each: (list(Change).index(each.change), -abs(each.amount), each.name, each.deal_id))
    sums = {change: sum(each.amount for each in found if each.change is change) for change in Change}
    return Changed(since_ms=since, deals=tuple(found), currency=currency, others=others, sums=sums)


def _as_they_were(session: Session, deals: dict[str, Deal], since: int) -> dict[str, dict[str, Plain]]:
    """Return what each deal held at a moment; those made later are left out."""
    fields = schema_of("deal").fields
    names = {field_key(fields[name]): name for name in _ASKED}
    kept: dict[str, dict[str, Any]] = {
        deal_id: {name: getattr(deal, name) for name in _ASKED}
        for deal_id, deal in deals.items()
        if (deal.created_at or 0) < since
    }
    ids = list(kept)
    for start in range(0, len(ids), 500):
        rows = session.scalars(
            select(History)
            .where(History.entity == "deal", History.row_id.in_(ids[start : start + 500]))
            .where(History.at_ms >= since)
            .order_by(History.id.desc())
        )
        # From the newest line back: what is set last is what the oldest one found.
        for row in rows:
            for line in lines_of(row):
                if line.field in names:
                    kept[row.row_id][names[line.field]] = line.old
    return kept


def _then(values: dict[str, Any], kinds: dict[str, str]) -> DealThen:
    return DealThen(
        amount=values["amount"] or 0,
        close_date=values["close_date"] or None,
        kind=kinds.get(values["stage_id"] or "", OPEN),
    )
