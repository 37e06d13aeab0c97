"""Comparing with HQ at the end of a round, and fetching the rows that differ.

From coarse to fine: a hash for each entity, of differing ones the buckets, of differing buckets the rows.
What the laptop says is always worked out anew from its own rows, never taken over from HQ. HQ sends whole
what differs; whatever waits here or came back stays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.sync.codec import pack_ids
from crm_core.sync.digest import Digest
from crm_core.sync.protocol import DigestAsk, DigestDiff, DigestRows
from crm_core.times import DAY_MS
from crm_desktop.sync.confirmed import confirmed_hashes, is_known_apart

TRIES: Final = 2  # a repair that does not help twice never will
PATIENCE: Final = 3  # how often HQ may have news instead of an answer
ROWS_AT_ONCE: Final = 500  # about as many rows are repaired by one answer
PERIOD_MS: Final = 7 * DAY_MS

_log = logging.getLogger(__name__)

_Buckets = list[tuple[int, bytes]]
"""Entities and the numbers of their buckets."""


class Comparison:
    """One comparison, which goes on over several requests. It begins once the round is even."""

    def __init__(self) -> None:
        self.is_over = False
        self.is_complete = False
        """Whether HQ answered to the end."""
        self.repaired = 0
        self.differing = 0
        """Kinds of records that still differ after all tries."""
        self._begun = False
        self._tries = 0
        self._deferred = 0
        self._kinds: list[int] = []
        self._rows: list[_Buckets] = []

    @property
    def pause_ms(self) -> int:
        """How long it is until the next one: a day where HQ gave no answer."""
        return PERIOD_MS if self.is_complete else DAY_MS

    def begin(self) -> None:
        """Both sides are even: from now on HQ is asked."""
        self._begun = True

    def ask(self, session: Session) -> DigestAsk | None:
        """Return what to send; None where operations go first."""
        if not self._begun or self.is_over or not is_known_apart(session):
            return None
        if self._rows:
            return DigestAsk(rows=[_rows_of(session, *each) for each in self._rows[0]])
        if self._kinds:
            digests = ((no, Digest(confirmed_hashes(session, BY_NO[no]))) for no in self._kinds)
            return DigestAsk(buckets=[(no, digest.buckets()) for no, digest in digests])
        return DigestAsk(
            kinds=[
                (schema.no, Digest(confirmed_hashes(session, schema)).summary())
                for schema in SCHEMAS.values()
            ]
        )

    def hear(self, asked: DigestAsk, diff: DigestDiff | None, repaired: int) -> None:
        """Take in what differs; `repaired` rows came along and were applied. None: HQ had news instead."""
        self.repaired += repaired
        if diff is None:
            self._deferred += 1
            self.is_over = self._deferred >= PATIENCE
        elif asked.rows:
            self._rows = self._rows[1:]
            if not self._rows:
                self._tries += 1
                self._kinds = []
        elif asked.buckets:
            known = [(no, buckets) for no, buckets in diff.buckets if no in BY_NO]
            self._rows = list(_batches(known))
            self._kinds = []
            if not self._rows:
                self._tries += 1
        else:
            self._hear_kinds([no for no in diff.kinds if no in BY_NO])
        if self.is_over:
            _log.info(
                "compared with HQ: complete %s, rows repaired %d, kinds still differing %d",
                self.is_complete,
                self.repaired,
                self.differing,
            )

    def _hear_kinds(self, kinds: list[int]) -> None:
        if not kinds or self._tries >= TRIES:
            self.is_over = self.is_complete = True
            self.differing = len(kinds)
        else:
            self._kinds = kinds


def _rows_of(session: Session, entity: int, buckets: bytes) -> DigestRows:
    held = list(confirmed_hashes(session, BY_NO[entity], buckets))
    ids = pack_ids(row_id for row_id, _ in held)
    return DigestRows(entity, buckets, ids, b"".join(hashed for _, hashed in held))


def _batches(differing: list[tuple[int, list[tuple[int, int]]]]) -> Iterator[_Buckets]:
    """Yield buckets together of which HQ holds about as many rows as one answer should bring."""
    batch: dict[int, list[int]] = {}
    rows = 0
    for entity, buckets in differing:
        for number, count in buckets:
            if batch and rows + count > ROWS_AT_ONCE:
                yield [(no, bytes(numbers)) for no, numbers in batch.items()]
                batch, rows = {}, 0
            batch.setdefault(entity, []).append(number)
            rows += count
    if batch:
        yield [(no, bytes(numbers)) for no, numbers in batch.items()]
