"""What HQ's answers do to the replica: confirm, hand back, roll back. Never lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.clock import ms_of
from crm_core.sync.codec import unpack_value
from crm_core.sync.merge import dot
from crm_core.sync.protocol import Answer, Code, OpKind
from crm_desktop.models import counting, state
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, Returned, RowMeta, SyncEvent
from crm_desktop.models.session import WriteSession
from crm_desktop.sync import pending
from crm_desktop.sync.pending import CHUNK, PendingOp
from crm_desktop.sync.removing import remove_rows

TURNING_KINDS = frozenset((OpKind.DELETE, OpKind.RESTORE))
_PLAIN_KINDS = TURNING_KINDS | {OpKind.SET}


@dataclass(slots=True)
class Settled:
    """What a batch of answers came to."""

    confirmed: int = 0
    superseded: int = 0
    refused: int = 0
    changed: set[tuple[str, str]] = field(default_factory=set)
    counted: set[counting.Holder] = field(default_factory=set)
    """Records whose totals and sums follow from what HQ did not take."""


def settle(session: WriteSession, answers: Sequence[Answer], at_ms: int = 0) -> Settled:
    """Apply HQ's answers of a moment to the outbox. One to an operation already settled changes nothing."""
    settled = Settled()
    if not answers:
        return settled
    own_dot = own_dots(session)
    incarnation = state.read(session, state.Key.INCARNATION)
    by_no = {answer.no: answer for answer in answers}
    waiting: list[PendingOp] = []
    for some in pending.chunks(sorted(by_no)):
        waiting.extend(pending.unanswered(session, OutboxOp.no.in_(some)))
    for some in pending.chunks([op.no for op in waiting]):
        session.execute(delete(OutboxOp).where(OutboxOp.no.in_(some)))
        session.execute(update(History).where(History.op_no.in_(some)).values(sent=True))
    session.execute(delete(OutboxTxn).where(OutboxTxn.no.not_in(select(OutboxOp.txn_no).distinct())))
    _confirm_created(session, [op for op in waiting if op.kind is OpKind.CREATE], by_no)
    left = _left(session, waiting)
    plain = _confirm_plain(session, waiting, by_no, left)
    by_row: dict[tuple[str, str], list[PendingOp]] = {}
    for op in waiting:
        by_row.setdefault((op.entity, op.row_id), []).append(op)
    for row, ops in left.items():
        by_row[row].extend(ops)
    for op in waiting:
        answer = by_no[op.no]
        code = Code(answer.code)
        settled.changed.add((op.entity, op.row_id))
        if code.took_effect and isinstance(answer.extra, list):
            _note_remark(session, op, answer)
        if op.no in plain:
            settled.confirmed += 1
            continue
        schema = SCHEMAS[op.entity]
        if code.took_effect:
            settled.confirmed += 1
            later = [o for o in by_row[op.entity, op.row_id] if o.no > op.no]
            _confirm(session, schema, op, answer, own_dot, later)
        else:
            if code is Code.SUPERSEDED:
                settled.superseded += 1
            else:
                settled.refused += 1
            later = [o for o in by_row[op.entity, op.row_id] if o.no > op.no]
            times = (ms_of(op.hlc), at_ms)
            _hand_back(session, op, answer, times, own_dot, incarnation, later, settled.counted)
    plain_rows = {(op.entity, op.row_id) for op in waiting if op.no in plain}
    quiet = sorted(by_row.keys() - left.keys() - plain_rows)
    for entity in {entity for entity, _ in quiet}:
        rows_of_it = [row_id for name, row_id in quiet if name == entity]
        pending.settle_bookkeeping(session, SCHEMAS[entity], rows_of_it)
    counting.refresh(session, settled.counted)
    return settled


def _note_remark(session: Session, op: PendingOp, answer: Answer) -> None:
    """Note in the Sync centre's history what is to be known of an edit that stands.

    Its record is deleted, so that it does not show; or the record got another number than it was made with.
    """
    reason, places, about = (*answer.extra, None, None)[:3]
    detail = {"entity": op.entity, "id": op.row_id, "reason": str(reason), "places": places}
    kind = "renumbered" if about == "number" else "trash"
    session.execute(insert(SyncEvent).values(at_ms=ms_of(answer.hlc), kind=kind, detail=detail))


