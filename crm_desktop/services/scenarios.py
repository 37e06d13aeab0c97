"""What a running period would come to if prices, win rates, volume or the cycle were others; kept by name."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.deal import Deal, Stage
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action, decide
from crm_core.rules.forecast import Category, category_of
from crm_core.rules.pipeline import LOST, OPEN, WON
from crm_core.rules.stretches import Stretch
from crm_core.rules.what_if import Basis, Changes, Expected, OpenDeals, changes_of, expected, plain_changes
from crm_desktop.models.query import MAX_LIMIT, ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.services import records
from crm_desktop.services.calendar import moment
from crm_desktop.services.company import company
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.services.forecasts import target_of
from crm_desktop.services.outcome import Outcome

SCENARIO = "scenario"
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStage:
    """An open stage with deals that count."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a scenario is worked out over: the figures of today for a period that runs, and its target."""

    stretch: Stretch
    scope: Scope
    basis: Basis
    stages: tuple[OpenStage, ...]
    currency: str
    goal: int | None
    others: int
    """Open deals in other currencies, which are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRow:
    """A scenario somebody kept. `fault` says why it cannot be worked out."""

    id: str
    name: str
    changes: Changes
    own: bool
    fault: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A scenario worked out: what comes, and what is missing to the target (None without one)."""

    name: str
    changes: Changes
    result: Expected
    gap: int | None


def setting(replica: Replica, stretch: Stretch, scope: Scope) -> Setting:
    """Return what scenarios of a period are worked out over.

    `UserError` where the period does not run today: what is over cannot be otherwise, and of what has not
    begun a shorter cycle would take deals away. `AccessDenied` for who reads no deals or no amounts of them.
    """
    person, today = replica.person, replica.clock.today()
    decide(person, Action.READ, "deal", fields=(schema_of("deal").fields["amount"],)).demand()
    if not stretch.holds(today):
        raise UserError(N_("A what-if is of a period that runs: {name} does not"), name=str(stretch))
    first, last = stretch.days
    with replica.read() as session:
        currency = company(session).currency
        ours: list[ColumnElement[bool]] = [Deal.life % 2 == 1, Deal.currency == currency]
        if scope.people is not None:
            ours.append(Deal.owner_id.in_(sorted(scope.people)))
        deals, names = _open_deals(session, ours, today, first)
        won = session.scalar(
            select(func.coalesce(func.sum(Deal.amount), 0))
            .join(Stage, Stage.id == Deal.stage_id)
            .where(*ours, Stage.kind == WON)
            .where(Deal.close_date >= first.isoformat(), Deal.close_date <= last.isoformat())
        )
        elsewhere = [Deal.life % 2 == 1, Deal.currency != currency, Deal.amount.is_not(None), *ours[2:]]
        others = session.scalar(
            select(func.count())
            .select_from(Deal)
            .join(Stage, Stage.id == Deal.stage_id)
            .where(*elsewhere, Stage.kind == OPEN)
        )
        new, usual, rate, cycle = _last_year(session, ours, today)
        target = target_of(LaptopSource(session, person, currency), stretch, scope, currency)
    days_left = (last - today).days
    return Setting(
        stretch=stretch,
        scope=scope,
        basis=Basis(
            won=int(won or 0),
            deals=deals,
            days_left=days_left,
            new_deals=Fraction(new * days_left, YEAR_DAYS),
            usual_amount=usual,
            win_rate=rate,
            cycle_days=cycle,
        ),
        stages=names,
        currency=currency,
        goal=target.goal.goal if target is not None else None,
        others=others or 0,
    )


def worked_out(over: Setting, name: str, changes: Changes) -> Compared:
    """Return a scenario worked out."""
    result = expected(over.basis, changes)
    gap = None if over.goal is None else over.goal - result.total
    return Compared(name=name, changes=changes, result=result, gap=gap)


def scenarios_of(replica: Replica) -> tuple[ScenarioRow, ...]:
    """Return the person's scenarios and those shown to him, his own first, each in its order."""
    if not decide(replica.person, Action.READ, SCENARIO):
        return ()
    wanted = ListQuery(entity=SCENARIO, sort=(("rank", False), ("name", False)), limit=MAX_LIMIT)
    person, found = replica.person, []
    for row in records.page(replica, wanted).rows:
        own = row.get("owner_id") in (None, person.user_id)
        if own or person.circles.intersection(row.get("shown_to") or ()):
            found.append(_row_of(row, own=own))
    return tuple(sorted(found, key=lambda each: not each.own))


def scenario(replica: Replica, named: str) -> ScenarioRow:
    """Return a scenario by its id, or by its name whatever its case. `NotFound` where there is none."""
    every, wanted = scenarios_of(replica), named.strip().casefold()
    found = [each for each in every if each.id == named] or [
        each for each in every if each.name.casefold() == wanted
    ]
    if not found:
        raise NotFound(N_("There is no scenario called “{name}”"), name=named)
    if len(found) > 1:
        raise UserError(N_("Several scenarios are called “{name}”: name one by its id"), name=named)
    return found[0]


