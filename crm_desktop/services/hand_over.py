"""Handing over all or some of a person's customers, with the open work on them, to one or several others.

What is done and over stays under the name of who did it: the customer's whole history goes along, for it
belongs to the customer. A hand-over is one transaction; what it moved is kept, by id, so that it is undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.contract import Contract
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.order import Order
from crm_core.entities.people import Territory, User
from crm_core.entities.quote import Quote
from crm_core.entities.ticket import Ticket
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import new_id
from crm_core.rules.access import Action, decide
from crm_core.rules.hand_over import Receiver, Spread, spread
from crm_desktop.models import query, repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.device_tables import HandOver
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.models.sorting import fold
from crm_desktop.services import lists, records, rights
from crm_desktop.services.outcome import Outcome

KINDS = ("customer", "deal", "quote", "contract", "order", "activity", "ticket")
"""What goes along, customers first: whoever hands them over must still see the rest."""
OPEN_TICKETS = ("new", "open", "waiting")
OPEN_QUOTES = ("draft", "sent")
OVER_CONTRACTS = ("ended", "terminated")
OVER_ORDERS = ("closed", "cancelled")
OWNER = {name: "assignee_id" if name == "ticket" else "owner_id" for name in KINDS}

OnStep = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be handed over, from whom and to whom."""

    giver_id: str
    receiver_ids: tuple[str, ...]
    how: Spread = Spread.EVENLY
    conditions: tuple[Condition, ...] = ()
    """Which of the customers; none: all, and the open work on customers of others too."""
    text: str = ""
    """Words each of the customers must hold, as in the search box."""


@dataclass(frozen=True, slots=True)
class Move:
    """One record and who receives it."""

    entity: str
    record_id: str
    receiver_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a hand-over would do."""

    moves: tuple[Move, ...]
    counts: Mapping[str, int]
    """How many of each kind move."""
    to: Mapping[str, int]
    """How many customers each receiver gets, by id."""
    stays: tuple[tuple[str, Message, int], ...]
    """(kind, why, how many) of what does not move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What a hand-over did, or taking one back."""

    id: str
    moved: int
    kept: int
    """Records that stayed as they are: changed since, gone, or out of the person's reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A hand-over of the past."""

    id: str
    at_ms: int
    giver_id: str
    giver: str
    records: int
    undone: bool


@dataclass(slots=True)
class _Found:
    moves: list[Move] = field(default_factory=list)
    stays: dict[tuple[str, str], tuple[Message, int]] = field(default_factory=dict)

    def stay(self, entity: str, why: Message | None) -> None:
        """Note that a record stays, and why."""
        said = why or message(N_("You may not do this"))
        _, number = self.stays.get((entity, repr(said)), (said, 0))
        self.stays[entity, repr(said)] = (said, number + 1)


def person_named(replica: Replica, text: str) -> str:
    """Return the id of a user by name or id. Raises `NotFound`, or `UserError` where there are two."""
    with replica.read() as session:
        rows = session.execute(select(User.id, User.name).where(User.life % 2 == 1)).all()
    wanted = text.strip()
    found = [row.id for row in rows if wanted == row.id or fold(wanted) == fold(row.name or "")]
    if not found:
        raise NotFound(N_("There is no user called {name} on this laptop"), name=text)
    if len(found) > 1:
        raise UserError(N_("There are several called {name}; give the id"), name=text)
    return str(found[0])


def plan(replica: Replica, wish: Wish, step: OnStep = lambda done, total: None) -> Plan:
    """Return what would move to whom, and what would not and why. Raises `UserError`, `AccessDenied`."""
    decide(replica.person, Action.ASSIGN, "customer").demand()
    if not wish.receiver_ids or wish.giver_id in wish.receiver_ids:
        raise UserError(N_("Choose others to hand over to"))
    owned = Condition(field="owner_id", op=Op.EQUAL, value=wish.giver_id)
    asked = ListQuery(entity="customer", conditions=(owned, *wish.conditions), text=wish.text)
    ids = lists.all_ids(replica, asked)
    found = _Found()
    with replica.read() as session:
        receivers = _receivers(session, wish.receiver_ids)
        territories = {
            row.id: row.parent_id for row in session.execute(select(Territory.id, Territory.parent_id))
        }
        held = repository.get_many(session, "customer", ids)
        customers = [(each, held[each].get("territory_id")) for each in ids if each in held]
        goes_to = spread(customers, receivers, wish.how, territories)
        for number, (customer_id, _) in enumerate(customers):
            step(number, len(customers))
            receiver = goes_to.get(customer_id)
            if receiver is None:
                found.stay("customer", message(N_("None of them looks after its territory")))
            else:
                _look(session, replica, found, Move("customer", customer_id, receiver))
        moving = {move.record_id: move.receiver_id for move in found.moves}
        everything = not (wish.conditions or wish.text)
        later = 0
        for entity in KINDS[1:]:
            for record_id, customer_id in session.execute(_open_work(entity, wish.giver_id)):
                to = moving.get(customer_id or "")
                if to is None and everything:
                    to = receivers[later % len(receivers)].user_id
                    later += 1
                if to is not None:
                    _look(session, replica, found, Move(entity, record_id, to))
    counts = Counter(move.entity for move in found.moves)
    return Plan(
        moves=tuple(found.moves),
        counts={name: counts[name] for name in KINDS},
        to=Counter(move.receiver_id for move in found.moves if move.entity == "customer"),
        stays=tuple((name, why, number) for (name, _), (why, number) in found.stays.items()),
    )


