"""Requests for approval: what waits for the person, what he decides, what he asked himself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.approval import ApprovalRequest
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.rules import approval, quote_sums
from crm_core.rules.access import Action, Person
from crm_core.rules.access import decide as may
from crm_core.rules.approval import Decision, Standing, State, Verdict
from crm_core.rules.mandates import Mandate, Offer
from crm_desktop.models import query, quote_totals, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import approving, pricing, records
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.quote_margins import margin_of

REQUEST, DECISION = approving.REQUEST, "approval_decision"
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """One decision of a request's history."""

    at_ms: int
    who: str
    instead_of: str
    """Whose place it was taken in; '' for the person's own."""
    verdict: Verdict
    comment: str
    step: int
    sent: bool
    """HQ has it: it is binding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request as it is shown."""

    request: Record
    about: Record | None
    """The record that is asked about; None where it is not on this laptop."""
    title: str
    customer: str
    asked_by: str
    asked_ms: int
    standing: Standing
    waits_for: tuple[str, ...]
    """Names of those who are to decide now."""
    seats: tuple[str, ...]
    """In whose place the person here may decide now; empty: he may not."""
    in_place_of: str
    """Whose place that is; '' for the person's own."""
    decisions: tuple[DecisionLine, ...]
    sent: bool
    """HQ has heard of it."""
    mine: bool
    """The person here asked, and may withdraw it."""
    offer: Offer | None
    margin_percent: Decimal | None
    """What is left over the cost, of the net; None where that is not for this person or not known."""
    steps: int

    @property
    def reason(self) -> Message | None:
        """Why it ended, where no decision says so."""
        kept = self.request.get("outcome")
        return Message(str(kept[0]), dict(kept[1])) if kept else self.standing.reason


def to_decide(replica: Replica) -> tuple[RequestView, ...]:
    """Return the requests the person here may decide now, the oldest first."""
    return tuple(each for each in waiting(replica) if each.seats)


def count_to_decide(replica: Replica) -> int:
    """Return how many requests wait for the person here."""
    return len(to_decide(replica))


def waiting(replica: Replica) -> tuple[RequestView, ...]:
    """Return the requests in sight that wait for anybody, the oldest first."""
    return listed(replica, only_waiting=True)


def listed(replica: Replica, *, only_waiting: bool = False) -> tuple[RequestView, ...]:
    """Return the requests in sight, those that wait first, the newest of the others then."""
    if not may(replica.person, Action.READ, REQUEST):
        return ()
    with replica.read() as session:
        wanted = select(ApprovalRequest.id).where(ApprovalRequest.life % 2 == 1)
        is_waiting = (ApprovalRequest.status == State.WAITING) | ApprovalRequest.status.is_(None)
        first = session.scalars(wanted.where(is_waiting).order_by(ApprovalRequest.created_at).limit(MOST))
        ids = list(first)
        if not only_waiting:
            newest = wanted.where(~is_waiting).order_by(ApprovalRequest.created_at.desc()).limit(MOST)
            ids += session.scalars(newest)
        found = repository.get_many(session, REQUEST, ids)
        return tuple(_view(session, replica, found[each]) for each in ids if each in found)


def get(replica: Replica, request_id: str) -> RequestView:
    """Return a request. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        return _view(session, replica, _needed(session, request_id))


def about(replica: Replica, entity: str, record_id: str) -> tuple[RequestView, ...]:
    """Return the requests about a record, the newest first."""
    if not may(replica.person, Action.READ, REQUEST):
        return ()
    with replica.read() as session:
        found = approving.requests_about(session, entity, record_id)
        return tuple(_view(session, replica, each) for each in found)


def of_record(replica: Replica, entity: str, record_id: str) -> tuple[RequestView | None, bool]:
    """Return the newest request about a record, and whether sending it now asks for approval."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None:
            return None, False
        found = approving.requests_about(session, entity, record_id)
        may_read = may(replica.person, Action.READ, REQUEST)
        newest = _view(session, replica, found[0]) if found and may_read else None
        return newest, approving.is_subject_to_approval(session, replica.person, replica.clock, record)


def ask(replica: Replica, entity: str, record_id: str, reason: str = "") -> Outcome[Record]:
    """Ask for approval of a record, saying why."""
    with replica.write() as session:
        record = repository.get(session, entity, record_id)
        if record is None:
            raise NotFound(N_("There is no such record on this laptop"))
        approving.ask(session, record, reason)
        machine = record.schema.meta.machine
        if machine is not None and machine.waits and record.get(machine.field) != machine.waits:
            record = records.update_in(session, replica, entity, record_id, {machine.field: machine.waits})
    return Outcome(record, frozenset(session.changed))


