"""The forecast of a period: what deals are expected to bring, by person, against what is to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.deal import Deal, Stage
from crm_core.entities.forecast import ForecastCall
from crm_core.entities.people import User
from crm_core.reporting.reaching import Reaching
from crm_core.reporting.tables import run
from crm_core.rules.access import Action, decide
from crm_core.rules.attainment import Attainment
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.forecast import (
    BEST_AT,
    COMMIT_AT,
    COUNT_AT,
    OMITTED_AT,
    PIPELINE_AT,
    WEIGHTED_AT,
    WON_AT,
    Category,
    forecast_report,
)
from crm_core.rules.pipeline import OPEN
from crm_core.rules.reports import ReportRow, ReportTable, all_of
from crm_core.rules.segments import AnyOf, Rule
from crm_core.rules.stretches import Stretch
from crm_core.rules.target_plan import Goal
from crm_core.rules.targets import AMOUNT
from crm_core.schema.field import Plain
from crm_desktop.models import state
from crm_desktop.models.query import not_masked
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.models.state import Key
from crm_desktop.services import records
from crm_desktop.services.company import company
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.services.outcome import Outcome

CALL = "forecast_call"
MOST_CALLS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The sums of a forecast in minor units of the company's currency, and how many deals they are of."""

    won: int
    commit: int
    best: int
    pipeline: int
    omitted: int
    weighted_open: int
    count: int

    @property
    def with_commit(self) -> int:
        """Return what is won, and what is committed."""
        return self.won + self.commit

    @property
    def with_best(self) -> int:
        """Return the same with the best cases."""
        return self.with_commit + self.best

    @property
    def weighted(self) -> int:
        """Return what is won, and every open deal that is counted times its chance."""
        return self.won + self.weighted_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A judgement somebody made of a period."""

    id: str
    amount: int
    currency: str
    reason: str
    said_by: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The forecast of a period and scope. `table` has a row a person and the columns of
    `crm_core.rules.forecast.MEASURES`."""

    stretch: Stretch
    scope: Scope
    currency: str
    total: Figures
    people: tuple[tuple[str, Figures], ...]
    """Name and sums of each person with deals in it, in the order of `table.rows`."""
    table: ReportTable
    target: Attainment | None
    undated: int
    """Open deals of the scope without a closing date: counted nowhere."""
    calls: tuple[Call, ...]
    """Judgements of this very period and scope, the newest first."""
    may_judge: bool
    shows_money: bool
    as_of_ms: int | None


def forecast(replica: Replica, stretch: Stretch, scope: Scope) -> Forecast:
    """Return the forecast of a period; `AccessDenied` for who reads no deals or no amounts of them."""
    person = replica.person
    first, last = stretch.days
    asked = forecast_report(first=first, last=last, people=_sorted(scope))
    with replica.read() as session:
        currency = company(session).currency
        source = LaptopSource(session, person, currency)
        table = run(source, asked, as_of_ms=state.read(session, Key.LAST_OK_MS) or None)
        total = table.totals[0]
        return Forecast(
            stretch=stretch,
            scope=scope,
            currency=currency,
            total=_figures(total),
            people=tuple((str(row.heads[0].label), _figures(row)) for row in table.rows),
            table=table,
            target=target_of(source, stretch, scope, currency),
            undated=_undated(session, scope),
            calls=_calls(session, replica, stretch, scope),
            may_judge=bool(decide(person, Action.CREATE, CALL)),
            shows_money=not_masked(person, "deal", "amount"),
            as_of_ms=table.as_of_ms,
        )


def rule_of(shown: Forecast, columns: Sequence[int], row: int | None = None) -> Rule:
    """Return the rule that finds the very deals behind some of its figures added up."""
    found = tuple(shown.table.rule_at(row, column) for column in columns)
    return found[0] if len(found) == 1 else AnyOf(found)


def currency_of(replica: Replica) -> str:
    """Return the company's currency, in which judgements are."""
    with replica.read() as session:
        return company(session).currency


