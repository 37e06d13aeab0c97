"""Reading records at HQ as one person may: rows by scope, fields by class, the same for lists and counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from crm_core.entities import schema_of
from crm_core.entities.people import Role, Team, Territory, User
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.ids import is_id
from crm_core.rules.access import (
    Action,
    ClassRight,
    Person,
    Reach,
    decide,
    read_rights,
    readable_fields,
)
from crm_core.rules.key_scopes import narrowed
from crm_core.rules.people import person_for
from crm_core.rules.scopes import EVERYONE
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from sync_server.services.criteria import Criterion, column_of, condition
from sync_server.services.custom import CustomFields
from sync_server.services.records import chunks
from sync_server.store.keys import ApiKey
from sync_server.store.tables import Cell, RowMeta, RowScope, table_of

PAGE_MOST: Final = 1000
_PEOPLE: Final = tuple(table_of(model) for model in (User, Team, Territory, Role))

_scope = table_of(RowScope)
_meta = table_of(RowMeta)
_cell = table_of(Cell)
_key = table_of(ApiKey)

_EVERYTHING: Final = read_rights(STANDARD_ROLES["admin"][1])

NO_SUCH = N_("There is no such record, or you may not see it")

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a list is to show. Build with `wish`, which knows what the reader may ask."""

    criteria: tuple[Criterion, ...] = ()
    sort: Field | None = None
    """None: by id, which is the order they were made in."""
    descending: bool = False
    deleted: bool = False
    """Show the deleted instead of the living."""
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and where the list goes on."""

    records: tuple[tuple[str, Values], ...]
    """Id and readable values of each."""
    next: str | None
    """`Wish.after` of the next page; None at the end."""


def read_person(connection: Connection, user_id: str) -> Person:
    """Return the person behind a user, where he stands for a key with no more rights than that.

    Raises `BrokenPromise` where there is no policy to go by.
    """
    users, teams, territories, roles = (
        [dict(row) for row in connection.execute(select(table).where(table.c.life % 2 == 1)).mappings()]
        for table in _PEOPLE
    )
    person = person_for(user_id, users, teams, territories, roles)
    scopes = connection.execute(select(_key.c.scopes).where(_key.c.user_id == user_id)).scalar()
    return person if scopes is None else narrowed(person, scopes)


def hq_itself(user_id: str = "") -> Person:
    """Return somebody who may do everything."""
    return Person(
        user_id=user_id,
        rights=_EVERYTHING,
        scopes=dict.fromkeys((Reach.OWN, Reach.TEAM, Reach.TERRITORY, Reach.ALL), frozenset((EVERYONE,))),
    )


class Reader:
    """One person's sight of one moment."""

    def __init__(self, connection: Connection, person: Person) -> None:
        self.connection = connection
        self.person = person
        self._custom = CustomFields(connection)

    def get(self, entity: str, record_id: str, *, deleted: bool = False) -> Values:
        """Return what the person may see of a record. Raises `NotFound` where that is nothing."""
        schema = schema_of(entity)
        query = self._visible(schema, deleted=deleted).where(schema.table.c.id == record_id)
        row = self.connection.execute(query).mappings().one_or_none() if is_id(record_id) else None
        if row is None:
            raise NotFound(NO_SUCH)
        return self._projected(schema, dict(row))

    def several(
        self, entity: str, ids: Iterable[str], wish: Wish | None = None, *, deleted: bool = False
    ) -> dict[str, Values]:
        """Return what the person may see of records, by id; those `wish` leaves out are left out too."""
        schema = schema_of(entity)
        found: dict[str, Values] = {}
        chosen = self._chosen(schema, wish or Wish(deleted=deleted))
        for some in chunks(sorted(set(ids))):
            query = chosen.where(schema.table.c.id.in_(some))
            for row in self.connection.execute(query).mappings():
                found[row["id"]] = self._projected(schema, dict(row))
        return found

    def page(self, entity: str, wish: Wish) -> Page:
        """Return a page of the records the person may see."""
        schema = schema_of(entity)
        query = self._chosen(schema, wish)
        order = _Order(schema, wish)
        if wish.after:
            query = query.where(order.beyond(wish.after))
        limit = max(1, min(wish.limit, PAGE_MOST))
        query = query.order_by(*order.by()).limit(limit + 1)
        rows = [dict(row) for row in self.connection.execute(query).mappings()]
        shown = rows[:limit]
        goes_on = order.place(shown[-1]) if len(rows) > limit else None
        return Page(tuple((row["id"], self._projected(schema, row)) for row in shown), goes_on)

    def count(self, entity: str, wish: Wish) -> int:
        """Return how many records a list has in all."""
        chosen = self._chosen(schema_of(entity), wish).subquery()
        return int(self.connection.execute(select(func.count()).select_from(chosen)).scalar_one())

    def changes(self, entity: str, record_id: str) -> list[dict[str, Any]]:
        """Return who set each readable field last, newest first: `field`, `user_id`, `at_ms`.

        The first entry made is the record's creation, with `field` None.
        """
        schema = schema_of(entity)
        self.get(entity, record_id)
        found = []
        of_row = (_meta.c.entity == schema.no, _meta.c.row_id == record_id)
        made = self.connection.execute(select(_meta).where(*of_row)).one()
        found.append({"field": None, "user_id": made.user_id, "at_ms": made.hlc >> 16})
        readable = {field.name for field in readable_fields(self.person, entity)} | self.custom(entity).keys()
        cells = select(_cell).where(_cell.c.entity == schema.no, _cell.c.row_id == record_id)
        for cell in self.connection.execute(cells):
            for name in _fields_of(schema, cell.field):
                if name in readable:
                    found.append({"field": name, "user_id": cell.user_id, "at_ms": cell.hlc >> 16})
        return sorted(found, key=lambda each: each["at_ms"], reverse=True)

    def wish(
        self,
        entity: str,
        criteria: Iterable[Criterion] = (),
        sort: str | None = None,
        **others: Any,
    ) -> Wish:
        """Return a wish. Raises `AccessDenied` for a field in it that the person may not read."""
        schema = schema_of(entity)
        wanted = tuple(criteria)
        descending = bool(sort) and str(sort).startswith("-")
        by = self._sortable(schema, str(sort).lstrip("-")) if sort else None
        asked = [criterion.field for criterion in wanted] + ([by] if by else [])
        decide(self.person, Action.READ, entity, None, asked).demand()
        return Wish(criteria=wanted, sort=by, descending=descending, **others)

    def in_sight(self, entity: str, *, deleted: bool = False) -> ColumnElement[bool]:
        """Return that a row lives (or is deleted) and the person may read it.

        `AccessDenied` where he reads no such records at all.
        """
        decide(self.person, Action.READ, entity).demand()
        schema = schema_of(entity)
        table = schema.table
        # Asked so, planners take most rows to live; of `= 1` PostgreSQL would expect one in 200.
        alive: ColumnElement[bool] = table.c.life % 2 == 0 if deleted else table.c.life % 2 != 0
        within = self.person.reads_in(entity)
        if EVERYONE in within:
            return alive
        of_row = (_scope.c.entity == schema.no, _scope.c.row_id == table.c.id, _scope.c.scope.in_(within))
        return and_(alive, exists().where(*of_row))

    def visible(self, entity: str) -> Select[Any]:
        """Return the query for every living row the person may read, with all its columns."""
        return self._visible(schema_of(entity), deleted=False)

    def _sortable(self, schema: Schema, name: str) -> Field:
        field = schema.fields.get(name) or self.custom(schema.name).get(name)
        if field is None or field.kind in (Kind.TAGS, Kind.JSON):
            raise UserError(N_("A list cannot be sorted by “{field}”"), field=name)
        return field

    def _chosen(self, schema: Schema, wish: Wish) -> Select[Any]:
        query = self._visible(schema, deleted=wish.deleted)
        return query.where(*(condition(schema, criterion) for criterion in wish.criteria))

    def _visible(self, schema: Schema, *, deleted: bool) -> Select[Any]:
        """Return the query for every row the person may read, living or deleted."""
        return select(schema.table).where(self.in_sight(schema.name, deleted=deleted))

    def _projected(self, schema: Schema, row: Mapping[str, Any]) -> Values:
        values = {field.name: row[field.name] for field in readable_fields(self.person, schema.name)}
        held = row["custom"] or {}
        values.update(
            (name, held[name.removeprefix(CUSTOM_PREFIX)])
            for name in self.custom(schema.name)
            if name.removeprefix(CUSTOM_PREFIX) in held
        )
        return values

    def custom(self, entity: str) -> dict[str, Field]:
        """Return the custom fields in use that the person may read, by name."""
        right = self.person.rights.class_right
        return {
            name: field
            for name, field in self._custom.in_use(entity).items()
            if right(entity, field.field_class) >= ClassRight.READ
        }


