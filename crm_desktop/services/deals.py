"""Deals on the board: columns, cards, moves, won and lost, and what the quarter may bring."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, func, literal_column, select, tuple_
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.activity import Activity
from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal, Pipeline, Stage
from crm_core.entities.people import User
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules import pipeline
from crm_core.rules.access import Person
from crm_core.rules.pipeline import ColumnTotal, StageRow
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models.conditions import Condition
from crm_desktop.models.narrowing import Narrowing
from crm_desktop.models.query import not_masked
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import milestones, records
from crm_desktop.services.calendar import end_of_today_ms, local
from crm_desktop.services.categories import categories, weighted
from crm_desktop.services.company import company
from crm_desktop.services.marks import marks_of
from crm_desktop.services.neglected import is_neglected
from crm_desktop.services.next_steps import NextStep, next_steps
from crm_desktop.services.outcome import Outcome

CARDS_A_COLUMN = 50
_OWNER = (func.coalesce(User.name, ""), func.coalesce(Deal.owner_id, ""))
_AMOUNT: ColumnElement[int] = func.coalesce(Deal.amount, literal_column("-1", Integer))
"""As the index of the board's columns has it, which knows it only by the same words."""
_Found = tuple[Deal, str | None, str | None]
"""A deal with the names of its customer and its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRow:
    """A pipeline to choose."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A deal on the board. Amounts in minor units; masked or empty ones None."""

    id: str
    name: str
    customer_id: str | None
    customer_name: str
    owner_id: str | None
    owner_name: str
    stage_id: str
    amount_minor: int | None
    currency: str | None
    close_date: str | None
    days_in_stage: int
    too_long: bool
    next_step: NextStep | None
    not_sent: bool
    conflict: bool
    skip_reason: str = ""
    """Why conditions of its stage were skipped, where they were."""
    milestones: tuple[int, int] | None = None
    """How many milestones are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A stage of the board with its first cards; `total` counts all of them."""

    stage: StageRow
    total: ColumnTotal
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Open deals that close by the end of the quarter, in minor units of the company's currency: committed,
    weighted, and committed with the best cases (`crm_core.rules.forecast`)."""

    until: str
    commit_minor: int
    weighted_minor: int
    best_minor: int
    undated: int
    """Open deals without a closing date: left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A pipeline as columns of open stages, and the stages that end it."""

    pipeline: PipelineRow | None
    columns: tuple[Column, ...]
    won: StageRow | None
    lost: StageRow | None
    currency: str
    elsewhere: tuple[tuple[PipelineRow, tuple[StageRow, ...]], ...]
    """Open stages of the other pipelines in use, where a deal may go too."""
    other_currencies: int
    """Open deals in another currency: on the board, not in its sums."""
    forecast: Forecast
    next_step_counts: Mapping[str, int]
    """Of all open deals: `overdue`, `today`, `planned`, `none`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilter:
    """What of the pipeline is shown."""

    owner_id: str | None = None
    text: str = ""
    by_owner: bool = False
    """The cards of a column stand owner by owner, instead of by amount alone."""
    neglected: bool = False
    """Only those nobody spoke about for long, or that stay in their stage for too long."""
    now_ms: int = 0
    """The moment neglect is counted to."""
    conditions: tuple[Condition, ...] = ()
    """What each deal must fulfil besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Narrowed:
    """A filter with its conditions as SQL, for whoever asks."""

    by: BoardFilter
    where: tuple[ColumnElement[bool], ...]


def pipelines(replica: Replica) -> tuple[PipelineRow, ...]:
    """Return the pipelines in use, in their order; one that is retired as long as open deals are in it."""
    with replica.read() as session:
        open_stages = select(Stage.id).where(Stage.kind == pipeline.OPEN)
        holds_deals = (
            select(Deal.id)
            .where(Deal.pipeline_id == Pipeline.id, Deal.life % 2 == 1, Deal.stage_id.in_(open_stages))
            .exists()
        )
        rows = session.execute(
            select(Pipeline.id, Pipeline.name)
            .where(Pipeline.life % 2 == 1, Pipeline.active.isnot(False) | holds_deals)
            .order_by(Pipeline.active.is_(False), Pipeline.rank, Pipeline.id)
        )
        return tuple(PipelineRow(id=row.id, name=row.name or "") for row in rows)


def stages(session: Session, pipeline_id: str) -> list[StageRow]:
    """Return a pipeline's stages in their order."""
    rows = session.scalars(
        select(Stage)
        .where(Stage.pipeline_id == pipeline_id, Stage.life % 2 == 1)
        .order_by(Stage.rank, Stage.id)
    )
    return [
        pipeline.stage_row(
            row.id,
            {name: getattr(row, name) for name in pipeline.STAGE_FIELDS},
        )
        for row in rows
    ]


