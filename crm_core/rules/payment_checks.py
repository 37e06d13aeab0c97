"""What must hold for instalments, receipts and invoices beside other records, on the laptop and at HQ alike.

Each side gives its own way to look records up (`Books`); what is asked of them is said here once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.rules import payments, quote_sums
from crm_core.rules.payments import Payable, Share, Standing
from crm_core.rules.sheets import SHEETS
from crm_core.schema.values import DEFAULT_CURRENCY

INSTALMENT, RECEIPT, SHARE, INVOICE = "instalment", "receipt", "receipt_share", "invoice"
HOLDERS: Final[Mapping[str, str]] = {"order_id": "order", "contract_id": "contract"}
"""What instalments and invoices are of, by the link."""
_READY: Final = {
    "order": frozenset(("confirmed", "closed")),
    "contract": frozenset(("signed", "in_force", "ended")),
}
"""States in which what was agreed is owed."""

_NUMBERED: Final = frozenset(("issued", "void"))
"""States in which an invoice has a number of the company's."""

Values = Mapping[str, Any]


class Books(Protocol):
    """The records there are, as they are now. Values have their `id` among them."""

    def get(self, entity: str, record_id: str) -> Values | None:
        """Return a record's values; None where there is none."""

    def living(self, entity: str, link: str, record_id: str) -> Sequence[Values]:
        """Return the living records of a kind that point at one."""

    def holding(self, entity: str, field: str, text: str) -> Sequence[Values]:
        """Return the living records of a kind one of whose text fields holds just that."""

    def summed(self, links: Mapping[str, str]) -> int:
        """Return what the living shares that point at all of these come to, by the ids under their links."""


def holder_of(books: Books, values: Values) -> tuple[str, Values] | None:
    """Return what an instalment or invoice is of: its kind and values."""
    for link, entity in HOLDERS.items():
        found = books.get(entity, values[link]) if values.get(link) else None
        if found is not None:
            return entity, found
    return None


def total_of(books: Books, entity: str, holder: Values) -> Money:
    """Return what an order or contract comes to; `UserError` where its lines do not add up."""
    sheet = SHEETS[entity]
    lines = [(line["id"], line) for line in books.living(sheet.line, sheet.link, holder["id"])]
    total = quote_sums.total_of(holder, lines)
    if total is None:
        raise UserError(N_("The lines do not add up, so there is no total to be paid"))
    return Money(total, str(holder.get("currency") or DEFAULT_CURRENCY))


def plan_of(books: Books, entity: str, holder_id: str) -> list[Values]:
    """Return the instalments of an order or contract that are not void."""
    link = f"{entity}_id"
    return [each for each in books.living(INSTALMENT, link, holder_id) if each.get("status") != "void"]


def days_of(books: Books, instalment: Values) -> tuple[str | None, str | None]:
    """Return the days instalments count from: when it was signed or ordered, and when all was delivered."""
    found = holder_of(books, instalment)
    if found is None:
        return None, None
    entity, holder = found
    if entity == "contract":
        return holder.get("signed_on"), None
    contract_id = holder.get("contract_id")
    contract = books.get("contract", contract_id) if contract_id else None
    signed = (contract.get("signed_on") if contract is not None else None) or holder.get("ordered_on")
    if holder.get("delivered") != "whole":
        return signed, None
    days = [
        each["delivered_on"]
        for each in books.living("delivery", "order_id", holder["id"])
        if each.get("status") == "delivered" and each.get("kind") != "return" and each.get("delivered_on")
    ]
    return signed, max(days, default=None)


# New records and steps


def demand_new(books: Books, entity: str, values: Values) -> None:
    """Raise `UserError` where a new record does not fit the others."""
    if entity in (INSTALMENT, INVOICE):
        _demand_same(books, values)
    if entity == SHARE:
        demand_share(books, values)
    if entity == INVOICE:
        demand_invoiced(books, values)
    if entity == RECEIPT and values.get("reverses_id"):
        _demand_reversed(books, RECEIPT, values)
    if entity == INVOICE and values.get("reverses_id"):
        _demand_reversed(books, INVOICE, values)


def demand_changed(books: Books, entity: str, after: Values, changed: frozenset[str]) -> None:
    """Raise `UserError` where changed fields of a record do not fit the others; `after` is all of it."""
    if entity in (INSTALMENT, INVOICE) and changed & {"customer_id", "currency", *HOLDERS}:
        _demand_same(books, after)
    if entity == "order" and "contract_id" in changed and _is_agreed(books, "order", after["id"]):
        _demand_planned_once(books, "order", after)
    if entity == INVOICE and "number" in changed and after.get("status") in _NUMBERED:
        _demand_own_number(books, after)
    if entity == INVOICE and changed & {"amount", "currency", "over_reason", *HOLDERS}:
        demand_invoiced(books, after)


