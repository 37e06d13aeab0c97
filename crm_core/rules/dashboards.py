"""Dashboards: tiles as plain values, how they are moved about, and what a choice of time and person adds.

A tile shows a standard report by its key, a saved report by its id, or a report of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from crm_core.entities import schema_of
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules.conditions import DAY_KINDS, Condition, Op
from crm_core.rules.relative_days import RelativeDay, parse_relative
from crm_core.rules.report_form import plain_report, stored_report
from crm_core.rules.reports import RUNNING_PERIODS, Report, all_of
from crm_core.schema.field import Plain, ScopeSource

MOST_TILES: Final = 24
COLUMNS: Final = 12
WIDTHS: Final = (3, 4, 6, 8, 12)
"""Columns of twelve a tile may take."""
PERIODS: Final = (
    "this-month",
    "this-month-1",
    "this-quarter",
    "this-quarter-1",
    "this-year",
    "this-year-1",
)
"""Stretches of the calendar a dashboard can be narrowed to."""
_NO_TILES = message(N_("A dashboard has up to {most} tiles, each with an id and a report"), most=MOST_TILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A report seen as a chart. One of `standard`, `report_id` and `report` says which.

    `look` is how it is drawn (`crm_core.charts.looks`); an empty title takes the report's own.
    """

    id: str
    title: str = ""
    standard: str = ""
    report_id: str = ""
    report: Report | None = None
    look: Mapping[str, Plain] = field(default_factory=dict)
    width: int = 4
    tall: bool = True
    """As high as a chart needs; else as a figure does."""


def plain_tiles(tiles: Sequence[Tile]) -> list[Plain]:
    """Return tiles as a record keeps them; what is as usual is left out."""
    return [_plain_tile(tile) for tile in tiles]


def _plain_tile(tile: Tile) -> dict[str, Plain]:
    kept: dict[str, Plain] = {"id": tile.id, "width": tile.width, "look": dict(tile.look)}
    for name in ("title", "standard", "report_id"):
        if getattr(tile, name):
            kept[name] = getattr(tile, name)
    if tile.report is not None:
        kept["report"] = plain_report(tile.report)
    if not tile.tall:
        kept["tall"] = False
    return kept


def tiles_of(stored: Any) -> tuple[Tile, ...]:
    """Return the tiles a record keeps; those a newer version made, which this cannot read, without report.

    `UserError` where these are no tiles at all.
    """
    if stored is None:
        return ()
    if problems_of_dashboard({"tiles": stored}):
        raise UserError(N_("This dashboard was made by a newer version, or is damaged"))
    return tuple(_tile_of(each) for each in stored)


def _tile_of(stored: Mapping[str, Any]) -> Tile:
    look = stored.get("look")
    width = stored.get("width")
    return Tile(
        id=stored["id"],
        title=str(stored.get("title") or ""),
        standard=str(stored.get("standard") or ""),
        report_id=str(stored.get("report_id") or ""),
        report=stored_report(stored["report"]) if "report" in stored else None,
        look=dict(look) if isinstance(look, Mapping) else {},
        width=width if width in WIDTHS else 4,
        tall=stored.get("tall") is not False,
    )


