"""What a laptop writes into files stands in HQ's audit: each export once, whatever the line does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import untranslated
from crm_desktop.interchange.exporting import export_rows
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from sync_server.services import audit_reading
from sync_server.services.headquarters import open_headquarters
from sync_server.store.tables import Audit, table_of
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops

_audit = table_of(Audit)


@pytest.fixture
def lin(office: Office, laptops: Laptops) -> Laptop:
    laptop = laptops.make("lin", office.user("lin", "sales"))
    laptop.sync()
    records.create(laptop.replica, "customer", {"name": "Blue Heron"})
    return laptop


def exports(office: Office) -> list[dict[str, Any]]:
    with office.database.read() as snapshot:
        rows = snapshot.connection.execute(select(_audit).where(_audit.c.action == "export"))
        return [dict(row) for row in rows.mappings()]


def test_an_export_is_told_once_however_often_the_line_breaks(
    office: Office, lin: Laptop, tmp_path: Path
) -> None:
    for ending in ("csv", "XLSX"):
        export_rows(
            lin.replica, ListQuery(entity="customer"), tmp_path / f"何苗's list.{ending}", untranslated
        )
    at_ms = office.now_ms
    office.now_ms += 60_000
    for cut in (Cut.REQUEST, Cut.ANSWER, Cut.NOWHERE, Cut.NOWHERE):
        lin.try_sync(cut)
    csv, xlsx = exports(office)
    assert (csv["user_id"], csv["device"], csv["entity"]) == (
        lin.user_id,
        lin.line.device_id,
        SCHEMAS["customer"].no,
    )
    assert (csv["at_ms"], csv["detail"]["rows"], csv["detail"]["form"]) == (at_ms, 1, "csv")
    assert xlsx["detail"]["form"] == "xlsx"
    assert "何苗" not in str([csv, xlsx])
    export_rows(lin.replica, ListQuery(entity="contact"), tmp_path / "contacts.json", untranslated)
    lin.sync()
    assert [each["detail"]["rows"] for each in exports(office)] == [1, 1, 0]


def test_the_audit_is_read_by_kind_and_person(office: Office, lin: Laptop, tmp_path: Path) -> None:
    export_rows(lin.replica, ListQuery(entity="customer"), tmp_path / "all.csv", untranslated)
    lin.sync()
    hq = replace(open_headquarters(office.settings), database=office.database, records=office.hq)
    (row,) = audit_reading.listed(hq, action="export", user="lin")
    assert (row["user"], row["entity"], row["detail"]["rows"]) == ("lin", "customer", 1)
    assert audit_reading.listed(hq, action="export", device=lin.line.device_id + 1) == []
    with pytest.raises(NotFound):
        audit_reading.listed(hq, user="Nobody")
