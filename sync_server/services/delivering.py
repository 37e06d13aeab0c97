"""Deliveries and orders at HQ: whether they can have taken place, and what stands at customers since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.rules import deliveries, installed
from crm_core.rules.deliveries import CANCELLED, DELIVERED, Moved
from crm_core.rules.installed import INSTALLED, Standing
from crm_core.schema.machine import Step
from crm_core.sync.clock import ms_of
from crm_core.sync.protocol import Code
from sync_server.services.records import Record, Records, mark_by_hq
from sync_server.services.registers import blank
from sync_server.services.rights import Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.share_ends import day_of
from sync_server.services.sheet_totals import DELIVERY, ORDER, moved_of
from sync_server.services.wanted import register_of
from sync_server.store.database import HqTransaction

ORDER_LINE: Final = SCHEMAS["order_line"]
PRODUCT: Final = SCHEMAS["product"]
_STANDS: Final = SCHEMAS[INSTALLED]
Lines = dict[str, dict[str, Any]]


def demand_possible(records: Records, record: Record, step: Step) -> None:
    """Raise `Refused` for a delivery that cannot have taken place, or an order that cannot be cancelled."""
    try:
        if record.schema is DELIVERY and step.ends == DELIVERED:
            order = records.get(ORDER.no, str(record.values.get("order_id") or ""))
            if order is not None:
                moves = _moves(records, order)
                move = moves.pop(record.id, None) or moved_of(records, record)
                lines = list(_lines(records, order).items())
                deliveries.demand_possible(move, order.values, lines, moves.values())
        elif record.schema is ORDER and step.ends == CANCELLED:
            deliveries.demand_cancellable(_moves(records, record).values())
    except UserError as error:
        raise Refused(Code.ILLEGAL_STATE, error.message) from error


def _moves(records: Records, order: Record) -> dict[str, Moved]:
    made = [child for child in records.children(order) if child.schema is DELIVERY and child.lives]
    records.know_children(made)
    return {each.id: moved_of(records, each) for each in made}


def _lines(records: Records, order: Record) -> Lines:
    below = (child for child in records.children(order) if child.schema is ORDER_LINE and child.lives)
    return {child.id: child.values for child in below}


def install_before(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, delivery: Record, step: Step
) -> None:
    """Write down what a delivery that takes place brings to the customer, unless who delivers just did."""
    if delivery.schema is not DELIVERY or step.ends != DELIVERED:
        return
    if not delivery.values.get("delivered_on"):
        day = day_of(ms_of(hq.hq_hlc)).isoformat()
        records.change(delivery)
        delivery.set("delivered_on", day)
        delivery.stamp(register_of(DELIVERY.fields["delivered_on"]), mark_by_hq(hq))
    order = records.get(ORDER.no, str(delivery.values.get("order_id") or ""))
    if order is None:
        return
    lines, moves = _lines(records, order), _moves(records, order)
    now = moves.get(delivery.id) or moved_of(records, delivery)
    moves[delivery.id] = replace(now, delivery={**now.delivery, "status": DELIVERED})
    items = installed.with_products(installed.standing_of(moves.values()), lines)
    records.load({_STANDS.no: [item.id for item in items]})
    here = {str(line.get("id")) for line in now.lines}
    for item in items:
        known = records.get(_STANDS.no, item.id)
        if known is None:
            if item.delivery_line_id in here and item.quantity > 0:
                _make(hq, records, scopes, item, order, lines[item.order_line_id])
        elif known.lives and (follows := installed.changes_of(item, known.values)):
            records.change(known)
            for name, value in follows.items():
                known.set(name, value)
                known.stamp(register_of(_STANDS.fields[name]), mark_by_hq(hq))


def _make(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    item: Standing,
    order: Record,
    line: dict[str, Any],
) -> None:
    records.load({PRODUCT.no: [line["product_id"]]})
    product = records.get(PRODUCT.no, line["product_id"])
    mark = mark_by_hq(hq)
    at_ms = ms_of(mark.hlc)
    values: dict[str, Any] = {
        **blank(_STANDS.no),
        **installed.new_record(item, order.id, order.values, line, product.values if product else {}),
        "id": item.id,
        "created_at": at_ms,
        "updated_at": at_ms,
    }
    record = Record(schema=_STANDS, id=item.id, values=values, made=mark, is_new=True)
    records.add(record)
    scopes.of_new(record)
