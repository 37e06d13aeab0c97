"""Which products stand at a customer's, as an order's deliveries and returns have it.

Worked out from all of them each time, with the same ids everywhere: the laptop that delivers and HQ write
the same records, and neither writes one twice.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from crm_core.ids import named_id
from crm_core.rules.agreed import months_on
from crm_core.rules.deliveries import Moved, serials_of
from crm_core.schema.values import canonical_decimal

INSTALLED: Final = "installed_product"
IN_USE, RETIRED = "in_use", "retired"

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One product with a serial number, or several alike without, that a delivery line brought."""

    id: str
    delivery_line_id: str
    order_line_id: str
    serial: str
    installed_on: str | None
    quantity: Decimal
    """What is still there."""
    retired_on: str | None = None
    """When the last of it came back."""


def standing_of(moves: Iterable[Moved]) -> tuple[Standing, ...]:
    """Return what deliveries brought, less what came back, each with the id its record has.

    What came back is taken from what was delivered first: of one serial number that was brought twice, a
    repaired piece, the one before; pieces without are taken from those delivered without.
    """
    counted = sorted((each for each in moves if each.counts), key=_when)
    found: list[Standing] = []
    for move in counted:
        day = move.delivery.get("delivered_on")
        for line in sorted(move.lines, key=lambda each: str(each.get("id") or "")):
            if move.comes_back:
                _take_back(found, line, day)
            else:
                found += _brought(line, day)
    return tuple(found)


def _when(move: Moved) -> tuple[bool, str, str]:
    """Order moves: what was brought by its day, then what came back; days typed wrongly take nothing away."""
    delivery = move.delivery
    return (move.comes_back, str(delivery.get("delivered_on") or ""), str(delivery.get("id") or ""))


def _brought(line: Values, day: str | None) -> Iterable[Standing]:
    line_id, order_line_id = str(line.get("id") or ""), str(line.get("order_line_id") or "")
    serials = serials_of(line.get("serials"))
    rest = Decimal(line.get("quantity") or 0) - len(serials)
    for serial, quantity in (*((each, Decimal(1)) for each in serials), ("", rest)):
        if quantity > 0:
            yield Standing(
                id=named_id(INSTALLED, f"{line_id}:{serial}"),
                delivery_line_id=line_id,
                order_line_id=order_line_id,
                serial=serial,
                installed_on=day,
                quantity=quantity,
            )


def _take_back(found: list[Standing], line: Values, day: str | None) -> None:
    key = str(line.get("order_line_id") or "")
    serials = list(serials_of(line.get("serials")))
    left = Decimal(line.get("quantity") or 0) - len(serials)
    for place, item in enumerate(found):
        if item.order_line_id != key or item.quantity <= 0:
            continue
        taken = Decimal(0)
        if item.serial in serials:
            taken = item.quantity
            serials.remove(item.serial)
        elif not item.serial and left > 0:
            taken = min(item.quantity, left)
            left -= taken
        if taken:
            rest = item.quantity - taken
            found[place] = replace(item, quantity=rest, retired_on=day if rest <= 0 else None)


def new_record(item: Standing, order_id: str, order: Values, line: Values, product: Values) -> dict[str, Any]:
    """Return the values of the record of what was brought."""
    months = product.get("warranty_months")
    return {
        "name": str(line.get("description") or product.get("name") or "")[:200],
        "customer_id": order.get("customer_id"),
        "product_id": line.get("product_id"),
        "serial": item.serial or None,
        "quantity": canonical_decimal(f"{item.quantity:f}"),
        "order_id": order_id,
        "delivery_line_id": item.delivery_line_id,
        "installed_on": item.installed_on,
        "warranty_until": warranty_until(item.installed_on, months),
        "status": IN_USE,
    }


def warranty_until(installed_on: str | None, months: int | None) -> str | None:
    """Return the last day of a warranty; None where nobody gave one."""
    if not installed_on or not months or months < 0:
        return None
    day = months_on(datetime.date.fromisoformat(installed_on), int(months))
    return (day - datetime.timedelta(days=1)).isoformat()


def changes_of(item: Standing, held: Values) -> dict[str, Any]:
    """Return what changes in the record of something of which some came back; never the other way round.

    Who retired it by hand, for it was scrapped, is not put right by a delivery.
    """
    if held.get("status") == RETIRED:
        return {}
    if item.quantity <= 0:
        return {"status": RETIRED, "retired_on": item.retired_on}
    if Decimal(held.get("quantity") or 0) > item.quantity:
        return {"quantity": canonical_decimal(f"{item.quantity:f}")}
    return {}


def with_products(items: Sequence[Standing], lines: Mapping[str, Values]) -> list[Standing]:
    """Return those of lines that name a product: a service or a fee stands nowhere."""
    return [each for each in items if lines.get(each.order_line_id, {}).get("product_id")]
