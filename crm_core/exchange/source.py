"""A table somebody brought: headers, rows of text with their line numbers, and what was odd about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message

MAX_COLUMNS = 1_000  # a file with more is no list of records


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One row as the file has it; `problem` says why it cannot be used as it stands."""

    line: int
    """Line it begins on, counted from 1; in a JSON array the place of the record."""
    cells: tuple[str, ...]
    """One per header; a row that is too long keeps its surplus cells at the end."""
    problem: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForm:
    """How a file of delimited text is to be read; empty: to be found out."""

    encoding: str = ""
    """One of `decoding.NAMES`."""
    delimiter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """What a file holds. Headers are never empty and no two are alike."""

    headers: tuple[str, ...]
    rows: tuple[SourceRow, ...]
    notes: tuple[Message, ...] = ()
    form: TextForm | None = None
    """How delimited text was read; None for other kinds of file."""

    def column(self, index: int) -> list[str]:
        """Return the cells of one column in the rows that can be used."""
        return [row.cells[index] for row in self.rows if row.problem is None]


def build_table(
    rows: Iterable[tuple[int, Sequence[str], Message | None]], notes: Iterable[Message] = ()
) -> SourceTable:
    """Return the table whose first row that is not empty holds the headers.

    Takes (line, cells, problem) for each row. Rows without any content are left out. A row of another
    length than the headers is kept with that as its problem, unless only empty cells are too many. Raises
    `UserError` where there are no headers.
    """
    every = list(notes)
    headers: tuple[str, ...] = ()
    least = 0
    kept: list[SourceRow] = []
    for line, cells, problem in rows:
        if problem is None and not any(cell and not cell.isspace() for cell in cells):
            continue
        if headers:
            kept.append(_fit(line, cells, problem, least, len(headers)))
            continue
        if problem is not None:
            raise UserError(N_("The first line, which names the columns, cannot be read"))
        headers, renamed = tidy_headers(cells)
        least = max(number for number, cell in enumerate(cells, start=1) if cell.strip())
        every += renamed
    if not headers:
        raise UserError(N_("The file is empty"))
    return SourceTable(headers=headers, rows=tuple(kept), notes=tuple(every))


def tidy_headers(found: Sequence[str]) -> tuple[tuple[str, ...], list[Message]]:
    """Return headers that are not empty and differ from each other, and what had to be renamed."""
    if len(found) > MAX_COLUMNS:
        raise UserError(N_("The first line names {columns} columns; this is no list"), columns=len(found))
    headers: list[str] = []
    taken: set[str] = set()
    notes = []
    for number, cell in enumerate(found, start=1):
        plain = " ".join(cell.split()) or f"#{number}"
        header, copy = plain, 1
        while header in taken:
            copy += 1
            header = f"{plain} ({copy})"
        if copy > 1:
            notes.append(
                message(
                    N_("Two columns are called “{column}”; the later one is taken as “{renamed}”"),
                    column=plain,
                    renamed=header,
                )
            )
        taken.add(header)
        headers.append(header)
    return tuple(headers), notes


def _fit(line: int, cells: Sequence[str], problem: Message | None, least: int, width: int) -> SourceRow:
    count = len(cells)
    while count > width and not cells[count - 1].strip():
        count -= 1
    if problem is None and not least <= count <= width:
        problem = message(
            N_("The row has {cells} cells where the first line names {columns} columns"),
            cells=count,
            columns=least,
        )
    return SourceRow(line=line, cells=(*cells[:count], *("",) * (width - count)), problem=problem)
