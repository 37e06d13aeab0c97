"""Records with the same tax number, code or address: both are taken, and whoever sees both is told.

Nothing of one record is told to somebody who may not see it, not even that there is one: a task goes to an
owner who may read the value in both, and where neither may, to the first administrator. It names the owner's
own record alone; which other has the same his laptop finds among what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.uniqueness import key_of
from crm_core.schema.field import Field
from sync_server.services import errands
from sync_server.services.alike_pairs import note_pairs, note_tasks, pair_of
from sync_server.services.entitlements import person_of
from sync_server.services.errands import Errand
from sync_server.services.faults import Refusal
from sync_server.services.records import Record, Records, chunks
from sync_server.services.rights import AuthorRights
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_new
from sync_server.store.bulk import insert_rows
from sync_server.store.database import HqTransaction
from sync_server.store.tables import UniqueKey, table_of

UNIQUE: Final[Mapping[str, tuple[Field, ...]]] = {
    name: fields
    for name, schema in SCHEMAS.items()
    if (fields := tuple(field for field in schema.fields.values() if field.unique))
}
MOST_TASKS: Final = (
    200  # of one batch: an import of a list that is there already is one mistake, not thousands
)

_keys = table_of(UniqueKey)
_COLUMNS: Final = ("entity", "field", "row_id", "hash", "first")


class _Change(NamedTuple):
    """A record whose key may be another than before; `hash` None: it has none any more."""

    record: Record
    hash: bytes | None


class _Pair(NamedTuple):
    """A record that came to what another had already."""

    field: Field
    record: Record
    other_id: str


def settle_keys(hq: HqTransaction, records: Records, scopes: ScopeKeeper, server_ms: int) -> None:
    """Bring the keys of what a batch changed up to date; open tasks for those that are alike.

    While the head of the feed is held: no other batch comes between.
    """
    changes: dict[tuple[str, str], list[_Change]] = {}
    for record in records.touched():
        for field in UNIQUE.get(record.schema.name, ()):
            value = record.values.get(field.name)
            if record.is_new and value is None:
                continue
            if record.is_new or record.meta_changed or field.name in record.changed:
                key = key_of(field, value) if record.lives else None
                changes.setdefault((record.schema.name, field.name), []).append(_Change(record, key))
    pairs: list[_Pair] = []
    for (name, field_name), changed in changes.items():
        pairs.extend(_settle(records, SCHEMAS[name].fields[field_name], changed))
    if pairs:
        found = _errands(records, pairs)[:MOST_TASKS]
        opened = errands.open_tasks(hq, records, scopes, [errand for errand, _ in found], server_ms)
        store_new(hq.connection, opened)
        told = [
            (pair_of(pair.record, pair.other_id), task.id, task.values["owner_id"])
            for (_, pair), task in zip(found, opened, strict=True)
        ]
        note_pairs(hq.connection, [pair for pair, _, _ in told], told=True)
        note_tasks(hq.connection, told)


def _settle(records: Records, field: Field, changed: list[_Change]) -> list[_Pair]:
    """Write the keys of one field; return which records came to one that another has."""
    connection, entity = records.connection, changed[0].record.schema.no
    of_field = (_keys.c.entity == entity, _keys.c.field == field.no)
    known: dict[str, bytes] = {}
    for some in chunks([change.record.id for change in changed if not change.record.is_new]):
        query = select(_keys.c.row_id, _keys.c.hash).where(*of_field, _keys.c.row_id.in_(some))
        known.update((row.row_id, bytes(row.hash)) for row in connection.execute(query))
    changed = [change for change in changed if known.get(change.record.id) != change.hash]
    gone = [change.record.id for change in changed if change.record.id in known]
    for some in chunks(gone):
        connection.execute(delete(_keys).where(*of_field, _keys.c.row_id.in_(some)))
    wanted = [change for change in changed if change.hash is not None]
    hashes = {change.hash for change in wanted if change.hash} | {known[row_id] for row_id in gone}
    holders: dict[bytes, list[tuple[str, bool]]] = {}
    for alike in chunks(sorted(hashes)):
        query = select(_keys.c.row_id, _keys.c.hash, _keys.c.first).where(*of_field, _keys.c.hash.in_(alike))
        for row in connection.execute(query.order_by(_keys.c.row_id)):
            holders.setdefault(bytes(row.hash), []).append((row.row_id, row.first))
    # Where the first one went, another that was accepted beside it takes its place.
    heirs = [rows[0][0] for rows in holders.values() if not any(first for _, first in rows)]
    if heirs:
        heir = update(_keys).where(*of_field, _keys.c.row_id == bindparam("heir")).values(first=True)
        connection.execute(heir, [{"heir": row_id} for row_id in heirs])
    pairs: list[_Pair] = []
    rows = []
    for record, key in wanted:
        assert key is not None
        beside = holders.setdefault(key, [])
        if beside:
            pairs.append(_Pair(field, record, beside[0][0]))
        rows.append((entity, field.no, record.id, key, not beside))
        beside.append((record.id, not beside))
    insert_rows(connection, _keys, _COLUMNS, rows)
    return pairs


def _errands(records: Records, pairs: Iterable[_Pair]) -> list[tuple[Errand, _Pair]]:
    found: dict[tuple[str, str], tuple[Errand, _Pair]] = {}
    people: dict[str, AuthorRights | None] = {}
    pairs = list(pairs)[:MOST_TASKS]
    for entity in {pair.record.schema.no for pair in pairs}:
        records.load({entity: [pair.other_id for pair in pairs if pair.record.schema.no == entity]})
    for pair in pairs:
        field, record, other_id = pair
        other = records.get(record.schema.no, other_id)
        if other is None:
            continue
        told = False
        for own in (record, other):
            owner_id = errands.owner_of(records, own)
            if owner_id and all(_reads(records, people, owner_id, each, field) for each in (record, other)):
                found.setdefault((owner_id, own.id), (_errand(own, field, owner_id), pair))
                told = True
        if not told and (admin := errands.founder(records)):
            found.setdefault((admin, record.id), (_errand(record, field, admin), pair))
    return list(found.values())


def _errand(record: Record, field: Field, owner_id: str) -> Errand:
    subject = message(
        N_("Possible duplicate: {title} ({field})"),
        title=str(record.values.get(record.schema.meta.title) or ""),
        field=Message(field.label),
    )
    return Errand(subject=subject, about=record, owner_id=owner_id, is_private=True)


def _reads(
    records: Records, people: dict[str, AuthorRights | None], user_id: str, record: Record, field: Field
) -> bool:
    if user_id not in people:
        try:
            people[user_id] = AuthorRights(person_of(records.connection, user_id))
        except Refusal:
            people[user_id] = None  # somebody who left, or whose rights cannot be worked out
    rights = people[user_id]
    return rights is not None and rights.reads(record, field)
