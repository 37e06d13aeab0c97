"""The lines of a contract or an order: looked at with what they come to, added, copied, moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.product import Product
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message
from crm_core.rules import quote_sums
from crm_core.rules.access import Action
from crm_core.rules.positions import between
from crm_core.rules.sheets import PARTS, SHEETS
from crm_core.rules.totals import Totals
from crm_core.schema.field import Plain
from crm_desktop.models import repository, sheet_totals
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights
from crm_desktop.services.chance import random_below
from crm_desktop.services.outcome import Outcome

_COPIED = (
    *("product_id", "description", "quantity", "unit", "unit_price", "discount_percent", "tax_rate"),
    *("heading", "heading_en"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetView:
    """A contract or order as its lines are shown."""

    sheet: Record
    lines: tuple[Record, ...]
    codes: dict[str, str]
    """Product code by product id."""
    totals: Totals
    problem: Message | None
    """Why the lines do not add up."""
    editable: bool


def view(replica: Replica, entity: str, record_id: str) -> SheetView:
    """Return a contract or order with its lines. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        sheet = repository.get(session, entity, record_id)
        if sheet is None:
            raise NotFound(N_("There is no such record on this laptop"))
        lines = sheet_totals.lines_of(session, entity, record_id)
        totals, problem = quote_sums.shown_totals(sheet.values, ((line.id, line.values) for line in lines))
        products = {str(line["product_id"]) for line in lines if line.get("product_id")}
        codes = select(Product.id, Product.code).where(Product.id.in_(products))
        may_edit = rights.may(session, replica.person, Action.EDIT, entity, sheet.values)
        return SheetView(
            sheet=sheet,
            lines=tuple(lines),
            codes={row.id: row.code or "" for row in session.execute(codes)},
            totals=totals,
            problem=problem,
            editable=bool(may_edit) and sheet.alive and SHEETS[entity].is_open(sheet.values),
        )


def add(
    replica: Replica, entity: str, record_id: str, values: Mapping[str, Plain], line_id: str | None = None
) -> Outcome[Record]:
    """Add a line at the end. A product fills in text, unit, price and tax.

    `line_id` is the new line's id where the caller shows the line before it is written.
    """
    sheet = SHEETS[entity]
    with replica.write() as session:
        made = records.create_in(session, replica, sheet.line, {**values, sheet.link: record_id}, line_id)
    return Outcome(made, frozenset(session.changed))


def duplicate(replica: Replica, entity: str, line_id: str) -> Outcome[Record]:
    """Add a copy of a line right below it."""
    sheet = SHEETS[entity]
    with replica.write() as session:
        line = _line(session, sheet.line, line_id)
        rows = sheet_totals.lines_of(session, entity, str(line[sheet.link]))
        place = next((at for at, each in enumerate(rows) if each.id == line_id), len(rows) - 1)
        values = {name: line.values[name] for name in _COPIED if line.get(name) is not None}
        values |= {sheet.link: line[sheet.link], "position": _at(rows, place + 1)}
        made = records.create_in(session, replica, sheet.line, values)
    return Outcome(made, frozenset(session.changed))


def move(replica: Replica, part: str, part_id: str, steps: int) -> Outcome[Record]:
    """Move a line or clause up (negative) or down by so many places; at an end it stays there."""
    sheet = PARTS[part]
    with replica.write() as session:
        row = _line(session, part, part_id)
        rows = sheet_totals.parts_of(session, sheet.entity, str(row[sheet.link]), part)
        place = next((at for at, each in enumerate(rows) if each.id == part_id), 0)
        others = [each for each in rows if each.id != part_id]
        target = max(0, min(len(others), place + steps))
        if target != place:
            row = records.update_in(session, replica, part, part_id, {"position": _at(others, target)})
    return Outcome(row, frozenset(session.changed))


def _line(session: Session, entity: str, record_id: str) -> Record:
    found = repository.get(session, entity, record_id)
    if found is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return found


def _at(rows: list[Record], place: int) -> str:
    before = rows[place - 1].get("position") if place else None
    after = rows[place].get("position") if place < len(rows) else None
    return between(before, after, random_below)
