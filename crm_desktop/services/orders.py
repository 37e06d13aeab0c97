"""Orders: made of what was agreed before, delivered, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.order import Order
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules import agreed, deliveries
from crm_core.rules.agreed import ACCEPTED, Drawn
from crm_core.rules.deliveries import DELIVERED, RETURN
from crm_core.sync.protocol import TxnFlag
from crm_desktop.models import quote_totals, repository, sheet_totals
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import delivering, records
from crm_desktop.services.delivering import OrderState, plain_quantity
from crm_desktop.services.outcome import Outcome

ORDER, CONTRACT, QUOTE = "order", "contract", "quote"
_NOT_HERE = N_("There is no such record on this laptop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """How much of one order line goes to the customer or comes back, and which pieces."""

    order_line_id: str
    quantity: Decimal
    serials: Sequence[str] = field(default_factory=tuple)


def from_quote(replica: Replica, quote_id: str) -> Outcome[Record]:
    """Make the order that follows from a quote the customer has; one that was only sent is accepted by it.

    `UserError` for a quote that was not sent, or of which an order was made already.
    """
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        quote = _get(session, QUOTE, quote_id)
        demand_none_yet(session, quote_id)
        groups = quote_totals.groups_of(session, quote_id)
        lines = quote_totals.lines_of(session, quote_id, groups)
        drawn = agreed.order_from_quote(
            quote_id, quote.values, _rows(lines), _rows(groups), replica.clock.today()
        )
        if quote.get("status") != ACCEPTED:
            records.update_in(session, replica, QUOTE, quote_id, {"status": ACCEPTED})
        order = make(session, replica, ORDER, drawn)
    return Outcome(order, frozenset(session.changed))


def demand_none_yet(session: Session, quote_id: str) -> None:
    """Raise `UserError` where there is an order of a quote already, but for one that was cancelled."""
    found = session.scalars(
        select(Order).where(Order.quote_id == quote_id, Order.life % 2 == 1, Order.contract_id.is_(None))
    )
    for order in found:
        if order.status != deliveries.CANCELLED:
            raise UserError(
                N_("There is an order of this quote already: {number}"), number=order.number or order.id[-6:]
            )


def from_contract(replica: Replica, contract_id: str) -> Outcome[Record]:
    """Make an order of what a contract is about. `UserError` for one that is not signed, or over."""
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        contract = _get(session, CONTRACT, contract_id)
        lines = sheet_totals.lines_of(session, CONTRACT, contract_id)
        drawn = agreed.order_from_contract(contract_id, contract.values, _rows(lines), replica.clock.today())
        order = make(session, replica, ORDER, drawn)
    return Outcome(order, frozenset(session.changed))


def make(session: WriteSession, replica: Replica, entity: str, drawn: Drawn) -> Record:
    """Make an order or contract with its lines and clauses in a writer's session."""
    made = records.create_in(session, replica, entity, drawn.head)
    link = {f"{entity}_id": made.id}
    for line in drawn.lines:
        records.create_in(session, replica, f"{entity}_line", {**line, **link})
    for clause in drawn.clauses:
        records.create_in(session, replica, f"{entity}_clause", {**clause, **link})
    return repository.get(session, entity, made.id) or made


def state(replica: Replica, order_id: str) -> OrderState:
    """Return an order, its lines and what was moved of it. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        found = delivering.state_of(session, order_id)
    if found is None:
        raise NotFound(_NOT_HERE)
    return found


def deliver(
    replica: Replica, order_id: str, moving: Sequence[Moving], values: Mapping[str, str] | None = None
) -> Outcome[Record]:
    """Write down that goods of an order went to the customer, and return the delivery.

    `values` are further fields of the delivery: day, carrier, waybill. `UserError` for more than was ordered.
    """
    return _move(replica, order_id, moving, dict(values or {}))


def take_back(
    replica: Replica,
    order_id: str,
    moving: Sequence[Moving],
    reason: str,
    values: Mapping[str, str] | None = None,
) -> Outcome[Record]:
    """Write down that goods came back from the customer, and return the return. `reason`: one of its choices.

    `UserError` for more than he has.
    """
    return _move(replica, order_id, moving, {**(values or {}), "kind": RETURN, "reason": reason})


def _move(
    replica: Replica, order_id: str, moving: Sequence[Moving], values: Mapping[str, str]
) -> Outcome[Record]:
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        made = records.create_in(session, replica, delivering.DELIVERY, {**values, "order_id": order_id})
        for each in moving:
            line = {
                "delivery_id": made.id,
                "order_line_id": each.order_line_id,
                "quantity": plain_quantity(each.quantity),
                "serials": "\n".join(each.serials) or None,
            }
            records.create_in(session, replica, delivering.LINE, line)
        done = records.update_in(session, replica, delivering.DELIVERY, made.id, {"status": DELIVERED})
    return Outcome(done, frozenset(session.changed))


def _get(session: Session, entity: str, record_id: str) -> Record:
    found = repository.get(session, entity, record_id)
    if found is None:
        raise NotFound(_NOT_HERE)
    return found


def _rows(found: Sequence[Record]) -> list[tuple[str, Mapping[str, object]]]:
    return [(each.id, each.values) for each in found]
