"""How far the person, his teams and the company are towards their targets, counted from what is in sight."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm_core.entities.activity import Activity
from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal
from crm_core.entities.people import Team, User
from crm_core.entities.target import Target
from crm_core.money import Money
from crm_core.reporting.reaching import Reaching
from crm_core.rules import pipeline
from crm_core.rules.access import Action, Reach, decide
from crm_core.rules.scopes import below
from crm_core.rules.target_plan import Goal
from crm_core.rules.targets import (
    AMOUNT,
    IN_MONEY,
    ORDERED,
    RECEIVED,
    Pace,
    Standing,
    bounds,
    default_name,
    pace,
    percent_reached,
    standing,
)
from crm_desktop.models import query, state
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import not_masked
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.models.state import Key
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.company import company
from crm_desktop.services.dashboards import conditions_within
from crm_desktop.services.figures import stage_ids

MOST_SHOWN = 3
_MINE, _TEAMS, _COMPANYS = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A target of today and what is reached of it: minor units of `currency`, or a count.

    `conditions` are those of the list of `entity` that holds what was counted.
    """

    target_id: str
    name: str
    whose: str
    """Name of the person or team; '' for the company."""
    mine: bool
    period: str
    year: int
    measure: str
    product: str
    goal: int
    reached: int
    currency: str | None
    others: int
    """Deals won in other currencies, which no sum takes in."""
    pace: Pace
    entity: str
    conditions: tuple[Condition, ...]

    @property
    def percent(self) -> int:
        """Return how much is reached in per cent, cut off."""
        return percent_reached(self.reached, self.goal)

    @property
    def standing(self) -> Standing:
        """Return how it stands to an even pace."""
        return standing(self.reached, Fraction(self.goal * self.pace.day, self.pace.days))

    @property
    def even_percent(self) -> int:
        """Return how much it would be at an even pace through today."""
        return self.pace.day * 100 // self.pace.days


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMonth:
    """What the person did in a month: won amounts by currency, each by itself, and counts."""

    first: datetime.date
    won: tuple[Money, ...]
    won_count: int
    visits: int
    calls: int
    new_customers: int
    conditions: tuple[Condition, ...]
    """Of the list of the deals won."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFigures:
    """The month of the person signed in and the targets of today that concern him, his own first."""

    month: OwnMonth | None
    """None where the role reads no deals."""
    progress: tuple[Progress, ...]
    may_set: bool
    as_of_ms: int | None
    """When HQ was last heard: targets are as of then. None: never."""


def own_figures(replica: Replica) -> OwnFigures:
    """Return the figures of this month and the targets that count today."""
    person = replica.person
    today = local(replica.clock.now_ms()).date()
    with replica.read() as session:
        counting = _Counting(session, replica, today)
        return OwnFigures(
            month=counting.own_month() if decide(person, Action.READ, "deal") else None,
            progress=counting.progress() if decide(person, Action.READ, "target") else (),
            may_set=bool(decide(person, Action.CREATE, "target")),
            as_of_ms=state.read(session, Key.LAST_OK_MS) or None,
        )


def won_by_month(replica: Replica, months: Sequence[str]) -> dict[str, int]:
    """Return what was to be won in each of some months (`YYYY-MM`), in minor units of the company's currency.

    Of those the person sees the deals of: his own, his teams' or the company's. Months without a target, and
    targets of one product, are left out.
    """
    person = replica.person
    reach = person.rights.reach_of("deal", Action.READ)
    if not decide(person, Action.READ, "target") or not not_masked(person, "target", "amount"):
        return {}
    wanted = select(Target).where(
        Target.life % 2 == 1,
        Target.measure == AMOUNT,
        Target.product_id.is_(None),
        func.coalesce(Target.family, "") == "",
        Target.amount.is_not(None),
        Target.year.in_({int(month[:4]) for month in months}),
    )
    if reach is Reach.OWN:
        wanted = wanted.where(Target.user_id == person.user_id)
    elif reach is Reach.ALL:
        wanted = wanted.where(Target.user_id.is_(None), Target.team_id.is_(None))
    else:
        managed = select(Team.id).where(Team.manager_id == person.user_id, Team.life % 2 == 1)
        wanted = wanted.where(Target.user_id.is_(None), Target.team_id.in_(managed))
    found: dict[str, int] = {}
    with replica.read() as session:
        currency = company(session).currency
        for row in session.scalars(wanted.where(Target.currency == currency)):
            month = default_name(row.year or 0, row.period or "")
            if month in months:
                found[month] = found.get(month, 0) + (row.amount or 0)
    return found


def goal_of(row: Target) -> Goal:
    """Return a target as the rules take it."""
    in_money = row.measure in IN_MONEY
    return Goal(
        id=row.id,
        name=row.name or "",
        year=row.year or 0,
        period=row.period or "",
        measure=row.measure or "",
        goal=(row.amount if in_money else row.number) or 0,
        currency=row.currency if in_money else None,
        user_id=row.user_id or None,
        team_id=row.team_id or None,
        product_id=row.product_id or None,
        family=row.family or None,
    )


@dataclass(frozen=True, slots=True)
class _Span:
    first: datetime.date
    last: datetime.date

    @property
    def ms(self) -> tuple[int, int]:
        """Return the first millisecond and the one after the last, on this machine's calendar."""
        return moment(self.first), moment(self.last + datetime.timedelta(days=1))


