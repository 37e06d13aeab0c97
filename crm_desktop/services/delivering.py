"""Deliveries and returns: what the program fills in, what must hold, and what stands at the customer since.

Every writer comes here, form, command line and import; HQ judges again by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from crm_core.errors import UserError
from crm_core.rules import deliveries, installed
from crm_core.rules.access import Action, Person
from crm_core.rules.deliveries import DELIVERED, Moved
from crm_core.rules.sheets import FIXED
from crm_core.schema.field import Plain
from crm_core.schema.values import canonical_decimal
from crm_desktop.models import numbers, repository, sheet_totals
from crm_desktop.models.clock import Clock
from crm_desktop.models.records import Record
from crm_desktop.models.session import WriteSession
from crm_desktop.services import rights

DELIVERY, LINE, ORDER = "delivery", "delivery_line", "order"
_SHEET = FIXED[DELIVERY]
Values = dict[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order with its lines and everything that was moved of it."""

    order: Record
    lines: list[tuple[str, Mapping[str, Any]]]
    moves: dict[str, Moved]

    @property
    def delivered(self) -> dict[str, Decimal]:
        """How much of each line is with the customer."""
        return deliveries.delivered_of(self.moves.values())

    @property
    def open(self) -> dict[str, Decimal]:
        """How much of each line is still to be delivered."""
        return deliveries.open_of(self.lines, self.delivered)


def state_of(session: Session, order_id: str) -> OrderState | None:
    """Return an order and what was moved of it; None where it is not on this laptop."""
    order = repository.get(session, ORDER, order_id)
    if order is None:
        return None
    lines = [(line.id, line.values) for line in sheet_totals.lines_of(session, ORDER, order_id)]
    return OrderState(order=order, lines=lines, moves=sheet_totals.moves_of(session, order_id))


def complete_new(session: Session, _person: Person, clock: Clock, values: Values) -> None:
    """Finish a new delivery or return."""
    values["number"] = numbers.take(session, DELIVERY, clock.today())


def complete_new_line(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Demand that a line joins a delivery that is only planned."""
    _demand_open(session, values)


def complete_changed_line(
    session: Session, _person: Person, _clock: Clock, before: Record, _changes: Values
) -> None:
    """Demand that the line is of a delivery that is only planned."""
    _demand_open(session, before.values)


def _demand_open(session: Session, line: Mapping[str, Any]) -> None:
    delivery = repository.get(session, DELIVERY, str(line.get(_SHEET.link) or ""))
    if delivery is not None and not _SHEET.is_open(delivery.values):
        raise UserError(_SHEET.stands)


def complete_change(session: Session, _person: Person, clock: Clock, before: Record, changes: Values) -> None:
    """Say when a delivery took place, and demand that it can have."""
    fixed = {name for name in changes if name in _SHEET.fixed and changes[name] != before.get(name)}
    if not _SHEET.is_open(before.values):
        if fixed:
            raise UserError(_SHEET.stands)
        return
    if changes.get("status") != DELIVERED:
        return
    if not changes.get("delivered_on", before.get("delivered_on")):
        changes["delivered_on"] = clock.today().isoformat()
    if not before.get("number"):
        changes["number"] = numbers.take(session, DELIVERY, clock.today())
    state = state_of(session, str(before.get("order_id") or ""))
    if state is not None:
        move = _moved(state, before, changes)
        others = (each for row_id, each in state.moves.items() if row_id != before.id)
        deliveries.demand_possible(move, state.order.values, state.lines, others)


def _moved(state: OrderState, before: Record, changes: Mapping[str, Any]) -> Moved:
    """Return a delivery as it stands after a change."""
    known = state.moves.get(before.id) or Moved(delivery=before.values, lines=())
    return replace(known, delivery={**known.delivery, **changes})


def complete_new_installed(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Fill in name and warranty of what somebody writes down by hand."""
    product = repository.get(session, "product", str(values.get("product_id") or ""))
    if product is not None:
        if not values.get("name"):
            values["name"] = product.get("name")
        if not values.get("warranty_until"):
            day = values.get("installed_on")
            values["warranty_until"] = installed.warranty_until(
                str(day) if day else None, product.get("warranty_months")
            )


def complete_changed_installed(
    _session: Session, _person: Person, clock: Clock, before: Record, changes: Values
) -> None:
    """Say when something was retired."""
    if changes.get("status") == installed.RETIRED and not changes.get("retired_on", before.get("retired_on")):
        changes["retired_on"] = clock.today().isoformat()


def install_before(
    session: WriteSession, person: Person, before: Record, changes: Mapping[str, Plain]
) -> None:
    """Write down what a delivery that takes place brings to the customer, or takes away from him.

    Before the step, and as one with it: where HQ refuses the delivery, nothing of it stands there. What the
    person may not write, HQ writes.
    """
    if before.entity != DELIVERY or changes.get("status") != DELIVERED or not _SHEET.is_open(before.values):
        return
    state = state_of(session, str(before.get("order_id") or ""))
    if state is None:
        return
    if session.recorder is not None:
        session.recorder.hang_together()
    moves = {**state.moves, before.id: _moved(state, before, changes)}
    lines = dict(state.lines)
    items = installed.with_products(installed.standing_of(moves.values()), lines)
    held = repository.get_many(session, installed.INSTALLED, [item.id for item in items])
    here = {str(line.get("id")) for line in moves[before.id].lines}
    for item in items:
        known = held.get(item.id)
        line = lines[item.order_line_id]
        if known is None:
            if item.delivery_line_id in here and item.quantity > 0:
                product = repository.get(session, "product", str(line["product_id"]))
                values = installed.new_record(
                    item, state.order.id, state.order.values, line, product.values if product else {}
                )
                if rights.may(session, person, Action.CREATE, installed.INSTALLED, values):
                    repository.create(session, installed.INSTALLED, values, item.id)
        elif (
            known.alive
            and (follows := installed.changes_of(item, known.values))
            and rights.may(session, person, Action.EDIT, installed.INSTALLED, known.values)
        ):
            repository.update(session, installed.INSTALLED, item.id, follows)


def plain_quantity(quantity: Decimal) -> str:
    """Return a quantity as it is kept."""
    return canonical_decimal(f"{quantity:f}")