def board(
    replica: Replica,
    pipeline_id: str | None = None,
    shown: BoardFilter = BoardFilter(),
    limit: int = CARDS_A_COLUMN,
) -> Board:
    """Return the board of a pipeline, by default the first."""
    choices = pipelines(replica)
    chosen = next((p for p in choices if p.id == pipeline_id), choices[0] if choices else None)
    with replica.read() as session:
        currency = company(session).currency
        rows = stages(session, chosen.id) if chosen else []
        open_stages = [stage for stage in rows if stage.kind == pipeline.OPEN]
        narrowed = _narrowed(session, replica.person, shown)
        until = _quarter_end(local(replica.clock.now_ms()).date()).isoformat()
        sums = _summed(session, narrowed, open_stages, currency, until)
        totals = _totals(sums, open_stages)
        setup = milestones.Setup(session)
        held = _stages_with_deals(session, open_stages)
        open_stages = [stage for stage in open_stages if not stage.retired or stage.id in held]
        found = [(stage, _first_deals(session, narrowed, stage, limit)) for stage in open_stages]
        cards = _cards(session, replica, found, setup)
        columns = tuple(
            Column(
                stage=stage,
                total=totals.get(stage.id, ColumnTotal(count=0, amount_minor=0, weighted_minor=0)),
                cards=cards[stage.id],
            )
            for stage in open_stages
        )
        return Board(
            pipeline=chosen,
            columns=columns,
            won=_end(rows, pipeline.WON),
            lost=_end(rows, pipeline.LOST),
            currency=currency,
            elsewhere=tuple((other, _enterable(session, other.id)) for other in choices if other != chosen),
            other_currencies=sum(row.others for row in sums),
            forecast=_forecast(sums, until),
            next_step_counts=_next_step_counts(
                session, replica, narrowed, open_stages, sum(row.number for row in sums)
            ),
        )


def more_cards(
    replica: Replica,
    stage_id: str,
    after: Card,
    shown: BoardFilter = BoardFilter(),
    limit: int = CARDS_A_COLUMN,
) -> tuple[Card, ...]:
    """Return the cards of a column that follow `after`."""
    with replica.read() as session:
        row = session.get(Stage, stage_id)
        if row is None:
            return ()
        stage = next(s for s in stages(session, row.pipeline_id or "") if s.id == stage_id)
        narrowed = _narrowed(session, replica.person, shown)
        found = _first_deals(session, narrowed, stage, limit, after)
        return _cards(session, replica, [(stage, found)], milestones.Setup(session))[stage.id]


def place_in_column(
    session: Session, person: Person, deal_id: str, stage_id: str, shown: BoardFilter
) -> tuple[int, int]:
    """Return at which place of a column a deal stands, from 1, and how many there are; 0 where it is not."""
    narrowed = _narrowed(session, person, shown)
    statement = select(Deal.id).join(User, User.id == Deal.owner_id, isouter=True)
    ids = list(session.scalars(_open(statement, narrowed, [stage_id]).order_by(*_order(narrowed))))
    return (ids.index(deal_id) + 1 if deal_id in ids else 0), len(ids)


def move(
    replica: Replica,
    deal_id: str,
    stage_id: str,
    *,
    loss_reason: str | None = None,
    also: Mapping[str, Plain] | None = None,
) -> Outcome[Record]:
    """Move a deal to a stage. `also` brings what the stage asks for.

    Raises `Invalid` naming the missing fields, with nothing changed.
    """
    changes: dict[str, Plain] = {"stage_id": stage_id, **(also or {})}
    if loss_reason is not None:
        changes["loss_reason"] = loss_reason
    return records.update(replica, "deal", deal_id, changes)


def finish(replica: Replica, deal_id: str, kind: str, **extra: Plain) -> Outcome[Record]:
    """Win or lose a deal: move it to the `won` or `lost` stage of its pipeline."""
    deal = records.get(replica, "deal", deal_id)
    with replica.read() as session:
        end = _end(stages(session, deal.get("pipeline_id") or ""), kind)
    if end is None:
        raise UserError(N_("This pipeline has no such stage"))
    if kind == pipeline.WON and deal.get("close_date") is None:
        extra.setdefault("close_date", local(replica.clock.now_ms()).date().isoformat())
    return move(replica, deal_id, end.id, also=extra)


