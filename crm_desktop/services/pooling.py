"""The shared pool on a laptop: what goes with a step, whether it may be taken, how long a customer stays.

HQ has the last word by the same rules (`crm_core.rules.pool`); until it has answered, a claim is provisional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.lead import Lead
from crm_core.entities.pool import PoolRule
from crm_core.errors import AccessDenied, UserError
from crm_core.i18n import N_, Message
from crm_core.rules import pool
from crm_core.rules.access import Action, Person, PoolRight, decide
from crm_core.schema.field import Plain
from crm_core.schema.machine import Step
from crm_desktop.models.clock import Clock
from crm_desktop.models.derived import last_contact_ms
from crm_desktop.models.records import Record
from crm_desktop.services import rights

STEP_FIELDS = frozenset(("holding", "owner_id", "last_owner_id", "pool_reason", "claimed_by"))
"""Fields a step writes or takes along."""


def complete(before: Record, changes: dict[str, Plain]) -> None:
    """Add the step to a change of owner that is one, and the owner to a step."""
    owner = before.get("owner_id")
    if changes.get("holding") == pool.POOL != before.get("holding"):
        changes["owner_id"] = None
    if "owner_id" not in changes:
        return
    if owner and not changes["owner_id"]:
        changes["holding"], changes["last_owner_id"] = pool.POOL, owner
    elif not owner and changes["owner_id"] and before.get("holding") == pool.POOL:
        changes["holding"] = pool.HELD


def complete_lead(person: Person, before: Record, changes: dict[str, Plain]) -> None:
    """Add who claimed a lead of nobody to a claim, and whose it was to giving it back."""
    step = _step_of_lead(before, changes)
    if step is None:
        return
    if step.name == pool.TAKE:
        taker = changes["owner_id"]
        changes["claimed_by"] = taker if taker == person.user_id else None
    else:
        changes["last_owner_id"] = before.get("owner_id")


def demand_step(
    session: Session, person: Person, clock: Clock, before: Record, changes: Mapping[str, Any]
) -> frozenset[str]:
    """Return which of the changes are of a step the person may take; none where there is no step.

    Raises `AccessDenied` or `UserError`.
    """
    machine = before.schema.meta.machine
    if machine is None or not before.schema.meta.pooled:
        return frozenset()
    if before.entity == pool.LEAD:
        return _demand_step_of_lead(session, person, clock, before, changes)
    if "holding" not in changes:
        return frozenset()
    step = machine.between(before.get("holding"), changes["holding"])
    if step is None:
        return frozenset()
    after = {**before.values, **changes}
    rights.may(session, person, Action.READ, before.entity, before.values).demand()
    if step.name == pool.TAKE:
        _demand_taking(session, person, clock, before, after)
    else:
        decide(person, Action.EDIT, before.entity).demand()
        if step.name == pool.RETURN:
            _demand_return(session, person, before, changes)
        else:
            _demand_lock(session, person, clock, before, locks=step.name == pool.LOCK)
    return STEP_FIELDS & changes.keys()


def rules_in_force(session: Session, kind: str = pool.CUSTOMER) -> tuple[pool.Rule, ...]:
    """Return the rules of the pool for a kind of record."""
    return pool.rules_of((dict(row) for row in session.execute(select(PoolRule.__table__)).mappings()), kind)


def due_in(session: Session, customer: Record) -> pool.Due | None:
    """Return when a customer returns to the pool; None for one that never does as it stands."""
    rules = rules_in_force(session)
    if not rules or not customer.alive:
        return None
    newest, open_deals = session.execute(
        select(
            func.max(func.coalesce(Deal.stage_since, Deal.created_at)),
            func.sum(func.coalesce(Stage.kind, "open") == "open"),
        )
        .outerjoin(Stage, Stage.id == Deal.stage_id)
        .where(Deal.customer_id == customer.id, Deal.life % 2 == 1)
    ).one()
    standing = pool.Standing(
        owner_id=customer.get("owner_id"),
        holding=customer.get("holding"),
        level=customer.get("level"),
        status=customer.get("status"),
        since_ms=customer.get("held_since") or customer.get("created_at") or 0,
        contact_ms=last_contact_ms(session, customer.id),
        deal_ms=newest,
        has_open_deal=bool(open_deals),
    )
    return pool.due(rules, standing)


def _demand_taking(
    session: Session, person: Person, clock: Clock, before: Record, after: Mapping[str, Any]
) -> None:
    if before.get("owner_id"):
        raise UserError(pool.NOT_IN_POOL)
    if not after.get("owner_id"):
        raise UserError(N_("Say who takes the customer: set its owner"))
    if after["owner_id"] != person.user_id:
        rights.may(session, person, Action.EDIT, before.entity, before.values).demand()
        rights.demand_assignable(session, person, before.entity, before.values, after)
        return
    if PoolRight.CLAIM not in person.rights.pool:
        raise AccessDenied(pool.MAY_NOT_CLAIM)
    rules = rules_in_force(session)
    rule = pool.rule_for(rules, before.get("level"), before.get("status"))
    now_ms = clock.now_ms()
    refusal = pool.claim_refusal(
        rule,
        _taken(session, rules, rule, person.user_id, now_ms),
        person_id=person.user_id,
        last_owner_id=before.get("last_owner_id"),
        returned_ms=before.get("returned_at"),
        now_ms=now_ms,
    )
    if refusal is not None:
        raise UserError(refusal)


def refusal_of_lead(session: Session, person: Person, clock: Clock, lead: Record) -> Message | None:
    """Return why the rules of the pool keep a person from a lead of nobody; None where they do not."""
    rules = rules_in_force(session, pool.LEAD)
    now_ms = clock.now_ms()
    return pool.claim_refusal(
        pool.rule_for(rules, None, None),
        _leads_taken(session, person.user_id, now_ms),
        person_id=person.user_id,
        last_owner_id=lead.get("last_owner_id"),
        returned_ms=lead.get("returned_at"),
        now_ms=now_ms,
    )


def _step_of_lead(before: Record, changes: Mapping[str, Any]) -> Step | None:
    machine, owner = before.schema.meta.machine, before.get("owner_id")
    if machine is None:
        return None
    state = before.get(machine.field)
    if machine.state_of(changes.get(machine.field, state)) != machine.state_of(state):
        return None  # the recorder lets the new state go as the step, and the owner as a plain change
    return machine.staying(state, {"owner_id": (owner, changes.get("owner_id", owner))})


def _demand_step_of_lead(
    session: Session, person: Person, clock: Clock, before: Record, changes: Mapping[str, Any]
) -> frozenset[str]:
    step = _step_of_lead(before, changes)
    if step is None:
        return frozenset()
    taker = changes["owner_id"] if step.name == pool.TAKE else before.get("owner_id")
    if taker != person.user_id or PoolRight.LEADS not in person.rights.pool:
        return frozenset()  # giving a lead to others, and taking it from them, is assigning it
    rights.may(session, person, Action.READ, before.entity, before.values).demand()
    refusal = refusal_of_lead(session, person, clock, before) if step.name == pool.TAKE else None
    if refusal is not None:
        raise UserError(refusal)
    return STEP_FIELDS & changes.keys()


def _demand_return(session: Session, person: Person, before: Record, changes: Mapping[str, Any]) -> None:
    if rights.may(session, person, Action.ASSIGN, before.entity, before.values):
        return
    if before.get("owner_id") != person.user_id or PoolRight.RETURN not in person.rights.pool:
        raise AccessDenied(pool.MAY_NOT_RETURN)
    if not changes.get("pool_reason"):
        raise UserError(pool.SAY_WHY)


def _demand_lock(session: Session, person: Person, clock: Clock, before: Record, *, locks: bool) -> None:
    holder = before.get("owner_id")
    assigns = rights.may(session, person, Action.ASSIGN, before.entity, before.values)
    if PoolRight.LOCK not in person.rights.pool or not (holder == person.user_id or assigns):
        raise AccessDenied(pool.MAY_NOT_LOCK)
    rules = rules_in_force(session)
    rule = pool.rule_for(rules, before.get("level"), before.get("status"))
    refusal = pool.lock_refusal(rule, _taken(session, rules, rule, str(holder), clock.now_ms()))
    if locks and refusal is not None:
        raise UserError(refusal)


def _taken(
    session: Session, rules: tuple[pool.Rule, ...], rule: pool.Rule | None, user_id: str, now_ms: int
) -> pool.Taken:
    recent = and_(Customer.last_owner_id == user_id, Customer.claimed_at > now_ms - pool.WEEK_MS)
    columns = (
        Customer.level,
        Customer.status,
        Customer.holding,
        Customer.owner_id,
        Customer.last_owner_id,
        Customer.claimed_at,
    )
    rows = session.execute(
        select(*columns).where(or_(Customer.owner_id == user_id, recent), Customer.life % 2 == 1)
    )
    return pool.taken_of(rules, rule, (dict(row) for row in rows.mappings()), user_id, now_ms)


def _leads_taken(session: Session, user_id: str, now_ms: int) -> pool.Taken:
    recent = and_(Lead.claimed_by == user_id, Lead.claimed_at > now_ms - pool.WEEK_MS)
    columns = (Lead.owner_id, Lead.status, Lead.claimed_by, Lead.claimed_at)
    rows = session.execute(select(*columns).where(or_(Lead.owner_id == user_id, recent), Lead.life % 2 == 1))
    return pool.leads_taken((dict(row) for row in rows.mappings()), user_id, now_ms)
