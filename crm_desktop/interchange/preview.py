"""What each column of a file looks like, for the page where columns are matched with fields.

The rows go into a scratch database in memory: nothing of them reaches the disk unencrypted.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlite_utils
from sqlite_utils.utils import TypeTracker

from crm_core.exchange.source import SourceTable

MOST_COMMON = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column of a file at a glance."""

    header: str
    filled: int
    distinct: int
    kind: str
    """`integer`, `float` or `text`: what all filled cells can be read as."""
    common: tuple[tuple[str, int], ...]
    """The most frequent cells and how often each stands there."""


def column_facts(table: SourceTable) -> tuple[ColumnFacts, ...]:
    """Return the facts of every column, over the rows that can be read."""
    names = [f"c{place}" for place in range(len(table.headers))]
    rows = [
        dict(zip(names, (cell.strip() or None for cell in row.cells), strict=True))
        for row in table.rows
        if row.problem is None
    ]
    scratch = sqlite_utils.Database(memory=True)
    try:
        tracker = TypeTracker()
        staged = scratch.table("rows")
        staged.insert_all(tracker.wrap(rows), columns=dict.fromkeys(names, str))
        facts = []
        for name, header in zip(names, table.headers, strict=True):
            # The tracker takes an empty cell for text; so kinds are asked of the filled ones alone.
            column = staged.analyze_column(name, common_limit=MOST_COMMON, least_common=False)
            common = tuple((str(value), count) for value, count in column.most_common or () if value)
            facts.append(
                ColumnFacts(
                    header=header,
                    filled=column.total_rows - column.num_null,
                    distinct=column.num_distinct,
                    kind=_kind(scratch, name),
                    common=common,
                )
            )
        return tuple(facts)
    finally:
        scratch.close()


def _kind(scratch: sqlite_utils.Database, name: str) -> str:
    tracker = TypeTracker()
    filled = scratch.query(f"SELECT {name} AS cell FROM rows WHERE {name} IS NOT NULL")
    for _ in tracker.wrap(filled):
        pass
    return str(tracker.types.get("cell", "text"))