def _enterable(session: Session, pipeline_id: str) -> tuple[StageRow, ...]:
    rows = stages(session, pipeline_id)
    return tuple(stage for stage in rows if stage.kind == pipeline.OPEN and not stage.retired)


def _end(rows: Iterable[StageRow], kind: str) -> StageRow | None:
    """Return the stage deals end in as `kind`; one that is retired only where there is no other."""
    ends = [stage for stage in rows if stage.kind == kind]
    return min(ends, key=lambda stage: stage.retired, default=None)


def _stages_with_deals(session: Session, rows: Sequence[StageRow]) -> frozenset[str]:
    """Return which retired stages still hold deals, whatever the board's filter."""
    retired = [stage.id for stage in rows if stage.retired]
    if not retired:
        return frozenset()
    held = select(Deal.stage_id).where(Deal.stage_id.in_(retired), Deal.life % 2 == 1).distinct()
    return frozenset(found for found in session.scalars(held) if found)


def _narrowed(session: Session, person: Person, shown: BoardFilter) -> _Narrowed:
    narrowing = Narrowing(session, person)
    schema = schema_of("deal")
    return _Narrowed(by=shown, where=tuple(narrowing.where(schema, each) for each in shown.conditions))


def _open(statement: Any, narrowed: _Narrowed, stage_ids: list[str]) -> Any:
    shown = narrowed.by
    statement = statement.where(Deal.stage_id.in_(stage_ids), Deal.life % 2 == 1, *narrowed.where)
    if shown.owner_id:
        statement = statement.where(Deal.owner_id == shown.owner_id)
    if shown.neglected:
        statement = statement.where(is_neglected(shown.now_ms))
    if shown.text:
        pattern = f"%{_escaped(shown.text)}%"
        named = select(Customer.id).where(Customer.name.like(pattern, escape="\\"))
        statement = statement.where(Deal.name.like(pattern, escape="\\") | Deal.customer_id.in_(named))
    return statement


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _summed(
    session: Session, shown: _Narrowed, open_stages: list[StageRow], currency: str, until: str
) -> list[Any]:
    """Return by stage how many open deals there are and what they come to, all that is summed in one pass.

    The forecast's sums are of those that close by the day `until`.
    """
    amount, chance = func.coalesce(Deal.amount, 0), func.coalesce(Deal.probability, 0)
    is_ours = Deal.currency == currency
    closes = is_ours & (Deal.close_date <= until)
    commits, counts_best, left_out = categories(chance)
    columns = (
        Deal.stage_id.label("stage_id"),
        func.count().label("number"),
        func.sum(func.iif(is_ours, amount, 0)).label("amount"),
        func.count(func.iif(Deal.amount.is_not(None) & (Deal.currency != currency), 1, None)).label("others"),
        func.count(func.iif(Deal.close_date.is_(None), 1, None)).label("undated"),
        func.sum(func.iif(closes & commits, amount, 0)).label("commit"),
        func.sum(func.iif(closes & ~left_out, weighted(amount * chance), 0)).label("weighted"),
        func.sum(func.iif(closes & (commits | counts_best), amount, 0)).label("best"),
    )
    statement = _open(select(*columns).group_by(Deal.stage_id), shown, [stage.id for stage in open_stages])
    return list(session.execute(statement))


def _totals(sums: Iterable[Any], open_stages: list[StageRow]) -> dict[str, ColumnTotal]:
    chances = {stage.id: stage.probability for stage in open_stages}
    return {
        row.stage_id: ColumnTotal(
            count=row.number,
            amount_minor=row.amount,
            weighted_minor=pipeline.weighted_minor(row.amount, chances[row.stage_id]),
        )
        for row in sums
    }


