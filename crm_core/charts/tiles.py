"""The tiles of a dashboard counted, on a laptop and at HQ alike, and put where they are drawn."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crm_core.charts.board import Placed
from crm_core.charts.chart import Chart, Kind
from crm_core.charts.looks import Look, look_of, usual_look
from crm_core.charts.of_report import Drawn, chart_of
from crm_core.errors import CrmError
from crm_core.i18n import Message
from crm_core.rules.dashboards import Tile, day_field_of, laid_out, narrowed
from crm_core.rules.relative_days import RelativeDay, parse_relative
from crm_core.rules.reports import Report, ReportTable
from crm_core.rules.standard_reports import standard_report

Count = Callable[[Report], ReportTable]
"""Counts a report over what the reader may see."""
Kept = Callable[[str], tuple[str, Report]]
"""Gives name and report of a kept one by its id; raises a `CrmError` for one that cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A tile counted: its chart, or why there is none."""

    tile: Tile
    title: str
    """As somebody wrote it, else the report's own: an English source."""
    drawn: Drawn | None = None
    fault: Message | None = None


def count_tiles(
    tiles: Sequence[Tile],
    count: Count,
    kept: Kept,
    today: datetime.date,
    period: str = "",
    person_id: str = "",
) -> tuple[Counted, ...]:
    """Return each tile counted; what one may not be counted by is said in its place, the others are shown."""
    stretch = parse_relative(period) if period else None
    return tuple(_counted(tile, count, kept, today, stretch, person_id) for tile in tiles)


def report_of(tile: Tile, kept: Kept) -> tuple[str, Report]:
    """Return the name and the report of a tile; the errors are those of `kept`."""
    if tile.standard:
        found = standard_report(tile.standard)
        return found.title, found.report
    if tile.report is not None:
        return tile.title, tile.report
    return kept(tile.report_id)


def drawn_tables(counted: Iterable[Counted]) -> tuple[ReportTable, ...]:
    """Return the tables of those that could be counted."""
    return tuple(each.drawn.table for each in counted if each.drawn is not None)


def placed(tiles: Sequence[Tile], counted: Mapping[str, Counted]) -> tuple[Placed, ...]:
    """Return the tiles as they lie, each with its chart or why there is none."""
    shown = {
        key: (each.title, each.drawn.chart if each.drawn is not None else each.fault or Message(""))
        for key, each in counted.items()
    }
    return lying(tiles, shown)


def lying(tiles: Sequence[Tile], shown: Mapping[str, tuple[str, Chart | Message]]) -> tuple[Placed, ...]:
    """Return the tiles as they lie, each with its title and its chart, or why there is none."""
    found = []
    for each in laid_out(tiles):
        title, chart = shown.get(each.tile.id, ("", Message("")))
        found.append(
            Placed(
                title=Message(title) if each.tile.id in shown else each.tile.title,
                row=each.row,
                column=each.column,
                span=each.span,
                tall=each.tile.tall,
                chart=chart if isinstance(chart, Chart) else None,
                fault="" if isinstance(chart, Chart) else chart,
            )
        )
    return tuple(found)


def _counted(
    tile: Tile, count: Count, kept: Kept, today: datetime.date, period: RelativeDay | None, person_id: str
) -> Counted:
    title = tile.title
    try:
        name, report = report_of(tile, kept)
        title = title or name
        look = look_of(tile.look) if tile.look else usual_look(report, Kind.TABLE)
        table = count(narrowed(report, period, person_id))
        before = _before(count, look, report, period, person_id)
    except CrmError as error:
        return Counted(tile=tile, title=title, fault=error.message)
    runs = period is not None and period.offset == 0
    drawn = chart_of(table, look, Message(title), today=today, before=before, runs=runs)
    return Counted(tile=tile, title=title, drawn=drawn)


def _before(
    count: Count, look: Look, report: Report, period: RelativeDay | None, person_id: str
) -> ReportTable | None:
    """Return what one figure is compared with: the same of the stretch before; None where there is none."""
    if period is None or look.kind not in (Kind.FIGURE, Kind.GAUGE) or not day_field_of(report):
        return None
    earlier = dataclasses.replace(period, offset=period.offset - 1)
    return count(narrowed(report, earlier, person_id))
