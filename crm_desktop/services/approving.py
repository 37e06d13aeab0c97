"""Sending what needs approval: within a mandate at once, beyond it by asking. Every writer comes here.

The laptop judges by what it holds; HQ judges again when the step arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.approval import (
    Absence,
    ApprovalDecision,
    ApprovalFlow,
    ApprovalRequest,
)
from crm_core.entities.approval import (
    Mandate as MandateRecord,
)
from crm_core.entities.contract import Clause
from crm_core.entities.people import Role, Team, User
from crm_core.entities.product import Product
from crm_core.errors import UserError
from crm_core.rules import approval, approval_flows, clauses, mandates, request_forms
from crm_core.rules.access import Person
from crm_core.rules.approval import Away, Decision, People, Place, Standing, State
from crm_core.rules.approval_flows import Flow, Needed
from crm_core.rules.mandates import Mandate, Offer
from crm_core.schema.entity import Entity
from crm_core.schema.field import Plain
from crm_core.sync.sealing import is_signed
from crm_desktop.models import repository, state
from crm_desktop.models.clock import Clock
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services import pricing

REQUEST = "approval_request"
QUOTE, LINE = "quote", "quote_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What sending a record takes, as far as this laptop knows."""

    needed: Needed | None
    """Who is to be asked; None: nobody."""
    relied_on: tuple[Mandate, ...] = ()
    offer: Offer | None = None

    @property
    def is_final(self) -> bool:
        """Tell whether it is final at once."""
        return self.needed is None


def complete(
    session: Session, person: Person, clock: Clock, before: Record, changes: dict[str, Plain]
) -> None:
    """Turn sending what needs approval into asking for it, and taking it back into withdrawing that.

    Names the mandates relied on where there are some. Raises `UserError` for a step that is HQ's.
    """
    machine = before.schema.meta.machine
    if machine is None or not machine.waits or machine.field not in changes:
        return
    here, there = machine.state_of(before.get(machine.field)), machine.state_of(changes[machine.field])
    asked = machine.approved
    if here == machine.waits and there != here:
        if asked is not None and there == asked.ends:
            raise UserError(approval.WAITS_STILL)
        withdraw(session, person, before)
    elif asked is not None and here in asked.starts and there == asked.ends:
        found = judge(session, person, clock, before)
        if found.is_final or was_approved(session, before):
            if found.relied_on:
                held = {each.id: signed for each, signed in held_mandates(session, person, clock.now_ms())}
                changes["mandates"] = [held[each.id] for each in found.relied_on]
        else:
            changes[machine.field] = machine.waits
            ask(session, before)
    elif there == machine.waits and here != there:
        ask(session, before)


def ask(session: Session, record: Record, reason: str = "") -> None:
    """Ask for approval of a record, unless that was done already."""
    if waiting_request(session, record) is None:
        values = {
            "record_entity": record.entity,
            "record_id": record.id,
            "subject": record.title or None,
            "reason": reason.strip() or None,
            "status": State.WAITING.value,
        }
        repository.create(_writer(session), REQUEST, values)


def withdraw(session: Session, person: Person, record: Record) -> None:
    """Withdraw what was asked about a record. `UserError` where somebody else asked."""
    request = waiting_request(session, record)
    if request is None:
        return
    if request.get("created_by") not in (None, person.user_id) and not person.rights.administers:
        raise UserError(approval.ONLY_ASKER)
    repository.update(_writer(session), REQUEST, request.id, {"status": State.WITHDRAWN.value})


def judge(session: Session, person: Person, clock: Clock, record: Record) -> Judged:
    """Return what sending a record takes."""
    offer = offer_of(session, record)
    held = [each for each, _ in held_mandates(session, person, clock.now_ms())]
    relied_on = (mandates.covering(held, offer) or ()) if offer is not None else ()
    form = repository.get(session, request_forms.FORM, str(record.get("form_id") or ""))
    flow = approval_flows.flow_for(
        _flows(session),
        record.entity,
        approval_flows.asked_values(record.values, offer, _of_clauses(session, record)),
        approval_flows.asked_fields(
            record.entity,
            fields_of(session, record.entity),
            request_forms.fields_of(record.get("form") or {}),
        ),
        only=form.get("flow_id") if form is not None else None,
    )
    needed = approval_flows.needed(flow, offer, relied_on, is_limited=_is_limited(session))
    return Judged(needed=needed, relied_on=relied_on if needed is None else (), offer=offer)


def _flows(session: Session) -> tuple[Flow, ...]:
    return approval_flows.flows_of(_rows(session, ApprovalFlow))


def _is_limited(session: Session) -> bool:
    """Tell whether this HQ gives discount mandates."""
    return session.scalar(select(MandateRecord.id).where(MandateRecord.life % 2 == 1).limit(1)) is not None


def is_subject_to_approval(session: Session, person: Person, clock: Clock, record: Record) -> bool:
    """Tell whether what is printed of a record waits for somebody, or would once it is sent."""
    machine = record.schema.meta.machine
    if machine is None or not machine.waits or machine.approved is None:
        return False
    here = machine.state_of(record.get(machine.field))
    if here == machine.waits:
        return True
    if here not in machine.approved.starts or was_approved(session, record):
        return False
    asks = any(flow.entity == record.entity for flow in _flows(session))
    # Where nothing can ask, the lines of a long quote need not be priced and counted to know that.
    return (asks or _is_limited(session)) and not judge(session, person, clock, record).is_final


