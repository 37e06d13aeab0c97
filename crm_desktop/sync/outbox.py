"""The operations that wait, as they travel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import LargeBinary, bindparam, cast, func, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync.codec import pack_value
from crm_core.sync.merge import dot
from crm_core.sync.protocol import Op, OpKind, Txn
from crm_desktop.models import state
from crm_desktop.models.device_tables import OutboxOp, OutboxTxn
from crm_desktop.models.state import Key
from crm_desktop.sync.pending import members_of

# What an operation takes before compression beside its text values: ids, numbers, clock.
_OP_OVERHEAD = 48

_OLDEST_FIRST = (
    select(
        OutboxOp.no,
        OutboxOp.txn_no,
        OutboxOp.kind,
        OutboxOp.entity,
        OutboxOp.row_id,
        OutboxOp.field,
        OutboxOp.value,
        OutboxOp.hlc,
        OutboxOp.base,
        func.length(cast(OutboxOp.value, LargeBinary)).label("size"),
        OutboxTxn.flags,
        OutboxTxn.hlc.label("txn_hlc"),
    )
    .join(OutboxTxn, OutboxTxn.no == OutboxOp.txn_no)
    .where(OutboxOp.no > bindparam("after"))
    .order_by(OutboxOp.no)
    .execution_options(yield_per=1000)
)


_COUNT: Final = select(func.count(OutboxOp.no)).where(OutboxOp.no > bindparam("after"))


def count(session: Session, *, after: int = 0) -> int:
    """Return how many operations wait, those up to number `after` left out."""
    return session.scalar(_COUNT, {"after": after}) or 0


def mark_sent(session: Session, no: int) -> int:
    """Remember that operations up to a number may have left this laptop; return what was remembered before.

    Written before they go: whoever discards one afterwards is told that HQ may have it.
    """
    before: int = state.read(session, Key.SENT_OP)
    if no != before:
        state.write(session, {Key.SENT_OP: no})
    return before


def sizes(session: Session) -> dict[tuple[str, str], int]:
    """Return by record about how many bytes its operations take on the wire, before compression."""
    held = select(
        OutboxOp.entity,
        OutboxOp.row_id,
        func.count(),
        func.sum(func.length(cast(OutboxOp.value, LargeBinary))),
    ).group_by(OutboxOp.entity, OutboxOp.row_id)
    return {
        (entity, row_id): _OP_OVERHEAD * operations + int(values or 0)
        for entity, row_id, operations, values in session.execute(held)
    }


def renumber(
    session: Session, order: Sequence[int], device: int, incarnation: int, *, first: int = 1
) -> None:
    """Number operations that wait anew in the given order, under the given name, and all that refers to them.

    HQ takes them only in an unbroken row. `first` is the number of the first; those before keep theirs.
    Only for operations HQ has not heard of by their old names.
    """
    known = state.read_all(session)
    renumbered = list(enumerate(order, start=first))
    additions = set(session.scalars(select(OutboxOp.no).where(OutboxOp.kind == OpKind.TAG_ADD)))
    old = (known[Key.DEVICE], known[Key.INCARNATION])
    dots = {dot(*old, was): dot(device, incarnation, new) for new, was in renumbered if was in additions}
    run = session.connection().exec_driver_sql
    if dots:
        # By way of names no dot has, for the old and the new ones may overlap.
        run("UPDATE set_dot SET dot = '~' || ? WHERE dot = ?", [(new, was) for was, new in dots.items()])
        run("UPDATE set_dot SET dot = substr(dot, 2) WHERE dot LIKE '~%'")
    for no, value in session.execute(
        select(OutboxOp.no, OutboxOp.value).where(OutboxOp.kind == OpKind.TAG_DEL)
    ).all():
        word, seen = value
        renamed = [word, [dots.get(name, name) for name in seen]]
        session.execute(update(OutboxOp).where(OutboxOp.no == no).values(value=renamed))
    if renumbered:
        # By way of negative numbers, for the same reason. An answered edit may have had the same number.
        run("UPDATE outbox_op SET no = -? WHERE no = ?", renumbered)
        run("UPDATE history SET op_no = -? WHERE op_no = ? AND NOT sent", renumbered)
        run("UPDATE outbox_op SET no = -no WHERE no < 0")
        run("UPDATE history SET op_no = -op_no WHERE op_no < 0")
    state.write(
        session,
        {Key.DEVICE: device, Key.INCARNATION: incarnation, Key.NEXT_OP: first + len(renumbered)},
    )


def has_between(session: Session, after: int, up_to: int) -> bool:
    """Tell whether operations wait whose number is higher than `after`, and at most `up_to`."""
    query = select(OutboxOp.no).where(OutboxOp.no > after, OutboxOp.no <= up_to).limit(1)
    return session.scalar(query) is not None


def next_batch(session: Session, limit_bytes: int, *, after: int = 0) -> list[Txn]:
    """Return the oldest transactions waiting after operation `after`, of about `limit_bytes` uncompressed.

    At least one where any waits.

    A transaction is never split. Later edits never change them: each is an operation of its own.
    """
    rows = session.connection().execute(_OLDEST_FIRST, {"after": after})
    txns: list[Txn] = []
    size = 0
    for row in rows:
        if not txns or txns[-1].no != row.txn_no:
            if txns and size >= limit_bytes:
                break
            txns.append(Txn(row.txn_no, row.flags, row.txn_hlc, []))
        txns[-1].ops.append(_wire(row))
        size += _OP_OVERHEAD + (row.size or 0)
    rows.close()
    return txns


def _wire(row: Any) -> Op:
    schema = SCHEMAS[row.entity]
    field = row.field
    return Op(
        no=row.no,
        kind=row.kind,
        entity=schema.no,
        row=bytes.fromhex(row.row_id),
        field=int(field) if field.isdigit() else field or 0,
        value=_wire_value(schema, row.kind, field, row.value),
        hlc_delta=row.hlc - row.txn_hlc,
        base=row.base,
    )


def _wire_value(schema: Schema, kind: int, register: str, value: Any) -> Any:
    if kind == OpKind.CREATE:
        numbers, values = value
        links = _links(schema.name)
        return [
            numbers,
            [
                bytes.fromhex(item) if item and number in links else item
                for number, item in zip(numbers, values, strict=True)
            ],
        ]
    if kind == OpKind.SET:
        fields_of_register: tuple[Field | None, ...] = members_of(schema, register) or (None,)
        if len(fields_of_register) > 1:
            return [pack_value(known, item) for known, item in zip(fields_of_register, value, strict=True)]
        return pack_value(fields_of_register[0], value)
    if kind == OpKind.COMMAND:
        name, expected, (numbers, values) = value
        given = [pack_value(schema.by_no[no], item) for no, item in zip(numbers, values, strict=True)]
        return [name, expected, [numbers, given]]
    return value


@cache
def _links(entity: str) -> frozenset[int]:
    """Return the numbers of an entity's links, which travel as bytes."""
    return frozenset(field.no for field in SCHEMAS[entity].fields.values() if field.kind is Kind.REF)
