"""Unanswered edits lie over what HQ confirmed: the overlay that keeps a person's own work in view.

A register (a field, or a group of fields that move together) with a pending edit shows the edit; what HQ
last said of it waits in `shadow`. When the last pending edit is answered, the shadow's value stands and
the shadow goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.clock import ms_of
from crm_core.sync.merge import members
from crm_core.sync.protocol import OpKind
from crm_desktop.models.device_tables import OutboxOp, SetDot, Shadow

CHUNK = 500  # well under SQLite's limit of bound values, and small enough to plan at once

BOOKKEEPING = ("3", "4")
"""Registers of `updated_at` and `updated_by`: any pending edit of a row lies over them too."""

SETTING_KINDS = (OpKind.SET, OpKind.TAG_ADD, OpKind.TAG_DEL, OpKind.COMMAND)


@dataclass(frozen=True, slots=True)
class PendingOp:
    """An operation of the outbox, as far as the overlay needs it."""

    no: int
    kind: OpKind
    entity: str
    row_id: str
    field: str
    value: Plain
    hlc: int = 0


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """Yield `values` in runs of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


def unanswered(session: Session, *where: ColumnElement[bool]) -> list[PendingOp]:
    """Return the operations HQ has not answered for which the conditions hold, oldest first."""
    query = select(
        OutboxOp.no,
        OutboxOp.kind,
        OutboxOp.entity,
        OutboxOp.row_id,
        OutboxOp.field,
        OutboxOp.value,
        OutboxOp.hlc,
    )
    rows = session.execute(query.where(*where).order_by(OutboxOp.no))
    return [
        PendingOp(no, OpKind(kind), entity, row_id, field, value, hlc)
        for no, kind, entity, row_id, field, value, hlc in rows
    ]


def pending_of(session: Session, entity: str, row_ids: Sequence[str]) -> dict[str, list[PendingOp]]:
    """Return the unanswered operations of the given rows, oldest first, by row id."""
    found: dict[str, list[PendingOp]] = {}
    if not row_ids or session.scalar(select(OutboxOp.no).limit(1)) is None:
        return found
    for some in chunks(row_ids):
        for op in unanswered(session, OutboxOp.entity == entity, OutboxOp.row_id.in_(some)):
            found.setdefault(op.row_id, []).append(op)
    return found


def written_by_step(
    schema: Schema, op: PendingOp, at_ms: int, held: Mapping[str, Plain] | None = None
) -> dict[str, Plain]:
    """Return the fields a command writes, by name, taken at a moment; none for one no version knows.

    `held` is what they held before; the state is the one its writer saw, or HQ would not have taken it.
    """
    machine, value = schema.meta.machine, op.value
    if op.kind is not OpKind.COMMAND or machine is None or not isinstance(value, list):
        return {}
    name, seen, arguments = value
    step = machine.named(str(name))
    if step is None:
        return {}
    given = zip(*cast("list[list[Plain]]", arguments), strict=True)
    named = {schema.by_no[cast(int, no)].name: item for no, item in given}
    return machine.effects(step, at_ms, named, held={machine.field: seen, **(held or {})})


def registers_of(schema: Schema, op: PendingOp) -> set[str]:
    """Return the registers an operation touches, each by its leader's number as text."""
    if op.kind is OpKind.COMMAND:
        written = written_by_step(schema, op, 0)
        return {str(schema.leader(schema.fields[name]).no) for name in written} or {op.field}
    if op.kind is not OpKind.CREATE:
        return {op.field} if op.field else set()
    numbers = op.value[0] if isinstance(op.value, list) else []
    touched = set()
    for number in numbers if isinstance(numbers, list) else []:
        field = schema.by_no.get(number) if isinstance(number, int) else None
        touched.add(str(schema.leader(field).no) if field else str(number))
    return touched


def created_value(schema: Schema, op: PendingOp, register: str) -> Plain:
    """Return what a CREATE set a register to, in the form a shadow holds."""
    payload: Any = op.value
    given: dict[Any, Any] = dict(zip(*payload, strict=True))
    if register.startswith(CUSTOM_PREFIX):
        return cast(Plain, given.get(register))
    fields = members_of(schema, register)
    if len(fields) > 1:
        return [given.get(field.no) for field in fields]
    return cast(Plain, given.get(fields[0].no))


def members_of(schema: Schema, register: str) -> tuple[Field, ...]:
    """Return the fields of a register by ascending number; none for one this version does not know."""
    field = schema.by_no.get(int(register)) if register.isdigit() else None
    return schema.register(field) if field else ()


def is_set(schema: Schema, register: str) -> bool:
    """Tell whether a register is an add-wins set."""
    fields = members_of(schema, register)
    return bool(fields) and fields[0].kind is Kind.TAGS


def is_custom_set(register: str, confirmed: Plain, ops: Iterable[PendingOp] = ()) -> bool:
    """Tell whether a custom field's register is a set, by what it holds: no other kind is kept as a list."""
    return register.startswith(CUSTOM_PREFIX) and (
        isinstance(confirmed, list) or any(op.kind in (OpKind.TAG_ADD, OpKind.TAG_DEL) for op in ops)
    )


def read_shadow(session: Session, entity: str, row_id: str) -> dict[str, Plain]:
    """Return what HQ confirmed of a row's registers that have pending edits."""
    rows = session.execute(
        select(Shadow.field, Shadow.value).where(Shadow.entity == entity, Shadow.row_id == row_id)
    )
    return {row.field: row.value for row in rows}


def write_shadow(session: Session, entity: str, row_id: str, register: str, value: Plain) -> None:
    """Remember what HQ confirmed of a register."""
    drop_shadow(session, entity, row_id, [register])
    session.execute(insert(Shadow).values(entity=entity, row_id=row_id, field=register, value=value))


