"""Writing what HQ says itself into the records of a batch."""

from __future__ import annotations

from typing import Any

from crm_core.sync.clock import tick
from sync_server.services.records import Mark, Record, Records
from sync_server.services.wanted import register_of
from sync_server.store.database import HqTransaction


class Pen:
    """Writes into the records of a batch, each value with a mark of HQ's own."""

    def __init__(self, hq: HqTransaction, records: Records, server_ms: int) -> None:
        self.hq, self.records, self.server_ms = hq, records, server_ms

    def mark(self) -> Mark:
        """Return the mark of the next thing HQ says."""
        self.hq.hq_hlc = tick(self.hq.hq_hlc, self.server_ms)
        return Mark(self.hq.hq_hlc, 0, 1, 0, self.hq.positions.next(), None)

    def write(self, record: Record, **values: Any) -> bool:
        """Set fields of a record that hold something else; tell whether any did."""
        changed = {name: value for name, value in values.items() if record.values.get(name) != value}
        for name, value in changed.items():
            self.records.change(record).set(name, value)
            record.stamp(register_of(record.schema.leader(record.schema.fields[name])), self.mark())
        return bool(changed)
