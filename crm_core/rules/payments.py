"""Payment plans, receipts and what becomes of them: the same functions on the laptop and at HQ.

Amounts are whole minor units of one currency. Nothing here reads a database.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.money import Money, allocate, round_half_up

_HUNDRED: Final = Decimal(100)
MOST_DAYS: Final = 3650
"""An instalment is due at most so many days after what it counts from."""

Values = Mapping[str, Any]


class State(StrEnum):
    """Where an instalment stands."""

    DRAFT = "draft"
    """Planned, and not agreed yet."""
    OPEN = "open"
    PART = "part"
    PAID = "paid"
    OVERDUE = "overdue"
    """To collect, or partly paid, and its day is over; follows from the day it is and is not kept."""
    VOID = "void"


COLLECTED: Final = (State.OPEN, State.PART)
"""States as kept in which money is still to come."""


# A plan


def split(total_minor: int, percents: Sequence[Decimal]) -> list[int]:
    """Return the amounts of percentages of a total; what they come to loses no minor unit.

    Percentages that add up to 100 give amounts that add up to the total; others to the same part of it,
    rounded half up. Each is from 0 to 100.
    """
    for each in percents:
        if not (each.is_finite() and 0 <= each <= _HUNDRED):
            raise UserError(N_("A part is between 0 and 100 %, not {percent}"), percent=each)
    whole = sum(percents, Decimal(0))
    decimals = max((-int(each.as_tuple().exponent) for each in percents), default=0)
    weights = [int(each.scaleb(max(decimals, 0))) for each in percents]
    return allocate(round_half_up(total_minor * whole / _HUNDRED), weights)


def missing(total_minor: int, amounts: Iterable[int | None]) -> int:
    """Return how much a plan lacks of its total; below zero it is too much."""
    return total_minor - sum(each or 0 for each in amounts)


def demand_adds_up(total: Money, amounts: Iterable[int | None]) -> None:
    """Raise `UserError` for a plan that does not come to its total."""
    lacks = missing(total.minor, amounts)
    if lacks > 0:
        raise UserError(
            N_("The plan lacks {amount} of {total}"), amount=Money(lacks, total.currency), total=total
        )
    if lacks < 0:
        raise UserError(
            N_("The plan is {amount} more than {total}"), amount=Money(-lacks, total.currency), total=total
        )


def due_on(instalment: Values, signed_on: str | None, delivered_on: str | None) -> str | None:
    """Return the day an instalment is due, as `YYYY-MM-DD`; None as long as it cannot be known.

    `signed_on` and `delivered_on` are the days of what it belongs to.
    """
    basis = instalment.get("due_from") or "day"
    if basis == "day":
        day: str | None = instalment.get("due_day")
        return day
    begins = signed_on if basis == "signing" else delivered_on
    days = instalment.get("due_days")
    if not begins or days is None or not 0 <= days <= MOST_DAYS:
        return None
    try:
        return (datetime.date.fromisoformat(begins) + datetime.timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


def kept_state(status: str | None, amount: int | None, paid: int | None) -> State:
    """Return where an instalment stands, whatever day it is."""
    if status == "void":
        return State.VOID
    if status != "agreed":
        return State.DRAFT
    if (paid or 0) >= (amount or 0):
        return State.PAID
    return State.PART if paid else State.OPEN


def state_of(instalment: Values, today: datetime.date) -> State:
    """Return where an instalment stands today."""
    kept = kept_state(instalment.get("status"), instalment.get("amount"), instalment.get("paid"))
    due = instalment.get("due_on")
    return State.OVERDUE if kept in COLLECTED and due and due < today.isoformat() else kept


def open_minor(instalment: Values) -> int:
    """Return what is still to come of an instalment."""
    if instalment.get("status") != "agreed":
        return 0
    return max((instalment.get("amount") or 0) - (instalment.get("paid") or 0), 0)


def over_minor(instalment: Values) -> int:
    """Return by how much an instalment is paid more than it is: two people may each have done what alone
    was right. What is void has nothing to be paid.
    """
    amount = 0 if instalment.get("status") == "void" else instalment.get("amount") or 0
    return max((instalment.get("paid") or 0) - amount, 0)


# Ageing


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How long money is overdue, in days."""

    key: str
    text: str
    """English words."""
    least: int | None
    """None: as early as there is."""
    most: int | None
    """None: as late as there is."""


BUCKETS: Final = (
    Bucket(key="not_due", text=N_("Not due yet"), least=None, most=0),
    Bucket(key="d30", text=N_("Up to 30 days"), least=1, most=30),
    Bucket(key="d60", text=N_("31–60 days"), least=31, most=60),
    Bucket(key="d90", text=N_("61–90 days"), least=61, most=90),
    Bucket(key="older", text=N_("Over 90 days"), least=91, most=None),
)


