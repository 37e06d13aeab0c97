"""The operations that wait, as they travel."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync.codec import pack_value
from crm_core.sync.protocol import Op, OpKind, Txn
from crm_desktop.models.device_tables import OutboxOp, OutboxTxn
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
        OutboxTxn.flags,
        OutboxTxn.hlc.label("txn_hlc"),
    )
    .join(OutboxTxn, OutboxTxn.no == OutboxOp.txn_no)
    .order_by(OutboxOp.no)
    .execution_options(yield_per=1000)
)


def count(session: Session) -> int:
    """Return how many operations wait."""
    return session.scalar(select(func.count()).select_from(OutboxOp)) or 0


def next_batch(session: Session, limit_bytes: int) -> list[Txn]:
    """Return the oldest waiting transactions of about `limit_bytes` uncompressed; at least one.

    A transaction is never split. Later edits never change them: each is an operation of its own.
    """
    rows = session.connection().execute(_OLDEST_FIRST)
    txns: list[Txn] = []
    size = 0
    for row in rows:
        if not txns or txns[-1].no != row.txn_no:
            if txns and size >= limit_bytes:
                break
            txns.append(Txn(row.txn_no, row.flags, row.txn_hlc, []))
        wire = _wire(row)
        txns[-1].ops.append(wire)
        size += _OP_OVERHEAD + _size(wire.value)
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
    return value


@cache
def _links(entity: str) -> frozenset[int]:
    """Return the numbers of an entity's links, which travel as bytes."""
    return frozenset(field.no for field in SCHEMAS[entity].fields.values() if field.kind is Kind.REF)


def _size(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, (list, tuple)):
        return len(value) + sum([len(item) if type(item) is str else _size(item) for item in value])
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) for key, item in value.items())
    return 4
