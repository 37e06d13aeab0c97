"""A counted report as a file: numbers as CSV, xlsx or JSON; chart and numbers as PDF or picture."""

from __future__ import annotations

import datetime
from typing import Final

from crm_core.charts.board import Placed
from crm_core.charts.chart import Kind, Text
from crm_core.charts.looks import usual_look
from crm_core.charts.of_report import chart_of
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, Translate, message
from crm_core.reporting import texts
from crm_core.reporting.files import ENDINGS as OF_NUMBERS
from crm_core.reporting.files import as_file
from crm_core.rules.reports import ReportTable
from crm_desktop.documents.board_file import PDF, PNG, SVG, board_file

DRAWN: Final = tuple(f".{kind}" for kind in (PDF, PNG, SVG))
ENDINGS: Final = (*OF_NUMBERS, *DRAWN)


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
        raise UserError(
            N_("“{file}” ends in none of {endings}"), file=said + ending, endings=", ".join(ENDINGS)
        )
    kinds = dict.fromkeys((Kind(kind) if kind in set(Kind) else Kind.TABLE, Kind.TABLE))
    tiles = [
        Placed(
            title=title if place == 0 else message("Numbers of the report"),
            row=place,
            column=0,
            span=12,
            tall=True,
            chart=chart_of(table, usual_look(table.report, each), title, today=today).chart,
        )
        for place, each in enumerate(kinds)
    ]
    remark = " · ".join([f"{today:%Y-%m-%d}", *texts.notes(table, translate)])
    return board_file(ending.lower()[1:], tiles, title, remark, language)
