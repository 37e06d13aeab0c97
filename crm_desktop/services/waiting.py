"""What waits to be sent, record by record, and taking it back before it goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.schema.field import Kind, Plain
from crm_core.sync.protocol import OpKind
from crm_desktop.models import counting, repository, state
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.replaying import changed_values, created_values
from crm_desktop.services.syncing import SHOWN, label_of, titles_in
from crm_desktop.sync import outbox, pending
from crm_desktop.sync.pending import PendingOp, unanswered
from crm_desktop.sync.settle import own_dots, remember_rolled_back, roll_back, shown_values

Row = tuple[str, str]
"""Entity and id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRecord:
    """A record with edits HQ has not answered."""

    entity: str
    record_id: str
    title: str
    operations: int
    labels: tuple[str, ...]
    """English labels of the fields that wait; empty for a new or deleted record."""
    kind: str
    """`new`, `changed`, `deleted` or `restored`."""
    since_ms: int
    size_bytes: int
    """About what it takes on the wire."""
    sent: bool
    """Some of it may have reached HQ already: no answer came yet."""
    belongs_to: Mapping[str, str]
    """Ids of the records it refers to, by their kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The outbox: the records that are sent first, and what all of them come to."""

    records: tuple[WaitingRecord, ...] = ()
    count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """Edits that were taken back before they were sent, oldest first: what it takes to make them again."""

    operations: tuple[PendingOp, ...]
    records: int


def waiting(replica: Replica, limit: int = SHOWN) -> Waiting:
    """Return what waits to be sent, the oldest record first; of very many records the first `limit`."""
    with replica.read() as session:
        rows = session.execute(
            select(
                OutboxOp.no,
                OutboxOp.entity,
                OutboxOp.row_id,
                OutboxOp.kind,
                OutboxOp.field,
                OutboxTxn.created_ms,
            )
            .join(OutboxTxn, OutboxTxn.no == OutboxOp.txn_no)
            .order_by(OutboxOp.no)
        )
        grouped: dict[Row, list[Any]] = {}
        for row in rows:
            key = (row.entity, row.row_id)
            if key in grouped or len(grouped) < limit:
                grouped.setdefault(key, []).append(row)
        sizes = outbox.sizes(session)
        titles = titles_in(session, grouped)
        sent = state.read(session, Key.SENT_OP)
        links = _links(session, grouped)
        return Waiting(
            records=tuple(
                WaitingRecord(
                    entity=entity,
                    record_id=row_id,
                    title=titles.get((entity, row_id), ""),
                    operations=len(ops),
                    labels=tuple(
                        dict.fromkeys(label_of(session, entity, op.field) for op in ops if op.field)
                    ),
                    kind=_kind_of({op.kind for op in ops}),
                    since_ms=ops[0].created_ms,
                    size_bytes=sizes[entity, row_id],
                    sent=ops[0].no <= sent,
                    belongs_to=links.get((entity, row_id), {}),
                )
                for (entity, row_id), ops in grouped.items()
            ),
            count=len(sizes),
            size_bytes=sum(sizes.values()),
        )


def discard(replica: Replica, rows: Iterable[Row]) -> Outcome[Discarded]:
    """Take back the unsent edits of records, in one transaction: HQ's values show again.

    A record made here goes, and with it what was made here below it and the links that were set to it.
    `UserError` where HQ may have one of the edits already; then nothing is taken back.
    """
    with replica.applying() as session:
        taken = with_followers(all_waiting(session), set(rows))
        if not taken:
            raise NotFound(N_("Nothing of this record waits to be sent any more"))
        _demand_unsent(session, taken)
        rows_taken = dict.fromkeys((op.entity, op.row_id) for op in taken)
        take_off(session, taken, replica.clock.now_ms())
        discarded = Discarded(operations=tuple(taken), records=len(rows_taken))
    return Outcome(discarded, frozenset(session.changed))


def bring_back(replica: Replica, discarded: Discarded) -> Outcome[int]:
    """Make edits again that were taken back, as new ones; return of how many records.

    One transaction. Raises `UserError` where a record is gone or another stands in its place meanwhile.
    """
    with replica.write() as session:
        for op in discarded.operations:
            counting.follow(session, _make_again(session, op))
    return Outcome(discarded.records, frozenset(session.changed))


def _links(session: Session, rows: Iterable[Row]) -> dict[Row, dict[str, str]]:
    by_entity: dict[str, list[str]] = {}
    for entity, row_id in rows:
        by_entity.setdefault(entity, []).append(row_id)
    return {
        (entity, row_id): {
            str(field.target): record[name]
            for name, field in record.schema.fields.items()
            if field.kind is Kind.REF and record.get(name)
        }
        for entity, ids in by_entity.items()
        for row_id, record in repository.get_many(session, entity, ids).items()
    }


def all_waiting(session: Session) -> list[PendingOp]:
    """Return every operation HQ has not answered, oldest first."""
    return unanswered(session)


