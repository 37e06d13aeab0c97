"""Payment plans, receipts and what they are for: what the windows and commands of payments do."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.payment import Instalment, PlanTemplate, Receipt, ReceiptShare
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.money import Money
from crm_core.rules import payment_checks
from crm_core.rules import payments as rules
from crm_core.rules.access import Action, ClassRight
from crm_core.rules.payments import Payable, Share, State
from crm_core.rules.plan_parts import parse_parts
from crm_core.schema.field import Plain
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models import query, repository
from crm_desktop.models.instalments import LaptopBooks
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, rights
from crm_desktop.services.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """An instalment as the plan shows it."""

    instalment: Record
    state: State
    over_minor: int
    """How much more is paid than it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The plan of an order or contract."""

    rows: tuple[PlanRow, ...]
    total: Money
    problem: Message | None
    """Why there is no total."""
    missing_minor: int
    """What the plan lacks; below zero it is too much."""
    paid_minor: int
    open_minor: int
    overdue_minor: int
    may_edit: bool
    may_report: bool
    """Whether the person may write down money that came."""
    may_invoice: bool
    customer_id: str
    next_minor: int
    """What is open of the instalment that is due next."""
    agreed: bool
    """Whether there is a plan and none of it is a draft."""
    templates: tuple[Record, ...]
    """Kept plans, in their order."""


def plan(replica: Replica, entity: str, record_id: str) -> PlanView:
    """Return the plan of an order or contract. `NotFound` where that is not on this laptop."""
    rights.may_do(replica, Action.READ, "instalment").demand()
    with replica.read() as session:
        holder = repository.get(session, entity, record_id)
        if holder is None:
            raise NotFound(N_("There is no such record on this laptop"))
        found = _instalments(session, entity, record_id)
        problem = None
        try:
            values = {**holder.values, "id": holder.id}
            total = payment_checks.total_of(LaptopBooks(session), entity, values)
        except UserError as error:
            total, problem = Money(0, str(holder.get("currency") or DEFAULT_CURRENCY)), error.message
        may_edit = rights.may(session, replica.person, Action.CREATE, "instalment", _like(entity, holder))
        today = replica.clock.today()
        rows = tuple(
            PlanRow(
                instalment=each,
                state=rules.state_of(each.values, today),
                over_minor=rules.over_minor(each.values),
            )
            for each in found
        )
    live = [row for row in rows if row.state is not State.VOID]
    opens = [row.instalment for row in live if rules.open_minor(row.instalment.values)]
    opens.sort(key=lambda each: (each.get("due_on") or "9999-12-31", each.get("number") or 0))
    next_minor = rules.open_minor(opens[0].values) if opens else 0
    return PlanView(
        rows=rows,
        total=total,
        problem=problem,
        missing_minor=rules.missing(total.minor, (row.instalment.get("amount") for row in live)),
        paid_minor=sum(row.instalment.get("paid") or 0 for row in rows),
        open_minor=sum(rules.open_minor(row.instalment.values) for row in rows),
        overdue_minor=sum(
            rules.open_minor(row.instalment.values) for row in rows if row.state is State.OVERDUE
        ),
        may_edit=bool(may_edit) and holder.alive,
        may_report=bool(rights.may_do(replica, Action.CREATE, "receipt")),
        may_invoice=bool(rights.may_do(replica, Action.CREATE, "invoice")),
        customer_id=str(holder.get("customer_id") or ""),
        next_minor=next_minor,
        agreed=bool(live) and all(row.state is not State.DRAFT for row in live),
        templates=plan_templates(replica) if may_edit else (),
    )


def rights_to_decide(replica: Replica, entity: str) -> bool:
    """Tell whether the person may take the steps of a kind of record that decide: post, issue, void."""
    right = replica.person.rights.class_right
    machine = schema_of(entity).meta.machine
    needed = (
        {step.needs_class for step in machine.steps if step.needs_class} if machine is not None else set()
    )
    edits = replica.person.rights.reach_of(entity, Action.EDIT)
    return bool(edits) and all(right(entity, each) is ClassRight.WRITE for each in needed)


def plan_templates(replica: Replica) -> tuple[Record, ...]:
    """Return the plans that are kept and in use, in their order."""
    rights.may_do(replica, Action.READ, "plan_template").demand()
    with replica.read() as session:
        rows = session.scalars(
            select(PlanTemplate)
            .where(PlanTemplate.life % 2 == 1, PlanTemplate.active.isnot(False))
            .order_by(PlanTemplate.rank, PlanTemplate.name, PlanTemplate.id)
        )
        return tuple(record_of(row) for row in rows)


def template_called(replica: Replica, name: str) -> Record:
    """Return the kept plan of a name in either language. `UserError` where there is none."""
    wanted = name.strip().casefold()
    for each in plan_templates(replica):
        if wanted in {str(each.get(field) or "").casefold() for field in ("name", "name_zh")}:
            return each
    raise UserError(N_("There is no plan template called “{name}”"), name=name.strip())


def plan_by_parts(
    replica: Replica, entity: str, record_id: str, text: str, first_day: datetime.date, months: int = 1
) -> Outcome[tuple[Record, ...]]:
    """Make a plan of parts, as `plan_parts` reads them.

    Of those due on fixed days the first is due on `first_day`, each next some months later. Drafts that were
    there go; what is agreed or paid stays, and the parts are of the rest.
    """
    parts = parse_parts(text)
    with replica.write() as session:
        holder = _holder(session, entity, record_id)
        total = payment_checks.total_of(LaptopBooks(session), entity, {**holder.values, "id": holder.id})
        kept = 0
        for each in _instalments(session, entity, record_id):
            if each.get("status") == "draft":
                records.delete_in(session, replica, "instalment", each.id)
            elif each.get("status") != "void":
                kept += each.get("amount") or 0
        made = []
        on_days = 0
        amounts = rules.split(total.minor - kept, [part.percent for part in parts])
        for part, minor in zip(parts, amounts, strict=True):
            values: dict[str, Plain] = {
                f"{entity}_id": record_id,
                "share_percent": f"{part.percent.normalize():f}",
                "amount": minor,
                "due_from": part.due_from,
                "due_days": part.due_days,
            }
            if part.due_from == "day":
                values["due_day"] = _months_later(first_day, on_days * months).isoformat()
                on_days += 1
            made.append(records.create_in(session, replica, "instalment", values))
    return Outcome(tuple(made), frozenset(session.changed))


def agree(replica: Replica, entity: str, record_id: str) -> Outcome[int]:
    """Agree the drafts of a plan, all or none; return how many. `UserError` where it does not add up."""
    return _step(replica, entity, record_id, "draft", "agreed")


def plan_again(replica: Replica, entity: str, record_id: str) -> Outcome[int]:
    """Make drafts again of what is agreed and nothing is paid of; return how many."""
    return _step(replica, entity, record_id, "agreed", "draft")


def _step(replica: Replica, entity: str, record_id: str, before: str, after: str) -> Outcome[int]:
    with replica.write() as session:
        wanted = [
            each
            for each in _instalments(session, entity, record_id)
            if each.get("status") == before and not each.get("paid")
        ]
        for each in wanted:
            records.update_in(session, replica, "instalment", each.id, {"status": after})
    return Outcome(len(wanted), frozenset(session.changed))


def _months_later(day: datetime.date, months: int) -> datetime.date:
    """Return the day so many months later, or the last one of its month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    return datetime.date(year, month, min(day.day, (following - datetime.timedelta(days=1)).day))


