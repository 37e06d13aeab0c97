"""What custom fields need in the database beside their values: an order to read lists along, and the search.

A value lies inside its record's JSON, so its order is an index over an expression; `ordered` gives that
expression to whoever sorts, character by character the same, for SQLite goes along an index by no other. The
indexes follow from the fields there are: they come and go with the transaction that brings a field, or takes
it away, and are made anew with the search tables (`crm_desktop.models.indexing`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.setup import CustomField
from crm_core.rules.custom_fields import declared
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX

PREFIX = "lx_custom_"
_PLAIN_KEY = re.compile(r"[a-z0-9_]{1,40}\Z")
_UNORDERED = frozenset((Kind.LONG_TEXT, Kind.TAGS, Kind.JSON))
_table = CustomField.__table__


def value_of(entity: str, field: Field) -> ColumnElement[object]:
    """Return a custom field's value in SQL; NULL for none."""
    key = field.name.removeprefix(CUSTOM_PREFIX)
    if _PLAIN_KEY.match(key):
        return literal_column(_value(entity, key))
    quoted = key.replace('"', '\\"')
    return func.json_extract(SCHEMAS[entity].table.c.custom, f'$."{quoted}"')


def is_ordered(field: Field) -> bool:
    """Tell whether an index holds the order of a custom field."""
    plain = _PLAIN_KEY.match(field.name.removeprefix(CUSTOM_PREFIX)) is not None
    return plain and field.kind not in _UNORDERED and not field.retired


def is_made(session: Session, entity: str, field: Field) -> bool:
    """Tell whether the index is there by now."""
    if not is_ordered(field):
        return False
    named = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ?"
    return bool(session.connection().exec_driver_sql(named, (_index_name(entity, field),)).scalar())


def ordered(entity: str, field: Field) -> ColumnElement[object]:
    """Return what lists are ordered by where `is_ordered`: text by its sort key, decimals by their size."""
    return literal_column(_ordered(entity, field))


def follow(session: Session, changed: Iterable[tuple[str, str]]) -> None:
    """Let indexes and search follow the custom fields among the records a transaction changed."""
    ids = [record_id for entity, record_id in changed if entity == CustomField.__tablename__]
    if not ids:
        return
    keep_indexes(session)
    rows = session.connection().execute(select(_table).where(_table.c.id.in_(ids))).mappings()
    fields = [(row["entity"], field) for row in rows if (field := declared(row)) is not None]
    for entity, field in fields:
        if field.searchable and SCHEMAS[entity].search_fields:
            _index_again(session, entity, field)


def keep_indexes(session: Session) -> None:
    """Make the indexes of fields that are in use, and drop those of fields that are not any more."""
    run = session.connection().exec_driver_sql
    named = "SELECT name FROM sqlite_master WHERE type = 'index' AND substr(name, 1, ?) = ?"
    present = {str(row[0]) for row in run(named, (len(PREFIX), PREFIX))}
    wanted = _wanted(session)
    for name in sorted(present - wanted.keys()):
        run(f'DROP INDEX "{name}"')
    # Those a first sync put off are made by it in the end (`crm_desktop.models.put_off`).
    put_off = {str(row[0]) for row in run("SELECT name FROM put_off_index")}
    for name in sorted(put_off - wanted.keys()):
        if name.startswith(PREFIX):
            run("DELETE FROM put_off_index WHERE name = ?", (name,))
    for name in sorted(wanted.keys() - present - put_off):
        run(wanted[name])


def searched(session: Session, entity: str) -> Collection[str]:
    """Return the bare keys of the fields whose texts the search finds."""
    rows = session.connection().execute(select(_table).where(_table.c.entity == entity)).mappings()
    fields = [field for row in rows if row["life"] % 2 and (field := declared(row)) is not None]
    return [
        field.name.removeprefix(CUSTOM_PREFIX) for field in fields if field.searchable and not field.retired
    ]


def _wanted(session: Session) -> Mapping[str, str]:
    rows = session.connection().execute(select(_table).where(_table.c.life % 2 == 1)).mappings()
    statements: dict[str, str] = {}
    for row in rows:
        field = declared(row)
        if field is not None and is_ordered(field):
            entity = str(row["entity"])
            name = _index_name(entity, field)
            # The expression of an index names no table.
            expression = _ordered(entity, field).replace(f'"{entity}".', "")
            statements[name] = f'CREATE INDEX "{name}" ON "{entity}" ({expression})'
    return statements


def _index_name(entity: str, field: Field) -> str:
    return f"{PREFIX}{entity}_{field.name.removeprefix(CUSTOM_PREFIX)}_{field.kind}"


def _index_again(session: Session, entity: str, field: Field) -> None:
    """Have the records that hold a value of the field indexed anew."""
    key = field.name.removeprefix(CUSTOM_PREFIX)
    if not _PLAIN_KEY.match(key):
        return
    run = session.connection().exec_driver_sql
    holders = f'SELECT id FROM "{entity}" WHERE custom IS NOT NULL AND {_value(entity, key)} IS NOT NULL'
    of_holders = f"entity = ? AND row_id IN ({holders})"
    run(f"INSERT OR IGNORE INTO search_retired SELECT id FROM search_doc WHERE {of_holders}", (entity,))
    run(f"DELETE FROM search_doc WHERE {of_holders}", (entity,))
    run(f"INSERT OR IGNORE INTO search_dirty SELECT ?, id FROM ({holders} AND life % 2 = 1)", (entity,))


def _ordered(entity: str, field: Field) -> str:
    value = _value(entity, field.name.removeprefix(CUSTOM_PREFIX))
    match field.kind:
        case Kind.TEXT:
            return f"sort_key({value})"
        case Kind.DECIMAL | Kind.PERCENT:
            return f"decimal_key({value})"
        case Kind.BOOLEAN:
            return f"coalesce({value}, 0)"
        case _:
            return value


@cache
def _value(entity: str, key: str) -> str:
    return f'json_extract("{entity}".custom, \'$."{key}"\')'