def _first_deals(
    session: Session, shown: _Narrowed, stage: StageRow, limit: int, after: Card | None = None
) -> list[_Found]:
    """Return the first deals of a stage, or the first after a card, in the order of its column."""
    statement = _open(
        select(Deal, Customer.name, User.name)
        .join(Customer, Customer.id == Deal.customer_id, isouter=True)
        .join(User, User.id == Deal.owner_id, isouter=True),
        shown,
        [stage.id],
    )
    if after is not None:
        statement = statement.where(_following(session, after, shown))
    rows = session.execute(statement.order_by(*_order(shown)).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def _cards(
    session: Session,
    replica: Replica,
    found: Sequence[tuple[StageRow, Sequence[_Found]]],
    setup: milestones.Setup,
) -> dict[str, tuple[Card, ...]]:
    """Return the cards of the deals found in each stage, by the stage's id.

    What stands on a card besides the deal is read once for all: most of a board's time goes into statements.
    """
    deals = [deal for _, rows in found for deal, _, _ in rows]
    ids = [deal.id for deal in deals]
    now = replica.clock.now_ms()
    steps = next_steps(session, Activity.deal_id, ids, now, end_of_today_ms(now))
    marks = marks_of(session, "deal", ids)
    shows_money = not_masked(replica.person, "deal", "amount")
    steps_done = milestones.progress_of(session, deals, setup)

    def card(stage: StageRow, deal: Deal, customer_name: str | None, owner_name: str | None) -> Card:
        days = max(0, (now - (deal.stage_since or deal.created_at or now)) // DAY_MS)
        return Card(
            id=deal.id,
            name=deal.name or "",
            customer_id=deal.customer_id,
            customer_name=customer_name or "",
            owner_id=deal.owner_id,
            owner_name=owner_name or "",
            stage_id=stage.id,
            amount_minor=deal.amount if shows_money else None,
            currency=deal.currency,
            close_date=deal.close_date,
            days_in_stage=days,
            too_long=bool(stage.age_limit_days and days > stage.age_limit_days),
            next_step=steps.get(deal.id),
            not_sent=deal.id in marks.not_sent,
            conflict=deal.id in marks.conflict,
            milestones=steps_done.get(deal.id),
            skip_reason=(deal.skip_reason or "") if deal.skip_at == deal.stage_since else "",
        )

    return {stage.id: tuple(card(stage, *row) for row in rows) for stage, rows in found}


def _order(shown: _Narrowed) -> tuple[Any, ...]:
    """Return what the cards of a column are ordered by: the largest amount first, then the id."""
    by_amount = (_AMOUNT.desc(), Deal.id)
    return (*_OWNER, *by_amount) if shown.by.by_owner else by_amount


def _following(session: Session, after: Card, shown: _Narrowed) -> Any:
    """Return the condition of all cards that stand after one, in the order of `_order`."""
    # The card shows no amount to whoever may not see it; the order goes by the record's own.
    last = session.scalar(select(_AMOUNT).where(Deal.id == after.id))
    if last is None:  # gone meanwhile
        last = -1 if after.amount_minor is None else after.amount_minor
    amount = _AMOUNT
    lower = (amount < last) | ((amount == last) & (Deal.id > after.id))
    if not shown.by.by_owner:
        return lower
    owner = (after.owner_name, after.owner_id or "")
    return (tuple_(*_OWNER) > owner) | ((tuple_(*_OWNER) == owner) & lower)


def _forecast(sums: Sequence[Any], until: str) -> Forecast:
    return Forecast(
        until=until,
        commit_minor=sum(row.commit for row in sums),
        weighted_minor=sum(row.weighted for row in sums),
        best_minor=sum(row.best for row in sums),
        undated=sum(row.undated for row in sums),
    )


def _quarter_end(day: datetime.date) -> datetime.date:
    first_of_next = (
        datetime.date(day.year + 1, 1, 1)
        if day.month > 9
        else datetime.date(day.year, 3 * ((day.month - 1) // 3) + 4, 1)
    )
    return first_of_next - datetime.timedelta(days=1)


def _next_step_counts(
    session: Session, replica: Replica, shown: _Narrowed, open_stages: list[StageRow], all_open: int
) -> dict[str, int]:
    ids = [stage.id for stage in open_stages]
    due = (
        select(Activity.deal_id.label("deal_id"), func.min(Activity.due_at).label("due_at"))
        .where(Activity.due_at.is_not(None), Activity.done.isnot(True), Activity.life % 2 == 1)
        .group_by(Activity.deal_id)
        .subquery()
    )
    now = replica.clock.now_ms()
    end = end_of_today_ms(now)
    statement = _open(
        select(
            func.count(func.iif(due.c.due_at < now, 1, None)),
            func.count(func.iif((due.c.due_at >= now) & (due.c.due_at <= end), 1, None)),
            func.count(func.iif(due.c.due_at > end, 1, None)),
        )
        .select_from(Deal)
        .join(due, due.c.deal_id == Deal.id),
        shown,
        ids,
    )
    overdue, today, planned = (int(n or 0) for n in session.execute(statement).one())
    return {
        "overdue": overdue,
        "today": today,
        "planned": planned,
        "none": all_open - overdue - today - planned,
    }