class _Order:
    """The order of a list, the same on every engine: empty values last, then by id."""

    def __init__(self, schema: Schema, wish: Wish) -> None:
        self._table = schema.table
        self._descending = wish.descending
        self._sort = wish.sort
        self._column = column_of(schema, wish.sort) if wish.sort else None

    def by(self) -> Sequence[ColumnElement[Any]]:
        key = self._table.c.id
        if self._column is None:
            return (key.desc() if self._descending else key,)
        ordered = self._column.desc() if self._descending else self._column
        return (self._column.is_(None), ordered, key)

    def place(self, row: Mapping[str, Any]) -> str:
        """Return where a row stands, as text that travels in an address."""
        value = None if self._sort is None else _held(row, self._sort)
        return msgspec.json.encode([value, row["id"]]).hex()

    def beyond(self, place: str) -> ColumnElement[bool]:
        """Return the condition of every row after a place."""
        try:
            value, record_id = msgspec.json.decode(bytes.fromhex(place), type=tuple[Any, str])
            if not is_id(record_id) or not self._holds(value):
                raise ValueError(place)
        except (ValueError, msgspec.DecodeError) as error:
            raise UserError(N_("The list cannot go on from there; start it anew")) from error
        key = self._table.c.id
        if self._column is None:
            return key < record_id if self._descending else key > record_id
        if value is None:
            return and_(self._column.is_(None), key > record_id)
        later = self._column < value if self._descending else self._column > value
        same = and_(self._column == value, key > record_id)
        return or_(self._column.is_(None), later, same)

    def _holds(self, value: Any) -> bool:
        """Tell whether the column sorted by could hold a value; engines refuse to compare others."""
        if value is None or self._column is None:
            return value is None
        kind = self._column.type.python_type
        return type(value) is kind and "\x00" not in str(value) and (kind is not int or abs(value) < 2**63)


def _held(row: Mapping[str, Any], field: Field) -> Any:
    if not field.name.startswith(CUSTOM_PREFIX):
        return row[field.name]
    return (row["custom"] or {}).get(field.name.removeprefix(CUSTOM_PREFIX))


def _fields_of(schema: Schema, register: str) -> list[str]:
    if register.startswith(CUSTOM_PREFIX):
        return [register]
    leader = schema.by_no.get(int(register))
    return [field.name for field in schema.register(leader)] if leader else []