def _holder(session: Session, entity: str, record_id: str) -> Record:
    found = repository.get(session, entity, record_id)
    if found is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return found


def _like(entity: str, holder: Record) -> dict[str, Any]:
    return {f"{entity}_id": holder.id, "customer_id": holder.get("customer_id")}


def _instalments(session: Session, entity: str, record_id: str) -> list[Record]:
    rows = session.scalars(
        select(Instalment)
        .where(getattr(Instalment, f"{entity}_id") == record_id, Instalment.life % 2 == 1)
        .order_by(Instalment.number, Instalment.id)
    )
    return [record_of(row) for row in rows]


# Receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """An instalment a receipt may be for."""

    instalment: Record
    open_minor: int
    matched_minor: int
    """What of the receipt is matched to it."""
    proposed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """A receipt with what it may be for."""

    receipt: Record
    customer_name: str
    left_minor: int
    rows: tuple[MatchRow, ...]
    refunds: tuple[Record, ...]
    may_match: bool
    may_post: bool


def match_view(replica: Replica, receipt_id: str) -> MatchView:
    """Return a receipt with the open instalments of its customer and a proposal, the oldest due first."""
    rights.may_do(replica, Action.READ, "receipt").demand()
    with replica.read() as session:
        receipt = _holder(session, "receipt", receipt_id)
        books = LaptopBooks(session)
        values = {**receipt.values, "id": receipt.id}
        left = payment_checks.left_of(books, values)
        matched = payment_checks.matched_of(books, values)
        payables = _payables(session, receipt, matched)
        shares = rules.proposal(left, [_payable(each) for each in payables]) if left > 0 else []
        proposed = {share.instalment_id: share.minor for share in shares}
        customer_id = str(receipt.get("customer_id") or "")
        refunds = session.scalars(
            select(Receipt)
            .where(Receipt.reverses_id == receipt_id, Receipt.life % 2 == 1)
            .order_by(Receipt.received_on, Receipt.id)
        )
        return MatchView(
            receipt=receipt,
            customer_name=query.labels(session, "customer", {customer_id}).get(customer_id, ""),
            left_minor=left,
            rows=tuple(
                MatchRow(
                    instalment=each,
                    open_minor=rules.open_minor(each.values),
                    matched_minor=matched.get(each.id, 0),
                    proposed_minor=proposed.get(each.id, 0),
                )
                for each in payables
            ),
            refunds=tuple(record_of(row) for row in refunds),
            may_match=bool(rights.may(session, replica.person, Action.CREATE, "receipt_share")),
            may_post=rights_to_decide(replica, "receipt"),
        )


