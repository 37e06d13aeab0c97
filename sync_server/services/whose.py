"""Whose a ticket is, as HQ keeps it: no contact of another customer, whoever linked it where and when.

Two laptops may link one ticket to different customers without a network. The newer customer stands, the
other's contact goes with the other's link, and a contact that comes late for a customer who lost is handed
back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.rules.whose import LINK, OTHER_CUSTOMERS, are_apart
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import Code
from sync_server.services.joining import kept_of
from sync_server.services.records import Record, Records
from sync_server.services.rights import Refused
from sync_server.services.wanted import Wanted

_TICKET: Final = SCHEMAS["ticket"]
_CUSTOMER: Final = SCHEMAS["customer"]
_CONTACT: Final = SCHEMAS["contact"]
_CUSTOMER_ID, _CONTACT_ID = LINK


def demand_one(
    records: Records, schema: Schema, changed: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Raise `Refused` for a contact that is put on the ticket of another customer."""
    if schema is _TICKET and changed.get(_CONTACT_ID) and _is_torn(records, after):
        raise Refused(Code.INVALID, OTHER_CUSTOMERS)


def followed(records: Records, record: Record, wanted: Wanted) -> dict[str, Any]:
    """Return what follows from another customer of a ticket: the contact of the one before goes."""
    if record.schema is not _TICKET or not wanted.values.get(_CUSTOMER_ID):
        return {}
    return {_CONTACT_ID: None} if _is_torn(records, {**record.values, **wanted.values}) else {}


def _is_torn(records: Records, values: Mapping[str, Any]) -> bool:
    contact = records.get(_CONTACT.no, values.get(_CONTACT_ID) or "")
    if contact is None:
        return False
    own, his = (_as_kept(records, each) for each in (values.get(_CUSTOMER_ID), contact.values["customer_id"]))
    return are_apart(own, his)


def _as_kept(records: Records, customer_id: str | None) -> str | None:
    """Return a customer, or the one he was merged into."""
    found = records.get(_CUSTOMER.no, customer_id or "")
    kept = kept_of(records, found) if found is not None and not found.lives else None
    return kept.id if kept is not None else customer_id