def demand_step(books: Books, entity: str, held: Values, step: str) -> None:
    """Raise `UserError` where a step of a record cannot be taken because of others.

    `held` is what the record holds, with what is given along with the step.
    """
    if entity == INSTALMENT:
        if step == "agree":
            _demand_plan(books, held)
        elif held.get("paid"):
            raise UserError(N_("Something is paid of this instalment; take that off first"))
    elif entity == RECEIPT and step in ("post", "ask") and held.get("kind") == "refund":
        demand_refund(books, held)
    elif entity == INVOICE and step in ("issue", "request_again"):
        demand_invoiced(books, held)
        if held.get("reverses_id"):
            _demand_reversed(books, INVOICE, held)
        if step == "issue":
            _demand_own_number(books, held)


def _demand_plan(books: Books, instalment: Values) -> None:
    found = holder_of(books, instalment)
    if found is None:
        raise UserError(N_("What this instalment is of is not here"))
    entity, holder = found
    if holder.get("status") not in _READY[entity]:
        raise UserError(N_("A plan is agreed once its order is confirmed or its contract signed"))
    _demand_planned_once(books, entity, holder)
    plan = plan_of(books, entity, holder["id"])
    payments.demand_adds_up(total_of(books, entity, holder), [each.get("amount") for each in plan])
    if (instalment.get("due_from") or "day") == "day" and not instalment.get("due_day"):
        raise UserError(N_("Say on which day the instalment is due"))


def _demand_planned_once(books: Books, entity: str, holder: Values) -> None:
    """What orders under a contract come to is owed by the contract's plan or by theirs, not by both."""
    if entity == "order":
        if holder.get("contract_id") and _is_agreed(books, "contract", holder["contract_id"]):
            raise UserError(N_("The contract of this order has an agreed payment plan already"))
        return
    orders = books.living("order", "contract_id", holder["id"])
    if any(_is_agreed(books, "order", each["id"]) for each in orders):
        raise UserError(N_("Orders of this contract have agreed payment plans already"))


def _is_agreed(books: Books, entity: str, holder_id: str) -> bool:
    return any(each.get("status") == "agreed" for each in plan_of(books, entity, holder_id))


def _demand_same(books: Books, values: Values) -> None:
    """What is owed is owed by the customer of the order or contract, in its currency."""
    found = holder_of(books, values)
    if found is None:
        return
    entity, holder = found
    if values.get("customer_id") != holder.get("customer_id"):
        raise UserError(N_("This is of another customer than its order or contract"))
    if entity and values.get("currency") not in (None, holder.get("currency")):
        raise UserError(N_("This is in another currency than its order or contract"))


# Receipts


def refunds_of(books: Books, receipt_id: str) -> list[Values]:
    """Return the posted refunds that reverse a receipt."""
    found = books.living(RECEIPT, "reverses_id", receipt_id)
    return [each for each in found if each.get("status") == "posted"]


def shares_of(books: Books, receipt_id: str) -> list[Values]:
    """Return the shares of a receipt."""
    return list(books.living(SHARE, "receipt_id", receipt_id))


def _sum(shares: Sequence[Values]) -> int:
    return sum(each.get("amount") or 0 for each in shares)


def left_of(books: Books, receipt: Values) -> int:
    """Return what of a receipt is matched to nothing and did not go back."""
    refunds = [
        (each.get("amount") or 0, books.summed({"receipt_id": each["id"]}))
        for each in refunds_of(books, receipt["id"])
    ]
    matched = books.summed({"receipt_id": receipt["id"]})
    return payments.left_of(receipt.get("amount") or 0, matched, refunds)


def _between(books: Books, receipt: Values, instalment_id: str) -> int:
    """Return what of a receipt is for one instalment, less what refunds took off again."""
    own = (receipt, *refunds_of(books, receipt["id"]))
    return sum(books.summed({"receipt_id": each["id"], "instalment_id": instalment_id}) for each in own)