def _left(session: Session, ops: Sequence[PendingOp]) -> dict[tuple[str, str], list[PendingOp]]:
    """Return the operations still waiting on the rows of `ops`, oldest first."""
    left: dict[tuple[str, str], list[PendingOp]] = {}
    for entity in {op.entity for op in ops}:
        rows = sorted({op.row_id for op in ops if op.entity == entity})
        for row_id, waiting in pending.pending_of(session, entity, rows).items():
            left[entity, row_id] = waiting
    return left


def own_dots(session: Session) -> str:
    """Return the beginning of this laptop's dots, to which the number of an operation is added."""
    device = state.read(session, state.Key.DEVICE)
    incarnation = state.read(session, state.Key.INCARNATION)
    return dot(device, incarnation, 0).removesuffix("0")


def _confirm_created(session: Session, created: Sequence[PendingOp], by_no: dict[int, Answer]) -> None:
    """Mark accepted new rows as HQ's too; by entity and in bulk, for a first upload is thousands of them."""
    # HQ leaves a laptop's own rows out of its feed: a resync under way must not sweep them.
    mark = state.read(session, state.Key.RESYNC_MARK)
    for entity in {op.entity for op in created}:
        accepted = [op for op in created if op.entity == entity and Code(by_no[op.no].code).took_effect]
        table = SCHEMAS[entity].table
        for some in pending.chunks(accepted, CHUNK):
            times = [{"row": op.row_id, "ms": ms_of(by_no[op.no].hlc)} for op in some]
            session.connection().exec_driver_sql(
                f'UPDATE "{table.name}" SET created_at = ?, updated_at = ? WHERE id = ?',
                [(time["ms"], time["ms"], time["row"]) for time in times],
            )
            session.connection().exec_driver_sql(
                "UPDATE row_meta SET local = 0, life = max(life, 1), mark = ?,"
                " base = coalesce(nullif(?, 0), base)"
                " WHERE entity = ? AND row_id = ?",
                [(mark, by_no[op.no].base, entity, op.row_id) for op in some],
            )


def _confirm_plain(
    session: Session,
    ops: Sequence[PendingOp],
    by_no: dict[int, Answer],
    left: dict[tuple[str, str], list[PendingOp]],
) -> set[int]:
    """Confirm in bulk the edits and deletions of rows on which all went well and nothing waits.

    Returns their numbers.
    """
    entangled: set[tuple[str, str]] = {
        (op.entity, op.row_id)
        for op in ops
        if op.kind not in _PLAIN_KINDS or not Code(by_no[op.no].code).took_effect
    } | set(left)
    plain = [op for op in ops if (op.entity, op.row_id) not in entangled]
    run = session.connection().exec_driver_sql
    for entity in {op.entity for op in plain}:
        mine = [op for op in plain if op.entity == entity]
        run(
            f'UPDATE "{entity}" SET updated_at = ? WHERE id = ?',
            [(ms_of(by_no[op.no].hlc), op.row_id) for op in mine],
        )
        run(
            "UPDATE row_meta SET base = coalesce(nullif(?, 0), base) WHERE entity = ? AND row_id = ?",
            [(by_no[op.no].base, entity, op.row_id) for op in mine],
        )
        run(
            "DELETE FROM shadow WHERE entity = ? AND row_id = ? AND field IN (?, ?, ?)",
            [(entity, op.row_id, op.field, *pending.BOOKKEEPING) for op in mine],
        )
        lives = [
            (op.value + 1, entity, op.row_id)
            for op in mine
            if op.kind in TURNING_KINDS and isinstance(op.value, int)
        ]
        if lives:
            run("UPDATE row_meta SET life = ? WHERE entity = ? AND row_id = ?", lives)
    return {op.no for op in plain}


def _confirm(
    session: Session,
    schema: Schema,
    op: PendingOp,
    answer: Answer,
    own_dot: str,
    later: Sequence[PendingOp],
) -> None:
    if op.kind is OpKind.CREATE:
        if later:
            _shadow_later_edits(session, schema, op, later)
            _confirm_bookkeeping(session, op, answer)
        return
    _confirm_bookkeeping(session, op, answer)
    if answer.base:
        _set_meta(session, op, base=answer.base)
    if op.kind in TURNING_KINDS and isinstance(op.value, int):
        _set_meta(session, op, life=op.value + 1)
    elif op.kind in pending.SETTING_KINDS:
        shadow = pending.read_shadow(session, op.entity, op.row_id)
        for register in sorted(pending.registers_of(schema, op)):
            if register in shadow:
                confirmed = _with(schema, register, shadow[register], op, answer, own_dot)
                pending.write_shadow(session, op.entity, op.row_id, register, confirmed)
            pending.rebase(session, schema, op.row_id, register, later, own_dot)


