"""Thousands of rows into one table: one prepared statement, values as tuples in the order of the columns.

SQLAlchemy's own way asks for a dictionary a row and looks every value up by name again, which took more time
than the database did. Values go through the same conversions by type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows whose values stand in the order of `names`; columns not named are left empty."""
    if not rows:
        return
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    listed = ", ".join(quote(name) for name in names)
    marks = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * len(names))
    types = [table.c[name].type.dialect_impl(dialect) for name in names]
    converters = [kind.bind_processor(dialect) for kind in types]
    if any(converters):
        rows = [
            [value if convert is None else convert(value) for convert, value in zip(converters, row, strict=True)]
            for row in rows
        ]
    connection.exec_driver_sql(
        f"INSERT INTO {quote(table.name)} ({listed}) VALUES ({marks})", [tuple(row) for row in rows]
    )
