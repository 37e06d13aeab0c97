"""What follows from other records, worked out whenever one of those changes: totals, deadlines of tickets."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sync_server.services import conversation, promises, questions, sheet_totals
from sync_server.services.records import Key, Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.database import HqTransaction


def concerned(records: Records, record: Record, changed: Collection[str] | None) -> set[Key]:
    """Return the records of which something follows from a change of a record.

    `changed` None: the record came or went.
    """
    return sheet_totals.concerned(records, record, changed) | promises.concerned(records, record, changed)


def settle(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, keys: Iterable[Key], server_ms: int
) -> None:
    """Bring up to date what follows from the changes of a batch."""
    named = list(keys)
    sheet_totals.settle(hq, records, named, server_ms)
    conversation.settle(hq, records, scopes, server_ms)
    questions.settle(hq, records, scopes, server_ms)
    promises.settle(hq, records, named, server_ms)