def _confirm_bookkeeping(session: Session, op: PendingOp, answer: Answer) -> None:
    me = state.read(session, state.Key.USER_ID)
    for register, value in zip(pending.BOOKKEEPING, (ms_of(answer.hlc), me), strict=True):
        pending.write_shadow(session, op.entity, op.row_id, register, value)


def _with(
    schema: Schema, register: str, confirmed: Plain, op: PendingOp, answer: Answer, own_dot: str
) -> Plain:
    """Return what is confirmed once `op` is."""
    if op.kind is OpKind.SET:
        return op.value
    if op.kind is OpKind.COMMAND:
        return pending.stepped(schema, register, confirmed, op, ms_of(answer.hlc))
    pairs = pending.overlay_dots(confirmed or [], [op], own_dot)  # type: ignore[arg-type]
    return [[word, name] for word, name in pairs]


def _shadow_later_edits(
    session: Session, schema: Schema, created: PendingOp, later: Sequence[PendingOp]
) -> None:
    """Edits made after the row was: now that HQ has the row, it has a value under each of them."""
    held = pending.read_shadow(session, created.entity, created.row_id)
    touched = {
        register
        for op in later
        if op.kind in pending.SETTING_KINDS
        for register in pending.registers_of(schema, op)
    }
    for register in touched - set(held):
        value: Plain = [] if pending.is_set(schema, register) else None
        if register in pending.registers_of(schema, created):
            value = pending.created_value(schema, created, register)
        pending.write_shadow(session, created.entity, created.row_id, register, value)


def _set_meta(session: Session, op: PendingOp, **values: Any) -> None:
    session.execute(
        update(RowMeta).where(RowMeta.entity == op.entity, RowMeta.row_id == op.row_id).values(**values)
    )


def _hand_back(
    session: Session,
    op: PendingOp,
    answer: Answer,
    times: tuple[int, int],
    own_dot: str,
    incarnation: int,
    left: Sequence[PendingOp],
    counted: set[counting.Holder],
) -> None:
    """Take the edit off the record and put it, whole, among the returned ones.

    `times` are when it was typed and when it was answered.
    """
    mine_ms, answered_ms = times
    code = Code(answer.code)
    shadow = pending.read_shadow(session, op.entity, op.row_id)
    base = _value_before(session, op, shadow.get(op.field))
    theirs: Plain = None
    who = theirs_ms = None
    at_ms = answered_ms or ms_of(answer.hlc)
    reason, places = "", None
    extra = answer.extra if isinstance(answer.extra, list) else []
    if code is Code.SUPERSEDED:
        if extra:
            theirs = _unpacked(extra[0])
            who = extra[1] if len(extra) > 1 else None
            at_ms = extra[2] if len(extra) > 2 and isinstance(extra[2], int) else at_ms
            pending.write_shadow(session, op.entity, op.row_id, op.field, theirs)
    elif extra:
        reason = str(extra[0])
        places = extra[1] if len(extra) > 1 else None
        theirs = _unpacked(extra[2]) if len(extra) > 2 else shadow.get(op.field)
        who, theirs_ms = [*extra[3:5], None, None][:2]
    session.execute(
        insert(Returned).values(
            op_no=op.no,
            incarnation=incarnation,
            kind=op.kind,
            entity=op.entity,
            row_id=op.row_id,
            field=op.field,
            base=base,
            mine=op.value,
            theirs=theirs,
            code=code,
            reason=reason,
            places=places,
            who=unpack_value(who),
            at_ms=at_ms,
            mine_ms=mine_ms,
            theirs_ms=theirs_ms,
        )
    )
    before = shown_values(session, op.entity, op.row_id)
    roll_back(session, op, left, own_dot)
    for shown in (before, shown_values(session, op.entity, op.row_id)):
        if shown is not None:
            counted.update(counting.holders_of(op.entity, dict(shown)))
    if code is Code.SUPERSEDED:
        remember_rolled_back(session, op, before, origin="hq", who=who, at_ms=at_ms)
    else:
        me = state.read(session, state.Key.USER_ID) or None
        remember_rolled_back(session, op, before, origin="restored", who=me, at_ms=at_ms)