def drop_shadow(session: Session, entity: str, row_id: str, registers: Iterable[str]) -> None:
    """Forget what HQ confirmed of registers that have no pending edit any more."""
    session.execute(
        delete(Shadow).where(
            Shadow.entity == entity, Shadow.row_id == row_id, Shadow.field.in_(list(registers))
        )
    )


def settle_bookkeeping(session: Session, schema: Schema, row_ids: Sequence[str]) -> None:
    """Show again when and by whom HQ says rows were changed: nothing of ours waits on them any more."""
    shaded: list[str] = []
    for some in chunks(row_ids):
        held = select(Shadow.row_id, Shadow.field, Shadow.value).where(
            Shadow.entity == schema.name, Shadow.row_id.in_(some), Shadow.field.in_(BOOKKEEPING)
        )
        for row_id, register, value in session.execute(held).all():
            show_plain(session, schema, row_id, register, value)
            shaded.append(row_id)
    if shaded:
        session.connection().exec_driver_sql(
            "DELETE FROM shadow WHERE entity = ? AND row_id = ? AND field IN (?, ?)",
            [(schema.name, row_id, *BOOKKEEPING) for row_id in dict.fromkeys(shaded)],
        )


def overlay(schema: Schema, register: str, confirmed: Plain, ops: Iterable[PendingOp]) -> Plain:
    """Return what a plain register or group shows: the newest pending edit, else what is confirmed."""
    shown = confirmed
    for op in ops:
        if op.kind is OpKind.SET:
            shown = op.value
        elif op.kind is OpKind.COMMAND:
            shown = stepped(schema, register, shown, op, ms_of(op.hlc))
    return shown


def stepped(schema: Schema, register: str, before: Plain, op: PendingOp, at_ms: int) -> Plain:
    """Return a register's value once a command was taken at a moment."""
    fields = members_of(schema, register)
    items = before if len(fields) > 1 and isinstance(before, list) else [before] * len(fields)
    held = {field.name: item for field, item in zip(fields, items, strict=True)}
    written = written_by_step(schema, op, at_ms, held)
    values = [written.get(field.name, item) for field, item in zip(fields, items, strict=True)]
    return values if len(fields) > 1 else values[0]


def overlay_dots(
    confirmed: Iterable[Sequence[str]], ops: Iterable[PendingOp], own_dot: str
) -> list[tuple[str, str]]:
    """Return the (word, dot) pairs a set shows: confirmed ones, pending additions, less pending removals.

    `own_dot` is the beginning of this device's dots, to which an operation number is added.
    """
    pairs = [(str(word), str(name)) for word, name in confirmed]
    for op in ops:
        if op.kind is OpKind.TAG_ADD:
            pairs.append((str(op.value), f"{own_dot}{op.no}"))
        elif op.kind is OpKind.TAG_DEL and isinstance(op.value, list):
            removed = set(op.value[1])  # type: ignore[arg-type]
            pairs = [pair for pair in pairs if pair[1] not in removed]
    return pairs


def show_plain(session: Session, schema: Schema, row_id: str, register: str, value: Plain) -> None:
    """Put a register's value into the record, where the record is there."""
    table = schema.table
    if register.startswith(CUSTOM_PREFIX):
        custom = session.scalar(select(schema.model.custom).where(schema.model.id == row_id)) or {}
        key = register.removeprefix(CUSTOM_PREFIX)
        kept = {**custom, key: value} if value is not None else {k: v for k, v in custom.items() if k != key}
        session.execute(update(table).where(table.c.id == row_id).values(custom=kept or None))
        return
    fields = members_of(schema, register)
    values = value if len(fields) > 1 and isinstance(value, list) else [value] * len(fields)
    if fields:
        changes = {field.name: item for field, item in zip(fields, values, strict=False)}
        session.execute(update(table).where(table.c.id == row_id).values(changes))


def show_set(
    session: Session, schema: Schema, row_id: str, register: str, pairs: Sequence[tuple[str, str]]
) -> None:
    """Put a set's present additions into the record."""
    entity = schema.name
    session.execute(
        delete(SetDot).where(SetDot.entity == entity, SetDot.row_id == row_id, SetDot.field == register)
    )
    if pairs:
        session.execute(
            insert(SetDot),
            [
                {"entity": entity, "row_id": row_id, "field": register, "word": word, "dot": name}
                for word, name in sorted(set(pairs))
            ],
        )
    show_plain(session, schema, row_id, register, members(pairs) or None)  # type: ignore[arg-type]


def rebase(
    session: Session, schema: Schema, row_id: str, register: str, ops: Sequence[PendingOp], own_dot: str
) -> None:
    """Show a register anew after what is confirmed, or what is pending (`ops`, oldest first), changed."""
    shadow = read_shadow(session, schema.name, row_id)
    mine = [op for op in ops if op.kind in SETTING_KINDS and register in registers_of(schema, op)]
    if register in shadow:
        confirmed = shadow[register]
        if is_set(schema, register) or is_custom_set(register, confirmed, mine):
            show_set(
                session,
                schema,
                row_id,
                register,
                overlay_dots(confirmed or [], mine, own_dot),  # type: ignore[arg-type]
            )
        else:
            show_plain(session, schema, row_id, register, overlay(schema, register, confirmed, mine))
    if not mine:
        drop_shadow(session, schema.name, row_id, [register])


def stored(field: Field | None, value: Any) -> Any:
    """Return a value as the driver takes it: structures as JSON text."""
    if value is None or field is None or field.kind not in (Kind.TAGS, Kind.JSON):
        return value
    return json.dumps(value)
