"""Thousands of rows into one table, and rows that may be there already.

Thousands: one statement, values as tuples in the order of the columns.

SQLAlchemy's own way asks for a dictionary a row and looks every value up by name again, which took more time
than the database did. Values go through the same conversions by type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    if not rows:
        return
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    listed = ", ".join(quote(name) for name in names)
    is_streamed = dialect.name == "postgresql" and len(rows) >= STREAMED
    marks = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * len(names))
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, name in enumerate(names):
        convert = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            columns[place] = [convert(value) for value in columns[place]]
    values = zip(*columns, strict=True)
    if is_streamed:
        _stream(connection, f"COPY {quote(table.name)} ({listed}) FROM STDIN", values)
    else:
        insert = f"INSERT INTO {quote(table.name)} ({listed}) VALUES ({marks})"
        connection.exec_driver_sql(insert, list(values))


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
