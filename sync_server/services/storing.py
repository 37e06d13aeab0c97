"""Writing back what a merge changed: one statement for each kind of row and set of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, update

from crm_core.schema.reading import Schema
from sync_server.services.records import CELL, META, ROW_SCOPE, SET_DOT, Mark, Record

_ROW: Final = ("entity", "row_id")


def store(connection: Connection, records: Iterable[Record]) -> None:
    """Write every change of the records."""
    touched = list(records)
    made = [record for record in touched if record.is_new]
    _store_values(connection, touched)
    _insert(connection, META, map(_meta, made))
    moved = [record for record in touched if record.meta_changed and not record.is_new]
    _update(connection, META, _ROW, [_meta(record) for record in moved])
    _store_cells(connection, touched)
    _store_scopes(connection, touched)
    _store_dots(connection, touched)


def _store_values(connection: Connection, touched: Sequence[Record]) -> None:
    new: dict[str, tuple[Schema, list[dict[str, Any]]]] = {}
    changed: dict[tuple[str, frozenset[str]], tuple[Schema, list[dict[str, Any]]]] = {}
    for record in touched:
        if record.is_new:
            new.setdefault(record.schema.name, (record.schema, []))[1].append(record.values)
        elif record.changed:
            key = (record.schema.name, frozenset(record.changed))
            row = {name: record.values[name] for name in record.changed} | {"id": record.id}
            changed.setdefault(key, (record.schema, []))[1].append(row)
    for schema, rows in new.values():
        # Only the columns some row fills: most are empty, and each costs time in every row.
        filled = {name for row in rows for name, value in row.items() if value is not None}
        _insert(connection, schema.table, [{name: row.get(name) for name in filled} for row in rows])
    for schema, rows in changed.values():
        _update(connection, schema.table, ("id",), rows)


def _meta(record: Record) -> dict[str, Any]:
    return {
        "entity": record.schema.no,
        "row_id": record.id,
        **_stamp(record.made),
        "life": record.values["life"],
        "life_seq": record.life_seq,
        "life_device": record.life_device,
        "cascade": record.cascade,
    }


def _stamp(mark: Mark) -> dict[str, Any]:
    return mark._asdict()


def _store_cells(connection: Connection, touched: Sequence[Record]) -> None:
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for record in touched:
        for register in record.cells_changed:
            row = {
                "entity": record.schema.no,
                "row_id": record.id,
                "field": register,
                **_stamp(record.cells[register]),
            }
            (changed if register in record.stored_cells else new).append(row)
    _insert(connection, CELL, new)
    _update(connection, CELL, (*_ROW, "field"), changed)


def _store_scopes(connection: Connection, touched: Sequence[Record]) -> None:
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for record in touched:
        if record.scopes == record.stored_scopes:
            continue
        for scope, in_seq in record.scopes.items():
            before = record.stored_scopes.get(scope)
            if before != in_seq:
                row = {"entity": record.schema.no, "row_id": record.id, "scope": scope, "in_seq": in_seq}
                (new if before is None else changed).append(row)
        gone.extend(
            {"entity": record.schema.no, "row_id": record.id, "scope": scope}
            for scope in record.stored_scopes.keys() - record.scopes.keys()
        )
    _delete(connection, ROW_SCOPE, (*_ROW, "scope"), gone)
    _update(connection, ROW_SCOPE, (*_ROW, "scope"), changed)
    _insert(connection, ROW_SCOPE, new)


def _store_dots(connection: Connection, touched: Sequence[Record]) -> None:
    new: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for record in touched:
        for name in record.dots.keys() | record.stored_dots.keys():
            now, before = record.dots.get(name, set()), record.stored_dots.get(name, set())
            new.extend(_dot(record, name, pair) for pair in sorted(now - before))
            gone.extend(_dot(record, name, pair) for pair in sorted(before - now))
    _delete(connection, SET_DOT, (*_ROW, "field", "word", "dot"), gone)
    _insert(connection, SET_DOT, new)


def _dot(record: Record, name: str, pair: tuple[str, str]) -> dict[str, Any]:
    return {
        "entity": record.schema.no,
        "row_id": record.id,
        "field": name,
        "word": pair[0],
        "dot": pair[1],
    }


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    if several := list(rows):
        connection.execute(insert(table), several)


def _update(
    connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    if not rows:
        return
    columns = [name for name in rows[0] if name not in key]
    statement = update(table).where(_named(table, key)).values({name: bindparam(name) for name in columns})
    connection.execute(statement, [_keyed(row, key) for row in rows])


def _delete(
    connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    if rows:
        connection.execute(delete(table).where(_named(table, key)), [_keyed(row, key) for row in rows])


def _named(table: Table, key: Sequence[str]) -> Any:
    # A bound value may not carry a column's own name in an update.
    return and_(*(table.c[name] == bindparam(f"of_{name}") for name in key))


def _keyed(row: Mapping[str, Any], key: Sequence[str]) -> dict[str, Any]:
    return {f"of_{name}" if name in key else name: value for name, value in row.items()}
