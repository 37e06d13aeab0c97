"""What was delivered of an order: one answer on the laptop and at HQ, whatever order the deliveries came in.

What came back lowers what was delivered. A delivery counts from the step that says it took place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.schema.values import canonical_decimal

DELIVERED: Final = "delivered"
"""State of a delivery that counts."""
RETURN: Final = "return"
CONFIRMED, CLOSED, CANCELLED = "confirmed", "closed", "cancelled"
NONE, PART, WHOLE = "none", "part", "whole"
_BETWEEN_SERIALS: Final = re.compile(r"[\n,;，；、]+")

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One delivery or return with its lines, as their values by field name."""

    delivery: Values
    lines: tuple[Values, ...]

    @property
    def counts(self) -> bool:
        """Tell whether it took place."""
        return self.delivery.get("status") == DELIVERED

    @property
    def comes_back(self) -> bool:
        """Tell whether it is a return."""
        return self.delivery.get("kind") == RETURN


def delivered_of(moves: Iterable[Moved]) -> dict[str, Decimal]:
    """Return how much of each order line is with the customer, by the line's id."""
    found: dict[str, Decimal] = {}
    for move in moves:
        if not move.counts:
            continue
        for line in move.lines:
            quantity = Decimal(line.get("quantity") or 0)
            key = str(line.get("order_line_id") or "")
            found[key] = found.get(key, Decimal(0)) + (-quantity if move.comes_back else quantity)
    return found


def state_of(ordered: Iterable[tuple[str, Values]], delivered: Mapping[str, Decimal]) -> str:
    """Return whether nothing, a part or the whole of an order is with the customer.

    `ordered` are its lines as (id, values). Lines that give back, of less than one, are nothing to deliver.
    """
    asked = {line_id: Decimal(line.get("quantity") or 0) for line_id, line in ordered}
    asked = {line_id: quantity for line_id, quantity in asked.items() if quantity > 0}
    if not any(delivered.get(line_id, Decimal(0)) > 0 for line_id in asked):
        return NONE
    is_whole = all(delivered.get(line_id, Decimal(0)) >= quantity for line_id, quantity in asked.items())
    return WHOLE if is_whole else PART


def open_of(ordered: Iterable[tuple[str, Values]], delivered: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return how much is still to be delivered of each line of which something is, by its id, in order."""
    found = {
        line_id: Decimal(line.get("quantity") or 0) - delivered.get(line_id, Decimal(0))
        for line_id, line in ordered
    }
    return {line_id: quantity for line_id, quantity in found.items() if quantity > 0}


def demand_cancellable(moves: Iterable[Moved]) -> None:
    """Raise `UserError` where an order cannot be cancelled: some of it is with the customer."""
    if any(quantity > 0 for quantity in delivered_of(moves).values()):
        raise UserError(N_("Goods of this order are with the customer; take them back or close the order"))


def serials_of(text: Any) -> tuple[str, ...]:
    """Return the serial numbers in what was typed: one a line, or with commas between."""
    return tuple(each for part in _BETWEEN_SERIALS.split(str(text or "")) if (each := part.strip()))


def demand_possible(
    move: Moved, order: Values, ordered: Sequence[tuple[str, Values]], others: Iterable[Moved]
) -> None:
    """Raise `UserError` where a delivery or return cannot have taken place as it is written.

    `others` are the order's other deliveries. Of no line is delivered more than was ordered, and none
    comes back that was not delivered; serial numbers are no more than pieces, and none twice. A return says
    why.
    """
    state = order.get("status")
    if state != CONFIRMED and not (move.comes_back and state == CLOSED):
        raise UserError(N_("Only what was ordered is delivered: confirm the order first"))
    if move.comes_back and not move.delivery.get("reason"):
        raise UserError(N_("Say why it came back"))
    lines = dict(ordered)
    counted = [each for each in others if each.counts]
    before = delivered_of(counted)
    here: dict[str, Decimal] = {}
    for line in move.lines:
        key = str(line.get("order_line_id") or "")
        if key not in lines:
            raise UserError(N_("A line of the delivery is of another order"))
        quantity = Decimal(line.get("quantity") or 0)
        if quantity <= 0:
            raise UserError(N_("A delivery line needs a quantity above zero"))
        here[key] = here.get(key, Decimal(0)) + quantity
    _demand_serials(move, counted)
    for key, quantity in here.items():
        told = _too_much(move, lines[key], before.get(key, Decimal(0)), quantity)
        if told is not None:
            raise UserError(told)


def _too_much(move: Moved, line: Values, before: Decimal, quantity: Decimal) -> Message | None:
    ordered = Decimal(line.get("quantity") or 0)
    places = {
        "line": str(line.get("description") or ""),
        "ordered": canonical_decimal(f"{ordered:f}"),
        "before": canonical_decimal(f"{before:f}"),
        "quantity": canonical_decimal(f"{quantity:f}"),
    }
    if move.comes_back and quantity > before:
        return message(N_("{line}: {quantity} cannot come back, {before} are with the customer"), **places)
    if not move.comes_back and before + quantity > ordered:
        return message(
            N_("{line}: {quantity} are too many; {ordered} were ordered and {before} delivered already"),
            **places,
        )
    return None


def _demand_serials(move: Moved, counted: Iterable[Moved]) -> None:
    here: dict[str, list[str]] = {}
    for line in move.lines:
        typed = serials_of(line.get("serials"))
        if len(typed) > Decimal(line.get("quantity") or 0):
            raise UserError(N_("There are more serial numbers than pieces"))
        here.setdefault(str(line.get("order_line_id") or ""), []).extend(typed)
    with_customer = serials_with_customer(counted)
    for key, serials in here.items():
        twice = next((each for each in serials if serials.count(each) > 1), None)
        held = with_customer.get(key, frozenset())
        if twice is None and not move.comes_back:
            twice = next((each for each in serials if each in held), None)
        if twice is not None:
            raise UserError(message(N_("The serial number {serial} is there twice"), serial=twice))
        if move.comes_back and (unknown := next((each for each in serials if each not in held), None)):
            raise UserError(
                message(
                    N_("The customer has nothing of this order with the serial number {serial}"),
                    serial=unknown,
                )
            )


def serials_with_customer(moves: Iterable[Moved]) -> dict[str, frozenset[str]]:
    """Return the serial numbers that were delivered and did not come back, by order line."""
    out: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for move in moves:
        if move.counts:
            for line in move.lines:
                key = str(line.get("order_line_id") or "")
                (back if move.comes_back else out).setdefault(key, []).extend(serials_of(line.get("serials")))
    return {
        key: frozenset(each for each in serials if serials.count(each) > back.get(key, []).count(each))
        for key, serials in out.items()
    }
