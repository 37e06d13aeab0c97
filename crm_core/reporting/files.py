"""A counted report as a file: CSV, JSON or xlsx by its ending."""

from __future__ import annotations

import json
from typing import Final

from crm_core.errors import AccessDenied, UserError
from crm_core.exchange.writing import csv_lines, guarded
from crm_core.i18n import N_, Translate
from crm_core.reporting import texts
from crm_core.reporting.sheet import as_xlsx
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.reports import ReportTable

ENDINGS: Final = (".csv", ".xlsx", ".json")


def demand_exportable(person: Person, *tables: ReportTable) -> None:
    """Raise `AccessDenied` unless the person may take out all records he reads of the kinds reports count,
    and of those whose fields they show by a link."""
    for entity in dict.fromkeys(kind for table in tables for kind in (table.report.entity, *table.kinds)):
        decide(person, Action.EXPORT, entity).demand()
        if person.rights.reach_of(entity, Action.EXPORT) < person.rights.reach_of(entity, Action.READ):
            raise AccessDenied(N_("You may not export everything this report counts"))


def as_file(table: ReportTable, ending: str, title: str, chart: str, translate: Translate) -> bytes:
    """Return the file; its numbers are those of the screen. `UserError` for an ending it cannot have."""
    match ending.lower():
        case ".csv":
            return b"".join(csv_lines(_lines(table, translate)))
        case ".xlsx":
            return as_xlsx(table, title, chart, translate)
        case ".json":
            rows = list(texts.plain_rows(table, translate))
            return json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n"
        case _:
            raise UserError(
                N_("“{file}” ends in none of {endings}"), file=title + ending, endings=", ".join(ENDINGS)
            )


def _lines(table: ReportTable, translate: Translate) -> list[list[str]]:
    lines = [[guarded(head) for head in texts.heads(table, translate)]]
    for _, cells in texts.rows(table, translate):
        lines.append([guarded(each) if isinstance(each, str) else texts.text(each) for each in cells])
    return lines
