"""Rows whose scopes follow from a set that laptops change: whom a row is shared with."""

from __future__ import annotations

from typing import Final

from crm_core.sync.clock import Stamp
from tests.sync.model.hq import HQ
from tests.sync.model.values import APPLIED, EXIT, TAG_ADD, TAG_DEL, TAGS, Op, Row
from tests.sync.model.world import World

SHARED: Final = "terr:n"
"""The scope a row lies in while its set holds anything."""


class SharingHQ(HQ):
    """HQ that derives a scope of a row from its set, in the commit that changes the set."""

    def named_scopes(self, row: Row) -> set[str]:
        shared = {SHARED} if row.cells and row.cells[TAGS][1] else set()
        return super().named_scopes(row) | shared

    def apply(self, op: Op, stamp: Stamp) -> tuple[str, int]:
        answer = super().apply(op, stamp)
        if op.kind in (TAG_ADD, TAG_DEL) and answer[0] == APPLIED:
            self.follow(self.rows[op.rid], op.kind)
        return answer

    def follow(self, row: Row, kind: int) -> None:
        """Let the scopes of a row and of those below it follow its set."""
        self.move(row, row.own, exits_first=False)


class SharingWorld(World):
    """Laptops that share rows and end sharing them."""

    hq_class = SharingHQ


class EndsUntold(SharingHQ):
    """A share that ends takes the row out of the scope, and nobody is told: no exit is written."""

    def follow(self, row: Row, kind: int) -> None:
        before = self.head
        super().follow(row, kind)
        if kind == TAG_DEL:
            for seq in range(before + 1, self.head + 1):
                event = self.log[seq]
                if event is not None and event[0] == EXIT:
                    self.log[seq] = None


class EndsUntoldWorld(World):
    """Laptops of an HQ that ends sharing without a word."""

    hq_class = EndsUntold