def held_mandates(
    session: Session, person: Person, at_ms: int, *, also_ended: bool = False
) -> list[tuple[Mandate, dict[str, Any]]]:
    """Return the person's mandates HQ has signed that count at a moment, each with what was signed.

    `also_ended`: those that do not count any more, or not yet, too.
    """
    key = bytes.fromhex(str(state.read(session, Key.SETTINGS).get("file_key") or ""))
    user = repository.get(session, "user", person.user_id)
    role_id = user.get("role_id") if user is not None else None
    found = []
    for row in _rows(session, MandateRecord):
        signed = row["signed"]
        mandate = mandates.mandate_of(signed)
        if mandate is None:
            continue
        proved = is_signed(mandates.digest_of(signed), mandates.signature_of(signed), key)
        said = mandates.refusal(mandate, signed=proved, user_id=person.user_id, role_id=role_id, at_ms=at_ms)
        if said is None or (also_ended and said == mandates.EXPIRED):
            found.append((mandate, signed))
    return found


def offer_of(session: Session, record: Record) -> Offer | None:
    """Return what a quote offers; None for other kinds, and where it cannot be added up."""
    if record.entity != QUOTE:
        return None
    lines = _children(session, LINE, "quote_id", record.id)
    ids = {line["product_id"] for line in lines if line["product_id"]}
    families = {
        row["id"]: row["family"]
        for row in (_rows(session, Product, Product.id.in_(ids), dead=True) if ids else ())
    }
    priced = pricing.of_quote(session, record)
    priced.know(ids)
    return approval_flows.offer_of(record.values, lines, families, priced.due)


def _of_clauses(session: Session, record: Record) -> dict[str, Any] | None:
    """Return how a contract's clauses stand to the library; None for other kinds."""
    if record.entity != approval_flows.CONTRACT:
        return None
    return clauses.facts(
        _children(session, "contract_clause", "contract_id", record.id), _rows(session, Clause)
    )


def digest_of(session: Session, record: Record) -> str:
    """Return the hash of what is approved of a record."""
    below = {
        kind: _children(session, kind, f"{record.entity}_id", record.id)
        for kind in approval_flows.kinds_below(record.entity)
    }
    return approval_flows.digest_of(record.entity, record.values, below)


def requests_about(session: Session, entity: str, record_id: str) -> list[Record]:
    """Return the requests about a record, the newest first."""
    rows = session.scalars(
        select(ApprovalRequest)
        .where(ApprovalRequest.record_id == record_id, ApprovalRequest.record_entity == entity)
        .where(ApprovalRequest.life % 2 == 1)
        .order_by(ApprovalRequest.created_at.desc(), ApprovalRequest.id.desc())
    )
    return [record_of(row) for row in rows]


def waiting_request(session: Session, record: Record) -> Record | None:
    """Return the request about a record that waits."""
    found = requests_about(session, record.entity, record.id)
    return next((each for each in found if each.get("status") in (None, State.WAITING)), None)


def was_approved(session: Session, record: Record) -> bool:
    """Tell whether a record was approved as it is."""
    approved = [each for each in requests_about(session, record.entity, record.id) if _is_approved(each)]
    return bool(approved) and digest_of(session, record) in {each.get("digest") for each in approved}


def _is_approved(request: Record) -> bool:
    return bool(request.get("status") == State.APPROVED)


def decisions_of(session: Session, request_id: str) -> list[tuple[Record, Decision]]:
    """Return what was decided about a request, the oldest first."""
    rows = session.scalars(
        select(ApprovalDecision)
        .where(ApprovalDecision.request_id == request_id, ApprovalDecision.life % 2 == 1)
        .order_by(ApprovalDecision.created_at, ApprovalDecision.id)
    )
    found = []
    for row in rows:
        decision = approval.decision_of(row.id, record_of(row).values)
        if decision is not None:
            found.append((record_of(row), decision))
    return found


def standing_of(session: Session, person: Person, clock: Clock, request: Record) -> Standing:
    """Return what a request has come to; what was decided here and not sent yet counts.

    Until HQ has said by which flow, it stands by this laptop's own.
    """
    status = State(request.get("status") or State.WAITING)
    place = Place(request.get("round") or 0, request.get("step") or 0)
    if status is not State.WAITING:
        return Standing(state=status, place=place)
    try:
        steps = approval.steps_of(request["flow"]) if request.get("flow") else ()
    except (ValueError, TypeError, KeyError):
        steps = ()
    if request.get("flow") is None:
        about = repository.get(session, str(request["record_entity"]), str(request["record_id"]))
        found = judge(session, person, clock, about).needed if about is not None else None
        steps = found.steps if found is not None else approval.STANDARD_STEPS
    decisions = [decision for _, decision in decisions_of(session, request.id)]
    return approval.standing(
        steps, str(request.get("created_by") or person.user_id), decisions, people(session), place=place
    )


def people(session: Session) -> People:
    """Return who works here."""
    return approval.people_of(_rows(session, User), _rows(session, Team), _rows(session, Role))


def away(session: Session) -> list[Away]:
    """Return the absences this laptop knows of."""
    return approval.away_of(_rows(session, Absence))


def _children(session: Session, kind: str, link: str, record_id: str) -> list[dict[str, Any]]:
    table = SCHEMAS[kind].table
    query = select(table).where(table.c[link] == record_id, table.c.life % 2 == 1)
    return [dict(row) for row in session.execute(query).mappings()]


def _rows(session: Session, model: type[Entity], *where: Any, dead: bool = False) -> list[Mapping[str, Any]]:
    query = select(model.__table__).where(*where)
    if not dead:
        query = query.where(model.life % 2 == 1)
    return [dict(row) for row in session.execute(query).mappings()]


def _writer(session: Session) -> WriteSession:
    assert isinstance(session, WriteSession)  # nothing is asked or withdrawn by who only reads
    return session