def save(replica: Replica, name: str, changes: Changes, scenario_id: str | None = None) -> Outcome[Record]:
    """Keep changes under a name; with an id, change that scenario."""
    if not name.strip():
        raise UserError(N_("A scenario needs a name"))
    if scenario_id is None:
        return records.create(
            replica, SCENARIO, {"name": name.strip(), "changes": plain_changes(changes), "rank": 0}
        )
    return records.update(
        replica, SCENARIO, scenario_id, {"name": name.strip(), "changes": plain_changes(changes)}
    )


def delete(replica: Replica, scenario_id: str) -> Outcome[Record]:
    """Delete a scenario; it stays among the recently deleted."""
    return records.delete(replica, SCENARIO, scenario_id)


def restore(replica: Replica, scenario_id: str) -> Outcome[Record]:
    """Bring a deleted scenario back."""
    return records.restore(replica, SCENARIO, scenario_id)


def show_to(replica: Replica, scenario_id: str, role_id: str, *, shown: bool) -> Outcome[Record]:
    """Show a scenario to everybody who holds a role, or to them no more."""
    joins, leaves = ((role_id,), ()) if shown else ((), (role_id,))
    return records.change_tags(replica, SCENARIO, scenario_id, "shown_to", add=joins, remove=leaves)


def _row_of(row: Record, *, own: bool) -> ScenarioRow:
    try:
        return ScenarioRow(id=row.id, name=row.title, changes=changes_of(row.get("changes")), own=own)
    except UserError as error:
        return ScenarioRow(id=row.id, name=row.title, changes=Changes(), own=own, fault=error.message)


def _open_deals(
    session: Session, ours: Sequence[ColumnElement[bool]], today: datetime.date, first: datetime.date
) -> tuple[tuple[OpenDeals, ...], tuple[OpenStage, ...]]:
    """Return the open deals that are counted, from the period's first day on, and their stages in order."""
    by_hand = func.coalesce(Deal.forecast, "")
    rows = session.execute(
        select(Deal.stage_id, Deal.probability, by_hand, Deal.close_date, func.sum(Deal.amount))
        .join(Stage, Stage.id == Deal.stage_id)
        .where(*ours, Stage.kind == OPEN, Deal.close_date >= first.isoformat())
        .group_by(Deal.stage_id, Deal.probability, by_hand, Deal.close_date)
    )
    deals = [
        OpenDeals(
            stage_id=stage or "",
            amount=amount or 0,
            chance=probability or 0,
            days_away=(datetime.date.fromisoformat(day or "") - today).days,
        )
        for stage, probability, hand, day, amount in rows
        if category_of(hand or None, probability) is not Category.OMITTED
    ]
    there = {deal.stage_id for deal in deals}
    stages = session.execute(select(Stage.id, Stage.name).order_by(Stage.pipeline_id, Stage.rank, Stage.id))
    named = tuple(OpenStage(id=row.id, name=row.name or "") for row in stages if row.id in there)
    return tuple(deals), named


def _last_year(
    session: Session, ours: Sequence[ColumnElement[bool]], today: datetime.date
) -> tuple[int, int, Fraction, Fraction]:
    """Return of the last year: deals made, mean amount won, part won of those decided, days to win one."""
    since = today - datetime.timedelta(days=YEAR_DAYS)
    made = session.scalar(
        select(func.count()).select_from(Deal).where(*ours, Deal.created_at >= moment(since))
    )
    is_won = Stage.kind == WON
    begun = func.julianday(
        func.coalesce(func.nullif(Deal.engaged_on, ""), func.date(Deal.created_at / 1000, "unixepoch"))
    )
    days = func.max(func.julianday(Deal.close_date) - begun, 0)
    row = session.execute(
        select(
            func.count().label("decided"),
            func.coalesce(func.sum(case((is_won, 1), else_=0)), 0).label("won"),
            func.coalesce(func.sum(case((is_won, Deal.amount))), 0).label("amount"),
            func.count(case((is_won, Deal.amount))).label("with_amount"),
            func.coalesce(func.sum(case((is_won, days))), 0).label("days"),
        )
        .join(Stage, Stage.id == Deal.stage_id)
        .where(*ours, Stage.kind.in_((WON, LOST)))
        .where(Deal.close_date >= since.isoformat(), Deal.close_date <= today.isoformat())
    ).one()
    usual = round(row.amount / row.with_amount) if row.with_amount else 0
    rate = Fraction(row.won, row.decided) if row.decided else Fraction(0)
    cycle = Fraction(round(row.days), row.won) if row.won else Fraction(0)
    return int(made or 0), usual, rate, cycle
