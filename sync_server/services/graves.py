"""Records gone for good: nothing brings them back, and who could see them is told why.

A record that lies deleted for long is buried: its values, stamps and scopes go, laptops that hold it are told
to purge it by the same events as of any record that leaves a scope, and its id stays in `grave` for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules.access import Action
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import Code
from sync_server.services.records import CELL, META, ROW_SCOPE, SET_DOT, Key, chunks
from sync_server.services.rights import AuthorRights, Refused
from sync_server.store.database import HqTransaction
from sync_server.store.tables import Grave, ScopeExit, UniqueKey, table_of

GONE_FOR_GOOD = message(N_("This record was deleted long ago and is gone for good"))

_grave = table_of(Grave)
_exit = table_of(ScopeExit)
_keys = table_of(UniqueKey)

BURIABLE: Final = tuple(schema for schema in SCHEMAS.values() if not schema.meta.reference)
"""Set-up such as users and products keeps its names, which older records and histories show."""


class Graves:
    """The graves one batch asks about, read at most once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[Key, frozenset[str] | None] = {}
        self._is_empty: bool | None = None

    def know(self, keys: Iterable[Key]) -> None:
        """Read the graves among `keys` in a few statements."""
        if self._is_empty is None:
            self._is_empty = self._connection.execute(select(_grave.c.entity).limit(1)).first() is None
        wanted: dict[int, list[str]] = {}
        for key in keys:
            if key not in self._known:
                self._known[key] = None
                wanted.setdefault(key[0], []).append(key[1])
        if self._is_empty:
            return
        for entity, ids in wanted.items():
            for some in chunks(sorted(ids)):
                query = select(_grave.c.row_id, _grave.c.scopes).where(
                    _grave.c.entity == entity, _grave.c.row_id.in_(some)
                )
                for row in self._connection.execute(query):
                    self._known[entity, row.row_id] = frozenset(row.scopes)

    def demand_none(self, rights: AuthorRights, schema: Schema, record_id: str) -> bool:
        """Raise `Refused` where the record is gone for good and the author could see it.

        Returns whether there is a grave the author may not hear of.
        """
        key = (schema.no, record_id)
        if key not in self._known:
            self.know([key])
        scopes = self._known[key]
        if scopes is None:
            return False
        if rights.may(Action.READ, schema.name, scopes):
            raise Refused(Code.STALE_LIFE, GONE_FOR_GOOD)
        return True


def bury(hq: HqTransaction, keys: Sequence[Key]) -> int:
    """Bury those of these deleted records that nothing refers to any more; return how many those were."""
    for_good = _unreferenced(hq.connection, set(keys))
    by_entity: dict[int, list[str]] = {}
    for entity, record_id in sorted(for_good):
        by_entity.setdefault(entity, []).append(record_id)
    for entity, ids in by_entity.items():
        for some in chunks(ids):
            _bury(hq, BY_NO[entity], some)
    return len(for_good)


def _bury(hq: HqTransaction, schema: Schema, ids: Sequence[str]) -> None:
    run = hq.connection.execute
    scopes: dict[str, list[str]] = {record_id: [EVERYONE] for record_id in ids}
    held = select(ROW_SCOPE.c.row_id, ROW_SCOPE.c.scope).where(_named(ROW_SCOPE, schema, ids))
    for row_id, scope in run(held.order_by(ROW_SCOPE.c.scope)):
        scopes[row_id].append(scope)
    exits = [
        {"seq": hq.positions.next(), "entity": schema.no, "row_id": record_id, "scope": scope}
        for record_id, left in scopes.items()
        for scope in left
    ]
    run(insert(_exit), exits)
    last = hq.positions.last
    run(
        insert(_grave),
        [
            {"entity": schema.no, "row_id": record_id, "seq": last, "scopes": left}
            for record_id, left in scopes.items()
        ],
    )
    for table in (SET_DOT, CELL, ROW_SCOPE, _keys, META):
        run(delete(table).where(_named(table, schema, ids)))
    run(delete(schema.table).where(schema.table.c.id.in_(ids)))


def _named(table: Any, schema: Schema, ids: Sequence[str]) -> ColumnElement[bool]:
    named: ColumnElement[bool] = (table.c.entity == schema.no) & table.c.row_id.in_(ids)
    return named


def _unreferenced(connection: Connection, keys: set[Key]) -> set[Key]:
    """Leave out what a record that stays links to: its name would be missing there, and its scopes."""
    referrers = _referrers(connection, keys)
    left = set(keys)
    while True:
        held = {key for key in left if not referrers.get(key, set()) <= left}
        if not held:
            return left
        left -= held


def _referrers(connection: Connection, keys: set[Key]) -> dict[Key, set[Key]]:
    found: dict[Key, set[Key]] = {}
    for entity in {entity for entity, _ in keys}:
        ids = sorted(record_id for number, record_id in keys if number == entity)
        name = BY_NO[entity].name
        for schema in SCHEMAS.values():
            for link in _links_to(schema, name):
                table = schema.table
                for some in chunks(ids):
                    query = select(table.c.id, table.c[link.name]).where(table.c[link.name].in_(some))
                    if link.target == "*" and link.target_field:
                        query = query.where(table.c[link.target_field] == name)
                    for record_id, target in connection.execute(query):
                        if (schema.no, record_id) != (entity, target):
                            found.setdefault((entity, target), set()).add((schema.no, record_id))
    return found


def _links_to(schema: Schema, name: str) -> list[Field]:
    return [each for each in schema.fields.values() if each.kind is Kind.REF and each.target in (name, "*")]
