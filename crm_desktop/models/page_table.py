"""Rows on their way into a table, so that one statement writes thousands of them.

While a statement runs whose triggers may fail, SQLite copies every page it touches, once, to be able to
undo this statement alone. With a statement for each row that is a score of pages a row, and takes longer
than writing them. So the rows wait in a table of the connection's own memory: it is in no file, nobody else
sees it, and it is empty again with the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection


@contextmanager
def page_table(connection: Connection, columns: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Give the name of a table that holds these columns, `c0` and on, in the order of their rows."""
    run = connection.exec_driver_sql
    table = f"temp.page_of_{len(columns)}"
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    marks = ", ".join("?" * len(columns))
    run(f"CREATE TEMP TABLE IF NOT EXISTS page_of_{len(columns)} ({names})")
    run(f"INSERT INTO {table} VALUES ({marks})", list(zip(*columns, strict=True)))
    yield table
    run(f"DELETE FROM {table}")
