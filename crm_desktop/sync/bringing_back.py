"""What HQ lost by going back to a backup is made again from what this laptop remembers of its own work.

HQ says how far it remembers (`enrolment.restart`); own changes after that stand in the history as not sent,
without an operation. Once HQ has named everything it still has, and before what it did not name is swept,
records made or changed here since are created again, and changes to records it does have are made again.
Each keeps the time it was made at, so that the later of two people's edits wins as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Kind, Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.clock import reading
from crm_core.sync.merge import lives
from crm_core.sync.protocol import OpKind
from crm_desktop.models import repository, state
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, RowMeta
from crm_desktop.models.recording import Recorder
from crm_desktop.models.records import field_key, field_named
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.sync import outbox, pending

RowKey = tuple[str, str]
"""Entity and record id."""

_LOST = (History.origin == "here", History.sent.is_(False), History.op_no.is_(None))


@dataclass(slots=True)
class _Times:
    """When what is made again was made at first, as clock readings."""

    rows: dict[RowKey, int] = field(default_factory=dict)
    registers: dict[tuple[str, str, str], int] = field(default_factory=dict)


def awaits_bringing_back(session: Session) -> bool:
    """Tell whether HQ lost work of this laptop that is still to be made again."""
    return session.scalar(select(History.id).where(*_LOST).limit(1)) is not None


def bring_back(session: WriteSession, mark: int, now_ms: Callable[[], int]) -> None:
    """Put what HQ lost into the outbox, ahead of what waits there, in the caller's transaction.

    `mark` is the generation of the resync that has just named everything HQ has.
    """
    lost: dict[RowKey, list[History]] = {}
    for entry in session.scalars(select(History).where(*_LOST).order_by(History.id)):
        if entry.entity in SCHEMAS:
            lost.setdefault((entry.entity, entry.row_id), []).append(entry)
    if not lost:
        return
    waiting = session.scalars(select(OutboxOp.no).order_by(OutboxOp.no)).all()
    times = _times_of(lost)
    with session.recording(now_ms) as recorder:
        made = _make_again(session, recorder, _missing(session, mark, lost), times)
        for key, entries in lost.items():
            if key not in made:
                _change_again(session, *key, entries)
    again = session.scalars(
        select(OutboxOp.no).where(OutboxOp.no.not_in(waiting)).order_by(OutboxOp.no)
    ).all()
    _date_back(session, again, times)
    known = state.read_all(session)
    outbox.renumber(session, [*again, *waiting], known[Key.DEVICE], known[Key.INCARNATION])
    # HQ may have any of those that waited, by its content.
    outbox.mark_sent(session, len(again) + len(waiting))
    session.execute(update(History).where(*_LOST).values(sent=True))


def _times_of(lost: Mapping[RowKey, Sequence[History]]) -> _Times:
    times = _Times()
    for (entity, row_id), entries in lost.items():
        for entry in entries:
            known = field_named(SCHEMAS[entity], entry.field) if entry.field else None
            leader = SCHEMAS[entity].leader(known) if known is not None and known.no else None
            register = field_key(leader) if leader is not None else entry.field
            times.registers[entity, row_id, register] = entry.hlc
    return times


def _missing(session: Session, mark: int, lost: Iterable[RowKey]) -> set[RowKey]:
    """Return the lost rows HQ did not name, and those they belong to that it did not name either."""
    unnamed = {
        (row.entity, row.row_id)
        for row in session.execute(
            select(RowMeta.entity, RowMeta.row_id).where(RowMeta.local.is_(False), RowMeta.mark != mark)
        )
        if row.entity in SCHEMAS
    }
    found: set[RowKey] = set()
    level = [key for key in lost if key in unnamed]
    while level:
        found.update(level)
        level = [key for each in level for key in _parents(session, *each) if key in unnamed - found]
    return found


def _parents(session: Session, entity: str, row_id: str) -> list[RowKey]:
    schema = SCHEMAS[entity]
    row = session.execute(select(schema.table).where(schema.table.c.id == row_id)).mappings().one_or_none()
    keys: list[RowKey] = []
    if row is None:
        return keys
    for link in schema.parent_fields:
        target = row[link.target_field or ""] if link.target == "*" else link.target
        if target in SCHEMAS and row[link.name]:
            keys.append((str(target), row[link.name]))
    return keys


def _make_again(
    session: WriteSession, recorder: Recorder, missing: set[RowKey], times: _Times
) -> set[RowKey]:
    """Record the creation of living rows as they stand here, parents first; return which."""
    made: set[RowKey] = set()
    reached: list[tuple[Schema, str, Plain]] = []
    for schema in SCHEMAS.values():
        ids = sorted(row_id for entity, row_id in missing if entity == schema.name)
        for some in pending.chunks(ids):
            held = session.execute(select(schema.table).where(schema.table.c.id.in_(some))).mappings()
            rows = [dict(row) for row in held if lives(row["life"])]
            for row in rows:
                times.rows[schema.name, row["id"]] = reading(row["updated_at"] or row["created_at"] or 0)
            _forget_standing(session, schema, [row["id"] for row in rows])
            reached.extend((schema, row["id"], state) for row in rows if (state := _born_again(schema, row)))
            if rows:
                made.update((schema.name, row["id"]) for row in rows)
                recorder.record_rows(session, schema, rows)
    # Once everything is there that belongs to them: a quote that was sent takes no more lines.
    for schema, row_id, _state in reached:
        first = {schema.meta.machine.field: schema.meta.machine.first} if schema.meta.machine else {}
        # Past the recorder: the creation of this state is recorded already.
        session.connection().execute(update(schema.table).where(schema.table.c.id == row_id).values(first))
    session.expire_all()
    for schema, row_id, state in reached:
        _step_to(session, schema, row_id, state)
    return made


def _born_again(schema: Schema, row: dict[str, Any]) -> Plain:
    """Let a row begin in a state records are made in; return the state it had reached, None for that one."""
    machine = schema.meta.machine
    if machine is None or not machine.born or machine.state_of(row[machine.field]) in machine.born:
        return None
    reached, row[machine.field] = row[machine.field], machine.first
    return cast(Plain, reached)


def _step_to(
    session: WriteSession,
    schema: Schema,
    row_id: str,
    state: Plain,
    given: Mapping[str, Plain] = MappingProxyType({}),
) -> None:
    """Take the steps that lead a record to a state, as far as there is a way, with what goes along."""
    machine, present = schema.meta.machine, repository.get(session, schema.name, row_id)
    if machine is not None and present is not None and present.alive:
        for step in machine.path(present.get(machine.field), state) or ():
            along = {name: given[name] for name in step.takes if name in given}
            repository.update(session, schema.name, row_id, {**along, machine.field: step.ends})


def _forget_standing(session: Session, schema: Schema, ids: Sequence[str]) -> None:
    """Let rows be as if they had just been made here."""
    run = session.connection().exec_driver_sql
    keys = [(schema.name, row_id) for row_id in ids]
    if keys:
        for table in ("row_meta", "set_dot", "shadow"):
            run(f"DELETE FROM {table} WHERE entity = ? AND row_id = ?", keys)
        # HQ will name who brings a record as its author, and does not tell this laptop of its own creations.
        me = state.read(session, Key.USER_ID)
        run(
            f'UPDATE "{schema.name}" SET life = 1, created_by = ?, updated_by = ? WHERE id = ?',
            [(me, me, row_id) for row_id in ids],
        )


def _change_again(session: WriteSession, entity: str, row_id: str, entries: Sequence[History]) -> None:
    """Make the changes to a record that HQ has, where it does not hold them anyhow."""
    schema = SCHEMAS[entity]
    present = repository.get(session, entity, row_id)
    if present is None:
        return
    turned = next((entry for entry in reversed(entries) if not entry.field), None)
    wanted_alive = lives(turned.new) if turned is not None and turned.old is not None else present.alive
    if wanted_alive and not present.alive:
        present = repository.restore(session, entity, row_id)
    waiting = {op.field for op in pending.pending_of(session, entity, [row_id]).get(row_id, [])}
    changes: dict[str, Any] = {}
    for entry in _standing(session, entries):
        known = field_named(schema, entry.field) if entry.field else None
        if entry.field.startswith(CUSTOM_PREFIX) and entry.field not in waiting:
            changes[entry.field] = entry.new
        elif known is None or field_key(schema.leader(known)) in waiting:
            continue
        elif known.kind is Kind.TAGS:
            words = set(changes.get(known.name, present.get(known.name)) or ())
            before, after = set(entry.old or ()), set(entry.new or ())
            changes[known.name] = sorted((words | (after - before)) - (before - after))
        elif not known.computed:
            changes[known.name] = entry.new
    machine = schema.meta.machine
    reached = changes.pop(machine.field, None) if machine is not None else None
    given = (
        {
            name: changes[name]
            for step in machine.steps
            if not step.stays
            for name in step.takes
            if name in changes
        }
        if (machine is not None and reached is not None)
        else {}
    )
    if machine is not None:
        stepped = machine.kept_fields() if reached is not None else frozenset[str]()
        told = {name for name in machine.named_fields() if schema.fields[name].read_only}
        for name in (*stepped, *told, *given):
            changes.pop(name, None)  # the steps write it
    if changes and present.alive:
        present = repository.update(session, entity, row_id, changes)
    if reached is not None:
        _step_to(session, schema, row_id, reached, given)
    if not wanted_alive and present.alive:
        repository.delete(session, entity, row_id)


def _standing(session: Session, entries: Sequence[History]) -> list[History]:
    """Return the entries nobody had replaced by a later edit, as far as this laptop heard of it."""
    first = entries[0]
    heard: dict[str, int] = {}
    for field_of_it, at_ms in session.execute(
        select(History.field, History.at_ms).where(
            History.entity == first.entity,
            History.row_id == first.row_id,
            History.origin == "hq",
            History.id > first.id,
        )
    ):
        heard[field_of_it] = max(at_ms, heard.get(field_of_it, 0))
    return [entry for entry in entries if heard.get(entry.field, 0) <= entry.at_ms]


def _date_back(session: Session, numbers: Sequence[int], times: _Times) -> None:
    """Give operations made again the time they were made at first."""
    first: dict[int, int] = {}
    for some in pending.chunks(numbers):
        for op in session.execute(
            select(
                OutboxOp.no, OutboxOp.txn_no, OutboxOp.kind, OutboxOp.entity, OutboxOp.row_id, OutboxOp.field
            )
            .add_columns(OutboxOp.hlc)
            .where(OutboxOp.no.in_(some))
        ).all():
            row = times.rows.get((op.entity, op.row_id))
            at = row if op.kind == OpKind.CREATE or row else None
            at = at or times.registers.get((op.entity, op.row_id, op.field)) or op.hlc
            session.execute(update(OutboxOp).where(OutboxOp.no == op.no).values(hlc=at))
            first[op.txn_no] = min(at, first.get(op.txn_no, at))
    for txn_no, hlc in first.items():
        session.execute(update(OutboxTxn).where(OutboxTxn.no == txn_no).values(hlc=hlc))
