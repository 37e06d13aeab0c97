"""The one way anything changes at HQ: laptops, the REST interface, imports and the command line alike.

A batch is read, decided in memory and written in a few statements; every operation gets its own answer, and
an operation that comes again gets the answer it got. docs/sync.md tells the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final

import msgspec
from sqlalchemy import select, update

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.i18n import N_, plain_places
from crm_core.ids import is_id
from crm_core.sync.clock import HLC_MAX, Stamp, accept, ms_of, shift_ms
from crm_core.sync.protocol import Answer, Code, Op, OpKind, Txn, TxnFlag
from sync_server.services import approving, derived, mandates, mentions, payments, routing, unique_keys
from sync_server.services.declaring import saved_together
from sync_server.services.edits import Edits
from sync_server.services.faults import PayloadChanged, Refusal
from sync_server.services.giving_back import give_back
from sync_server.services.keeping import subjects
from sync_server.services.lost_edits import keep_lost_edits
from sync_server.services.outcomes import Stretch
from sync_server.services.posting import settle_numbers
from sync_server.services.quarantine import keep
from sync_server.services.records import Key, Record, ids_of
from sync_server.services.remembered import Remembered, before_sign_in, by_content, by_number, collected
from sync_server.services.renumbering import replace_used
from sync_server.services.rights import Author, Refused
from sync_server.services.settling import take_places
from sync_server.services.storing import store, store_new
from sync_server.services.wanted import Wanted, read_ops
from sync_server.store.bulk import insert_rows
from sync_server.store.database import HqTransaction
from sync_server.store.tables import Device, OpLog, table_of

SHA_BYTES: Final = 16
_STANDING: Final = frozenset(code for code in Code if code.took_effect)
_TURNING: Final = (OpKind.DELETE, OpKind.RESTORE)
_BIGINT_MAX: Final = 2**63 - 1

_ops = table_of(OpLog)
_devices = table_of(Device)
_as_json: Final = msgspec.json.Encoder().encode
_as_msgpack: Final = msgspec.msgpack.Encoder().encode
_LOGGED: Final = (
    "device",
    "incarnation",
    "op_no",
    "txn_no",
    "payload_sha",
    "code",
    "hlc_sent",
    "hlc",
    "seq",
    "answer",
    "at_ms",
)


class _Item(msgspec.Struct, gc=False):
    """One operation on its way."""

    txn: Txn
    op: Op
    sent_hlc: int
    sha: bytes
    wanted: Wanted | None = None
    refused: Refused | None = None
    stamp: Stamp | None = None
    base: int = 0
    answer: Answer | None = None
    seq: int = 0
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What became of a batch."""

    answers: list[Answer]
    """One for each operation, in their order; `base` are positions."""
    overtaken: frozenset[Key] = frozenset()
    """Records of operations answered before that somebody has changed or taken away since: what the author
    knows of them may be newer than the answer, so their state must follow it."""
    accepted: frozenset[Key] = frozenset()
    """Records of operations that stand."""
    own: Stretch | None = None
    """Where all that the batch added to the feed is what its author's laptop wrote itself and holds."""


def apply_transactions(
    hq: HqTransaction, author: Author, txns: Sequence[Txn], *, sent_hlc: int, server_ms: int
) -> list[Answer]:
    """Merge transactions and return an answer to each operation, as `merge` does."""
    return merge(hq, author, txns, sent_hlc=sent_hlc, server_ms=server_ms).answers


def merge(
    hq: HqTransaction,
    author: Author,
    txns: Sequence[Txn],
    *,
    sent_hlc: int,
    server_ms: int,
    reveal: Callable[[int], int] = int,
) -> Merged:
    """Merge transactions.

    `reveal` gives the position behind an operation's `base`. Raises `Overtaken` where the head was not held
    and somebody changed meanwhile what was decided on; `Refusal` with nothing changed: `gap` where operations
    before these are missing, `bad_request` where they do not follow each other, and `PayloadChanged`.
    """
    items = [_Item(txn, op, txn.hlc + op.hlc_delta, _sha(txn, op)) for txn in txns for op in txn.ops]
    batch = _Batch(hq, author, server_ms, reveal)
    if items:
        batch.run(items, sent_hlc)
    return Merged(
        answers=[item.answer for item in items if item.answer is not None],
        overtaken=frozenset(batch.overtaken),
        accepted=frozenset(
            (item.op.entity, item.op.row.hex())
            for item in items
            if item.answer is not None and item.answer.code in _STANDING
        ),
        own=batch.own_stretch(items),
    )


