"""Writing back what a merge changed: one statement for each kind of row and set of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection

from crm_core.schema.reading import Schema
from sync_server.services.records import CELL, META, ROW_SCOPE, SET_DOT, Mark, Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.bulk import delete_rows, insert_columns, insert_rows, update_rows
from sync_server.store.database import HqTransaction

_ROW: Final = ("entity", "row_id")
_META: Final = (*_ROW, *Mark._fields, "life", "life_seq", "life_device", "cascade")
_CELL: Final = (*_ROW, "field", *Mark._fields)
_SCOPE: Final = (*_ROW, "scope", "in_seq")
_DOT: Final = (*_ROW, "field", "word", "dot")


def store_new(connection: Connection, records: Iterable[Record]) -> None:
    """Write the values of new records, which nobody else can know of yet, and nothing of the feed."""
    new: dict[str, tuple[Schema, list[dict[str, Any]]]] = {}
    for record in records:
        if record.is_new:
            new.setdefault(record.schema.name, (record.schema, []))[1].append(record.values)
    for schema, rows in new.values():
        names = list(rows[0])
        columns = dict(zip(names, zip(*map(itemgetter(*names), rows), strict=True), strict=True))
        # Only those some row fills: most are empty, and each costs time in every row.
        filled = {name: values for name, values in columns.items() if values.count(None) < len(values)}
        insert_columns(connection, schema.table, filled)


def store(connection: Connection, records: Iterable[Record]) -> None:
    """Write every change of the records but the values of new ones (`store_new`)."""
    touched = list(records)
    made = [record for record in touched if record.is_new]
    _store_changed(connection, touched)
    insert_rows(connection, META, _META, [_meta(record) for record in made])
    moved = [record for record in touched if record.meta_changed and not record.is_new]
    update_rows(connection, META, _ROW, _META, [_meta(record) for record in moved])
    _store_cells(connection, touched)
    _store_scopes(connection, touched)
    _store_dots(connection, touched)


def _store_changed(connection: Connection, touched: Sequence[Record]) -> None:
    changed: dict[tuple[str, frozenset[str]], list[Record]] = {}
    for record in touched:
        if record.changed and not record.is_new:
            changed.setdefault((record.schema.name, frozenset(record.changed)), []).append(record)
    for (_, columns), records in changed.items():
        names = ("id", *sorted(columns))
        rows = [tuple(map(record.values.__getitem__, names)) for record in records]
        update_rows(connection, records[0].schema.table, ("id",), names, rows)


def _meta(record: Record) -> tuple[Any, ...]:
    return (
        record.schema.no,
        record.id,
        *record.made,
        record.values["life"],
        record.life_seq,
        record.life_device,
        record.cascade,
    )


def _store_cells(connection: Connection, touched: Sequence[Record]) -> None:
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for record in touched:
        for register in record.cells_changed:
            row = (record.schema.no, record.id, register, *record.cells[register])
            (changed if register in record.stored_cells else new).append(row)
    insert_rows(connection, CELL, _CELL, new)
    update_rows(connection, CELL, (*_ROW, "field"), _CELL, changed)


def _store_scopes(connection: Connection, touched: Sequence[Record]) -> None:
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    gone: list[tuple[Any, ...]] = []
    for record in touched:
        if record.scopes == record.stored_scopes:
            continue
        for scope, in_seq in record.scopes.items():
            before = record.stored_scopes.get(scope)
            row = (record.schema.no, record.id, scope, in_seq)
            if before is None:
                new.append(row)
            elif before != in_seq:
                changed.append(row)
        left = record.stored_scopes.keys() - record.scopes.keys()
        gone.extend((record.schema.no, record.id, scope) for scope in left)
    delete_rows(connection, ROW_SCOPE, (*_ROW, "scope"), gone)
    update_rows(connection, ROW_SCOPE, (*_ROW, "scope"), _SCOPE, changed)
    insert_rows(connection, ROW_SCOPE, _SCOPE, new)


def _store_dots(connection: Connection, touched: Sequence[Record]) -> None:
    new: list[tuple[Any, ...]] = []
    gone: list[tuple[Any, ...]] = []
    for record in touched:
        for name in record.dots.keys() | record.stored_dots.keys():
            now, before = record.dots.get(name, set()), record.stored_dots.get(name, set())
            new.extend(_dot(record, name, pair) for pair in sorted(now - before))
            gone.extend(_dot(record, name, pair) for pair in sorted(before - now))
    delete_rows(connection, SET_DOT, _DOT, gone)
    insert_rows(connection, SET_DOT, _DOT, new)


def _dot(record: Record, name: str, pair: tuple[str, str]) -> tuple[Any, ...]:
    return (record.schema.no, record.id, name, *pair)


def store_all(hq: HqTransaction, records: Records, scopes: ScopeKeeper) -> None:
    """Write what HQ itself changed in a transaction that holds the head of the feed."""
    scopes.settle_lent()
    store_new(hq.connection, records.touched())
    scopes.finish()
    store(hq.connection, records.touched())
    hq.max_hlc = max(hq.max_hlc, hq.hq_hlc)