def decide(
    replica: Replica,
    request_id: str,
    verdict: Verdict,
    comment: str = "",
    *,
    seat: str | None = None,
    to_step: int | None = None,
) -> Outcome[Record]:
    """Decide about a request; binding when HQ has accepted it. Raises `UserError` with the reason it may not.

    `seat`: in whose place, the person's own where it is one of them. `to_step`: of a return, the step that
    decides again.
    """
    person, clock = replica.person, replica.clock
    with replica.write() as session:
        request = _needed(session, request_id)
        now = approving.standing_of(session, person, clock, request)
        asked_by, away = str(request.get("created_by") or ""), approving.away(session)
        at_ms = clock.now_ms()
        seats = approval.seats_for(person.user_id, now, asked_by, away, at_ms)
        chosen = seat or (seats[0] if seats else person.user_id)
        about_it = _about(session, request)
        digest = approving.digest_of(session, about_it) if about_it is not None else None
        known = request.get("digest")
        decision = Decision(
            id="",
            by=person.user_id,
            seat=chosen,
            place=now.place,
            verdict=verdict,
            at_ms=at_ms,
            to_step=to_step,
            digest=digest if known is not None else None,
            comment=comment,
        )
        refused = approval.refusal(decision, now, asked_by, away, digest=known)
        if refused is not None:
            raise UserError(refused)
        values = {
            "request_id": request_id,
            "for_id": None if chosen == person.user_id else chosen,
            "round": now.place.round,
            "step": now.place.step,
            "verdict": verdict.value,
            "to_step": to_step,
            "comment": comment.strip() or None,
            "digest": digest,
        }
        record = records.create_in(session, replica, DECISION, values)
    return Outcome(record, frozenset(session.changed))


def withdraw(replica: Replica, request_id: str) -> Outcome[Record]:
    """Withdraw a request; what it is about can be changed again."""
    with replica.write() as session:
        request = _needed(session, request_id)
        if request.get("status") not in (None, State.WAITING):
            raise UserError(approval.NOT_WAITING)
        about_it = _about(session, request)
        machine = about_it.schema.meta.machine if about_it is not None else None
        if about_it is not None and machine is not None and about_it.get(machine.field) == machine.waits:
            back = next(step for step in machine.steps if machine.waits in step.starts and not step.by_hq)
            records.update_in(session, replica, about_it.entity, about_it.id, {machine.field: back.ends})
        elif about_it is not None:
            approving.withdraw(session, replica.person, about_it)
        request = _needed(session, request_id)
    return Outcome(request, frozenset(session.changed))


def own_mandates(replica: Replica) -> tuple[Mandate, ...]:
    """Return the mandates of the person here that count now, the one that ends first first."""
    with replica.read() as session:
        held = approving.held_mandates(session, replica.person, replica.clock.now_ms())
    return tuple(sorted((each for each, _ in held), key=lambda each: each.until_ms))


def mandates_to_renew(replica: Replica) -> tuple[Mandate, ...]:
    """Return those of them that end soon."""
    now = replica.clock.now_ms()
    return tuple(each for each in own_mandates(replica) if each.ends_soon(now))


def _needed(session: Session, request_id: str) -> Record:
    request = repository.get(session, REQUEST, request_id)
    if request is None or not request.alive:
        raise NotFound(N_("There is no such record on this laptop"))
    return request


def _about(session: Session, request: Record) -> Record | None:
    return repository.get(session, str(request["record_entity"]), str(request["record_id"]))


def _view(session: Session, replica: Replica, request: Record) -> RequestView:
    person, clock = replica.person, replica.clock
    now = approving.standing_of(session, person, clock, request)
    decisions = approving.decisions_of(session, request.id)
    asked_by = str(request.get("created_by") or person.user_id)
    seats = approval.seats_for(person.user_id, now, asked_by, approving.away(session), clock.now_ms())
    ids = {asked_by, *now.seats, *seats}
    ids |= {each for _, decision in decisions for each in (decision.by, decision.seat)}
    names = query.labels(session, "user", ids)
    unsent = not_sent_of(session, DECISION, [record.id for record, _ in decisions])
    about_it = _about(session, request)
    customer_id = str(about_it.get("customer_id") or "") if about_it is not None else ""
    offer = approving.offer_of(session, about_it) if about_it is not None else None
    return RequestView(
        request=request,
        about=about_it,
        title=about_it.title if about_it is not None else str(request.get("subject") or ""),
        customer=query.labels(session, "customer", {customer_id}).get(customer_id, ""),
        asked_by=names.get(asked_by, ""),
        asked_ms=request.get("created_at") or 0,
        standing=now,
        waits_for=tuple(names.get(each, "") for each in now.seats),
        seats=seats,
        in_place_of=names.get(seats[0], "") if seats and seats[0] != person.user_id else "",
        decisions=tuple(
            DecisionLine(
                at_ms=decision.at_ms,
                who=names.get(decision.by, ""),
                instead_of=names.get(decision.seat, "") if decision.seat != decision.by else "",
                verdict=decision.verdict,
                comment=decision.comment,
                step=decision.place.step,
                sent=record.id not in unsent,
            )
            for record, decision in decisions
        ),
        sent=request.id not in not_sent_of(session, REQUEST, [request.id]),
        mine=now.state is State.WAITING and (asked_by == person.user_id or person.rights.administers),
        offer=offer,
        margin_percent=_margin(session, person, about_it) if offer and about_it is not None else None,
        steps=len(request.get("flow") or ()) or 1,
    )


def _margin(session: Session, person: Person, quote: Record) -> Decimal | None:
    """Return the margin in percent of the net; None where a cost is not known or not to be seen."""
    lines = quote_totals.lines_of(session, quote.id)
    totals, _problem = quote_sums.shown_totals(quote.values, ((line.id, line.values) for line in lines))
    found = margin_of(person, pricing.of_quote(session, quote), lines, totals)
    return found.percent if found is not None and found.known == found.counted else None
