"""Rows of a spreadsheet: xlsx, xlsm, xlsb, xls or ods."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from crm_core.errors import UserError
from crm_core.exchange.source import SourceTable, build_table
from crm_core.i18n import N_, Message, message

_Cell = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta
_Row = tuple[int, list[str], Message | None]


def read(raw: bytes) -> SourceTable:
    """Return the first visible sheet that is not empty, as text. Raises `UserError` where there is none."""
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            names = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
            ]
            for name in names:
                cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                if any(cell != "" for row in cells for cell in row):
                    return build_table(_rows(cells), _notes(name, names))
    except PasswordError:
        raise UserError(N_("The spreadsheet is protected by a password; save it without one")) from None
    # What its authors' own checks missed reaches us as a plain exception of the binding.
    except (CalamineError, ValueError, OverflowError) as error:
        raise UserError(N_("The spreadsheet cannot be read: it is damaged, or none at all")) from error
    raise UserError(N_("The file is empty"))


def _notes(name: str, names: list[str]) -> list[Message]:
    if len(names) < 2:
        return []
    return [message(N_("Of {sheets} sheets, “{sheet}” was read"), sheets=len(names), sheet=name)]


def _rows(cells: list[list[_Cell]]) -> Iterator[_Row]:
    for line, row in enumerate(cells, start=1):
        yield line, [cell_text(cell) for cell in row], None


def cell_text(cell: _Cell) -> str:
    """Return a cell as a person would have typed it: no `.0` behind whole numbers, days in ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        # repr is the shortest text that gives the same number back: 0.1, not its binary neighbour.
        return f"{Decimal(repr(cell)).normalize():f}"
    if isinstance(cell, datetime.datetime):
        return (cell.date() if cell.time() == datetime.time() else cell).isoformat()
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    return str(cell)
