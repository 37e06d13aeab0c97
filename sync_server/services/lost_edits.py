"""Telling a laptop of edits that stood and were replaced unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from crm_core.entities import BY_NO
from crm_core.ids import to_bytes
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import LostEdit, Msg, MsgKind, OtherVersion
from sync_server.services.custom import CustomFields
from sync_server.services.outcomes import LostEdit as LostByMerge
from sync_server.services.projection import Projection, Reader, Shown, value_of
from sync_server.services.wanted import field_of
from sync_server.store.database import Snapshot
from sync_server.store.tables import LostEditLog, table_of

LOST_MOST: Final = 200  # of a laptop that begins anew

LOST: Final = table_of(LostEditLog)


def keep_lost_edits(connection: Connection, lost: Sequence[LostByMerge]) -> None:
    """Write down edits that stood and were replaced unseen, so that their writers are told."""
    rows = [
        {
            "seq": each.seq,
            "device": each.mark.device,
            "incarnation": each.mark.incarnation,
            "op_no": each.mark.op_no,
            "entity": each.record.schema.no,
            "row_id": each.record.id,
            "field": each.register,
            "mine": each.mine,
            "user_id": each.user_id,
            "at_ms": each.at_ms,
            "is_other": each.is_other,
        }
        for each in lost
    ]
    if rows:
        connection.execute(insert(LOST), rows)


def missed_lost_edits(snapshot: Snapshot, reader: Reader, after: int) -> list[Msg]:
    """Return the newest lost edits of a laptop that begins anew at the head, which its feed leaves out."""
    query = select(LOST).where(LOST.c.device == reader.device, LOST.c.seq > after)
    rows = snapshot.connection.execute(query.order_by(LOST.c.seq.desc()).limit(LOST_MOST)).all()
    custom = CustomFields(snapshot.connection)
    projection = Projection(snapshot.connection, reader, custom)
    shown = projection.load((row.entity, row.row_id) for row in rows)
    found: list[Msg] = []
    for row in reversed(rows):
        schema, there = BY_NO[row.entity], shown.get((row.entity, row.row_id))
        visible = there if there is not None and projection.sees(schema, there) else None
        told = lost_edit(projection, custom, schema, visible, row)
        if told is not None:
            found.append(told)
    return found


def lost_edit(
    projection: Projection, custom: CustomFields, schema: Schema, shown: Shown | None, lost: Any
) -> LostEdit | OtherVersion | None:
    """Return the message about a lost edit; the winner only as far as it is visible (`shown`) now.

    None for another version of what the reader may not read any more.
    """
    leader = field_of(schema, lost.field, custom)
    members = schema.register(leader) if leader is not None else ()
    readable = shown is not None and bool(members) and projection.members(schema, lost.field) == members
    field = lost.field if not lost.field.isdigit() else int(lost.field)
    if lost.is_other:
        return (
            OtherVersion(
                kind=MsgKind.OTHER_VERSION,
                optional=1,
                entity=lost.entity,
                row=to_bytes(lost.row_id),
                field=field,
                text=lost.mine,
                user=to_bytes(lost.user_id) if lost.user_id else None,
                at_ms=lost.at_ms,
            )
            if readable
            else None
        )
    theirs = None
    if shown is not None and readable:
        values = [value_of(shown, each) for each in members]
        theirs = values if len(values) > 1 else values[0]
    return LostEdit(
        kind=MsgKind.LOST_EDIT,
        optional=0,
        op_no=lost.op_no,
        incarnation=lost.incarnation,
        entity=lost.entity,
        row=to_bytes(lost.row_id),
        field=field,
        mine=lost.mine,
        theirs=theirs,
        user=to_bytes(lost.user_id) if readable and lost.user_id else None,
        at_ms=lost.at_ms,
    )
