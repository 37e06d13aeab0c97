"""Thousands of rows into one table, and rows that may be there already.

Thousands: one statement, values as tuples in the order of the columns.

SQLAlchemy's own way asks for a dictionary a row and looks every value up by name again, which took more time
than the database did. Values go through the same conversions by type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

# Rows from which on PostgreSQL takes them as a stream: others wait for the head of the feed meanwhile.
STREAMED: Final = 50


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows whose values stand in the order of `names`; columns not named are left empty."""
    if rows:
        insert_columns(connection, table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given column by column, by the columns' names; those not named are left empty."""
    quote, mark = _spelling(connection)
    listed = ", ".join(quote(name) for name in columns)
    rows = _bound(connection, table, columns)
    if connection.dialect.name == "postgresql" and len(rows) >= STREAMED:
        _stream(connection, f"COPY {quote(table.name)} ({listed}) FROM STDIN", rows)
    else:
        marks = ", ".join([mark] * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({listed}) VALUES ({marks})", rows)


def update_rows(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Set the columns `names` of the rows that `key`, some of them, tells apart; values in their order."""
    if not rows:
        return
    quote, mark = _spelling(connection)
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    values = {name: columns[name] for name in names if name not in key}
    setting = ", ".join(f"{quote(name)} = {mark}" for name in values)
    where = " AND ".join(f"{quote(name)} = {mark}" for name in key)
    bound = _bound(connection, table, values | {name: columns[name] for name in key})
    connection.exec_driver_sql(f"UPDATE {quote(table.name)} SET {setting} WHERE {where}", bound)


def delete_rows(
    connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Delete the rows with these values of the columns `key`."""
    if rows:
        quote, mark = _spelling(connection)
        where = " AND ".join(f"{quote(name)} = {mark}" for name in key)
        bound = _bound(connection, table, dict(zip(key, zip(*rows, strict=True), strict=True)))
        connection.exec_driver_sql(f"DELETE FROM {quote(table.name)} WHERE {where}", bound)


def _spelling(connection: Connection) -> tuple[Callable[[str], str], str]:
    """Return how a name is quoted, and what stands for a value."""
    dialect = connection.dialect
    return dialect.identifier_preparer.quote, "?" if dialect.paramstyle == "qmark" else "%s"


def _bound(
    connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]
) -> list[tuple[Any, ...]]:
    """Return columns as the rows the driver takes."""
    dialect = connection.dialect
    bound = []
    for name, values in columns.items():
        convert = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        bound.append(values if convert is None else [convert(value) for value in values])
    return list(zip(*bound, strict=True))


def _stream(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    dialect, driver = connection.dialect, connection.connection.driver_connection
    assert driver is not None  # the connection has begun a transaction
    errors = dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)
    except errors as error:  # as everywhere else, and without the row in its text
        raise DBAPIError.instance(
            statement, None, error, errors, hide_parameters=True, dialect=dialect
        ) from error


def insert_if_new(connection: Connection, table: Table) -> Any:
    """Return an insert that leaves rows alone whose key is there."""
    insert_here = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert_here(table).on_conflict_do_nothing()
