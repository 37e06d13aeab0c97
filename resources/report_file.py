"""Counted reports and dashboards as files: numbers as CSV, xlsx or JSON, what is drawn as PDF or picture."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Final

from crm_core.charts.board import CHART_HEIGHT, FIRST_AT, GAP, MARGIN, Placed, cut_table
from crm_core.charts.chart import Chart, Kind, Text
from crm_core.charts.looks import usual_look
from crm_core.charts.of_report import chart_of, numbers_of
from crm_core.charts.tiles import Counted, placed
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, Translate, message
from crm_core.reporting import texts
from crm_core.reporting.files import ENDINGS as OF_NUMBERS
from crm_core.reporting.files import as_file
from crm_core.reporting.sheet import Sheet, as_book
from crm_core.rules.dashboards import Tile
from crm_core.rules.reports import ReportTable
from resources.board_file import PAGE_HEIGHT, PDF, PNG, SVG, board_file

DRAWN: Final = tuple(f".{kind}" for kind in (PDF, PNG, SVG))
ENDINGS: Final = (*OF_NUMBERS, *DRAWN)
OF_DASHBOARDS: Final = (*DRAWN, ".xlsx", ".json")
_LONGEST: Final = 5_000
"""Pixels of the numbers in a picture; of more rows it says how many there are."""


def report_file(
    table: ReportTable,
    ending: str,
    title: Text,
    kind: str,
    today: datetime.date,
    language: str,
    translate: Translate,
) -> bytes:
    """Return the file of an ending; `kind` is the chart's. `UserError` for an ending it cannot have."""
    said = title.show(translate) if isinstance(title, Message) else title
    if ending.lower() in OF_NUMBERS:
        return as_file(table, ending, said, kind, translate)
    if ending.lower() not in DRAWN:
        raise _no_such_file(said + ending, ENDINGS)
    tiles = report_tiles(table, title, kind, today, paged=ending.lower() == f".{PDF}")
    remark = " · ".join([f"{today:%Y-%m-%d}", *texts.notes(table, translate)])
    return board_file(ending.lower()[1:], tiles, title, remark, language)


def report_tiles(
    table: ReportTable, title: Text, kind: str, today: datetime.date, *, paged: bool = False
) -> list[Placed]:
    """Return a report as it is drawn alone: its chart, and every number below; `paged` for paper."""
    drawn = Kind(kind) if kind in set(Kind) else Kind.TABLE
    charts: list[tuple[Chart, int]] = []
    if drawn is not Kind.TABLE:
        charts.append((chart_of(table, usual_look(table.report, drawn), title, today=today).chart, 0))
    numbers = numbers_of(table, message("Numbers of the report") if charts else title, today=today)
    room = PAGE_HEIGHT - FIRST_AT - MARGIN if paged else _LONGEST
    first = room - (CHART_HEIGHT + GAP if paged and charts else 0)
    charts += cut_table(numbers, first, room)
    return [
        Placed(title=chart.title, row=place, column=0, span=12, tall=True, height=height, chart=chart)
        for place, (chart, height) in enumerate(charts)
    ]


def dashboard_file(
    tiles: Sequence[Tile],
    counted: Sequence[Counted],
    ending: str,
    name: Message,
    remark: Text,
    language: str,
    translate: Translate,
) -> bytes:
    """Return a counted dashboard as the file of an ending. `UserError` for an ending it cannot have."""
    said = name.show(translate)
    match ending.lower():
        case ".xlsx":
            sheets = [
                Sheet(
                    table=each.drawn.table,
                    title=Message(each.title).show(translate),
                    kind=each.drawn.chart.kind.value,
                )
                for each in counted
                if each.drawn is not None
            ]
            if not sheets:
                raise UserError(N_("None of the tiles could be counted"))
            return as_book(sheets, translate)
        case ".json":
            plain = [_plain_tile(each, translate) for each in counted]
            return json.dumps(plain, ensure_ascii=False, indent=1).encode() + b"\n"
        case drawn if drawn in DRAWN:
            lying = placed(tiles, {each.tile.id: each for each in counted})
            return board_file(drawn[1:], lying, name, remark, language)
        case _:
            raise _no_such_file(said + ending, OF_DASHBOARDS)


def _plain_tile(tile: Counted, translate: Translate) -> dict[str, object]:
    told: dict[str, object] = {"tile": Message(tile.title).show(translate)}
    if tile.drawn is None:
        return {**told, "fault": tile.fault.show(translate) if tile.fault is not None else ""}
    return {**told, "rows": list(texts.plain_rows(tile.drawn.table, translate))}


def _no_such_file(file: str, endings: Sequence[str]) -> UserError:
    return UserError(N_("“{file}” ends in none of {endings}"), file=file, endings=", ".join(endings))