def days_in(bucket: Bucket, today: datetime.date) -> tuple[str | None, str | None]:
    """Return the first and the last day, as `YYYY-MM-DD`, on which what is in a bucket today was due.

    What has no day yet is not due yet.
    """
    first = None if bucket.most is None else today - datetime.timedelta(days=bucket.most)
    last = None if bucket.least is None else today - datetime.timedelta(days=bucket.least)
    return (first.isoformat() if first else None), (last.isoformat() if last else None)


def bucket_of(due: str | None, today: datetime.date) -> Bucket:
    """Return how long what was due on a day is overdue."""
    days = (today - datetime.date.fromisoformat(due)).days if due else 0
    return next(
        each
        for each in BUCKETS
        if (each.least is None or days >= each.least) and (each.most is None or days <= each.most)
    )


# Matching


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """An instalment money can be matched to."""

    id: str
    open_minor: int
    due_on: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """So much for an instalment."""

    instalment_id: str
    minor: int


def proposal(left_minor: int, payables: Iterable[Payable]) -> list[Share]:
    """Return what money that is left may be for.

    The instalment of exactly that amount, the oldest of them; else the oldest due first. What is due on no
    known day comes last. The order they are given in changes nothing.
    """
    wanted = sorted(
        (each for each in payables if each.open_minor > 0),
        key=lambda each: (each.due_on or "9999-12-31", each.number, each.id),
    )
    exact = next((each for each in wanted if each.open_minor == left_minor), None)
    shares = []
    for each in [exact] if exact is not None else wanted:
        part = min(left_minor, each.open_minor)
        if part > 0:
            shares.append(Share(each.id, part))
            left_minor -= part
    return shares


def reversal(amount_minor: int, left_minor: int, matched: Iterable[tuple[Payable, int]]) -> list[Share]:
    """Return the shares, all below zero, of a refund of a receipt.

    `amount_minor` (above zero) goes back. `left_minor` of the receipt is matched to nothing and goes first;
    then what is matched, `(instalment, how much)`, the latest due first. A refund of all that is left takes
    each instalment back to what it was without the receipt.
    """
    rest = amount_minor - max(left_minor, 0)
    shares = []
    latest = sorted(
        matched, key=lambda each: (each[0].due_on or "9999-12-31", each[0].number, each[0].id), reverse=True
    )
    for payable, minor in latest:
        part = min(rest, minor)
        if part > 0:
            shares.append(Share(payable.id, -part))
            rest -= part
    return shares


