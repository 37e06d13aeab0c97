"""Scenarios side by side as a file: figures as xlsx or CSV, bars and figures as PDF or a picture."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any, Final

from crm_core.charts.board import Placed
from crm_core.charts.chart import Chart, Text
from crm_core.charts.of_forecast import figures_of, side_by_side
from crm_core.errors import UserError
from crm_core.exchange.writing import csv_lines, guarded
from crm_core.i18n import N_, Message, Translate, message
from crm_core.money import Money
from crm_core.rules.what_if import Expected
from crm_desktop.services.scenarios import Compared, Setting
from resources.board_file import PDF, PNG, SVG, board_file

ENDINGS: Final = (".xlsx", ".csv", ".pdf", ".png", ".svg")
FORMULA: Final = message(
    N_(
        "Expected = won + (1 + price) × Σ amount × chance of open deals that close in time + (1 + price) ×"
        " new deals × (1 + volume) × usual amount × win rate × part that closes in time."
    )
)
_HEADS: Final = (
    N_("Scenario"),
    N_("Price, %"),
    N_("Win rate, points"),
    N_("New deals, %"),
    N_("Cycle, %"),
    N_("Points by stage"),
    N_("Won so far"),
    N_("From open deals"),
    N_("From new deals"),
    N_("Expected in all"),
    N_("Target"),
    N_("Gap to the target"),
)


def heading(over: Setting) -> Message:
    """Return what the comparison is called."""
    return message(N_("Scenarios of {period} · {whose}"), period=str(over.stretch), whose=over.scope.name)


def chart_of(over: Setting, found: Sequence[Compared]) -> Chart:
    """Return scenarios side by side as bars."""
    return side_by_side(heading(over), _results(found), over.currency, over.goal)


def _table_of(over: Setting, found: Sequence[Compared]) -> Chart:
    return figures_of(message(N_("Figures of the scenarios")), _results(found), over.currency, over.goal)


def _results(found: Sequence[Compared]) -> list[tuple[Text, Expected]]:
    return [(each.name, each.result) for each in found]


def scenario_file(
    over: Setting, found: Sequence[Compared], ending: str, language: str, translate: Translate
) -> bytes:
    """Return the file of an ending. `UserError` for one it cannot have."""
    match ending.lower():
        case ".csv":
            rows = [
                [str(cell) if not isinstance(cell, str) else guarded(cell) for cell in row]
                for row in _rows(over, found, translate)
            ]
            return b"".join(csv_lines(rows))
        case ".xlsx":
            return _xlsx(over, found, translate)
        case ".pdf" | ".png" | ".svg":
            kind = {".pdf": PDF, ".png": PNG, ".svg": SVG}[ending.lower()]
            charts = (chart_of(over, found), _table_of(over, found))
            tiles = [
                Placed(title=chart.title, row=place, column=0, span=12, tall=True, chart=chart)
                for place, chart in enumerate(charts)
            ]
            return board_file(kind, tiles, heading(over), FORMULA, language)
    raise UserError(
        N_("“{file}” ends in none of {endings}"), file=str(over.stretch) + ending, endings=", ".join(ENDINGS)
    )


def _rows(over: Setting, found: Sequence[Compared], translate: Translate) -> list[list[object]]:
    def money(minor: int | None) -> object:
        return "" if minor is None else Money(minor, over.currency).decimal()

    names = {stage.id: stage.name for stage in over.stages}
    rows: list[list[object]] = [[translate(head) for head in _HEADS]]
    for each in found:
        changes, result = each.changes, each.result
        stages = "; ".join(
            f"{names.get(stage, stage)} {points:+f}" for stage, points in changes.stages.items()
        )
        rows.append(
            [
                each.name,
                *(changes.price, changes.win_rate, changes.volume, changes.cycle),
                stages,
                *(money(minor) for minor in (result.won, result.pipeline, result.new, result.total)),
                money(over.goal),
                money(each.gap),
            ]
        )
    return rows


def _xlsx(over: Setting, found: Sequence[Compared], translate: Translate) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - a third of a second that only this needs

    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(held, options)
    with contextlib.closing(book):
        name = translate(N_("Scenarios"))[:31]
        sheet = book.add_worksheet(name)
        bold = book.add_format({"bold": True})
        amount = book.add_format({"num_format": "#,##0.00"})
        sheet.write_string(0, 0, heading(over).show(translate), bold)
        for line, row in enumerate(_rows(over, found, translate), start=2):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, place, cell, bold if line == 2 else None)
                else:
                    sheet.write_number(line, place, float(str(cell)), amount if place > 5 else None)
        last = 2 + len(found)
        sheet.write_string(last + 2, 0, FORMULA.show(translate))
        sheet.write_string(last + 3, 0, f"{translate(N_('Currency'))}: {over.currency}")
        sheet.freeze_panes(3, 1)
        sheet.autofit(300)
        if found:
            chart: Any = book.add_chart({"type": "bar", "subtype": "stacked"})
            for place in (6, 7, 8):
                chart.add_series(
                    {
                        "name": [name, 2, place],
                        "categories": [name, 3, 0, last, 0],
                        "values": [name, 3, place, last, place],
                    }
                )
            chart.set_title({"name": heading(over).show(translate)})
            sheet.insert_chart(last + 5, 0, chart)
    return held.getvalue()