def judge(replica: Replica, stretch: Stretch, scope: Scope, amount: int, reason: str) -> Outcome[Record]:
    """Say what one expects of a period, in minor units of the company's currency, and why."""
    user_id, team_id = scope.whose
    values: dict[str, Plain] = {
        "name": str(stretch),
        "year": stretch.year,
        "period": stretch.period,
        "amount": amount,
        "currency": currency_of(replica),
        "reason": reason,
        "owner_id": replica.person.user_id,
        "user_id": user_id,
        "team_id": team_id,
    }
    return records.create(replica, CALL, values)


def set_category(replica: Replica, deal_id: str, category: Category | None) -> Outcome[Record]:
    """Count a deal as somebody says; None: as its probability says."""
    return records.update(replica, "deal", deal_id, {"forecast": category.value if category else None})


def _figures(row: ReportRow) -> Figures:
    at = [int(figure or 0) for figure in row.figures]
    return Figures(
        won=at[WON_AT],
        commit=at[COMMIT_AT],
        best=at[BEST_AT],
        pipeline=at[PIPELINE_AT],
        omitted=at[OMITTED_AT],
        weighted_open=at[WEIGHTED_AT],
        count=at[COUNT_AT],
    )


def target_of(source: LaptopSource, stretch: Stretch, scope: Scope, currency: str) -> Attainment | None:
    """Return the target of the period that the scope is held against, of several the largest; without one
    what the targets of all its months come to."""
    person = source.person
    if not decide(person, Action.READ, "target") or not not_masked(person, "target", "amount"):
        return None
    reaching = Reaching(source)
    user_id, team_id = scope.whose
    parts: list[Rule] = [
        Condition(field="year", op=Op.EQUAL, value=stretch.year),
        Condition(field="measure", op=Op.EQUAL, value=AMOUNT),
    ]
    largest: dict[str, Goal] = {}
    for goal in reaching.goals(all_of(parts)):
        whole = not goal.product_id and not goal.family
        if whole and goal.currency == currency and goal.whose == (user_id, team_id):
            held = largest.get(goal.period)
            if held is None or (goal.goal, goal.id) > (held.goal, held.id):
                largest[goal.period] = goal
    names = [f"m{month[5:]}" for month in stretch.months]
    found = largest.get(stretch.period)
    if found is None and all(name in largest for name in names):
        first = largest[names[0]]
        found = replace(first, period=stretch.period, goal=sum(largest[name].goal for name in names))
    return None if found is None else reaching.attainments([found]).get(found.id)


def _undated(session: Session, scope: Scope) -> int:
    wanted = (
        select(func.count())
        .select_from(Deal)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.life % 2 == 1, Stage.kind == OPEN, func.coalesce(Deal.close_date, "") == "")
    )
    people = _sorted(scope)
    if people is not None:
        wanted = wanted.where(Deal.owner_id.in_(people))
    return session.scalar(wanted) or 0


def _calls(session: Session, replica: Replica, stretch: Stretch, scope: Scope) -> tuple[Call, ...]:
    if not decide(replica.person, Action.READ, CALL) or not not_masked(replica.person, CALL, "amount"):
        return ()
    user_id, team_id = scope.whose
    rows = session.execute(
        select(ForecastCall, User.name)
        .join(User, User.id == ForecastCall.owner_id, isouter=True)
        .where(
            ForecastCall.life % 2 == 1,
            ForecastCall.year == stretch.year,
            ForecastCall.period == stretch.period,
            func.coalesce(ForecastCall.user_id, "") == (user_id or ""),
            func.coalesce(ForecastCall.team_id, "") == (team_id or ""),
        )
        .order_by(ForecastCall.created_at.desc(), ForecastCall.id)
        .limit(MOST_CALLS)
    )
    return tuple(
        Call(
            id=row.id,
            amount=row.amount or 0,
            currency=row.currency or "",
            reason=row.reason or "",
            said_by=name or "",
            at_ms=row.created_at or 0,
        )
        for row, name in rows
    )


def _sorted(scope: Scope) -> tuple[str, ...] | None:
    return None if scope.people is None else tuple(sorted(scope.people))
