"""Another number for a record whose own was used first by a copy of the laptop it was made on.

Both gave out from the same range before HQ met the second of them. What stands on paper cannot be called
back, so a person is told by a task which record has which number now.
"""

from __future__ import annotations

from typing import Final

from crm_core.i18n import N_, message
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.numbers import NumberBook
from sync_server.services.posting import give_number
from sync_server.services.records import Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_new
from sync_server.store.database import HqTransaction

TOLD: Final = N_("{old} was given out on two copies of a laptop. This one is {new} now: tell whoever has it")


def replace_used(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    numbers: NumberBook,
    author_id: str,
    server_ms: int,
) -> None:
    """Give the records of this batch other numbers where theirs were used, and open a task for each.

    It is the owner's, or its author's where the record has none. Only with the head held.
    """
    due = [record for record in records.touched() if numbers.must_replace(record.id)]
    if not due:
        return
    found = []
    for record in due:
        old = record.values["number"]
        subject = message(TOLD, old=old, new=give_number(hq, record, numbers, server_ms))
        owner_id = record.values.get("owner_id") or author_id
        found.append(Errand(subject=subject, about=record, owner_id=owner_id))
    store_new(hq.connection, errands.open_tasks(hq, records, scopes, found, server_ms))