def with_followers(ops: Sequence[PendingOp], rows: Collection[Row]) -> list[PendingOp]:
    """Return the operations of `rows`, and those that make no sense without the records they made."""
    whole = set(rows)
    while True:
        gone = {op.row_id for op in ops if op.kind is OpKind.CREATE and (op.entity, op.row_id) in whole}
        below = {
            (op.entity, op.row_id)
            for op in ops
            if op.kind is OpKind.CREATE and gone and not gone.isdisjoint(_links_of(op))
        }
        if below <= whole:
            break
        whole |= below
    return [
        op
        for op in ops
        if (op.entity, op.row_id) in whole
        or (op.kind is OpKind.SET and gone and not gone.isdisjoint(_links_of(op)))
    ]


def _links_of(op: PendingOp) -> Iterator[str]:
    """Yield the ids an operation's value refers to."""
    schema = SCHEMAS[op.entity]
    if op.kind is OpKind.CREATE:
        values: Mapping[str, Any] = created_values(schema, op.value)
    elif op.kind is OpKind.COMMAND:
        values = pending.written_by_step(schema, op, 0)
    else:
        members = pending.members_of(schema, op.field)
        held = op.value if len(members) > 1 and isinstance(op.value, list) else [op.value]
        values = {member.name: value for member, value in zip(members, held, strict=False)}
    for name, value in values.items():
        field = schema.fields.get(name)
        if field is not None and field.kind is Kind.REF and isinstance(value, str):
            yield value


def _demand_unsent(session: Session, taken: Sequence[PendingOp]) -> None:
    sent = state.read(session, Key.SENT_OP)
    late = next((op for op in taken if op.no <= sent), None)
    if late is None:
        return
    title = titles_in(session, [(late.entity, late.row_id)]).get((late.entity, late.row_id), "")
    raise UserError(
        N_(
            "“{title}” was sent and HQ has not answered yet, so it cannot be discarded."
            " Sync once more; then change the record back"
        ),
        title=title,
    )


def take_off(session: WriteSession, taken: Sequence[PendingOp], now_ms: int) -> None:
    """Take unsent operations out of the outbox and off their records; those after them close up."""
    numbers = [op.no for op in taken]
    shown = [repository.get(session, *row) for row in dict.fromkeys((op.entity, op.row_id) for op in taken)]
    for some in pending.chunks(numbers):
        session.execute(delete(OutboxOp).where(OutboxOp.no.in_(some)))
        # The entries stay, but are nobody's operation any more.
        unsent = (History.op_no.in_(some), History.sent.is_(False))
        session.execute(update(History).where(*unsent).values(op_no=None, sent=None))
    session.execute(delete(OutboxTxn).where(OutboxTxn.no.not_in(select(OutboxOp.txn_no).distinct())))
    dots, me = own_dots(session), state.read(session, Key.USER_ID) or None
    gone = {(op.entity, op.row_id) for op in taken if op.kind is OpKind.CREATE}
    for op in taken:
        if op.kind is not OpKind.CREATE and (op.entity, op.row_id) in gone:
            continue
        left = pending.pending_of(session, op.entity, [op.row_id]).get(op.row_id, [])
        before = shown_values(session, op.entity, op.row_id)
        roll_back(session, op, left, dots)
        remember_rolled_back(session, op, before, origin="restored", who=me, at_ms=now_ms)
        if not left:
            pending.settle_bookkeeping(session, SCHEMAS[op.entity], [op.row_id])
    known, first = state.read_all(session), numbers[0]
    after = session.scalars(select(OutboxOp.no).where(OutboxOp.no > first).order_by(OutboxOp.no)).all()
    outbox.renumber(session, after, known[Key.DEVICE], known[Key.INCARNATION], first=first)
    session.expunge_all()
    for record in filter(None, shown):
        counting.follow(session, record)
        session.touch(record.entity, [record.id])


def _make_again(session: WriteSession, op: PendingOp) -> Record:
    schema = SCHEMAS[op.entity]
    if op.kind is OpKind.CREATE:
        values: Mapping[str, Plain] = created_values(schema, op.value)
        return repository.create(session, op.entity, values, op.row_id)
    record = repository.get(session, op.entity, op.row_id)
    if record is None:
        raise NotFound(N_("There is no such record on this laptop"))
    if op.kind is OpKind.DELETE:
        return repository.delete(session, op.entity, op.row_id) if record.alive else record
    if op.kind is OpKind.RESTORE:
        return record if record.alive else repository.restore(session, op.entity, op.row_id)
    changes = changed_values(record.schema, record.values, op.kind, op.field, op.value)
    return repository.update(session, op.entity, op.row_id, changes)


def _kind_of(kinds: set[int]) -> str:
    if OpKind.CREATE in kinds:
        return "new"
    if OpKind.DELETE in kinds:
        return "deleted"
    return "restored" if OpKind.RESTORE in kinds else "changed"
