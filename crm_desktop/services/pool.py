"""Taking customers out of the shared pool, returning them, and keeping them from being returned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.errors import AccessDenied, Invalid, NotFound, Problem, UserError
from crm_core.i18n import N_, Message
from crm_core.rules import pool
from crm_core.rules.access import Action, PoolRight
from crm_core.schema.field import Plain
from crm_core.sync.protocol import OpKind
from crm_desktop.models import repository, state
from crm_desktop.models.device_tables import OutboxOp
from crm_desktop.models.records import Record, field_key
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import pooling, records, rights
from crm_desktop.services.bulk import reason_of
from crm_desktop.services.marks import fields_not_sent
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.waiting import take_off
from crm_desktop.sync.pending import unanswered

CUSTOMER, LEAD = "customer", "lead"
_HOLDING = field_key(SCHEMAS[CUSTOMER].fields["holding"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """How a customer stands to the pool, for whom it is shown to."""

    in_pool: bool
    locked: bool
    waits: bool
    """A step was taken here that HQ has not decided."""
    days_left: int | None
    """Days until it returns; None for never as it stands."""
    due: pool.Due | None
    warns: bool
    """So near that the owner is to be reminded."""
    reason: str
    """Why it was returned."""
    may_claim: bool
    may_return: bool
    may_lock: bool


def state_in(session: Session, replica: Replica, customer: Record) -> PoolState:
    """Return how a customer stands to the pool."""
    person, now_ms = replica.person, replica.clock.now_ms()
    holding = customer.get("holding")
    owner = customer.get("owner_id")
    in_pool = not owner and holding == pool.POOL and customer.alive
    assigns = bool(rights.may(session, person, Action.ASSIGN, CUSTOMER, customer.values))
    holds = customer.alive and bool(owner) and (owner == person.user_id or assigns)
    granted = person.rights.pool
    due = pooling.due_in(session, customer)
    return PoolState(
        in_pool=in_pool,
        locked=holding == pool.LOCKED,
        waits=_HOLDING in fields_not_sent(session, CUSTOMER, customer.id),
        days_left=due.days_left(now_ms) if due is not None else None,
        due=due,
        warns=due is not None and now_ms >= due.warn_ms,
        reason=str(customer.get("pool_reason") or "") if in_pool else "",
        may_claim=in_pool and PoolRight.CLAIM in granted,
        may_return=holds and holding != pool.LOCKED and (assigns or PoolRight.RETURN in granted),
        may_lock=holds and PoolRight.LOCK in granted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What became of a step with several records."""

    taken: tuple[Record, ...]
    """Those it was taken with, as they are now."""
    left: int
    """How many it fitted and was not taken with."""
    refusal: Message | None
    """Why not, of the first of those."""


def claim(replica: Replica, ids: Collection[str]) -> Outcome[Stepped]:
    """Take customers out of the pool, provisionally until HQ has answered: who comes first there has them.

    Like every step here it is taken with as many as it fits and the rules allow, and raises `UserError` where
    that is none: why not the first of them.
    """
    owner = {"owner_id": replica.person.user_id}
    return _step(replica, CUSTOMER, ids, owner, _in_pool, UserError(pool.NOT_IN_POOL))


def release(replica: Replica, ids: Collection[str], reason: str) -> Outcome[Stepped]:
    """Return customers to the pool, with the reason. Raises `Invalid` where none is given."""
    if not reason.strip():
        raise Invalid([Problem(field="pool_reason", message=pool.SAY_WHY)])
    return _step(replica, CUSTOMER, ids, {"holding": pool.POOL, "pool_reason": reason})


def lock(replica: Replica, ids: Collection[str]) -> Outcome[Stepped]:
    """Keep customers from being returned by rule."""
    return _step(replica, CUSTOMER, ids, {"holding": pool.LOCKED})


def unlock(replica: Replica, ids: Collection[str]) -> Outcome[Stepped]:
    """Let the rules count for customers again."""
    return _step(replica, CUSTOMER, ids, {"holding": pool.HELD})


