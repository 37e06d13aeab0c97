"""What the program fills in of contracts, orders, and of what belongs to records with lines."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.rules import deliveries, payment_checks
from crm_core.rules.access import Person
from crm_core.rules.positions import between
from crm_core.rules.quote_state import is_draft
from crm_core.rules.sheets import PARTS, SHEETS
from crm_core.schema.field import Plain
from crm_desktop.models import numbers, repository, sheet_totals
from crm_desktop.models.clock import Clock
from crm_desktop.models.instalments import LaptopBooks
from crm_desktop.models.records import Record
from crm_desktop.services import delivering, pricing
from crm_desktop.services.chance import random_below
from crm_desktop.services.company import company

Values = dict[str, Plain]
New = Callable[[Session, Person, Clock, Values], None]
Changed = Callable[[Session, Person, Clock, Record, Values], None]


def _new_agreed(entity: str) -> New:
    def finish(session: Session, _person: Person, clock: Clock, values: Values) -> None:
        facts = company(session)
        if not values.get("customer_id") and values.get("deal_id"):
            deal = repository.get(session, "deal", str(values["deal_id"]))
            values["customer_id"] = deal.get("customer_id") if deal else None
        if not values.get("currency"):
            values["currency"] = facts.currency
        if entity == "order" and not values.get("ordered_on"):
            values["ordered_on"] = clock.today().isoformat()
        values["number"] = numbers.take(session, entity, clock.today())
        values["total"] = 0
        if entity == "order":
            values["delivered"] = "none"

    return finish


def _changed_agreed(entity: str) -> Changed:
    sheet = SHEETS[entity]

    def finish(session: Session, _person: Person, clock: Clock, before: Record, changes: Values) -> None:
        fixed = {name for name in changes if name in sheet.fixed and changes[name] != before.get(name)}
        if not is_draft(before.values) and fixed:
            raise UserError(sheet.stands)
        moved = frozenset(name for name, value in changes.items() if value != before.get(name))
        after = {**before.values, **changes, "id": before.id}
        payment_checks.demand_changed(LaptopBooks(session), entity, after, moved)
        if (
            is_draft(before.values)
            and not is_draft({**before.values, **changes})
            and not before.get("number")
        ):
            changes["number"] = numbers.take(session, entity, clock.today())
        if entity == "order" and changes.get("status", before.get("status")) == deliveries.CANCELLED:
            deliveries.demand_cancellable(sheet_totals.moves_of(session, before.id).values())
        if changes.get("status") == "signed" and not changes.get("signed_on", before.get("signed_on")):
            changes["signed_on"] = clock.today().isoformat()

    return finish


def _new_line(entity: str) -> New:
    sheet = PARTS[entity]

    def finish(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
        above = repository.get(session, sheet.entity, str(values.get(sheet.link) or ""))
        if above is None:
            return
        _demand_draft(above)
        if values.get("product_id"):
            _take_from_product(session, entity, above, values)
        values["currency"] = above.get("currency")
        _put_last(session, entity, values)

    return finish


def _changed_line(entity: str) -> Changed:
    sheet = PARTS[entity]

    def finish(session: Session, _person: Person, _clock: Clock, before: Record, changes: Values) -> None:
        above = repository.get(session, sheet.entity, str(before.get(sheet.link) or ""))
        if above is not None:
            _demand_draft(above)
            changes.pop("currency", None)
            if "unit_price" in changes:
                changes["currency"] = above.get("currency")

    return finish


def _new_part(entity: str) -> New:
    sheet = PARTS[entity]

    def finish(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
        above = repository.get(session, sheet.entity, str(values.get(sheet.link) or ""))
        if above is not None:
            _demand_draft(above)
            _take_from_library(session, values)
            _put_last(session, entity, values)

    return finish


def _changed_part(entity: str) -> Changed:
    sheet = PARTS[entity]

    def finish(session: Session, _person: Person, _clock: Clock, before: Record, _changes: Values) -> None:
        above = repository.get(session, sheet.entity, str(before.get(sheet.link) or ""))
        if above is not None:
            _demand_draft(above)

    return finish


def _put_last(session: Session, entity: str, values: Values) -> None:
    """Put a part behind those there are, where nobody said where."""
    if not values.get("position"):
        model: Any = SCHEMAS[entity].model
        link = PARTS[entity].link
        last = session.scalar(
            select(model.position)
            .where(getattr(model, link) == values[link], model.life % 2 == 1)
            .order_by(model.position.desc(), model.id.desc())
            .limit(1)
        )
        values["position"] = between(last, None, random_below)


def demand_deletable(session: Session, record: Record) -> None:
    """Raise `UserError` where what belongs to something fixed would be deleted."""
    sheet = PARTS.get(record.entity)
    if sheet is not None:
        above = repository.get(session, sheet.entity, str(record.get(sheet.link) or ""))
        if above is not None and above.alive and not sheet.is_open(above.values):
            raise UserError(sheet.stands)


def _demand_draft(above: Record) -> None:
    if not is_draft(above.values):
        raise UserError(SHEETS[above.entity].stands)


def _take_from_product(session: Session, entity: str, above: Record, values: Values) -> None:
    """Fill a line in from its product; its price is the one the books have for the quantity."""
    product_id = str(values["product_id"])
    product = repository.get(session, "product", product_id)
    if product is None:
        return
    priced = pricing.of_quote(session, above)
    _offer(
        entity,
        values,
        description=product.get("name"),
        unit=product.get("unit"),
        tax_rate=priced.tax_rate(product_id),
    )
    quantity = Decimal(str(values.get("quantity") or "1"))
    offer = priced.offer(product_id, quantity, str(values.get("tax_rate") or "0"))
    if offer is not None and "offered_price" in SCHEMAS[entity].fields:
        values["offered_price"] = offer.unit_price.minor
    _offer(entity, values, unit_price=offer.unit_price.minor if offer is not None else 0)


def _take_from_library(session: Session, values: Values) -> None:
    """Fill a clause in from the library."""
    clause = repository.get(session, "clause", str(values.get("clause_id") or ""))
    if clause is not None:
        for name in ("title", "title_en", "body", "body_en"):
            if not values.get(name):
                values[name] = clause.get(name)


def _offer(entity: str, values: Values, **offered: Plain) -> None:
    for name, value in offered.items():
        untouched = values.get(name) in (None, "", SCHEMAS[entity].fields[name].default)
        if untouched and value is not None:
            values[name] = value


_LINES: Final = tuple(sheet.line for sheet in SHEETS.values())
_PARTS: Final = tuple(part for sheet in SHEETS.values() for part in sheet.parts[1:])
_AGREED: Final = tuple(entity for entity in SHEETS if entity != "quote")
NEW: Final[dict[str, New]] = {
    **{entity: _new_agreed(entity) for entity in _AGREED},
    **{entity: _new_line(entity) for entity in _LINES},
    **{entity: _new_part(entity) for entity in _PARTS},
    "delivery": delivering.complete_new,
    "delivery_line": delivering.complete_new_line,
    "installed_product": delivering.complete_new_installed,
}
"""What finishes a new record, by kind."""
CHANGED: Final[dict[str, Changed]] = {
    **{entity: _changed_agreed(entity) for entity in _AGREED},
    **{entity: _changed_line(entity) for entity in _LINES},
    **{entity: _changed_part(entity) for entity in _PARTS},
    "delivery": delivering.complete_change,
    "delivery_line": delivering.complete_changed_line,
    "installed_product": delivering.complete_changed_installed,
}
"""What follows from a change, by kind."""
