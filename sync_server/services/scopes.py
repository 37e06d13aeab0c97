"""Keeping written down which scopes every record lies in, in the commit that changes them.

A record's scopes follow from its own links, from its parents and from whoever lends it
(`crm_core.rules.scopes`). Entering a scope and leaving one are events with positions of their own. What is
lent is worked out once for a batch, at its end; everything else at once, for the next operation may need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import insert, select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.rules.scopes import EVERYONE, LENT, direct_scopes, passed_on, scopes_of
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from sync_server.services.records import Key, Record, Records, chunks
from sync_server.store.database import Positions
from sync_server.store.tables import ScopeExit, table_of

LENDERS: dict[str, tuple[tuple[Schema, Field], ...]] = {
    name: tuple(
        (lender, link) for lender in SCHEMAS.values() for link in lender.lending_fields if link.target == name
    )
    for name in SCHEMAS
}
"""For each entity, who lends its records: (schema of the lender, its linking field)."""

_exits = table_of(ScopeExit)


Place = tuple[str | None, ...]
"""Owner, team and territory of a record, in the order of its declaration."""
_Reader = Callable[[Mapping[str, Any]], tuple[Any, ...]]


def place_of(schema: Schema, values: Mapping[str, Any]) -> Place | None:
    """Return what alone decides a record's scopes; None where it belongs to another or is shared."""
    parents_of, links_of = _readers(schema.no)
    if any(parents_of(values)):
        return None
    place = links_of(values)
    return None if list in map(type, place) else place


@cache
def _readers(entity: int) -> tuple[_Reader, _Reader]:
    """Return what reads the parent links of a record, and its owner, team, territory, shares and state."""
    schema = BY_NO[entity]
    return _reader(schema.parent_fields), _reader(schema.placing_fields)


def _reader(fields: Sequence[Field]) -> _Reader:
    names = [field.name for field in fields]
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


@lru_cache(maxsize=4096)
def _scopes_of_place(entity: int, place: Place) -> frozenset[str]:
    schema = BY_NO[entity]
    named = {field.name: link for field, link in zip(schema.placing_fields, place, strict=True)}
    return scopes_of(schema, named) - {EVERYONE}


class ScopeKeeper:
    """Works out the scopes of the records of one batch."""

    def __init__(self, records: Records, positions: Positions) -> None:
        self._records = records
        self._positions = positions
        self._exits: list[dict[str, Any]] = []
        self._borrowers: set[Key] = set()

    def of_new(self, record: Record, place: Place | None = None) -> None:
        """Put a new record into its scopes; they are entered at the position of its creation.

        `place` is `place_of` the record, where that is known already.
        """
        wanted = self._wanted(record) if place is None else _scopes_of_place(record.schema.no, place)
        record.scopes = dict.fromkeys(wanted, record.made.seq)
        self.lend(record)

    def changed(self, record: Record) -> None:
        """Work out anew the scopes of a record whose links changed, and of all below it."""
        if not self._settle(record):
            return
        level = [record]
        while level:  # a record below two that changed is worked out again after the second
            below = {id(child): child for parent in level for child in self._records.children(parent)}
            level = [child for child in below.values() if self._settle(child)]

    def lend(self, record: Record, values: dict[str, Any] | None = None) -> None:
        """Note whom the record lends, or with other `values` lent before, for the end of the batch."""
        for link in record.schema.lending_fields:
            target = SCHEMAS.get(link.target or "")
            target_id = (values or record.values).get(link.name)
            if target is not None and target_id:
                self._borrowers.add((target.no, target_id))

    def settle_lent(self) -> None:
        """Work out what is lent, as the whole batch leaves it."""
        for name in SCHEMAS:
            ids = sorted(row_id for entity, row_id in self._borrowers if entity == SCHEMAS[name].no)
            if ids:
                self._settle_lent(SCHEMAS[name], ids)

    def settle(self, real: Callable[[int], int]) -> None:
        """Put real positions in the place of drafted ones."""
        for exited in self._exits:
            exited["seq"] = real(exited["seq"])

    def finish(self) -> None:
        """Write the exits down."""
        if self._exits:
            self._records.connection.execute(insert(_exits), self._exits)

    def mark(self) -> int:
        """Return a mark to go back to."""
        return len(self._exits)

    def take_back(self, mark: int) -> None:
        """Forget the exits noted since `mark`."""
        del self._exits[mark:]

    def _wanted(self, record: Record) -> Set[str]:
        place = place_of(record.schema, record.values)
        if place is not None:
            return _scopes_of_place(record.schema.no, place)
        parents = (passed_on(parent.schema, parent.scopes) for parent in self._records.parents(record))
        return set(scopes_of(record.schema, record.values, parents)) - {EVERYONE}

    def _settle(self, record: Record) -> bool:
        """Bring a record's scopes up to date but for what is lent; tell whether they changed."""
        wanted = self._wanted(record)
        return self._move(record, wanted | {scope for scope in record.scopes if scope.startswith(LENT)})

    def _move(self, record: Record, wanted: Set[str]) -> bool:
        if record.scopes.keys() == wanted:
            return False
        self._records.change(record)
        for scope in sorted(record.scopes.keys() - wanted):
            del record.scopes[scope]
            self._exits.append(
                {
                    "seq": self._positions.next(),
                    "entity": record.schema.no,
                    "row_id": record.id,
                    "scope": scope,
                }
            )
        for scope in sorted(wanted - record.scopes.keys()):
            record.scopes[scope] = self._positions.next()
        return True

    def _settle_lent(self, schema: Schema, ids: list[str]) -> None:
        self._records.load({schema.no: ids})
        lent: dict[str, set[str]] = {record_id: set() for record_id in ids}
        for lender, link in LENDERS[schema.name]:
            for target_id, scopes in self._lenders(lender, link, ids):
                lent[target_id] |= scopes
        for record_id in ids:
            record = self._records.get(schema.no, record_id)
            if record is not None:
                kept = {scope for scope in record.scopes if not scope.startswith(LENT)}
                self._move(record, kept | {LENT + scope for scope in lent[record_id]})

    def _lenders(self, lender: Schema, link: Field, ids: list[str]) -> Iterable[tuple[str, frozenset[str]]]:
        """Yield (whom it lends, its direct scopes) for each living lender, as the batch leaves it."""
        table = lender.table
        columns = [table.c.id, table.c[link.name], *(table.c[field.name] for field in lender.placing_fields)]
        in_batch = {record.id: record for record in self._records.touched() if record.schema is lender}
        for some in chunks(ids):
            query = select(*columns).where(table.c[link.name].in_(some), table.c.life % 2 == 1)
            for row in self._records.connection.execute(query).mappings():
                self._records.notice(lender.no, row["id"])
                if row["id"] not in in_batch:
                    yield row[link.name], direct_scopes(lender, dict(row))
        wanted = set(ids)
        for record in in_batch.values():
            if record.lives and record.values.get(link.name) in wanted:
                yield record.values[link.name], direct_scopes(lender, record.values)
