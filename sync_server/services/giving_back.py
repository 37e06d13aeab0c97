"""Customers that were returned by rule, before what would have kept them was heard of.

A visit made without a network counts at its own time. Where it would have kept the customer, the customer
goes back to who held it; where somebody claimed it meanwhile it stays there, and both are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import CONTACT_KINDS
from crm_core.i18n import N_, message
from crm_core.rules import pool
from crm_core.sync.clock import Stamp, ms_of, tick
from crm_core.sync.protocol import OpKind
from sync_server.services import errands
from sync_server.services.edits import Edits
from sync_server.services.errands import Errand
from sync_server.services.pooling import CUSTOMER, hand, standings
from sync_server.services.records import Mark, Record
from sync_server.services.wanted import Wanted, register_of
from sync_server.store.database import HqTransaction

Made = tuple[Wanted, Stamp]
_RETURNED = register_of(CUSTOMER.fields["returned_at"])


def give_back(hq: HqTransaction, edits: Edits, made: Iterable[Made], user_id: str, server_ms: int) -> None:
    """Look, before a batch is merged, whether what it tells of would have kept a customer of its author."""
    told: dict[str, list[Made]] = {}
    for wanted, stamp in made:
        customer_id = wanted.values.get("customer_id")
        if customer_id and wanted.kind is OpKind.CREATE and wanted.schema.name in ("activity", "deal"):
            told.setdefault(customer_id, []).append((wanted, stamp))
    if not told:
        return
    edits.records.load({CUSTOMER.no: told})
    for customer_id, several in told.items():
        record = edits.records.get(CUSTOMER.no, customer_id)
        if record is not None and _was_taken_from(record, user_id):
            edits.placing.former.add((CUSTOMER.no, customer_id))
            if _would_have_stayed(edits, record, several):
                _settle(hq, edits, record, user_id, server_ms)


def _was_taken_from(record: Record, user_id: str) -> bool:
    """Tell whether a customer was returned from a person, by rule and not by somebody's wish."""
    values = record.values
    held_last = record.lives and values["last_owner_id"] == user_id and values["returned_at"]
    return bool(held_last) and values["owner_id"] != user_id and record.mark(_RETURNED).user_id is None


def _would_have_stayed(edits: Edits, record: Record, made: Sequence[Made]) -> bool:
    values = {**record.values, "owner_id": record.values["last_owner_id"], "holding": pool.HELD}
    returned_ms = values["returned_at"]
    held = standings(edits.records.connection, [values])[record.id]
    if record.values["owner_id"] is not None:  # what is known of it by now is of the new holder
        held = replace(held, since_ms=values["created_at"] or 0, deal_ms=None, has_open_deal=False)
    contact, deal, has_open = held.contact_ms or 0, held.deal_ms or 0, held.has_open_deal
    for wanted, stamp in made:
        if wanted.schema.name == "deal":
            if ms_of(stamp.hlc) <= returned_ms:
                deal, has_open = max(deal, ms_of(stamp.hlc)), True
        elif wanted.values.get("kind") in CONTACT_KINDS:
            happened = wanted.values.get("happened_at") or 0
            contact = max(contact, happened if happened <= returned_ms else 0)
    # What was heard of since the return is no reason that it should have stayed.
    contact = contact if contact <= returned_ms else _latest(made, returned_ms)
    standing = replace(held, contact_ms=contact or None, deal_ms=deal or None, has_open_deal=has_open)
    return pool.comes_back(edits.pooling.rules(), standing, returned_ms)


def _latest(made: Sequence[Made], until_ms: int) -> int:
    moments = (wanted.values.get("happened_at") or 0 for wanted, _ in made if wanted.schema.name != "deal")
    return max((moment for moment in moments if moment <= until_ms), default=0)


def _settle(hq: HqTransaction, edits: Edits, record: Record, user_id: str, server_ms: int) -> None:
    title = str(record.values["name"] or "")
    if record.values["owner_id"] is None:
        edits.records.change(record)
        hq.hq_hlc = tick(hq.hq_hlc, server_ms)
        mark = Mark(hq.hq_hlc, 0, 1, 0, 0, None)
        hand(
            record,
            {"owner_id": user_id, "holding": pool.HELD, "returned_at": None, "pool_reason": None},
            lambda: mark._replace(seq=hq.positions.next()),
        )
        edits.scopes.changed(record)
        return
    holder_id = record.values["owner_id"]
    names = [_name(edits, each) for each in (user_id, holder_id)]
    subjects = {
        user_id: message(
            N_("“{title}” went to the pool before your contact was heard of; {person} claimed it"),
            title=title,
            person=names[1],
        ),
        holder_id: message(
            N_("{person} spoke with “{title}” before it went to the pool; agree who goes on"),
            title=title,
            person=names[0],
        ),
    }
    told = [
        Errand(subject=subject, about=record, owner_id=owner_id, is_private=True)
        for owner_id, subject in subjects.items()
    ]
    errands.open_tasks(hq, edits.records, edits.scopes, told, server_ms)


def _name(edits: Edits, user_id: str) -> str:
    person = edits.records.get(SCHEMAS["user"].no, user_id)
    return str(person.values["name"] or "") if person is not None else ""