def matched_of(books: Books, receipt: Values) -> dict[str, int]:
    """Return what of a receipt is for which instalment, by its id, less what refunds took off again."""
    found: dict[str, int] = {}
    for each in (receipt, *refunds_of(books, receipt["id"])):
        for share in shares_of(books, each["id"]):
            key = str(share.get("instalment_id"))
            found[key] = found.get(key, 0) + (share.get("amount") or 0)
    return {key: minor for key, minor in found.items() if minor}


def demand_share(books: Books, share: Values) -> None:
    """Raise `UserError` for a share that is more than there is."""
    receipt = books.get(RECEIPT, str(share.get("receipt_id") or ""))
    instalment = books.get(INSTALMENT, str(share.get("instalment_id") or ""))
    if receipt is None or instalment is None:
        return  # refused for that already
    if share.get("currency") not in (None, receipt.get("currency")):
        raise UserError(payments.OTHER_CURRENCY)
    of = receipt
    if receipt.get("kind") == "refund":
        of = books.get(RECEIPT, str(receipt.get("reverses_id") or "")) or receipt
        left = (receipt.get("amount") or 0) - books.summed({"receipt_id": receipt["id"]})
    else:
        left = left_of(books, receipt)
    paid = books.summed({"instalment_id": instalment["id"]})
    now = Standing(
        receipt=receipt,
        instalment={**instalment, "paid": paid},
        left_minor=left,
        between_minor=_between(books, of, instalment["id"]),
    )
    payments.demand_share(share.get("amount") or 0, now)


def demand_refund(books: Books, refund: Values) -> None:
    """Raise `UserError` for a refund of more than its receipt has left, matched or not."""
    receipt = _demand_reversed(books, RECEIPT, refund)
    left, matched = left_of(books, receipt), sum(matched_of(books, receipt).values())
    payments.demand_refund(refund.get("amount") or 0, receipt, left, matched)


def refund_shares(books: Books, refund: Values) -> list[Share]:
    """Return what a refund that is about to be posted takes off which instalments."""
    receipt = books.get(RECEIPT, str(refund.get("reverses_id") or ""))
    if receipt is None:
        return []
    matched = []
    for instalment_id, minor in matched_of(books, receipt).items():
        instalment = books.get(INSTALMENT, instalment_id) or {}
        payable = Payable(
            id=instalment_id,
            open_minor=0,
            due_on=instalment.get("due_on"),
            number=instalment.get("number") or 0,
        )
        matched.append((payable, minor))
    # The refund itself may be among those posted already; it took nothing off yet.
    own = [each for each in refunds_of(books, receipt["id"]) if each["id"] == refund.get("id")]
    left = left_of(books, receipt) - sum(each.get("amount") or 0 for each in own)
    return payments.reversal(-(refund.get("amount") or 0), left, matched)


def _demand_reversed(books: Books, entity: str, values: Values) -> Values:
    """Return what a record reverses; `UserError` where it is none of the same customer and currency."""
    found = books.get(entity, str(values.get("reverses_id") or ""))
    if found is None:
        raise UserError(N_("What this reverses is not here"))
    same = ("customer_id", "currency")
    if any(values.get(name) not in (None, found.get(name)) for name in same) or found.get("reverses_id"):
        raise UserError(N_("Only what came from the same customer in the same currency is reversed"))
    if entity == INVOICE:
        if found.get("status") != "issued":
            raise UserError(N_("Only an issued invoice is reversed"))
        others = [
            each
            for each in books.living(INVOICE, "reverses_id", found["id"])
            if each["id"] != values.get("id")
            and (each.get("status") or "requested") in payments.COUNTED_INVOICES
        ]
        if (found.get("amount") or 0) + _sum(others) + (values.get("amount") or 0) < 0:
            raise UserError(N_("More is reversed than the invoice comes to"))
    return found


# Invoices


def _demand_own_number(books: Books, invoice: Values) -> None:
    """Of what a company issues no two have one number, void ones among them: a number is used up."""
    number = invoice.get("number")
    same = books.holding(INVOICE, "number", number) if number else ()
    if any(each["id"] != invoice["id"] and each.get("status") in _NUMBERED for each in same):
        raise UserError(N_("There is an invoice with the number {number} already"), number=number)


def demand_invoiced(books: Books, invoice: Values) -> None:
    """Raise `UserError` where more is invoiced than was agreed and nobody says why."""
    found = holder_of(books, invoice)
    if found is None:
        return
    entity, holder = found
    others = [
        each
        for each in books.living(INVOICE, f"{entity}_id", holder["id"])
        if each["id"] != invoice.get("id")
    ]
    payments.demand_invoiced(invoice, total_of(books, entity, holder), others)
