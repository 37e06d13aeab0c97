"""Numbers without a gap, as the law wants of invoices: HQ gives them at posting, in commit order.

They are taken from their series last of all, while the head of the feed is held, in the transaction of the
posting itself: whatever is rolled back or refused has taken none, and nobody else comes between.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from crm_core.i18n import N_, message
from crm_core.schema.reading import Schema
from crm_core.sync.clock import tick
from crm_core.sync.protocol import Code
from sync_server.services.numbers import NumberBook
from sync_server.services.records import Mark, Record, Records
from sync_server.services.rights import Refused
from sync_server.services.wanted import register_of
from sync_server.store.database import HqTransaction

_POSTED = message(N_("What was posted keeps its number, so it is not deleted"))


def posted_states(schema: Schema) -> frozenset[str]:
    """Return the states in which a record has a number of a series without gaps; none for other kinds."""
    machine = schema.meta.machine
    if machine is None or not schema.meta.gapless:
        return frozenset()
    return frozenset(step.ends for step in machine.steps if step.posts)


def demand_unposted(record: Record) -> None:
    """Raise `Refused` for deleting what has a number of a series without gaps."""
    if record.schema.meta.gapless and record.values["number"]:
        raise Refused(Code.ILLEGAL_STATE, _POSTED)


def settle_numbers(hq: HqTransaction, records: Records, numbers: NumberBook, server_ms: int) -> None:
    """Number the records this batch posted, in the order of their posting. Only with the head held."""
    due = [record for record in records.touched() if _is_due(record)]
    for record in sorted(due, key=_posting):
        give_number(hq, record, numbers, server_ms)


def give_number(hq: HqTransaction, record: Record, numbers: NumberBook, server_ms: int) -> str:
    """Give a record the next number of its series as HQ's own change, and return it."""
    number = record.schema.fields["number"]
    text = numbers.draw(str(record.schema.meta.series), record.id, server_ms)
    record.set("number", text)
    hq.hq_hlc = tick(hq.hq_hlc, server_ms)
    record.stamp(register_of(number), Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None))
    if record.is_new:  # its values are written already
        table: Any = record.schema.table
        hq.connection.execute(update(table).where(table.c.id == record.id).values(number=text))
    return text


def _is_due(record: Record) -> bool:
    machine, states = record.schema.meta.machine, posted_states(record.schema)
    if machine is None or not states or record.values["number"]:
        return False
    return machine.state_of(record.values[machine.field]) in states


def _posting(record: Record) -> tuple[int, int, int]:
    machine = record.schema.meta.machine
    assert machine is not None
    mark = record.mark(register_of(record.schema.fields[machine.field]))
    return mark.hlc, mark.device, mark.op_no
