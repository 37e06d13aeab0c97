"""Records as a merge sees them: values, stamps, scopes and additions in memory, written back together.

A merge reads what its batch touches with a few statements, decides in memory, and writes with a few more
(`sync_server.services.storing`). Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self, TypeVar

import msgspec
from sqlalchemy import Connection, select

from crm_core.entities import BY_NO, CHILDREN, SCHEMAS
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync.clock import Stamp, ms_of, tick
from crm_core.sync.merge import Held, lives
from sync_server.store.database import HqTransaction
from sync_server.store.tables import Cell, RowMeta, RowScope, SetDot, table_of

CHUNK: Final = 1000  # bound values of one statement; PostgreSQL plans longer lists badly

META: Final = table_of(RowMeta)
CELL: Final = table_of(Cell)
ROW_SCOPE: Final = table_of(RowScope)
SET_DOT: Final = table_of(SetDot)

_LINKS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(each.name for each in schema.fields.values() if each.kind is Kind.REF or each.parent)
    for name, schema in SCHEMAS.items()
}
"""The fields of each kind of record that point at another."""

_T = TypeVar("_T")


class Mark(NamedTuple):
    """Who set a register, by which operation, and at which position."""

    hlc: int
    device: int
    incarnation: int
    op_no: int
    seq: int
    user_id: str | None

    @property
    def held(self) -> Held:
        """Return what `crm_core.sync.merge.judge` asks for."""
        return Held(Stamp(self.hlc, self.device, self.op_no), self.seq)


class Record(msgspec.Struct, kw_only=True, gc=False):
    """One record with everything HQ keeps about it."""

    schema: Schema
    id: str
    values: dict[str, Any]
    """Column values by name, `life` and `custom` among them."""
    made: Mark
    """Its creation; stands for every register without a cell."""
    life_seq: int = 0
    life_device: int = 0
    cascade: str | None = None
    """Name of the operation that deleted it, by itself or with its parent."""
    cells: dict[str, Mark] = {}  # msgspec gives each its own
    dots: dict[str, set[tuple[str, str]]] = {}
    """Additions to each set as (word, dot)."""
    scopes: dict[str, int] = {}
    """Scopes it lies in, `all` left out, and the position each was entered at."""
    is_new: bool = False
    changed: set[str] = set()
    """Columns to write."""
    meta_changed: bool = False
    cells_changed: set[str] = set()
    stored_cells: frozenset[str] = frozenset()
    stored_scopes: dict[str, int] = {}
    stored_dots: dict[str, set[tuple[str, str]]] = {}

    @property
    def lives(self) -> bool:
        """Tell whether it is not deleted."""
        return lives(self.values["life"])

    def mark(self, register: str) -> Mark:
        """Return the stamp of a register."""
        return self.cells.get(register, self.made)

    def all_scopes(self) -> set[str]:
        """Return every scope it lies in, `all` among them."""
        return {EVERYONE, *self.scopes}

    def set(self, name: str, value: Any) -> None:
        """Set a column."""
        self.values[name] = value
        self.changed.add(name)

    def stamp(self, register: str, mark: Mark) -> None:
        """Set the stamp of a register."""
        self.cells[register] = mark
        self.cells_changed.add(register)

    def changes_last(self, ms: int) -> bool:
        """Tell whether a change at a moment is the latest of the record."""
        return bool(ms >= (self.values["updated_at"] or 0))

    def settle(self, real: Callable[[int], int]) -> None:
        """Put real positions in the place of drafted ones."""
        self.life_seq = real(self.life_seq)
        if self.is_new:
            self.made = self.made._replace(seq=real(self.made.seq))
        for register in self.cells_changed:
            mark = self.cells[register]
            self.cells[register] = mark._replace(seq=real(mark.seq))
        if self.scopes != self.stored_scopes:
            self.scopes = {scope: real(in_seq) for scope, in_seq in self.scopes.items()}

    def newest_of_others(self, device: int) -> int:
        """Return the highest position at which anybody but `device` changed it."""
        marks = (self.made, *self.cells.values())
        newest = max((mark.seq for mark in marks if mark.device != device), default=0)
        return max(newest, self.life_seq if self.life_device != device else 0)

    def copy(self) -> Self:
        """Return a copy that shares nothing changeable."""
        return type(self)(
            **{
                **{name: getattr(self, name) for name in self.__struct_fields__},
                "values": dict(self.values),
                "cells": dict(self.cells),
                "dots": {name: set(pairs) for name, pairs in self.dots.items()},
                "scopes": dict(self.scopes),
                "changed": set(self.changed),
                "cells_changed": set(self.cells_changed),
            }
        )


Key = tuple[int, str]
"""Entity number and record id."""


class Records:
    """The records a merge works on, read on demand and remembered, missing ones too."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._known: dict[Key, Record | None] = {}
        self._links: dict[tuple[int, str, str], set[str]] = {}
        self._complete: set[Key] = set()
        self._journal: dict[Key, Record | None] | None = None
        self._noticed: set[Key] = set()
        self.noticed_kinds: set[int] = set()
        """Kinds of record of which something was decided by all there are, or by those a query found."""

    # Reading

    def get(self, entity: int, record_id: str) -> Record | None:
        """Return a record, None where there is none."""
        key = (entity, record_id)
        if key not in self._known:
            self.load({entity: (record_id,)})
        return self._known[key]

    def load(self, wanted: Mapping[int, Iterable[str]]) -> None:
        """Read the records named by entity number and id that are not known yet."""
        for entity, ids in wanted.items():
            missing = sorted({record_id for record_id in ids if (entity, record_id) not in self._known})
            for some in chunks(missing):
                self._load(BY_NO[entity], some)

    def _load(self, schema: Schema, ids: Sequence[str]) -> None:
        found: dict[str, Record] = {}
        run = self.connection.execute
        metas = run(select(META).where(META.c.entity == schema.no, META.c.row_id.in_(ids))).mappings().all()
        for record_id in ids:
            self._known[schema.no, record_id] = None
        if not metas:
            return
        there = [meta["row_id"] for meta in metas]
        table = schema.table
        names = table.columns.keys()
        place = names.index("id")
        rows = {row[place]: row for row in run(select(table).where(table.c.id.in_(there))).all()}
        for meta in metas:
            found[meta["row_id"]] = Record(
                schema=schema,
                id=meta["row_id"],
                values=dict(zip(names, rows[meta["row_id"]], strict=True)),
                made=Mark(
                    meta["hlc"],
                    meta["device"],
                    meta["incarnation"],
                    meta["op_no"],
                    meta["seq"],
                    meta["user_id"],
                ),
                life_seq=meta["life_seq"],
                life_device=meta["life_device"],
                cascade=meta["cascade"],
            )
        for cell in run(select(CELL).where(CELL.c.entity == schema.no, CELL.c.row_id.in_(there))).all():
            found[cell.row_id].cells[cell.field] = Mark(
                cell.hlc, cell.device, cell.incarnation, cell.op_no, cell.seq, cell.user_id
            )
        if not schema.meta.reference:
            scopes = select(ROW_SCOPE).where(ROW_SCOPE.c.entity == schema.no, ROW_SCOPE.c.row_id.in_(there))
            for scope in run(scopes).all():
                found[scope.row_id].scopes[scope.scope] = scope.in_seq
        dots = select(SET_DOT).where(SET_DOT.c.entity == schema.no, SET_DOT.c.row_id.in_(there))
        for dot in run(dots).all() if schema.set_fields else ():
            found[dot.row_id].dots.setdefault(dot.field, set()).add((dot.word, dot.dot))
        for record in found.values():
            record.stored_cells = frozenset(record.cells)
            record.stored_scopes = dict(record.scopes)
            record.stored_dots = {name: set(pairs) for name, pairs in record.dots.items()}
            self._known[schema.no, record.id] = record
            self._link(record)

    def asked(self) -> frozenset[Key]:
        """Return what was asked for or noticed so far, there or not."""
        return frozenset(self._known.keys() | self._noticed)

    def notice(self, entity: int, record_id: str) -> None:
        """Note that something was decided by a record that was not read whole."""
        self._noticed.add((entity, record_id))

    def touched(self) -> Iterator[Record]:
        """Yield the records read or made so far."""
        return (record for record in self._known.values() if record is not None)

    # Changing

    def add(self, record: Record) -> None:
        """Take in a new record."""
        key = (record.schema.no, record.id)
        if self._journal is not None:
            self._journal.setdefault(key, None)
        self._known[key] = record
        self._complete.add(key)
        self._link(record)

    def change(self, record: Record) -> Record:
        """Announce that a record is about to be changed, so that it can be taken back; return it."""
        if self._journal is not None:
            key = (record.schema.no, record.id)
            if key not in self._journal:
                self._journal[key] = record.copy()
        return record

    def relink(self, record: Record) -> None:
        """Note where the record's links point after one of them changed."""
        self._link(record)

    def begin(self) -> None:
        """Start to remember how records were."""
        self._journal = {}

    def keep(self) -> None:
        """Forget how records were: the changes since `begin` stay."""
        self._journal = None

    def take_back(self) -> None:
        """Undo every change since `begin`."""
        for key, before in (self._journal or {}).items():
            self._known[key] = before
        self._journal = None

    # Relations

    def parent_links(self, schema: Schema, values: Mapping[str, Any]) -> list[tuple[Field, Key | None]]:
        """Return the filled parent links of a record as (field, key); None for an unknown kind of record."""
        links: list[tuple[Field, Key | None]] = []
        for link in schema.parent_fields:
            if target_id := values.get(link.name):
                target = SCHEMAS.get(target_name(link, values) or "")
                links.append((link, (target.no, target_id) if target else None))
        return links

    def parents(self, record: Record) -> list[Record]:
        """Return the records it inherits from that are there."""
        keys = (key for _, key in self.parent_links(record.schema, record.values) if key)
        return [parent for key in keys if (parent := self.get(*key)) is not None]

    def children(self, record: Record) -> list[Record]:
        """Return the records that inherit from it, deleted ones too, by entity and id."""
        self.know_children((record,))
        found = []
        for child, link in CHILDREN[record.schema.name]:
            for record_id in sorted(self._links.get((child.no, link.name, record.id), ())):
                candidate = self._known.get((child.no, record_id))
                if candidate is not None and _points_at(candidate, link, record):
                    found.append(candidate)
        return found

    def know_children(self, records: Iterable[Record]) -> None:
        """Read everything below the given records, level by level."""
        level = [record for record in records if (record.schema.no, record.id) not in self._complete]
        while level:
            below: dict[Key, None] = {}
            for name in {record.schema.name for record in level}:
                ids = sorted({record.id for record in level if record.schema.name == name})
                for child, link in CHILDREN[name]:
                    found = self._ids_linking(child, link, name, ids)
                    self.load({child.no: found})
                    below.update(dict.fromkeys((child.no, record_id) for record_id in found))
                self._complete.update((SCHEMAS[name].no, record_id) for record_id in ids)
            level = [record for key in below if key not in self._complete and (record := self._known[key])]

    def _ids_linking(self, child: Schema, link: Field, name: str, ids: Sequence[str]) -> list[str]:
        table = child.table
        found: list[str] = []
        for some in chunks(ids):
            query = select(table.c.id).where(table.c[link.name].in_(some))
            if link.target == "*" and link.target_field:
                query = query.where(table.c[link.target_field] == name)
            found.extend(self.connection.execute(query).scalars())
        return found

    def linking(self, schema: Schema, link: str, record_id: str) -> list[Record]:
        """Return the records read or made so far that point at one, by their ids."""
        ids = sorted(self._links.get((schema.no, link, record_id), ()))
        found = (self._known.get((schema.no, each)) for each in ids)
        return [each for each in found if each is not None and each.values.get(link) == record_id]

    def _link(self, record: Record) -> None:
        for link in _LINKS[record.schema.name]:
            if target_id := record.values.get(link):
                self._links.setdefault((record.schema.no, link, target_id), set()).add(record.id)


def target_name(link: Field, values: Mapping[str, Any]) -> str | None:
    """Return the entity a link points to."""
    return values.get(link.target_field or "") if link.target == "*" else link.target


def _points_at(candidate: Record, link: Field, record: Record) -> bool:
    return (
        candidate.values.get(link.name) == record.id
        and target_name(link, candidate.values) == record.schema.name
    )


def chunks(items: Sequence[_T], size: int = CHUNK) -> Iterator[Sequence[_T]]:
    """Yield `items` in pieces a statement can hold."""
    return (items[start : start + size] for start in range(0, len(items), size))


def ids_of(keys: Iterable[Key]) -> dict[int, set[str]]:
    """Return the ids of records by their entity's number; unknown kinds are left out."""
    by_entity: dict[int, set[str]] = {}
    for entity, row_id in keys:
        if entity in BY_NO:
            by_entity.setdefault(entity, set()).add(row_id)
    return by_entity


def mark_by_hq(hq: HqTransaction) -> Mark:
    """Return the next mark of what HQ itself writes beside an operation."""
    hq.hq_hlc = tick(hq.hq_hlc, ms_of(hq.hq_hlc))
    return Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None)
