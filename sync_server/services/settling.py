"""Giving everything a batch decided its place in the feed, once the head is held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sync_server.services.edits import Edits
from sync_server.services.overtaking import demand_untouched
from sync_server.store.database import HqTransaction
from sync_server.store.tables import DRAFT


class Placed(Protocol):
    """An operation with its place."""

    seq: int


def take_places(hq: HqTransaction, edits: Edits, items: Iterable[Placed]) -> int:
    """Take the head of the feed, if it is not held yet, and put real positions in the place of drafts.

    Returns what was added to the drafts. Raises `Overtaken` where somebody came between.
    """
    if hq.is_held:
        return 0
    shift = hq.hold()
    demand_untouched(hq.connection, hq.seen, edits.records)

    def real(position: int) -> int:
        return position + shift if position > DRAFT else position

    for record in edits.records.touched():
        record.settle(real)
    edits.settle(real)
    for item in items:
        item.seq = real(item.seq)
    return shift