def claim_leads(replica: Replica, ids: Collection[str]) -> Outcome[Stepped]:
    """Take those of some leads that are nobody's, provisionally as `claim` does.

    Raises `AccessDenied` where the role claims none.
    """
    if PoolRight.LEADS not in replica.person.rights.pool:
        raise AccessDenied(pool.MAY_NOT_CLAIM_LEADS)
    owner = {"owner_id": replica.person.user_id}
    return _step(replica, LEAD, ids, owner, lead_is_free, UserError(pool.LEAD_NOT_FREE))


def return_leads(replica: Replica, ids: Collection[str]) -> Outcome[Stepped]:
    """Let those of some leads the person has be nobody's again, for others to claim.

    Raises `AccessDenied` where none of them is his.
    """

    def own(lead: Record) -> bool:
        return lead_is_own(replica, lead)

    return _step(replica, LEAD, ids, {"owner_id": None}, own, AccessDenied(pool.MAY_NOT_RETURN_LEAD))


def take_back(
    replica: Replica, stepped: Stepped, instead: Callable[[Collection[str]], Outcome[Stepped]]
) -> None:
    """Undo a step just taken: what HQ was not sent yet never was, and counts against no limit.

    What went off meanwhile goes back by a step of its own, `instead`; what that raises is raised here.
    """
    ids = {record.id for record in stepped.taken}
    with replica.applying() as session:
        commands = unanswered(
            session,
            OutboxOp.entity.in_({record.entity for record in stepped.taken}),
            OutboxOp.row_id.in_(ids),
            OutboxOp.kind == OpKind.COMMAND,
            OutboxOp.no > state.read(session, Key.SENT_OP),
        )
        newest = {op.row_id: op for op in commands}
        if newest:
            take_off(session, sorted(newest.values(), key=lambda op: op.no), replica.clock.now_ms())
    if gone := ids - newest.keys():
        instead(gone)


def is_lead(replica: Replica, record_id: str) -> bool:
    """Tell whether an id is that of a lead."""
    with replica.read() as session:
        return repository.get(session, LEAD, record_id) is not None


def lead_is_free(lead: Record) -> bool:
    """Tell whether a lead is nobody's and still worked on."""
    return lead.alive and not lead.get("owner_id") and lead.get("status") in (None, *OPEN)


def lead_is_own(replica: Replica, lead: Record) -> bool:
    """Tell whether the person may give a lead back: he has it, and may claim it again."""
    own = lead.get("owner_id") == replica.person.user_id and PoolRight.LEADS in replica.person.rights.pool
    return own and lead.alive and lead.get("status") in (None, *OPEN)


def _in_pool(customer: Record) -> bool:
    return not customer.get("owner_id") and customer.get("holding") == pool.POOL


def _step(
    replica: Replica,
    entity: str,
    ids: Collection[str],
    changes: Mapping[str, Plain],
    fits: Callable[[Record], bool] = lambda record: record.alive,
    otherwise: UserError | None = None,
) -> Outcome[Stepped]:
    """Take a step with those of some records it fits; raise why with none, `otherwise` where none fits."""
    taken: list[Record] = []
    refused: list[UserError] = []
    with replica.write() as session:
        found = [each for row_id in ids if (each := repository.get(session, entity, row_id)) is not None]
        fitting = [record for record in found if fits(record)]
        for record in fitting:
            try:
                taken.append(records.update_in(session, replica, entity, record.id, changes))
            except UserError as error:
                refused.append(error)
        if not taken:
            unknown = NotFound(N_("There is no such record on this laptop"))
            raise refused[0] if refused else (otherwise if found and otherwise else unknown)
    refusal = reason_of(refused[0]) if refused else None
    stepped = Stepped(taken=tuple(taken), left=len(refused), refusal=refusal)
    return Outcome(stepped, frozenset(session.changed))
