"""What a period will bring by the months before it, and by what deals of each stage have brought."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.deal import Deal, Stage
from crm_core.reporting.gathering import Gathered
from crm_core.rules.access import Action, decide
from crm_core.rules.back_test import Carried, Range, TooLittle, carry_on
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.conversions import FromStages, StageRate, from_stages
from crm_core.rules.forecast import WON_RULE, Category, category_of
from crm_core.rules.pipeline import LOST, OPEN, WON
from crm_core.rules.reports import Currencies, FieldAt, Group, Measure, Period, Report, Take, all_of
from crm_core.rules.segments import Rule
from crm_core.rules.stretches import Length, Stretch, stretch_at
from crm_desktop.models.history import values_left
from crm_desktop.models.records import field_key
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.services.company import company
from crm_desktop.services.forecast_scopes import Scope

MOST_MONTHS = 60
"""Months that are looked back on."""
RATED_DAYS = 730
"""Days back to which decided deals tell what a stage brings: markets change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a period will bring, in minor units of the company's currency.

    `history` are the whole months before this one, from the first in which anything was won, as (`2026-11`,
    won). `months` are those that are carried on, up to the period's last; `carried` what they bring, or why
    nothing is said; `total` the whole period with what is won in it already, None where nothing is said or
    nothing of it lies ahead.
    """

    stretch: Stretch
    scope: Scope
    currency: str
    history: tuple[tuple[str, int], ...]
    won_so_far: int
    months: tuple[str, ...]
    carried: Carried | TooLittle | None
    total: Range | None
    pipeline: FromStages
    """Open deals that close in the period, by what deals of their stage have brought."""
    stages: tuple[tuple[str, StageRate | None], ...]
    """Each open stage in use with what is known of it."""


def outlook(replica: Replica, stretch: Stretch, scope: Scope) -> Outlook:
    """Return what the past says of a period. `AccessDenied` for who reads no deals or no amounts of them."""
    person, today = replica.person, replica.clock.today()
    decide(person, Action.READ, "deal", fields=(schema_of("deal").fields["amount"],)).demand()
    with replica.read() as session:
        currency = company(session).currency
        source = LaptopSource(session, person, currency)
        won = _won_by_month(source, scope)
        known = _stage_rates(session, scope, today)
        first, last = stretch.days
        pipeline = from_stages(_open_deals(session, scope, currency, first, last), known)
        stages = tuple(
            (row.name or "", known.get(row.id))
            for row in session.execute(
                select(Stage.id, Stage.name)
                .where(
                    Stage.life % 2 == 1, Stage.kind == OPEN, func.coalesce(Stage.retired, False).is_(False)
                )
                .order_by(Stage.pipeline_id, Stage.rank, Stage.id)
            )
        )
    this_month = f"{today.year}-{today.month:02d}"
    history = _filled({month: amount for month, amount in won.items() if month < this_month}, this_month)
    ahead = tuple(month for month in _months_between(this_month, stretch.months[-1]))
    so_far = sum(won.get(month, 0) for month in stretch.months if month <= this_month)
    skip = sum(month not in stretch.months for month in ahead)
    series = [float(amount) for _, amount in history]
    carried = carry_on(series, len(ahead), skip=skip) if ahead else None
    return Outlook(
        stretch=stretch,
        scope=scope,
        currency=currency,
        history=history,
        won_so_far=so_far,
        months=ahead,
        carried=carried,
        total=_total(stretch, won, this_month, carried),
        pipeline=pipeline,
        stages=stages,
    )


def _total(
    stretch: Stretch, won: Mapping[str, int], this_month: str, carried: Carried | TooLittle | None
) -> Range | None:
    """Return the period as a whole: what the months before brought, and what is carried on of it.

    The running month never comes to less than what is won in it.
    """
    if not isinstance(carried, Carried):
        return None
    if this_month not in stretch.months:
        low, middle = max(carried.total.low, 0.0), max(carried.total.middle, 0.0)
        return Range(low=min(low, middle), middle=middle, high=max(carried.total.high, middle))
    done = sum(won.get(month, 0) for month in stretch.months if month < this_month)
    held = won.get(this_month, 0)
    more = max(held - carried.steps[0].middle, 0.0)
    least = float(done + held)
    middle = max(done + carried.total.middle + more, least)
    return Range(
        low=min(max(done + carried.total.low + more, least), middle),
        middle=middle,
        high=max(done + carried.total.high + more, middle),
    )


def _won_by_month(source: LaptopSource, scope: Scope) -> dict[str, int]:
    since = source.today.replace(day=1, year=source.today.year - MOST_MONTHS // 12)
    parts: list[Rule] = [
        WON_RULE,
        Condition(field="close_date", op=Op.AT_LEAST, value=since.isoformat()),
        Condition(field="close_date", op=Op.AT_MOST, value=source.today.isoformat()),
    ]
    if scope.people is not None:
        parts.append(Condition(field="owner_id", op=Op.IN, value=tuple(sorted(scope.people))))
    gathered = Gathered(
        source,
        Report(
            entity="deal",
            rule=all_of(parts),
            rows=(Group(field="close_date", period=Period.MONTH),),
            measures=(Measure(take=Take.SUM, of=FieldAt("amount")),),
            currencies=Currencies.COMPANY,
        ),
    )
    found: dict[str, int] = {}
    for by_row in gathered.cells.values():
        for (month,), cells in by_row.items():
            for cell in cells.values():
                found[str(month)] = found.get(str(month), 0) + int(gathered.figure(0, cell) or 0)
    return found


def _filled(won: Mapping[str, int], this_month: str) -> tuple[tuple[str, int], ...]:
    if not won:
        return ()
    months = list(_months_between(min(won), this_month))[:-1]
    return tuple((month, won.get(month, 0)) for month in months)


def _months_between(first: str, last: str) -> list[str]:
    """Return the months from the first to the last, both included; none where the first is later."""
    found, at = [], stretch_at(datetime.date.fromisoformat(f"{first}-01"), Length.MONTH)
    while (name := at.months[0]) <= last:
        found.append(name)
        at = at.moved(1)
    return found


def _open_deals(
    session: Session, scope: Scope, currency: str, first: datetime.date, last: datetime.date
) -> list[tuple[str, int, int | None]]:
    wanted = (
        select(Deal.stage_id, Deal.amount, Deal.probability, Deal.forecast)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(
            Deal.life % 2 == 1,
            Stage.kind == OPEN,
            Deal.currency == currency,
            Deal.amount.is_not(None),
            Deal.close_date >= first.isoformat(),
            Deal.close_date <= last.isoformat(),
        )
    )
    if scope.people is not None:
        wanted = wanted.where(Deal.owner_id.in_(sorted(scope.people)))
    return [
        (row.stage_id or "", row.amount or 0, row.probability)
        for row in session.execute(wanted)
        if category_of(row.forecast, row.probability) is not Category.OMITTED
    ]


def _stage_rates(session: Session, scope: Scope, today: datetime.date) -> Mapping[str, StageRate]:
    """Return the part won by stage, of the deals decided lately whose way this laptop's history knows."""
    since = today - datetime.timedelta(days=RATED_DAYS)
    passed = values_left("deal", field_key(schema_of("deal").fields["stage_id"]))
    # A decided deal has left every open stage it came to.
    is_won = func.count(case((Stage.kind == WON, Deal.id)).distinct())
    wanted = (
        select(passed.c.value, func.count(Deal.id.distinct()), is_won)
        .join(Deal, Deal.id == passed.c.row_id)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(passed.c.value.is_not(None), Deal.life % 2 == 1, Stage.kind.in_((WON, LOST)))
        .where(Deal.close_date >= since.isoformat(), Deal.close_date <= today.isoformat())
        .group_by(passed.c.value)
    )
    if scope.people is not None:
        wanted = wanted.where(Deal.owner_id.in_(sorted(scope.people)))
    return {
        stage: StageRate(stage_id=stage, decided=many, won=won)
        for stage, many, won in session.execute(wanted)
    }
