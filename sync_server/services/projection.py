"""Records as one reader may see them: what is masked is not even read from the database.

But for custom fields, which lie in one column: where one may be read the column is, and the others stay here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from crm_core.entities import BY_NO
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.codec import ID_BYTES, pack_column
from crm_core.sync.plan import Entitlement
from crm_core.sync.protocol import MsgKind, Put
from sync_server.services.custom import CustomFields
from sync_server.services.records import META, ROW_SCOPE, SET_DOT, Key, chunks
from sync_server.services.wanted import field_of, register_of

FieldName = int | str
Writer = tuple[str | None, int]
"""Who changed a field, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a page is built."""

    user_id: str
    device: int
    incarnation: int
    schema: int
    """Schema version of the laptop's program."""
    now: Entitlement
    past: Mapping[int, Entitlement]
    hide: Callable[[int], int]
    """Gives the number that stands for a position."""


@dataclass(slots=True)
class Shown:
    """One record: its readable values, and what decides whether it is visible."""

    id: str
    places: Mapping[str, int]
    """Where in `row` each readable column stands; `id`, `life` and, where readable, `custom` among them."""
    row: Sequence[Any]
    """The readable columns, and then the four that follow here."""
    born_seq: int
    born_device: int
    born_incarnation: int
    life_seq: int
    scopes: dict[str, int] = field(default_factory=dict)
    """Scopes and where they were entered; empty, not read, for a reader of everything."""
    dots: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def column(self, name: str) -> Any:
        """Return the value of a readable column."""
        return self.row[self.places[name]]


class Projection:
    """The records a reader with these rights and this schema version may see."""

    def __init__(self, connection: Connection, reader: Reader, custom: CustomFields) -> None:
        self._connection = connection
        self._rights = rights = reader.now
        self._version = reader.schema
        self._custom = custom
        self._fields: dict[int, tuple[Field, ...]] = {}
        self._members: dict[tuple[int, str], tuple[Field, ...]] = {}
        self._signatures: dict[int, tuple[Field, ...]] = {}
        self._sees_all = {entity for entity, scope in rights.scopes if scope == EVERYONE}

    def sees(self, schema: Schema, shown: Shown) -> bool:
        """Tell whether the reader may see a record."""
        return schema.no in self._sees_all or self._rights.sees(schema.no, shown.scopes)

    def has(self, entity: int, scope: str) -> bool:
        """Tell whether the reader now has a scope."""
        return (entity, scope) in self._rights.scopes

    def fields(self, schema: Schema) -> tuple[Field, ...]:
        """Return the readable fields the reader's program knows, custom ones last."""
        if schema.no not in self._fields:
            known = [
                each
                for each in (*schema.fields.values(), *self._custom.held(schema.name).values())
                if self.reads(schema, each) and each.since <= self._version
            ]
            self._fields[schema.no] = tuple(known)
        return self._fields[schema.no]

    def reads(self, schema: Schema, declared: Field) -> bool:
        """Tell whether the reader may read a field."""
        return self._rights.reads(schema.no, declared.field_class)

    def members(self, schema: Schema, register: str) -> tuple[Field, ...]:
        """Return the fields of a register that the reader may read."""
        key = (schema.no, register)
        if key not in self._members:
            leader = field_of(schema, register, self._custom)
            declared = schema.register(leader) if leader is not None else ()
            self._members[key] = self._readable(schema, declared)
        return self._members[key]

    def signature(self, schema: Schema) -> tuple[Field, ...]:
        """Return the fields that tell who changed a record last, where readable."""
        if schema.no not in self._signatures:
            both = (schema.fields["updated_at"], schema.fields["updated_by"])
            self._signatures[schema.no] = self._readable(schema, both)
        return self._signatures[schema.no]

    def _readable(self, schema: Schema, declared: Iterable[Field]) -> tuple[Field, ...]:
        names = {each.name for each in self.fields(schema)}
        return tuple(each for each in declared if each.name in names)

    def load(self, keys: Iterable[Key]) -> dict[Key, Shown]:
        """Return the records there are, visible or not."""
        by_entity: dict[int, set[str]] = {}
        for entity, record_id in keys:
            by_entity.setdefault(entity, set()).add(record_id)
        found: dict[Key, Shown] = {}
        for entity, ids in by_entity.items():
            if entity in BY_NO:
                for some in chunks(sorted(ids)):
                    found.update(((entity, each.id), each) for each in self._load(BY_NO[entity], some))
        return found

    def load_visible(self, keys: Iterable[Key]) -> dict[Key, Shown]:
        """Return the records the reader may see; of the others nothing but their scopes is read.

        Most of what happens at HQ is out of sight of most who ask what happened.
        """
        wanted: list[Key] = []
        by_entity: dict[int, set[str]] = {}
        for entity, record_id in keys:
            if entity in self._sees_all:
                wanted.append((entity, record_id))
            else:
                by_entity.setdefault(entity, set()).add(record_id)
        for entity, ids in by_entity.items():
            scopes: dict[str, list[str]] = {}
            for some in chunks(sorted(ids)):
                query = select(ROW_SCOPE.c.row_id, ROW_SCOPE.c.scope).where(
                    ROW_SCOPE.c.entity == entity, ROW_SCOPE.c.row_id.in_(some)
                )
                for row_id, scope in self._connection.execute(query).all():
                    scopes.setdefault(row_id, []).append(scope)
            wanted += [
                (entity, row_id) for row_id, several in scopes.items() if self._rights.sees(entity, several)
            ]
        return self.load(wanted)

    def _load(self, schema: Schema, ids: Sequence[str]) -> Iterable[Shown]:
        run = self._connection.execute
        declared = self.fields(schema)
        table = schema.table
        columns = [table.c.id, table.c.life]
        columns += [table.c[each.name] for each in declared if not each.name.startswith(CUSTOM_PREFIX)]
        if any(each.name.startswith(CUSTOM_PREFIX) for each in declared):
            columns.append(table.c.custom)
        places = {column.name: place for place, column in enumerate(columns)}
        born = (META.c.seq, META.c.device, META.c.incarnation, META.c.life_seq)
        made = table.join(META, (META.c.entity == schema.no) & (META.c.row_id == table.c.id))
        query = select(*columns, *born).select_from(made).where(table.c.id.in_(ids))
        found = {row[0]: Shown(row[0], places, row, *row[-len(born) :]) for row in run(query).all()}
        if schema.no not in self._sees_all:
            query_scopes = select(ROW_SCOPE.c.row_id, ROW_SCOPE.c.scope, ROW_SCOPE.c.in_seq).where(
                ROW_SCOPE.c.entity == schema.no, ROW_SCOPE.c.row_id.in_(ids)
            )
            for row_id, scope, in_seq in run(query_scopes).all():
                found[row_id].scopes[scope] = in_seq
        if any(each.kind is Kind.TAGS for each in declared):
            query_dots = select(SET_DOT.c.row_id, SET_DOT.c.field, SET_DOT.c.word, SET_DOT.c.dot).where(
                SET_DOT.c.entity == schema.no, SET_DOT.c.row_id.in_(ids)
            )
            for row_id, register, word, name in run(query_dots).all():
                found[row_id].dots.setdefault(register, []).append((word, name))
        return found.values()