def match(replica: Replica, receipt_id: str, shares: Iterable[Share]) -> Outcome[tuple[Record, ...]]:
    """Say what a receipt was for; all or nothing. `UserError` for more than there is."""
    with replica.write() as session:
        made = _match(session, replica, receipt_id, shares)
    return Outcome(made, frozenset(session.changed))


def match_as_proposed(replica: Replica, receipt_id: str) -> Outcome[tuple[Record, ...]]:
    """Match a receipt as is proposed."""
    view = match_view(replica, receipt_id)
    shares = [Share(row.instalment.id, row.proposed_minor) for row in view.rows if row.proposed_minor]
    return match(replica, receipt_id, shares)


def unmatch(replica: Replica, receipt_id: str, instalment_id: str) -> Outcome[tuple[Record, ...]]:
    """Take off an instalment what of a receipt was matched to it, by an entry against it."""
    with replica.write() as session:
        receipt = _holder(session, "receipt", receipt_id)
        values = {**receipt.values, "id": receipt.id}
        minor = payment_checks.matched_of(LaptopBooks(session), values).get(instalment_id, 0)
        shares = [Share(instalment_id, -minor)] if minor else []
        made = _match(session, replica, receipt_id, shares)
    return Outcome(made, frozenset(session.changed))


def post(replica: Replica, receipt_id: str) -> Outcome[Record]:
    """Post a receipt; a refund takes off what it reverses, and may have to be approved first."""
    return records.update(replica, "receipt", receipt_id, {"status": "posted"})


def record_payment(
    replica: Replica, values: Mapping[str, Plain], shares: Sequence[Share] = ()
) -> Outcome[Record]:
    """Write down money that came. Who may post it posts it and says what it was for; others report it."""
    with replica.write() as session:
        receipt = records.create_in(session, replica, "receipt", values)
        if rights_to_decide(replica, "receipt"):
            receipt = records.update_in(session, replica, "receipt", receipt.id, {"status": "posted"})
            _match(session, replica, receipt.id, shares)
            receipt = repository.get(session, "receipt", receipt.id) or receipt
    return Outcome(receipt, frozenset(session.changed))


def refund(replica: Replica, receipt_id: str, minor: int, reason: str) -> Outcome[Record]:
    """Give back so much of a receipt; the refund waits where somebody must approve it."""
    values: dict[str, Plain] = {"reverses_id": receipt_id, "amount": -abs(minor), "reason": reason.strip()}
    with replica.write() as session:
        made = records.create_in(session, replica, "receipt", values)
        made = records.update_in(session, replica, "receipt", made.id, {"status": "posted"})
    return Outcome(made, frozenset(session.changed))


def _match(
    session: WriteSession, replica: Replica, receipt_id: str, shares: Iterable[Share]
) -> tuple[Record, ...]:
    return tuple(
        records.create_in(
            session,
            replica,
            "receipt_share",
            {"receipt_id": receipt_id, "instalment_id": each.instalment_id, "amount": each.minor},
        )
        for each in shares
        if each.minor
    )


def _payables(session: Session, receipt: Record, matched: Iterable[str]) -> list[Record]:
    """Return the instalments of a receipt's customer that are open, or that it is matched to."""
    is_open = Instalment.state.in_([each.value for each in rules.COLLECTED])
    is_open &= Instalment.currency == receipt.get("currency")
    rows = session.scalars(
        select(Instalment)
        .where(Instalment.customer_id == receipt.get("customer_id"), Instalment.life % 2 == 1)
        .where(is_open | Instalment.id.in_(list(matched)))
        .order_by(Instalment.due_on.is_(None), Instalment.due_on, Instalment.number, Instalment.id)
    )
    return [record_of(row) for row in rows]


def _payable(instalment: Record) -> Payable:
    return Payable(
        id=instalment.id,
        open_minor=rules.open_minor(instalment.values),
        due_on=instalment.get("due_on"),
        number=instalment.get("number") or 0,
    )


# An instalment


def shares_of(replica: Replica, instalment_id: str) -> tuple[tuple[Record, Record], ...]:
    """Return the shares of an instalment, each with its receipt, the oldest first."""
    rights.may_do(replica, Action.READ, "receipt").demand()
    with replica.read() as session:
        rows = session.scalars(
            select(ReceiptShare)
            .where(ReceiptShare.instalment_id == instalment_id, ReceiptShare.life % 2 == 1)
            .order_by(ReceiptShare.created_at, ReceiptShare.id)
        ).all()
        receipts = repository.get_many(session, "receipt", {str(row.receipt_id) for row in rows})
        return tuple(
            (record_of(row), receipts[str(row.receipt_id)]) for row in rows if row.receipt_id in receipts
        )
