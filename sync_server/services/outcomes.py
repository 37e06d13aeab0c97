"""What becomes of operations: of each that was not refused, and of the edits it replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from crm_core.sync.protocol import Code
from sync_server.services.records import Mark, Record


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an operation that was not refused."""

    code: Code
    seq: int = 0
    """Position of the change; 0 where nothing changed."""
    base: int = 0
    """Position up to which the author has now seen the record."""
    hlc: int = 0
    """Reading it got in the place of its own, which lay before what its author had seen; 0: its own."""
    shown: Any = None
    """Superseded: [HQ's value, user id, ms]. Applied to what is deleted: [text, places]. Applied with another
    number than its own: [text, places, "number"]."""
    is_own: bool = False
    """Whether its author's laptop holds all that its position will tell, having written it itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEdit:
    """An edit of another device that this batch replaced unseen."""

    seq: int
    mark: Mark
    """Whom it is told: the operation that was replaced, or with `is_other` the one it gave way to."""
    record: Record
    register: str
    mine: Any
    user_id: str | None
    """Who replaced it, or with `is_other` who wrote it."""
    at_ms: int
    is_other: bool = False


class Stretch(NamedTuple):
    """A stretch of the feed: the positions after `after` up to `last`."""

    after: int
    last: int
