"""Cells of a file that cannot be taken as they stand: which they are, and the table with them mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from crm_core.exchange.mapping import Rule, Target
from crm_core.exchange.plan import PlannedRow
from crm_core.exchange.source import SourceRow, SourceTable
from crm_core.i18n import Message

Mended = Mapping[tuple[int, int], str]
"""What stands in a cell instead, by line and column."""


def bad_cells(
    row: PlannedRow, table: SourceTable, rules: Iterable[Rule], target: Target
) -> dict[int, Message]:
    """Return, by column, why cells of a rejected row cannot be taken."""
    columns: dict[str, int] = {}
    for rule in rules:
        labels = [field.label for field in target.fields() if field.name == rule.field]
        columns.update((label, rule.column) for label in labels)
    columns.update((table.headers[rule.column], rule.column) for rule in rules)
    found: dict[int, Message] = {}
    for reason in row.reasons:
        named, problem = reason.places.get("column"), reason.places.get("problem")
        column = columns.get(named.text if isinstance(named, Message) else str(named))
        if column is not None and isinstance(problem, Message):
            found.setdefault(column, problem)
    return found


def mend(table: SourceTable, mended: Mended) -> SourceTable:
    """Return the table with other texts in some cells; a row mended by hand has the width of the headers."""
    if not mended:
        return table
    by_line: dict[int, dict[int, str]] = {}
    for (line, column), text in mended.items():
        by_line.setdefault(line, {})[column] = text
    rows = (
        _mended(row, by_line[row.line], len(table.headers)) if row.line in by_line else row
        for row in table.rows
    )
    return replace(table, rows=tuple(rows))


def same_cells(table: SourceTable, line: int, column: int) -> tuple[int, ...]:
    """Return the other lines that hold in this column what the given line holds."""
    held = next(row.cells[column] for row in table.rows if row.line == line)
    return tuple(
        row.line
        for row in table.rows
        if row.line != line and row.problem is None and row.cells[column] == held
    )


def _mended(row: SourceRow, texts: Mapping[int, str], width: int) -> SourceRow:
    cells = [texts.get(place, cell) for place, cell in enumerate(row.cells[:width])]
    return replace(row, cells=tuple(cells), problem=None)
