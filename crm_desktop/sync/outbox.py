"""The operations that wait, as they travel."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from crm_core.sync.codec import pack_value
from crm_core.sync.protocol import Op, OpKind, Txn
from crm_desktop.models.device_tables import OutboxOp, OutboxTxn
from crm_desktop.sync.pending import members_of

# What an operation takes before compression beside its text values: ids, numbers, clock.
_OP_OVERHEAD = 48


def count(session: Session) -> int:
    """Return how many operations wait."""
    return session.scalar(select(func.count()).select_from(OutboxOp)) or 0


def next_batch(session: Session, limit_bytes: int) -> list[Txn]:
    """Return the oldest waiting transactions of about `limit_bytes` uncompressed; at least one.

    A transaction is never split. Marks them as sent, so that no later edit is folded into them.
    """
    rows = session.execute(
        select(OutboxOp, OutboxTxn.flags, OutboxTxn.hlc)
        .join(OutboxTxn, OutboxTxn.no == OutboxOp.txn_no)
        .order_by(OutboxOp.no)
        .execution_options(yield_per=1000)
    )
    txns: list[Txn] = []
    size = 0
    for op, flags, hlc in rows:
        if not txns or txns[-1].no != op.txn_no:
            if txns and size >= limit_bytes:
                break
            txns.append(Txn(op.txn_no, flags, hlc, []))
        wire = _wire(op, hlc)
        txns[-1].ops.append(wire)
        size += _OP_OVERHEAD + _size(wire.value)
    if txns:
        last = txns[-1].ops[-1].no
        session.execute(
            update(OutboxOp).where(OutboxOp.no <= last, OutboxOp.state == "new").values(state="sent")
        )
    return txns


def unsend(session: Session) -> None:
    """Let every operation wait again, after HQ said it misses some."""
    session.execute(update(OutboxOp).values(state="new"))


def _wire(op: OutboxOp, txn_hlc: int) -> Op:
    schema = SCHEMAS[op.entity]
    return Op(
        no=op.no,
        kind=op.kind,
        entity=schema.no,
        row=bytes.fromhex(op.row_id),
        field=int(op.field) if op.field.isdigit() else op.field or 0,
        value=_wire_value(schema, op),
        hlc_delta=op.hlc - txn_hlc,
        base=op.base,
    )


def _wire_value(schema: Schema, op: OutboxOp) -> Any:
    if op.kind == OpKind.CREATE:
        numbers, values = op.value
        fields = [schema.by_no.get(number) for number in numbers]
        return [numbers, [pack_value(known, value) for known, value in zip(fields, values, strict=True)]]
    if op.kind == OpKind.SET:
        fields_of_register: tuple[Field | None, ...] = members_of(schema, op.field) or (None,)
        if len(fields_of_register) > 1:
            return [
                pack_value(known, value) for known, value in zip(fields_of_register, op.value, strict=True)
            ]
        return pack_value(fields_of_register[0], op.value)
    return op.value


def _size(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value)) + len(value)
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) for key, item in value.items())
    return 4
