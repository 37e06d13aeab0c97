"""Work HQ does by itself on many records: some at a time, so that the head of the feed is free between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select

from sync_server.services.records import chunks
from sync_server.store.database import Database, HqTransaction

Work = Callable[[HqTransaction, Sequence[str]], int]
"""Does something to the records of these ids and returns how many it concerned."""


def by_turns(database: Database, query: Select[Any], size: int, work: Work) -> int:
    """Find ids by a query, hand `size` of them at a time to a transaction of their own, return the sum.

    `work` reads them again: they may have changed since they were found.
    """
    with database.read() as snapshot:
        ids = list(snapshot.connection.execute(query).scalars())
    done = 0
    for some in chunks(ids, size):
        with database.write() as hq:
            done += work(hq, some)
    return done
