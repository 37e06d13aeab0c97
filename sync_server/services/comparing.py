"""What a laptop holds against what its user may see now: only what differs is named, and only that is sent.

All of it is worked out from the visible projection in one snapshot, so a digest tells nobody of rows or
fields out of sight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Select, func, select

from crm_core.entities import BY_NO, FILL_ORDER
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.reading import Schema
from crm_core.sync.codec import ID_BYTES, pack_ids, unpack_ids
from crm_core.sync.digest import ROW_HASH_BYTES, Digest, bucket_ending, differing_buckets, row_hash
from crm_core.sync.protocol import DigestAsk, DigestDiff, DigestRows, Msg, MsgKind, Purge
from sync_server.services.custom import CustomFields
from sync_server.services.projection import Projection, Reader, Shown, put, value_of
from sync_server.services.recent import Recent
from sync_server.services.records import META, ROW_SCOPE
from sync_server.store.database import Snapshot

ROWS_AT_ONCE: Final = 500
ENDING_AT: Final = 2 * ID_BYTES - 1
_REMEMBERED: Final = 512  # digests, of 256 buckets each: some dozens of comparisons at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs, and the rows that mend it."""

    diff: DigestDiff
    msgs: list[Msg] = field(default_factory=list)


_Moment = tuple[str, int, int, str, int, int, int]
"""What a digest is of: epoch, head, floor of the feed; reader, version of his rights, his program; entity."""


class Digests(Recent[_Moment, Digest]):
    """Digests of a moment, worked out once for the requests of one comparison."""

    def __init__(self) -> None:
        super().__init__(_REMEMBERED)


def compare(snapshot: Snapshot, reader: Reader, ask: DigestAsk, digests: Digests) -> Comparison:
    """Compare what a laptop says it holds with what its user may see; entities HQ does not know stay out."""
    visible = _Visible(snapshot, reader, digests)
    if ask.rows:
        msgs: list[Msg] = []
        count = 0
        for rows in sorted(ask.rows, key=lambda each: _place(each.entity)):
            if rows.entity in BY_NO:
                count += visible.mend(BY_NO[rows.entity], rows, msgs)
        return Comparison(diff=DigestDiff(rows=count), msgs=msgs)
    if ask.buckets:
        differing = [
            (entity, found)
            for entity, held in ask.buckets
            if entity in BY_NO and (found := visible.differing(BY_NO[entity], held))
        ]
        return Comparison(diff=DigestDiff(buckets=differing))
    kinds = [
        entity
        for entity, summary in ask.kinds
        if entity in BY_NO and visible.digest(BY_NO[entity]).summary() != summary
    ]
    return Comparison(diff=DigestDiff(kinds=kinds))


class _Visible:
    """The rows a reader may see, hashed."""

    def __init__(self, snapshot: Snapshot, reader: Reader, digests: Digests) -> None:
        self._snapshot = snapshot
        self._reader = reader
        self._digests = digests
        self._projection = Projection(snapshot.connection, reader, CustomFields(snapshot.connection))

    def digest(self, schema: Schema) -> Digest:
        """Return the digest of an entity."""
        reader, snapshot = self._reader, self._snapshot
        of_reader = (reader.user_id, reader.now.version, reader.schema)
        moment = (snapshot.epoch, snapshot.head, snapshot.floor, *of_reader, schema.no)
        known = self._digests.get(moment)
        if known is None:
            known = Digest((shown.id, self._hash(schema, shown)) for shown in self._rows(schema))
        return self._digests.keep(moment, known)

    def differing(
        self, schema: Schema, held: Iterable[tuple[int, int, int, int, int, int]]
    ) -> list[tuple[int, int]]:
        """Return the buckets that are not as the laptop holds them, and how many rows are visible in each."""
        mine = self.digest(schema).buckets()
        counts = {bucket[0]: bucket[1] for bucket in mine}
        return [(number, counts.get(number, 0)) for number in differing_buckets(held, mine)]

    def mend(self, schema: Schema, rows: DigestRows, msgs: list[Msg]) -> int:
        """Add what makes the laptop's rows of these buckets the visible ones; return how many rows differ."""
        held = dict(zip(unpack_ids(rows.ids), _split(rows.hashes), strict=False))
        differing: list[Shown] = []
        for shown in self._rows(schema, rows.buckets):
            if held.pop(shown.id, None) != self._hash(schema, shown):
                differing.append(shown)
        if held:
            msgs.append(Purge(MsgKind.PURGE, 0, schema.no, pack_ids(sorted(held))))
        if differing:
            base = self._reader.hide(self._snapshot.head)
            msgs.append(put(schema, differing, self._projection.fields(schema), full=True, base=base))
        return len(differing) + len(held)

    def _hash(self, schema: Schema, shown: Shown) -> bytes:
        values = {
            declared.no or declared.name: value_of(shown, declared)
            for declared in self._projection.fields(schema)
        }
        return row_hash(schema.no, shown.id, shown.column("life"), values)

    def _rows(self, schema: Schema, buckets: Iterable[int] | None = None) -> Iterator[Shown]:
        """Yield the visible rows of an entity by id; None stands for all buckets."""
        query = self._ids(schema)
        column = query.selected_columns[0]
        if buckets is not None:
            endings = sorted({bucket_ending(bucket) for bucket in buckets})
            query = query.where(func.substr(column, ENDING_AT, 2).in_(endings))
        after = ""
        while True:
            some = query.where(column > after).order_by(column).limit(ROWS_AT_ONCE)
            ids = list(self._snapshot.connection.execute(some).scalars())
            loaded = self._projection.load((schema.no, row_id) for row_id in ids)
            for row_id in ids:
                shown = loaded[schema.no, row_id]
                if self._projection.sees(schema, shown):
                    yield shown
            if len(ids) < ROWS_AT_ONCE:
                return
            after = ids[-1]

    def _ids(self, schema: Schema) -> Select[Any]:
        scopes = sorted(scope for entity, scope in self._reader.now.scopes if entity == schema.no)
        if EVERYONE in scopes:
            return select(META.c.row_id).where(META.c.entity == schema.no)
        inside = ROW_SCOPE.c.scope.in_(scopes)
        return select(ROW_SCOPE.c.row_id).distinct().where(ROW_SCOPE.c.entity == schema.no, inside)


def _place(entity: int) -> int:
    return FILL_ORDER.index(entity) if entity in FILL_ORDER else len(FILL_ORDER)


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + ROW_HASH_BYTES] for start in range(0, len(hashes), ROW_HASH_BYTES)]
