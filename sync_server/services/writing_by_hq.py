"""What HQ writes into records by itself, also into those that stay as they were made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.entities import schema_of
from crm_core.errors import NotFound
from crm_core.sync.clock import tick
from sync_server.services.reading import NO_SUCH
from sync_server.services.records import Mark, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.wanted import register_of
from sync_server.store.database import Database


def write(database: Database, entity: str, record_id: str, values: Mapping[str, Any], now_ms: int) -> None:
    """Set fields of a record that are HQ's to fill in (`Field.by_hq`). `NotFound` where it is gone."""
    schema = schema_of(entity)
    with database.write() as hq:
        records = Records(hq.connection)
        record = records.get(schema.no, record_id)
        if record is None or not record.lives:
            raise NotFound(NO_SUCH)
        records.change(record)
        for name, value in values.items():
            assert schema.fields[name].by_hq, name
            hq.hq_hlc = tick(hq.hq_hlc, now_ms)
            record.set(name, value)
            mark = Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None)
            record.stamp(register_of(schema.leader(schema.fields[name])), mark)
        store_all(hq, records, ScopeKeeper(records, hq.positions))
