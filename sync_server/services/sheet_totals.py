"""What follows from the records below quotes, contracts and orders, worked out at HQ whenever one changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.rules import deliveries
from crm_core.rules.deliveries import Moved
from crm_core.rules.quote_sums import TERMS, total_of
from crm_core.rules.sheets import PARTS, SHEETS
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Key, Record, Records
from sync_server.store.database import HqTransaction

ORDER: Final = SCHEMAS["order"]
_NUMBERS: Final = frozenset(SCHEMAS[name].no for name in SHEETS)
DELIVERY: Final = SCHEMAS["delivery"]
DELIVERY_LINE: Final = SCHEMAS["delivery_line"]


def concerned(records: Records, record: Record, changed: Collection[str] | None) -> set[Key]:
    """Return the quote, contract or order of which something follows from a change of a record, if any.

    `changed` None: the record came or went.
    """
    key = _concerned(records, record, changed)
    return {key} if key is not None else set()


def _concerned(records: Records, record: Record, changed: Collection[str] | None) -> Key | None:
    name, values = record.schema.name, record.values
    if name in SHEETS:
        is_term = changed is None or not TERMS.isdisjoint(changed)
        return (record.schema.no, record.id) if is_term else None
    if name in PARTS and name == PARTS[name].line and PARTS[name].entity in SHEETS:
        return _key(PARTS[name].entity, values.get(PARTS[name].link))
    if record.schema is DELIVERY:
        return _key(ORDER.name, values.get("order_id"))
    if record.schema is DELIVERY_LINE and values.get("delivery_id"):
        delivery = records.get(DELIVERY.no, values["delivery_id"])
        return _key(ORDER.name, delivery.values.get("order_id")) if delivery is not None else None
    return None


def _key(entity: str, record_id: str | None) -> Key | None:
    return (SCHEMAS[entity].no, record_id) if record_id else None


def settle(hq: HqTransaction, records: Records, keys: Iterable[Key], server_ms: int) -> None:
    """Bring up to date what follows from the records below quotes, contracts and orders, of those named."""
    sheets = [key for key in keys if key[0] in _NUMBERS]
    pen = Pen(hq, records, server_ms)
    for sheet, follows in changed_sheets(records, sheets):
        pen.write(sheet, **follows)


def changed_sheets(records: Records, keys: Iterable[Key]) -> list[tuple[Record, dict[str, Any]]]:
    """Return the records of which something is not what it should be, each with what that should be."""
    listed = sorted(keys)
    ids: dict[int, list[str]] = {}
    for number, record_id in listed:
        ids.setdefault(number, []).append(record_id)
    records.load(ids)
    sheets = [sheet for key in listed if (sheet := records.get(*key)) is not None]
    records.know_children(sheets)
    found = []
    for sheet in sheets:
        held = sheet.values
        changed = {name: value for name, value in _follows(records, sheet).items() if value != held.get(name)}
        if changed:
            found.append((sheet, changed))
    return found


def _follows(records: Records, sheet: Record) -> dict[str, Any]:
    line = SHEETS[sheet.schema.name].line
    below = [child for child in records.children(sheet) if _counts(sheet, child)]
    lines = [(child.id, child.values) for child in below if child.schema.name == line]
    follows: dict[str, Any] = {"total": total_of(sheet.values, lines)}
    if sheet.schema is ORDER:
        moves = (moved_of(records, child) for child in below if child.schema is DELIVERY)
        follows["delivered"] = deliveries.state_of(lines, deliveries.delivered_of(moves))
    return follows


def moved_of(records: Records, delivery: Record) -> Moved:
    """Return a delivery or return with its lines."""
    lines = (
        child.values
        for child in records.children(delivery)
        if child.schema is DELIVERY_LINE and _counts(delivery, child)
    )
    return Moved(delivery=delivery.values, lines=tuple(lines))


def _counts(above: Record, below: Record) -> bool:
    """Tell whether a record lives, or comes back with the one above it if that is deleted."""
    return below.lives or (not above.lives and below.cascade == above.cascade)