def _value_before(session: Session, op: PendingOp, confirmed: Plain) -> Plain:
    """Return what a register held when the edit was made; `confirmed` where the history does not tell.

    What HQ confirmed under the edit may have changed since.
    """
    sets = op.kind in (OpKind.SET, OpKind.COMMAND)
    members = pending.members_of(SCHEMAS[op.entity], op.field) if sets else ()
    keys = [str(member.no) for member in members] or [op.field]
    query = (
        select(History.field, History.old, History.hlc)
        .where(
            History.entity == op.entity,
            History.row_id == op.row_id,
            History.op_no == op.no,
            History.origin == "here",
            History.field.in_(keys),
        )
        .order_by(History.id.desc())
    )
    entries = session.execute(query).all()
    if not sets or not entries:
        return confirmed
    # An operation of an earlier incarnation may have had the same number.
    old = {entry.field: entry.old for entry in entries if entry.hlc == entries[0].hlc}
    if len(members) < 2:
        value: Plain = old[keys[0]]
        return value
    # Of a group the history holds the members that changed.
    mine = op.value if isinstance(op.value, list) else [None] * len(members)
    whole: list[Plain] = [old.get(key, value) for key, value in zip(keys, mine, strict=True)]
    return whole


def shown_values(session: Session, entity: str, row_id: str) -> RowMapping | None:
    """Return what the replica shows of a record, by column; None where it is not there."""
    table = SCHEMAS[entity].table
    return session.execute(select(table).where(table.c.id == row_id)).mappings().one_or_none()


def remember_rolled_back(
    session: Session,
    op: PendingOp,
    before: RowMapping | None,
    *,
    origin: str,
    who: str | None,
    at_ms: int,
) -> None:
    """Write into the history of a record that stays what became of the fields an operation had set."""
    schema, after = SCHEMAS[op.entity], shown_values(session, op.entity, op.row_id)
    if before is None or after is None:
        return
    if op.kind in TURNING_KINDS:
        changed = [("", before["life"], after["life"])]
    elif op.field.startswith(CUSTOM_PREFIX):
        key = op.field.removeprefix(CUSTOM_PREFIX)
        changed = [(op.field, (before["custom"] or {}).get(key), (after["custom"] or {}).get(key))]
    else:
        fields = [
            field
            for register in sorted(pending.registers_of(schema, op))
            for field in pending.members_of(schema, register)
        ]
        changed = [(str(field.no), before[field.name], after[field.name]) for field in fields]
    entry = {
        "entity": op.entity,
        "row_id": op.row_id,
        "at_ms": at_ms,
        "user_id": who,
        "hlc": 0,
        "origin": origin,
    }
    entries = [{**entry, "field": key, "old": old, "new": new} for key, old, new in changed if old != new]
    if entries:
        session.execute(insert(History), entries)


def roll_back(session: Session, op: PendingOp, left: Sequence[PendingOp], own_dot: str) -> None:
    """Take an edit that is no longer waiting off its record; `left` are those of the row that still wait.

    What HQ confirmed shows again, under the edits that are left. A record that was made by it goes.
    """
    schema = SCHEMAS[op.entity]
    if op.kind is OpKind.CREATE:
        remove_rows(session, schema, [op.row_id])
    elif op.kind in TURNING_KINDS:
        _restore_life(session, schema, op.row_id, left)
    elif op.kind in pending.SETTING_KINDS:
        for register in sorted(pending.registers_of(schema, op)):
            pending.rebase(session, schema, op.row_id, register, left, own_dot)


def _unpacked(value: Any) -> Any:
    return [unpack_value(item) for item in value] if isinstance(value, list) else unpack_value(value)


def _restore_life(session: Session, schema: Schema, row_id: str, left: Sequence[PendingOp]) -> None:
    """Show the life HQ confirmed, unless a later delete or restore of ours still waits."""
    if any(op.kind in TURNING_KINDS for op in left):
        return
    life = session.scalar(select(RowMeta.life).where(RowMeta.entity == schema.name, RowMeta.row_id == row_id))
    table = schema.table
    if life:
        session.execute(update(table).where(table.c.id == row_id).values(life=life))
