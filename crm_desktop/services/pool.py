"""Taking customers out of the shared pool, returning them, and keeping them from being returned."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid, Problem, UserError
from crm_core.rules import pool
from crm_core.rules.access import Action, PoolRight
from crm_desktop.models.records import Record, field_key
from crm_desktop.models.replica import Replica
from crm_desktop.services import pooling, records, rights
from crm_desktop.services.marks import fields_not_sent
from crm_desktop.services.outcome import Outcome

CUSTOMER = "customer"
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


def _demand_in_pool(replica: Replica, customer_id: str) -> None:
    record = records.get(replica, CUSTOMER, customer_id)
    if record.get("owner_id") or record.get("holding") != pool.POOL:
        raise UserError(pool.NOT_IN_POOL)
