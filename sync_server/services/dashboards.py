"""Dashboards counted at HQ over the records one person may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm_core.charts.starters import STARTERS
from crm_core.charts.tiles import Counted, count_tiles
from crm_core.entities import schema_of
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action, decide
from crm_core.rules.dashboards import Tile, tiles_of
from crm_core.rules.report_form import stored_report
from crm_core.rules.reports import Report
from sync_server.services.reading import Reader
from sync_server.services.reports import REPORT, HeadquartersSource, count

DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardEntry:
    """A dashboard that can be counted at HQ: one somebody keeps by its id, or a starter by its key."""

    key: str
    name: Message
    tiles: tuple[Tile, ...]
    period: str
    starter: bool = False


def dashboards_of(reader: Reader) -> list[DashboardEntry]:
    """Return the dashboards a person may see, by name, then the starters. Those a newer version made are left
    out."""
    kept: list[DashboardEntry] = []
    if decide(reader.person, Action.READ, DASHBOARD):
        table = schema_of(DASHBOARD).table
        rows = reader.connection.execute(
            select(table).where(reader.in_sight(DASHBOARD)).order_by(table.c.name, table.c.id)
        )
        for row in rows.mappings():
            entry = entry_of(dict(row))
            if entry is not None:
                kept.append(entry)
    return [
        *kept,
        *(
            DashboardEntry(
                key=each.key, name=Message(each.name), tiles=each.tiles, period=each.period, starter=True
            )
            for each in STARTERS
        ),
    ]


def entry_of(row: Mapping[str, Any]) -> DashboardEntry | None:
    """Return a dashboard as a row keeps it; None where a newer version made it."""
    try:
        tiles = tiles_of(row["tiles"])
    except UserError:
        return None
    return DashboardEntry(
        key=row["id"], name=Message(row["name"] or ""), tiles=tiles, period=row["period"] or ""
    )


def find(reader: Reader, named: str) -> DashboardEntry:
    """Return a dashboard by id, key or name. `NotFound` for none, `UserError` where several are called so."""
    wanted = named.strip().casefold()
    every = dashboards_of(reader)
    found = [each for each in every if wanted == each.key] or [
        each for each in every if wanted == str(each.name).casefold()
    ]
    if not found:
        raise NotFound(N_("There is no dashboard called “{name}”"), name=named)
    if len(found) > 1:
        raise UserError(N_("Several dashboards are called “{name}”: name one by its id"), name=named)
    return found[0]


def count_dashboard(
    reader: Reader,
    entry: DashboardEntry,
    currency: str,
    now_ms: int,
    period: str | None = None,
    zone: str = "",
) -> tuple[Counted, ...]:
    """Return the tiles of a dashboard counted over what the reader sees now, narrowed to `period` or to its
    own."""
    today = HeadquartersSource(reader, currency, now_ms, zone).today

    def kept(report_id: str) -> tuple[str, Report]:
        row = _kept(reader, report_id)
        report = stored_report(row["definition"])
        if report is None:
            raise UserError(N_("This report was made by a newer version, or is damaged"))
        return str(row["name"] or ""), report

    return count_tiles(
        entry.tiles,
        lambda report: count(reader, report, currency, now_ms, zone=zone),
        kept,
        today,
        entry.period if period is None else period,
    )


def _kept(reader: Reader, report_id: str) -> Mapping[str, Any]:
    """Return a kept report the reader may see."""
    decide(reader.person, Action.READ, REPORT).demand()
    table = schema_of(REPORT).table
    row = (
        reader.connection.execute(select(table).where(reader.in_sight(REPORT), table.c.id == report_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(N_("This tile's report is not to be seen by you"))
    return dict(row)