class _Counting:
    """Counts what was reached, in one reading."""

    def __init__(self, session: Session, replica: Replica, today: datetime.date) -> None:
        self._session, self._person, self._today = session, replica.person, today
        self._won = stage_ids(session, pipeline.WON)
        self._reads_money = not_masked(replica.person, "deal", "amount")
        self._reaching = Reaching(LaptopSource(session, replica.person, company(session).currency))

    def own_month(self) -> OwnMonth:
        """Return the month today lies in."""
        name = f"m{self._today.month:02d}"
        first, last = bounds(self._today.year, name) or (self._today, self._today)
        span, me = _Span(first, last), [self._person.user_id]
        won = self._won_deals(span, me, None)
        sums = self._session.execute(
            select(Deal.currency, func.sum(Deal.amount))
            .where(*won, Deal.amount.is_not(None), Deal.currency.is_not(None))
            .group_by(Deal.currency)
            .order_by(func.sum(Deal.amount).desc(), Deal.currency)
        )
        return OwnMonth(
            first=first,
            won=tuple(Money(amount or 0, currency or "") for currency, amount in sums)
            if self._reads_money
            else (),
            won_count=self._count(Deal, won),
            visits=self._activities("visit", span, me),
            calls=self._activities("call", span, me),
            new_customers=self._customers(span, me),
            conditions=self._list_of_won(span, me, None),
        )

    def progress(self) -> tuple[Progress, ...]:
        """Return the targets of today: the person's, those of teams he is in or manages, the company's."""
        teams = self._session.execute(
            select(Team.id, Team.parent_id, Team.manager_id, Team.name).where(Team.life % 2 == 1)
        ).all()
        parents = {row.id: row.parent_id for row in teams}
        own_team = self._session.scalar(select(User.team_id).where(User.id == self._person.user_id))
        near = {own_team} | {row.id for row in teams if row.manager_id == self._person.user_id}
        rows = self._session.scalars(
            select(Target).where(
                Target.life % 2 == 1,
                Target.year == self._today.year,
                func.coalesce(Target.user_id, self._person.user_id) == self._person.user_id,
            )
        )
        found: list[tuple[tuple[Any, ...], Progress]] = []
        for row in rows:
            span = bounds(row.year or 0, row.period or "")
            if span is None or not span[0] <= self._today <= span[1]:
                continue
            if row.team_id and row.team_id not in near and not row.user_id:
                continue
            rank = _MINE if row.user_id else _TEAMS if row.team_id else _COMPANYS
            people = self._people(row, parents)
            made = self._progress_of(row, _Span(*span), people)
            if made is not None:
                found.append(((rank, made.pace.days, row.measure != AMOUNT, made.name, made.target_id), made))
        return tuple(made for _, made in sorted(found, key=lambda pair: pair[0])[:MOST_SHOWN])

    def _people(self, target: Target, parents: dict[str, str | None]) -> list[str] | None:
        """Return whose work counts; None: everybody's."""
        if target.user_id:
            return [target.user_id]
        if not target.team_id:
            return None
        teams = below(target.team_id, parents)
        return list(self._session.scalars(select(User.id).where(User.team_id.in_(teams)).order_by(User.id)))

    def _progress_of(self, row: Target, span: _Span, people: list[str] | None) -> Progress | None:
        of_amount = row.measure in IN_MONEY
        if row.measure == AMOUNT and not self._reads_money:
            return None
        goal = (row.amount if of_amount else row.number) or 0
        entity, others = "deal", 0
        conditions: tuple[Condition, ...] = ()
        if row.family:
            counted = self._counted_by_report(row)
            if counted is None:
                return None
            entity, reached, conditions = counted
        elif row.measure in (AMOUNT, "won_count"):
            won = self._won_deals(span, people, row.product_id)
            conditions = self._list_of_won(span, people, row.product_id)
            if of_amount:
                sums = select(func.coalesce(func.sum(Deal.amount), 0)).where(*won)
                reached = int(self._session.scalar(sums.where(Deal.currency == row.currency)) or 0)
                others = self._count(Deal, [*won, Deal.amount.is_not(None), Deal.currency != row.currency])
            else:
                reached = self._count(Deal, won)
        elif row.measure == "new_customers":
            entity, reached = "customer", self._customers(span, people)
            conditions = (*_within("created_at", span), *_of(people))
        elif row.measure in (ORDERED, RECEIVED):
            counted = self._counted_by_report(row)
            if counted is None:
                return None
            entity, reached, conditions = counted
        elif row.measure in ("visits", "calls"):
            kind = row.measure.removesuffix("s")
            entity, reached = "activity", self._activities(kind, span, people)
            conditions = (
                Condition(field="kind", op=Op.EQUAL, value=kind),
                *_within("happened_at", span),
                *_of(people),
            )
        else:  # a measure of a newer program
            return None
        names = query.labels(self._session, "user", {row.user_id}) if row.user_id else {}
        names |= query.labels(self._session, "team", {row.team_id}) if row.team_id else {}
        products = query.labels(self._session, "product", {row.product_id}) if row.product_id else {}
        return Progress(
            target_id=row.id,
            name=row.name or "",
            whose=names.get(row.user_id or row.team_id or "", ""),
            mine=row.user_id == self._person.user_id,
            period=row.period or "",
            year=row.year or 0,
            measure=row.measure or "",
            product=products.get(row.product_id or "", "") or row.family or "",
            goal=goal,
            reached=reached,
            currency=row.currency if of_amount else None,
            others=others,
            pace=pace(span.first, span.last, self._today),
            entity=entity,
            conditions=conditions,
        )

    def _counted_by_report(self, row: Target) -> tuple[str, int, tuple[Condition, ...]] | None:
        """Return what a target counts, how far it is reached, and the list of the very records."""
        goal = goal_of(row)
        reached, counted = self._reaching.reached(goal), self._reaching.counted(goal)
        if reached is None or counted is None:
            return None
        entity, rule = counted
        return entity, reached, conditions_within(self._session, self._person, entity, rule)

    def _won_deals(
        self, span: _Span, people: list[str] | None, product_id: str | None
    ) -> list[ColumnElement[bool]]:
        wanted = [
            Deal.life % 2 == 1,
            Deal.stage_id.in_(self._won),
            Deal.close_date >= span.first.isoformat(),
            Deal.close_date <= span.last.isoformat(),
        ]
        if people is not None:
            wanted.append(Deal.owner_id.in_(people))
        if product_id:
            wanted.append(Deal.product_id == product_id)
        return wanted

    def _list_of_won(
        self, span: _Span, people: list[str] | None, product_id: str | None
    ) -> tuple[Condition, ...]:
        of_product = (Condition(field="product_id", op=Op.EQUAL, value=product_id),) if product_id else ()
        return (
            Condition(field="stage_id", op=Op.IN, value=tuple(self._won)),
            Condition(field="close_date", op=Op.AT_LEAST, value=span.first.isoformat()),
            Condition(field="close_date", op=Op.AT_MOST, value=span.last.isoformat()),
            *_of(people),
            *of_product,
        )

    def _customers(self, span: _Span, people: list[str] | None) -> int:
        first, after = span.ms
        wanted = [Customer.life % 2 == 1, Customer.created_at >= first, Customer.created_at < after]
        return self._count(Customer, wanted if people is None else [*wanted, Customer.owner_id.in_(people)])

    def _activities(self, kind: str, span: _Span, people: list[str] | None) -> int:
        first, after = span.ms
        wanted = [
            Activity.life % 2 == 1,
            Activity.kind == kind,
            Activity.happened_at >= first,
            Activity.happened_at < after,
        ]
        return self._count(Activity, wanted if people is None else [*wanted, Activity.owner_id.in_(people)])

    def _count(self, model: Any, wanted: Sequence[ColumnElement[bool]]) -> int:
        return int(self._session.scalar(select(func.count()).select_from(model).where(*wanted)) or 0)


def _of(people: list[str] | None) -> tuple[Condition, ...]:
    return () if people is None else (Condition(field="owner_id", op=Op.IN, value=tuple(people)),)


def _within(field: str, span: _Span) -> tuple[Condition, ...]:
    first, after = span.ms
    return (
        Condition(field=field, op=Op.AT_LEAST, value=first),
        Condition(field=field, op=Op.AT_MOST, value=after - 1),
    )
