"""Taking customers out of the shared pool, returning them, and keeping them from being returned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.errors import AccessDenied, Invalid, Problem, UserError
from crm_core.i18n import Message
from crm_core.rules import pool
from crm_core.rules.access import Action, PoolRight
from crm_desktop.models import repository
from crm_desktop.models.records import Record, field_key
from crm_desktop.models.replica import Replica
from crm_desktop.services import pooling, records, rights
from crm_desktop.services.marks import fields_not_sent
from crm_desktop.services.outcome import Outcome

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


def claim(replica: Replica, customer_id: str) -> Outcome[Record]:
    """Take a customer out of the pool, provisionally until HQ has answered: who comes first there has it."""
    _demand_in_pool(replica, customer_id)
    return records.update(replica, CUSTOMER, customer_id, {"owner_id": replica.person.user_id})


def release(replica: Replica, customer_id: str, reason: str) -> Outcome[Record]:
    """Return a customer to the pool, with the reason. Raises `Invalid` where none is given."""
    if not reason.strip():
        raise Invalid([Problem(field="pool_reason", message=pool.SAY_WHY)])
    changes = {"holding": pool.POOL, "pool_reason": reason}
    return records.update(replica, CUSTOMER, customer_id, changes)


def lock(replica: Replica, customer_id: str) -> Outcome[Record]:
    """Keep a customer from being returned by rule."""
    return records.update(replica, CUSTOMER, customer_id, {"holding": pool.LOCKED})


def unlock(replica: Replica, customer_id: str) -> Outcome[Record]:
    """Let the rules count for a customer again."""
    return records.update(replica, CUSTOMER, customer_id, {"holding": pool.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What became of a claim of leads."""

    taken: tuple[Record, ...]
    left: int
    """How many were free and not taken."""
    refusal: Message | None
    """Why not, by the rules of the pool."""


def claim_leads(replica: Replica, ids: Collection[str]) -> Outcome[Claimed]:
    """Take those of some leads that are nobody's, as far as the rules allow, provisionally as `claim` does.

    Raises `UserError` where none of them is free or may be taken, `AccessDenied` where the role claims none.
    """
    if PoolRight.LEADS not in replica.person.rights.pool:
        raise AccessDenied(pool.MAY_NOT_CLAIM_LEADS)
    owner = {"owner_id": replica.person.user_id}
    taken: list[Record] = []
    refusal: Message | None = None
    with replica.write() as session:
        found = [repository.get(session, LEAD, lead_id) for lead_id in ids]
        free = [lead for lead in found if lead is not None and lead_is_free(lead)]
        for lead in free:
            refused = pooling.refusal_of_lead(session, replica.person, replica.clock, lead)
            if refused is None:
                taken.append(records.update_in(session, replica, LEAD, lead.id, owner))
            refusal = refusal or refused
        if not taken:
            raise UserError(refusal or pool.LEAD_NOT_FREE)
    claimed = Claimed(taken=tuple(taken), left=len(free) - len(taken), refusal=refusal)
    return Outcome(claimed, frozenset(session.changed))


def return_leads(replica: Replica, ids: Collection[str]) -> Outcome[tuple[Record, ...]]:
    """Let those of some leads the person has be nobody's again, for others to claim; return them.

    Raises `AccessDenied` where none of them is his.
    """
    with replica.write() as session:
        found = [repository.get(session, LEAD, lead_id) for lead_id in ids]
        own = [lead for lead in found if lead is not None and lead_is_own(replica, lead)]
        if not own:
            raise AccessDenied(pool.MAY_NOT_RETURN_LEAD)
        left = tuple(records.update_in(session, replica, LEAD, lead.id, {"owner_id": None}) for lead in own)
    return Outcome(left, frozenset(session.changed))


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


def _demand_in_pool(replica: Replica, customer_id: str) -> None:
    record = records.get(replica, CUSTOMER, customer_id)
    if record.get("owner_id") or record.get("holding") != pool.POOL:
        raise UserError(pool.NOT_IN_POOL)