def _sha(txn: Txn, op: Op) -> bytes:
    """Return the hash of what an operation does and when, the same in both forms of a message.

    Without its number and base, which a laptop gives anew when it was restored.
    """
    payload = (op.kind, op.entity, op.row, op.field, op.value, txn.hlc + op.hlc_delta)
    try:
        canonical = _as_json(payload)
    except TypeError:  # what only MessagePack can say; such a value is refused further on
        canonical = msgspec.msgpack.encode(payload)
    return blake2b(canonical, digest_size=SHA_BYTES).digest()


class _Batch:
    """One call of `apply_transactions`."""

    def __init__(
        self, hq: HqTransaction, author: Author, server_ms: int, reveal: Callable[[int], int]
    ) -> None:
        self._hq = hq
        self._author = author
        self._server_ms = server_ms
        self._reveal = reveal
        self._edits = Edits(hq, author, server_ms)
        self._refusals: list[tuple[_Item, Refused]] = []
        self._before = hq.positions.last
        self.overtaken: set[Key] = set()

    def run(self, items: Sequence[_Item], sent_hlc: int) -> None:
        acked, last_hlc, enrolled_ms = self._standing()
        _demand_order(items, acked)
        known = [item for item in items if item.op.no <= acked]
        new = items[len(known) :]
        self._answer_again(known)
        if new:
            last = before_sign_in(enrolled_ms, sent_hlc, self._server_ms) if acked else HLC_MAX
            again = self._answer_restored(new, last)
            fresh = [item for item in new if item.answer is None]
            self._accept(fresh, sent_hlc, last_hlc)
            self._prepare(fresh)
            made = [(item.wanted, item.stamp) for item in fresh if item.wanted and item.stamp]
            give_back(self._hq, self._edits, made, self._author.user_id, self._server_ms)
            self._merge(fresh)
            self._finish(fresh)
            self._share_base(fresh)
            self._log([*again, *fresh])
            self._stand(new, fresh, sent_hlc, last_hlc)

    def own_stretch(self, items: Sequence[_Item]) -> Stretch | None:
        """Return what the batch added to the feed, where its author's laptop holds all of it."""
        last = self._hq.positions.last
        added = last - self._before
        is_own = added and added == sum(item.is_own for item in items) and not self._edits.policy_seq
        return Stretch(self._before, last) if is_own else None

    # What was answered before

    def _standing(self) -> tuple[int, int, int]:
        """Return the last operation answered of the author's device, the last clock reading accepted, and
        when it was signed in.
        """
        if self._author.device == 0:
            return self._hq.hq_op_no, self._hq.hq_hlc, 0
        columns = (_devices.c.acked_op, _devices.c.last_hlc, _devices.c.enrolled_at)
        query = select(*columns).where(_devices.c.id == self._author.device)
        row = self._hq.connection.execute(query).one()
        return row.acked_op, row.last_hlc, row.enrolled_at

    def _answer_again(self, known: Sequence[_Item]) -> None:
        run, author = self._hq.connection, self._author
        kept = by_number(run, author.device, author.incarnation, [item.op.no for item in known])
        gone = [item.sha for item in known if item.op.no not in kept]
        left = collected(run, author.device, gone) if gone else {}
        for item in known:
            before = kept.get(item.op.no) or left.get(item.sha)
            if before is None or before.sha != item.sha:
                raise PayloadChanged(item.op.no)
            self._repeat(item, before)
        self._review(known)

    def _answer_restored(self, new: Sequence[_Item], last: int) -> list[_Item]:
        """Answer what was sent already under another name of this laptop; return those items.

        What was made after the reading `last` was never sent by what is another laptop now.
        """
        author = self._author
        if author.device == 0:
            return []
        by_sha = {item.sha: item for item in new}
        before = by_content(
            self._hq.connection,
            author.user_id,
            author.device,
            author.incarnation,
            list(by_sha),
            elsewhere=[item.sha for item in new if item.sent_hlc <= last],
        )
        for sha, answered in before.items():
            self._repeat(by_sha[sha], answered)
        again = [item for item in new if item.answer is not None]
        self._review(again)
        return again

    def _repeat(self, item: _Item, before: Remembered) -> None:
        item.answer = msgspec.structs.replace(before.answer, no=item.op.no)
        row_id = item.op.row.hex()
        if not before.is_whole and is_id(row_id):
            self.overtaken.add((item.op.entity, row_id))

    def _review(self, items: Sequence[_Item]) -> None:
        """Look at old answers again: who may read what they show, and who changed the records since."""
        self._edits.records.load(ids_of((item.op.entity, item.op.row.hex()) for item in items))
        for item in items:
            answer = item.answer
            record = self._record(item)
            if record is not None and self._is_overtaken(item, record):
                self.overtaken.add((item.op.entity, record.id))
            if answer is not None and answer.extra is not None and not self._reads(item, record):
                told = None if answer.code == Code.SUPERSEDED else [*answer.extra[:2], None]
                item.answer = msgspec.structs.replace(answer, extra=told)

    def _record(self, item: _Item) -> Record | None:
        known = item.op.entity in BY_NO
        return self._edits.records.get(item.op.entity, item.op.row.hex()) if known else None

    def _is_overtaken(self, item: _Item, record: Record) -> bool:
        """Tell whether anybody but this laptop as it is now changed the record since, or took it away."""
        if item.op.kind in (OpKind.TAG_ADD, OpKind.TAG_DEL) or not self._edits.rights.sees(record):
            return True
        own = (self._author.device, self._author.incarnation)
        foreign = any((mark.device, mark.incarnation) != own for mark in record.cells.values())
        return foreign or record.life_seq > 0 or self._author.incarnation > 1

    def _reads(self, item: _Item, record: Record | None) -> bool:
        """Tell whether the author may now read what the operation was about."""
        if record is None:
            return False
        if not isinstance(item.op.field, str):
            field = record.schema.by_no.get(item.op.field)
            return self._edits.rights.reads(record, field) if field else self._edits.rights.sees(record)
        return self._edits.rights.reads(record, self._edits.custom.of(record.schema.name).get(item.op.field))

    # What is new

    def _accept(self, fresh: Sequence[_Item], sent_hlc: int, last_hlc: int) -> None:
        sent = [min(max(item.sent_hlc, 0), HLC_MAX) for item in fresh]
        sent_hlc = min(max(sent_hlc, 0), HLC_MAX)
        for item, hlc in zip(fresh, accept(sent, sent_hlc, self._server_ms, last_hlc), strict=True):
            item.stamp = Stamp(hlc, self._author.device, item.op.no)
            item.base = self._reveal(item.op.base) if item.op.base > 0 else 0

    def _prepare(self, fresh: Sequence[_Item]) -> None:
        """Read what the batch will ask for, in a few statements."""
        for item, read in zip(fresh, read_ops([item.op for item in fresh], self._edits.custom), strict=True):
            if isinstance(read, Refused):
                item.refused = read
            else:
                item.wanted = read
        wanted = [item.wanted for item in fresh if item.wanted is not None]
        records = self._edits.records
        keys = [(each.schema.no, each.row_id) for each in wanted]
        for each in wanted:
            keys.extend(key for _, key in records.parent_links(each.schema, each.values) if key)
            for field in each.schema.scope_fields:
                named = each.values.get(field.name)
                if named and field.target:
                    keys.append((SCHEMAS[field.target].no, named))
                if field.members and (named or (each.word and field in each.fields)):
                    words = named or (each.word,)
                    keys.extend((SCHEMAS[member].no, word) for member in field.members for word in words)
            if each.values.get("stage_id"):
                keys.append((SCHEMAS["stage"].no, each.values["stage_id"]))
        records.load(ids_of(keys))
        own = [(each.schema.no, each.row_id) for each in wanted]
        self._edits.graves.know(key for key in own if records.get(*key) is None)
        there = [record for each in wanted if (record := records.get(each.schema.no, each.row_id))]
        above = [
            key
            for record in there
            for _, key in records.parent_links(record.schema, record.values)
            if key is not None
        ]
        for each in wanted:
            held = records.get(each.schema.no, each.row_id)
            about = subjects(each.schema, each.values, held.values if held is not None else {})
            above.extend(key for key in about if key is not None)
        records.load(ids_of(above))
        moving = [
            record
            for each in wanted
            if each.kind is not OpKind.CREATE
            and (each.kind in _TURNING or any(f.scope or f.parent for f in each.fields))
            and (record := records.get(each.schema.no, each.row_id))
        ]
        records.know_children(moving)

    def _merge(self, fresh: Sequence[_Item]) -> None:
        start = 0
        while start < len(fresh):
            txn = fresh[start].txn
            end = start
            while end < len(fresh) and fresh[end].txn is txn:
                end += 1
            some = self._edits.gate.in_order(fresh[start:end], lambda item: item.wanted)
            if txn.flags & TxnFlag.ALL_OR_NOTHING:
                self._merge_together(some, all_or_nothing=True)
            else:
                for is_set_up, together in saved_together(some, lambda item: item.wanted):
                    if is_set_up:
                        self._merge_together(together)
                    else:
                        for item in together:
                            self._merge_one(item)
            start = end

    def _merge_together(self, items: Sequence[_Item], *, all_or_nothing: bool = False) -> None:
        """Merge operations, or refuse all of them where what they set up would be wrong.

        `all_or_nothing`: or where one of them fails, with its reason.
        """
        edits = self._edits
        marks = edits.scopes.mark(), edits.numbers.mark(), len(edits.lost), len(self._refusals)
        before = edits.declaring.before(item.wanted for item in items)
        edits.records.begin()
        try:
            for item in items:
                self._merge_one(item)
                if all_or_nothing and item.refused is not None:
                    raise item.refused
            edits.declaring.demand(before)
        except Refused as refused:
            edits.records.take_back()
            edits.scopes.take_back(marks[0])
            edits.numbers.take_back(marks[1])
            edits.forget()
            del edits.lost[marks[2] :]
            del self._refusals[marks[3] :]
            for each in items:
                self._refuse(each, refused if all_or_nothing else each.refused or refused)
        else:
            edits.records.keep()

    def _merge_one(self, item: _Item) -> None:
        if item.wanted is None or item.stamp is None:
            if item.refused is not None:
                self._refuse(item, item.refused)
            return
        try:
            outcome = self._edits.apply(item.wanted, item.stamp, item.base)
        except Refused as refused:
            self._refuse(item, refused)
            return
        if outcome.hlc:
            item.stamp = item.stamp._replace(hlc=outcome.hlc)
        item.seq, item.is_own = outcome.seq, outcome.is_own
        item.answer = Answer(item.op.no, outcome.code, item.stamp.hlc, outcome.base, outcome.shown)

    def _refuse(self, item: _Item, refused: Refused) -> None:
        refused.forget_way()  # a frame of it holds this batch, and no collector looks into items
        item.refused, item.seq, item.is_own = refused, 0, False
        extra = [refused.reason.text, plain_places(refused.reason), *self._state_at_hq(item)]
        item.answer = Answer(item.op.no, refused.code, item.stamp.hlc if item.stamp else 0, 0, extra)
        self._refusals.append((item, refused))

    def _state_at_hq(self, item: _Item) -> list[Any]:
        """Return HQ's value of what was refused, who made it and when, as far as the author may read it."""
        wanted = item.wanted
        if wanted is None or wanted.kind is OpKind.CREATE:
            return [None]
        record = self._edits.records.get(wanted.schema.no, wanted.row_id)
        if record is None or not self._edits.rights.sees(record):
            return [None]
        if wanted.kind in (OpKind.DELETE, OpKind.RESTORE):
            return [record.values["life"]]
        if all(self._edits.rights.reads(record, field) for field in wanted.fields):
            held = record.mark(wanted.register)
            return [self._edits.value(record, wanted.fields), held.user_id, ms_of(held.hlc)]
        return [None]

    # What is written

    def _finish(self, fresh: Sequence[_Item]) -> None:
        edits, hq = self._edits, self._hq
        derived.settle(hq, edits.records, edits.scopes, edits.derived, self._server_ms)
        mentions.tell_mentioned(hq, edits.records, edits.scopes, self._server_ms)
        mandates.sign(hq, edits.records, self._server_ms)
        approving.settle(hq, edits.records, edits.scopes, edits.approvals, self._server_ms)
        payments.follow(hq, edits.records, edits.scopes, edits.accounts, self._server_ms)
        edits.scopes.settle_lent()
        store_new(hq.connection, edits.records.touched())
        self._before += take_places(hq, edits, fresh)
        unique_keys.settle_keys(hq, edits.records, edits.scopes, self._server_ms)
        routing.settle(hq, edits.records, edits.scopes, self._server_ms)
        replace_used(hq, edits.records, edits.scopes, edits.numbers, self._author.user_id, self._server_ms)
        edits.scopes.finish()
        settle_numbers(hq, edits.records, edits.numbers, self._server_ms)
        edits.numbers.finish()
        store(hq.connection, edits.records.touched())
        edits.gate.note_skips(self._server_ms)
        edits.approvals.note_reliance(self._server_ms)
        keep_lost_edits(hq.connection, edits.lost)
        if edits.policy_seq:
            hq.policy_seq = edits.policy_seq

    def _share_base(self, fresh: Sequence[_Item]) -> None:
        """Let an author who has seen a change of this batch have seen all of it.

        Nobody else changed these records within it, and thousands of answers with one base are few bytes.
        """
        last = self._hq.positions.last
        for item in fresh:
            answer = item.answer
            if answer is not None and answer.base > self._before:
                item.answer = Answer(answer.no, answer.code, answer.hlc, last, answer.extra)

    def _log(self, items: Sequence[_Item]) -> None:
        author = self._author
        rows = [
            (
                author.device,
                author.incarnation,
                item.op.no,
                min(abs(item.txn.no), _BIGINT_MAX),
                item.sha,
                item.answer.code,
                min(max(item.sent_hlc, 0), HLC_MAX),
                item.answer.hlc,
                item.seq,
                _as_msgpack(item.answer),
                self._server_ms,
            )
            for item in items
            if item.answer is not None
        ]
        insert_rows(self._hq.connection, _ops, _LOGGED, rows)
        keep(self._hq, author, [(item.op, refused) for item, refused in self._refusals], self._server_ms)

    def _stand(self, new: Sequence[_Item], fresh: Sequence[_Item], sent_hlc: int, last_hlc: int) -> None:
        last = max((item.stamp.hlc for item in fresh if item.stamp), default=last_hlc)
        self._hq.max_hlc = max(self._hq.max_hlc, last)
        acked = new[-1].op.no
        if self._author.device == 0:
            self._hq.hq_op_no, self._hq.hq_hlc = acked, max(self._hq.hq_hlc, last)
            return
        self._hq.connection.execute(
            update(_devices)
            .where(_devices.c.id == self._author.device)
            .values(
                acked_op=acked,
                last_hlc=last,
                clock_shift_ms=shift_ms(min(max(sent_hlc, 0), HLC_MAX), self._server_ms),
            )
        )


def _demand_order(items: Sequence[_Item], acked: int) -> None:
    """Raise `Refusal` unless the operations follow each other and what HQ has."""
    numbers = [item.op.no for item in items]
    follow = all(after == before + 1 for before, after in pairwise(numbers))
    if not follow or numbers[0] < 1 or numbers[-1] > _BIGINT_MAX:
        raise Refusal("bad_request", N_("The changes do not follow each other"))
    if numbers[0] > acked + 1:
        raise Refusal("gap", N_("Changes before these did not reach HQ"), acked_to=acked)
