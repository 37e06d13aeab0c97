"""Indexes that are made after the first rows of a kind of record, not with each of them.

Rows of a first sync come by the thousands, in the order of none of their fields: to put every one into a
score of indexes takes a third of the whole. So a large page that comes while there are few rows takes the
indexes of their kind away and notes how they are made. They are made again at the end of the round, or
within it once there are so many rows that a list without an index would be felt. A program that ends in
between makes them when it starts again. Triggers and the keys names are sorted by stay as they are.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from crm_core.schema.reading import Schema

TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS put_off_index"
    " (name TEXT PRIMARY KEY, entity TEXT NOT NULL, made_by TEXT NOT NULL)"
)
LARGE: Final = 200  # rows of a page; fewer are put into the indexes as they come
FEW_ROWS: Final = 2_000  # as the first, small pages of a round bring them
MOST_ROWS: Final = 25_000  # reading all of so many takes some hundredths of a second


def before_rows(connection: Connection, schema: Schema, count: int) -> None:
    """Take the indexes of an entity away if many rows, `count`, come to few."""
    run = connection.exec_driver_sql
    if count < LARGE or _last_row(connection, schema) > FEW_ROWS:
        return
    run(
        "INSERT OR IGNORE INTO put_off_index SELECT name, tbl_name, sql FROM sqlite_master"
        " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (schema.name,),
    )
    for (name,) in run("SELECT name FROM put_off_index WHERE entity = ?", (schema.name,)).all():
        run(f'DROP INDEX IF EXISTS "{name}"')


def after_rows(connection: Connection, schema: Schema) -> None:
    """Make the indexes of an entity again if it has many rows by now."""
    waits = "SELECT 1 FROM put_off_index WHERE entity = ? LIMIT 1"
    is_put_off = connection.exec_driver_sql(waits, (schema.name,)).first() is not None
    if is_put_off and _last_row(connection, schema) > MOST_ROWS:
        make_again(connection, schema.name)


def is_waiting(connection: Connection) -> bool:
    """Tell whether indexes are still to be made again."""
    return connection.exec_driver_sql("SELECT 1 FROM put_off_index LIMIT 1").first() is not None


def make_next(connection: Connection) -> None:
    """Make the indexes of one of the entities again whose are still to be made."""
    entity = connection.exec_driver_sql("SELECT min(entity) FROM put_off_index").scalar()
    if entity is not None:
        make_again(connection, entity)


def make_again(connection: Connection, entity: str | None = None) -> None:
    """Make the indexes again that were taken away, of one entity or of all."""
    run = connection.exec_driver_sql
    if run("SELECT 1 FROM sqlite_master WHERE name = 'put_off_index'").first() is None:
        return  # a database of a program that put none off
    where, given = ("", ()) if entity is None else (" WHERE entity = ?", (entity,))
    for (statement,) in run(f"SELECT made_by FROM put_off_index{where} ORDER BY name", given).all():
        run(statement)
    run(f"DELETE FROM put_off_index{where}", given)


def _last_row(connection: Connection, schema: Schema) -> int:
    """Return the number of the last row: they are numbered as they come, so there are no more than that."""
    return int(connection.exec_driver_sql(f'SELECT max(rowid) FROM "{schema.name}"').scalar() or 0)
