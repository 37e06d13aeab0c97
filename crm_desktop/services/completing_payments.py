"""What the program fills in of instalments, receipts, shares and invoices, and what must then hold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.payment import Instalment, InvoiceTitle
from crm_core.rules import payment_checks, payments
from crm_core.rules.access import Person
from crm_core.schema.field import Plain
from crm_desktop.models import numbers, repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.instalments import LaptopBooks
from crm_desktop.models.records import Record
from crm_desktop.models.session import WriteSession
from crm_desktop.services.company import company

Values = dict[str, Plain]
_OF_A_REVERSED_INVOICE = (
    *("order_id", "contract_id", "instalment_id", "kind", "invoice_title_id"),
    *payments.TITLE_FIELDS,
)


def new_instalment(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Take customer and currency from the order or contract, and the amount from a percentage."""
    books = LaptopBooks(session)
    found = payment_checks.holder_of(books, values)
    if found is not None:
        entity, holder = found
        _offer(values, customer_id=holder.get("customer_id"))
        link = getattr(Instalment, f"{entity}_id")
        if values.get("number") is None:
            last = session.scalar(
                select(func.max(Instalment.number)).where(link == holder["id"], Instalment.life % 2 == 1)
            )
            values["number"] = (last or 0) + 1
        percent = values.get("share_percent")
        if percent and values.get("amount") is None:
            total = payment_checks.total_of(books, entity, holder)
            (values["amount"],) = payments.split(total.minor, [Decimal(str(percent))])
        if values.get("amount") is not None:
            _offer(values, currency=holder.get("currency"))
        _offer(values, name=f"{holder.get('number') or ''} / {values['number']}".removeprefix(" / "))
    payment_checks.demand_new(books, "instalment", values)


def new_receipt(session: Session, _person: Person, clock: Clock, values: Values) -> None:
    """Number it; a refund takes customer and currency from what it reverses."""
    books = LaptopBooks(session)
    reversed_by = books.get("receipt", str(values.get("reverses_id") or ""))
    if reversed_by is not None:
        values["kind"] = "refund"
        _offer(
            values,
            customer_id=reversed_by.get("customer_id"),
            currency=reversed_by.get("currency"),
            method=reversed_by.get("method"),
        )
    day = clock.today()
    _offer(values, received_on=day.isoformat(), currency=company(session).currency)
    payment_checks.demand_new(books, "receipt", values)
    values["number"] = numbers.take(session, "receipt", day)


def new_share(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Put it into the receipt's currency, and see that it is not more than there is."""
    books = LaptopBooks(session)
    receipt = books.get("receipt", str(values.get("receipt_id") or ""))
    if receipt is not None:
        _offer(values, currency=receipt.get("currency"))
    payment_checks.demand_new(books, "receipt_share", values)


def new_invoice(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Take what is known of it from instalment, order, contract and the customer's title."""
    books = LaptopBooks(session)
    _from_instalment(books, values)
    _from_reversed(books, values)
    found = payment_checks.holder_of(books, values)
    if found is not None:
        entity, holder = found
        _offer(values, customer_id=holder.get("customer_id"), subject=holder.get("number"))
        if values.get("amount") is None:
            others = books.living("invoice", f"{entity}_id", holder["id"])
            counted = [
                each["amount"] or 0
                for each in others
                if (each["status"] or "requested") in payments.COUNTED_INVOICES
            ]
            left = payment_checks.total_of(books, entity, holder).minor - sum(counted)
            values["amount"] = left if left > 0 else None
        _offer(values, currency=holder.get("currency"))
    _offer(values, currency=company(session).currency)
    _take_title(session, values)
    payment_checks.demand_new(books, "invoice", values)


def changed_invoice(session: Session, person: Person, clock: Clock, before: Record, changes: Values) -> None:
    """Say anew what the invoice title says where another one is chosen."""
    if changes.get("invoice_title_id") and changes["invoice_title_id"] != before.get("invoice_title_id"):
        title = repository.get(session, "invoice_title", str(changes["invoice_title_id"]))
        if title is not None:
            changes.update(
                {
                    name: value
                    for name, value in payments.title_values(title.values).items()
                    if name not in changes
                }
            )
    changed(session, person, clock, before, changes)


def changed(session: Session, _person: Person, _clock: Clock, before: Record, changes: Values) -> None:
    """See that a change, or the step it is, fits the other records."""
    books = LaptopBooks(session)
    held: Mapping[str, Any] = {**before.values, "id": before.id}
    machine = before.schema.meta.machine
    step = None
    if machine is not None and machine.field in changes:
        step = machine.between(before.get(machine.field), changes[machine.field])
    moved = frozenset(name for name, value in changes.items() if value != before.get(name))
    payment_checks.demand_changed(books, before.entity, {**held, **changes}, moved)
    if step is not None:
        payment_checks.demand_step(books, before.entity, {**held, **changes}, step.name)


def take_off(session: WriteSession, before: Record, record: Record) -> list[Record]:
    """Write what a refund takes off its instalments as it is posted; return the shares."""
    if record.entity != "receipt" or record.get("kind") != "refund" or record.get("status") != "posted":
        return []
    if before.get("status") == "posted":
        return []
    shares = payment_checks.refund_shares(LaptopBooks(session), {**record.values, "id": record.id})
    return [
        repository.create(
            session,
            "receipt_share",
            {
                "receipt_id": record.id,
                "instalment_id": share.instalment_id,
                "amount": share.minor,
                "currency": record.get("currency"),
            },
        )
        for share in shares
    ]


def _from_instalment(books: LaptopBooks, values: Values) -> None:
    instalment = books.get("instalment", str(values.get("instalment_id") or ""))
    if instalment is not None:
        _offer(
            values,
            order_id=instalment["order_id"],
            contract_id=instalment["contract_id"],
            customer_id=instalment["customer_id"],
            amount=instalment["amount"],
            currency=instalment["currency"],
            subject=instalment["name"],
        )


def _from_reversed(books: LaptopBooks, values: Values) -> None:
    reversed_by = books.get("invoice", str(values.get("reverses_id") or ""))
    if reversed_by is not None:
        _offer(
            values,
            customer_id=reversed_by["customer_id"],
            amount=-(reversed_by["amount"] or 0),
            currency=reversed_by["currency"],
            subject=reversed_by["number"],
        )
        for name in _OF_A_REVERSED_INVOICE:
            if reversed_by[name] is not None and values.get(name) in (None, "", "vat_plain"):
                values[name] = reversed_by[name]


def _take_title(session: Session, values: Values) -> None:
    """Write down what the invoice title says, the usual one's where none is named."""
    title_id = values.get("invoice_title_id")
    if not title_id and not values.get("title_name"):
        title_id = session.scalar(
            select(InvoiceTitle.id)
            .where(InvoiceTitle.customer_id == values.get("customer_id"), InvoiceTitle.life % 2 == 1)
            .order_by(InvoiceTitle.standard.desc(), InvoiceTitle.created_at, InvoiceTitle.id)
            .limit(1)
        )
        values["invoice_title_id"] = title_id
    title = repository.get(session, "invoice_title", str(title_id or ""))
    if title is not None:
        _offer(values, **payments.title_values(title.values))


def _offer(values: Values, **offered: Any) -> None:
    for name, value in offered.items():
        if values.get(name) in (None, "") and value is not None:
            values[name] = value
