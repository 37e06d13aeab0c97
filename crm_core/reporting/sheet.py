"""A counted report as an Excel file, with a chart of Excel's own over the very cells."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm_core.i18n import Translate
from crm_core.reporting import texts
from crm_core.rules.reports import ReportTable

_CHARTED = 30
"""Rows in a chart; more of them nobody reads."""
MOST_LETTERS = 31
"""Of a sheet's name."""
_KINDS = {"line": "line", "pie": "pie", "funnel": "bar", "map": "bar"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet of a book: a counted report, what it is called, and the kind of its chart."""

    table: ReportTable
    title: str
    kind: str


def as_xlsx(table: ReportTable, title: str, kind: str, translate: Translate) -> bytes:
    """Return the file. `kind` is one of `crm_core.charts.chart`; what Excel has no chart of becomes bars."""
    return as_book([Sheet(table=table, title=title, kind=kind)], translate)


def as_book(sheets: Sequence[Sheet], translate: Translate) -> bytes:
    """Return a file with a sheet for each counted report, in their order."""
    import xlsxwriter  # noqa: PLC0415 - a third of a second that only this needs

    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(held, options)
    taken: set[str] = set()
    with contextlib.closing(book):
        for each in sheets:
            _write(book, _sheet_name(each.title, taken), each, translate)
    return held.getvalue()


def _write(book: Any, name: str, made: Sheet, translate: Translate) -> None:
    table, title = made.table, made.title
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True})
    heads = texts.heads(table, translate)
    sheet.write_string(0, 0, title, bold)
    for place, head in enumerate(heads):
        sheet.write_string(2, place, head, bold)
    units = texts.units(table)
    first = len(heads) - len(units)
    line = 2
    for row, cells in texts.rows(table, translate):
        line += 1
        for place, cell in enumerate(cells):
            if isinstance(cell, Decimal):
                written = texts.number_format(units[place - first], row.currency)
                shown = book.add_format({"num_format": written})
                sheet.write_number(line, place, float(cell), shown)  # a sheet's only kind of number
            elif cell:
                sheet.write_string(line, place, cell)
    for place, note in enumerate(texts.notes(table, translate)):
        sheet.write_string(line + 2 + place, 0, note)
    sheet.freeze_panes(3, first)
    sheet.autofit(300)
    last = 2 + min(len(table.rows), _CHARTED)
    if table.report.rows and table.rows and units:
        chart = _chart(book, name, table, made.kind, first, last)
        chart.set_title({"name": title})
        sheet.insert_chart(line + 4 + len(table.rates), 0, chart)


def _chart(book: Any, sheet: str, table: ReportTable, kind: str, first: int, last: int) -> Any:
    """Return a chart over the cells, of the measures that are of the first one's unit."""
    chart = book.add_chart({"type": _KINDS.get(kind, "column")})
    for place, column in enumerate(table.columns):
        if column.unit is table.columns[0].unit and not (kind == "pie" and place):
            chart.add_series(
                {
                    "name": [sheet, 2, first + place],
                    "categories": [sheet, 3, 0, last, max(0, len(table.report.rows) - 1)],
                    "values": [sheet, 3, first + place, last, first + place],
                }
            )
    return chart


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name for a sheet that no other has, and add it to those taken."""
    plain = "".join(c for c in title if c not in "[]:*?/\\'")[:MOST_LETTERS] or "Report"
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain[: MOST_LETTERS - 4]} {number}"
    taken.add(name.casefold())
    return name