def carry_out(
    replica: Replica, wish: Wish, planned: Plan, step: OnStep = lambda done, total: None
) -> Outcome[HandedOver]:
    """Hand over what was planned, all in one transaction; what changed since is left alone."""
    batch = new_id()
    done: list[list[str]] = []
    with replica.write() as session:
        for number, move in enumerate(planned.moves):
            step(number, len(planned.moves))
            if _hand(session, replica, move, wish.giver_id, move.receiver_id):
                done.append([move.entity, move.record_id, move.receiver_id])
        row = HandOver(id=batch, at_ms=replica.clock.now_ms(), giver_id=wish.giver_id, moved=done)
        session.add(row)
    result = HandedOver(id=batch, moved=len(done), kept=len(planned.moves) - len(done))
    return Outcome(result, frozenset(session.changed))


def undo(replica: Replica, batch: str, step: OnStep = lambda done, total: None) -> Outcome[HandedOver]:
    """Give back what a hand-over moved, but for what somebody handed on since."""
    with replica.write() as session:
        kept = session.get(HandOver, batch)
        if kept is None:
            raise NotFound(N_("There is no hand-over “{id}” on this laptop"), id=batch)
        if kept.undone_ms is not None:
            raise UserError(N_("This hand-over was taken back already"))
        back = 0
        for number, (entity, record_id, receiver_id) in enumerate(kept.moved):
            step(number, len(kept.moved))
            back += _hand(
                session, replica, Move(entity, record_id, kept.giver_id), receiver_id, kept.giver_id
            )
        kept.undone_ms = replica.clock.now_ms()
        result = HandedOver(id=batch, moved=back, kept=len(kept.moved) - back)
    return Outcome(result, frozenset(session.changed))


def past(replica: Replica) -> tuple[Past, ...]:
    """Return the hand-overs made on this laptop, newest first."""
    with replica.read() as session:
        rows = session.scalars(select(HandOver).order_by(HandOver.at_ms.desc())).all()
        names = query.labels(session, "user", {row.giver_id for row in rows})
        return tuple(
            Past(
                id=row.id,
                at_ms=row.at_ms,
                giver_id=row.giver_id,
                giver=names.get(row.giver_id, ""),
                records=len(row.moved),
                undone=row.undone_ms is not None,
            )
            for row in rows
        )


def _hand(session: Session, replica: Replica, move: Move, holder_id: str, to_id: str) -> bool:
    present = repository.get(session, move.entity, move.record_id)
    name = OWNER[move.entity]
    if present is None or not present.alive or present.get(name) != holder_id:
        return False
    try:
        records.update_in(session, replica, move.entity, move.record_id, {name: to_id})  # type: ignore[arg-type]
    except UserError:
        return False
    return True


def _look(session: Session, replica: Replica, found: _Found, move: Move) -> None:
    """Take a record into the plan, or note why the person may not hand it over."""
    record = repository.get(session, move.entity, move.record_id)
    if record is None:
        return
    person, name = replica.person, OWNER[move.entity]
    field_of_owner = record.schema.fields[name]
    for action, fields in ((Action.EDIT, (field_of_owner,)), (Action.ASSIGN, ())):
        may = rights.may(session, person, action, move.entity, record.values, fields)
        if not may:
            found.stay(move.entity, may.reason)
            return
    after = {**record.values, name: move.receiver_id}
    reaches = rights.may(session, person, Action.ASSIGN, move.entity, after)
    if not reaches and move.entity == "customer":
        found.stay(move.entity, reaches.reason)
        return
    found.moves.append(move)


def _open_work(entity: str, user_id: str) -> Select[Any]:
    """Return the query for what a person still has to do: (id, customer)."""
    conditions: ColumnElement[bool]
    match entity:
        case "deal":
            open_stages = select(Stage.id).where(Stage.kind != "open")
            conditions = or_(Deal.stage_id.is_(None), Deal.stage_id.not_in(open_stages))
        case "activity":
            undone = Activity.done.isnot(True)
            conditions = and_(undone, or_(Activity.kind == "task", Activity.due_at.is_not(None)))
        case "quote":
            conditions = or_(Quote.status.is_(None), Quote.status.in_(OPEN_QUOTES))
        case "contract":
            conditions = or_(Contract.status.is_(None), Contract.status.not_in(OVER_CONTRACTS))
        case "order":
            conditions = or_(Order.status.is_(None), Order.status.not_in(OVER_ORDERS))
        case _:
            conditions = or_(Ticket.status.is_(None), Ticket.status.in_(OPEN_TICKETS))
    table = SCHEMAS[entity].table
    return (
        select(table.c.id, table.c.customer_id)
        .where(table.c[OWNER[entity]] == user_id, table.c.life % 2 == 1, conditions)
        .order_by(table.c.id)
    )


def _receivers(session: Session, ids: Sequence[str]) -> list[Receiver]:
    rows = {
        row.id: row
        for row in session.execute(
            select(User.id, User.territory_id, User.active).where(User.id.in_(ids), User.life % 2 == 1)
        )
    }
    if any(user_id not in rows or rows[user_id].active is False for user_id in ids):
        raise UserError(N_("Choose people who work here"))
    return [Receiver(user_id, rows[user_id].territory_id) for user_id in dict.fromkeys(ids)]