def problems_of_dashboard(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a dashboard as it would be saved."""
    found = []
    tiles = values.get("tiles") or []
    sound = isinstance(tiles, list) and len(tiles) <= MOST_TILES and all(map(_is_tile, tiles))
    if not sound or len({tile["id"] for tile in tiles}) != len(tiles):
        found.append(Problem(field="tiles", message=_NO_TILES))
    period = values.get("period")
    if period and (not isinstance(period, str) or parse_relative(period) is None):
        said = message(N_("“{text}” is no stretch of the calendar such as this-quarter"), text=period)
        found.append(Problem(field="period", message=said))
    return found


def _is_tile(stored: Any) -> bool:
    if not isinstance(stored, Mapping) or not isinstance(stored.get("id"), str) or not stored["id"]:
        return False
    return bool(
        stored.get("standard") or stored.get("report_id") or isinstance(stored.get("report"), Mapping)
    )


def with_tile(tiles: Sequence[Tile], tile: Tile) -> tuple[Tile, ...]:
    """Return the tiles with one more at the end. `UserError` where there are as many as there may be."""
    if len(tiles) >= MOST_TILES:
        raise UserError(N_("A dashboard holds up to {most} tiles"), most=MOST_TILES)
    return (*tiles, tile)


def without_tile(tiles: Sequence[Tile], tile_id: str) -> tuple[Tile, ...]:
    """Return the tiles without one."""
    return tuple(tile for tile in tiles if tile.id != tile_id)


def with_changed(tiles: Sequence[Tile], changed: Tile) -> tuple[Tile, ...]:
    """Return the tiles with one in the place of that with its id."""
    return tuple(changed if tile.id == changed.id else tile for tile in tiles)


def moved_before(tiles: Sequence[Tile], tile_id: str, before_id: str | None) -> tuple[Tile, ...]:
    """Return the tiles with one in front of another; None: at the end."""
    moved = next((tile for tile in tiles if tile.id == tile_id), None)
    if moved is None or tile_id == before_id:
        return tuple(tiles)
    rest = [tile for tile in tiles if tile.id != tile_id]
    place = next((at for at, tile in enumerate(rest) if tile.id == before_id), len(rest))
    return (*rest[:place], moved, *rest[place:])


def moved_by(tiles: Sequence[Tile], tile_id: str, by: int) -> tuple[Tile, ...]:
    """Return the tiles with one so many places further on, at most at either end."""
    ids = [tile.id for tile in tiles]
    if tile_id not in ids:
        return tuple(tiles)
    place = min(max(ids.index(tile_id) + by, 0), len(ids) - 1)
    rest = [tile for tile in tiles if tile.id != tile_id]
    return (*rest[:place], tiles[ids.index(tile_id)], *rest[place:])


def widened(tile: Tile, by: int) -> Tile:
    """Return a tile the next width wider, or narrower where `by` is below zero."""
    place = WIDTHS.index(tile.width) if tile.width in WIDTHS else 1
    return replace(tile, width=WIDTHS[min(max(place + by, 0), len(WIDTHS) - 1)])


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a tile lies: row, first column of twelve, columns taken."""

    tile: Tile
    row: int
    column: int
    span: int


def laid_out(tiles: Sequence[Tile], columns: int = COLUMNS) -> tuple[Placed, ...]:
    """Return the tiles row by row in their order; where one does not fit a row any more, the next begins.

    With fewer `columns` than twelve (a narrow window) each takes as many of them as there are, at most.
    """
    placed, row, column = [], 0, 0
    for tile in tiles:
        span = min(tile.width if columns == COLUMNS else max(tile.width, 6), columns)
        if column + span > columns:
            row, column = row + 1, 0
        placed.append(Placed(tile, row, column, span))
        column += span
    return tuple(placed)


def day_field_of(report: Report) -> str:
    """Return the field of days or moments a report's time is chosen by; '' for none.

    That its first question asks of, else the one its rows are put together by.
    """
    fields = schema_of(report.entity).fields
    asked = [question.condition.field for question in report.questions]
    grouped = [group.field for group in (*report.rows, *report.columns) if group.period in RUNNING_PERIODS]
    for name in (*asked, *grouped):
        found = fields.get(name)
        if found is not None and found.kind in DAY_KINDS:
            return name
    return ""


def person_field_of(report: Report) -> str:
    """Return the field that names whose a record is; '' for none."""
    fields = schema_of(report.entity).fields.values()
    return next((each.name for each in fields if each.scope is ScopeSource.OWN), "")


def narrowed(report: Report, period: RelativeDay | None, person_id: str) -> Report:
    """Return a report of a time and a person alone; what it asks of that time is answered by it.

    A report without such a field stays as it is.
    """
    parts = [report.rule]
    questions = report.questions
    day, person = day_field_of(report), person_field_of(report)
    if period is not None and day:
        parts.append(Condition(field=day, op=Op.EQUAL, value=period))
        questions = tuple(each for each in questions if each.condition.field != day)
    if person_id and person:
        parts.append(Condition(field=person, op=Op.EQUAL, value=person_id))
    return replace(report, rule=all_of(parts), questions=questions)