def value_of(shown: Shown, declared: Field) -> Any:
    """Return a field's value as it travels; None for an empty one."""
    if declared.kind is Kind.TAGS:
        pairs = shown.dots.get(register_of(declared))
        return [list(pair) for pair in sorted(pairs)] if pairs else None
    if declared.name.startswith(CUSTOM_PREFIX):
        return (shown.column("custom") or {}).get(declared.name.removeprefix(CUSTOM_PREFIX))
    return shown.column(declared.name)


def size_of(shown: Shown, fields: Iterable[Field] | None = None) -> int:
    """Return about how many bytes the fields take before compression; None stands for all there are."""
    if fields is None:
        return len(msgspec.msgpack.encode((tuple(shown.row), shown.dots)))
    return ID_BYTES + len(msgspec.msgpack.encode([value_of(shown, declared) for declared in fields]))


def put(
    schema: Schema,
    rows: Sequence[Shown],
    fields: Sequence[Field],
    *,
    full: bool,
    base: int,
    writers: Sequence[Any] = (),
) -> Put:
    """Return the message with these fields of these rows; where `full`, less the fields all leave empty.

    The rows are of one `Projection`.
    """
    stored = list(zip(*(shown.row for shown in rows), strict=True))
    places = rows[0].places
    names: list[FieldName] = []
    columns: list[list[Any]] = []
    for declared in fields:
        if declared.no and declared.kind is not Kind.TAGS:
            column: Sequence[Any] = stored[places[declared.name]]
        else:
            column = [value_of(shown, declared) for shown in rows]
        if full and column.count(None) == len(column):
            continue
        names.append(declared.no or declared.name)
        columns.append(pack_column(declared if declared.no else None, column))
    return Put(
        kind=MsgKind.PUT,
        optional=0,
        entity=schema.no,
        full=full,
        base=base,
        ids=bytes.fromhex("".join(shown.id for shown in rows)),
        lives=list(stored[places["life"]]),
        fields=names,
        columns=columns,
        writers=list(writers) if any(writers) else [],
    )


def writers_of(shown: Shown, registers: Mapping[str, Writer]) -> list[Any] | None:
    """Return who changed which register of a record; None where its last writer changed them all.

    A reader who may not know who changed a record last is told of nobody.
    """
    if "updated_by" not in shown.places:
        return None
    last = (shown.column("updated_by"), shown.column("updated_at"))
    if all(writer == last for writer in registers.values()):
        return None
    told: list[Any] = []
    for register, (user_id, ms) in sorted(registers.items()):
        name = int(register) if register.isdigit() else register
        told += [name, bytes.fromhex(user_id) if user_id else None, ms]
    return told