def left_of(amount: int, matched: int, refunds: Iterable[tuple[int, int]] = ()) -> int:
    """Return what of a receipt is matched to nothing and did not go back.

    `refunds` are (amount, matched) of the posted refunds that reverse it, both below zero.
    """
    return amount - matched + sum(back - taken for back, taken in refunds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a receipt and an instalment before a share of one is put to the other."""

    receipt: Values
    instalment: Values
    left_minor: int
    """Of the receipt, as `left_of` has it; of a refund what it may still take off (below zero)."""
    between_minor: int
    """What the receipt's shares for this instalment come to; for a refund, those of the receipt it reverses
    with those of all its refunds."""


POST_FIRST: Final = N_("A receipt is matched once it is posted")
NOT_AGREED: Final = N_("Only an agreed instalment is paid")
OTHER_CUSTOMER: Final = N_("Receipt and instalment are of two customers")
OTHER_CURRENCY: Final = N_("Receipt and instalment are in two currencies")
REFUND_TAKES: Final = N_("A refund takes off what was paid, it pays nothing")


def demand_share(minor: int, now: Standing) -> None:
    """Raise `UserError` for a share that is more than the receipt has left or the instalment is open."""
    receipt, instalment = now.receipt, now.instalment
    currency = str(receipt.get("currency") or "")
    if receipt.get("status") != "posted":
        raise UserError(POST_FIRST)
    if instalment.get("customer_id") != receipt.get("customer_id"):
        raise UserError(OTHER_CUSTOMER)
    if instalment.get("currency") != receipt.get("currency"):
        raise UserError(OTHER_CURRENCY)
    is_refund = receipt.get("kind") == "refund"
    if minor > 0:
        if is_refund:
            raise UserError(REFUND_TAKES)
        if instalment.get("status") != "agreed":
            raise UserError(NOT_AGREED)
        _demand_most(minor, now.left_minor, currency, N_("Of this receipt {left} is left, not {amount}"))
        _demand_most(
            minor, open_minor(instalment), currency, N_("Of this instalment {left} is open, not {amount}")
        )
        return
    _demand_most(
        -minor,
        now.between_minor,
        currency,
        N_("Only {left} of this receipt is matched to the instalment, not {amount}"),
    )
    if is_refund:
        _demand_most(
            -minor,
            -now.left_minor,
            currency,
            N_("Of this refund {left} is left to be taken off, not {amount}"),
        )


def _demand_most(minor: int, most: int, currency: str, text: str) -> None:
    if minor > most:
        raise UserError(text, left=Money(max(most, 0), currency), amount=Money(minor, currency))


# What is wrong with single records


def problems_of_instalment(values: Values) -> list[Problem]:
    """Return what is wrong with an instalment as it would be saved."""
    problems = []
    if bool(values.get("order_id")) is bool(values.get("contract_id")):
        told = message(N_("An instalment is of an order or of a contract, of one of both"))
        problems.append(Problem(field="order_id", message=told))
    if (values.get("amount") or 0) < 0:
        problems.append(_wrong("amount", N_("This is above zero")))
    days = values.get("due_days")
    if values.get("due_from") in ("signing", "delivery") and days is None:
        problems.append(_wrong("due_days", N_("Say after how many days")))
    if days is not None and not 0 <= days <= MOST_DAYS:
        told = message(N_("Between 0 and {most} days"), most=MOST_DAYS)
        problems.append(Problem(field="due_days", message=told))
    return problems


def problems_of_receipt(values: Values) -> list[Problem]:
    """Return what is wrong with a receipt as it would be saved."""
    amount, is_refund = values.get("amount"), values.get("kind") == "refund"
    problems = []
    if amount is not None and (amount == 0 or (amount < 0) is not is_refund):
        text = N_("A refund is below zero") if is_refund else N_("A receipt is above zero; make a refund")
        problems.append(_wrong("amount", text))
    if is_refund and not values.get("reverses_id"):
        problems.append(_wrong("reverses_id", N_("Say which receipt goes back")))
    if not is_refund and values.get("reverses_id"):
        problems.append(_wrong("reverses_id", N_("Only a refund reverses a receipt")))
    return problems


def demand_refund(minor: int, receipt: Values, left_minor: int, matched_minor: int) -> None:
    """Raise `UserError` for a refund (below zero) of more than its receipt has; `receipt` is what goes back.

    `left_minor` and `matched_minor` are what is left of it and what is matched, less what went back.
    """
    if receipt.get("status") != "posted" or receipt.get("kind") == "refund":
        raise UserError(N_("Only a posted receipt goes back"))
    currency = str(receipt.get("currency") or "")
    _demand_most(
        -minor, left_minor + matched_minor, currency, N_("Of this receipt {left} can go back, not {amount}")
    )


def problems_of_invoice(values: Values) -> list[Problem]:
    """Return what is wrong with an invoice as it would be saved."""
    problems = []
    amount, reverses = values.get("amount"), bool(values.get("reverses_id"))
    if amount is not None and (amount == 0 or (amount < 0) is not reverses):
        text = N_("A red-letter invoice is below zero") if reverses else N_("This is above zero")
        problems.append(_wrong("amount", text))
    if values.get("order_id") and values.get("contract_id"):
        problems.append(_wrong("contract_id", N_("An invoice is of an order or of a contract, not of both")))
    if values.get("status", "requested") in ("requested", "issued", None):
        asked = _TITLE_OF_KIND.get(str(values.get("kind")), ("title_name",))
        problems += [
            _wrong(name, N_("This kind of invoice needs it")) for name in asked if not values.get(name)
        ]
    return problems


_TITLE_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "vat_special": ("title_name", "tax_number", "address", "phone", "bank", "account"),
    "vat_plain": ("title_name",),
    "plain": ("title_name",),
}
TITLE_FIELDS: Final = ("title_name", "tax_number", "address", "phone", "bank", "account")
"""Of an invoice: what its invoice title said when it was asked for."""


def title_values(title: Values) -> dict[str, Any]:
    """Return what an invoice takes from an invoice title."""
    return {name: title.get("name" if name == "title_name" else name) for name in TITLE_FIELDS}


COUNTED_INVOICES: Final = frozenset(("requested", "issued"))
"""States of invoices that count against what was agreed."""


def demand_invoiced(invoice: Values, total: Money, others: Iterable[Values]) -> None:
    """Raise `UserError` where invoices come to more than was agreed, and this one does not say why.

    `others` are the other invoices of the same order or contract.
    """
    if invoice.get("over_reason") or (invoice.get("amount") or 0) <= 0:
        return
    invoiced = sum(
        (each.get("amount") or 0)
        for each in others
        if (each.get("status") or "requested") in COUNTED_INVOICES and each.get("currency") == total.currency
    )
    over = invoiced + (invoice.get("amount") or 0) - total.minor
    if invoice.get("currency") == total.currency and over > 0:
        raise UserError(
            N_("With this invoice {amount} more than the {total} agreed are invoiced; say why"),
            amount=Money(over, total.currency),
            total=total,
        )


def _wrong(field: str, text: str) -> Problem:
    return Problem(field=field, message=message(text))


# What follows


def derived(instalment: Values, signed_on: str | None, delivered_on: str | None) -> dict[str, Any]:
    """Return the computed fields of an instalment but for what is paid, by name."""
    kept = kept_state(instalment.get("status"), instalment.get("amount"), instalment.get("paid"))
    return {"due_on": due_on(instalment, signed_on, delivered_on), "state": kept.value}
