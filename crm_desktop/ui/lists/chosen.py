"""Which records of a list an action is for, whatever of them is in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crm_desktop.models.replica import Replica
from crm_desktop.services import lists
from crm_desktop.ui.lists.record_list import RecordList

Ids = Callable[[], Sequence[str]]
"""Reads ids, off the main thread."""


def chosen_ids(record_list: RecordList, replica: Replica) -> Ids | None:
    """Return what reads the ids selected, or that of the current row; None where there is neither."""
    query, ids = record_list.selected_query()
    if ids is None:
        return lambda: lists.all_ids(replica, query)
    current = record_list.current_row()
    if not ids and current is not None:
        ids = (current.id,)
    return (lambda: ids) if ids else None
