"""Values as the cells of files other programs open, and the file of rejected rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crm_core.exchange.convert import GUARD
from crm_core.exchange.plan import ImportReport
from crm_core.i18n import N_, Translate
from crm_core.money import Money
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import currency_of, to_text

BOM = b"\xef\xbb\xbf"
"""Without it Excel takes a CSV file for the machine's old encoding and shows Chinese as rubbish."""

NUMERIC = (Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT, Kind.MONEY)
_LEADS = ("=", "+", "-", "@", "\t", "\r")
# Digits and the marks between them call no function.
_PHONE = re.compile(r"\+[\d ()./\-]+\Z")


class _Line:
    """What `csv.writer` writes to: keeps the line just made."""

    text = ""

    def write(self, text: str) -> int:
        """Take the line."""
        self.text = text
        return len(text)


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the pieces of a CSV file as RFC 4180 has it: UTF-8 with a byte order mark, CRLF line ends."""
    yield BOM
    line = _Line()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield line.text.encode("utf-8", errors="replace")


def guarded(text: str, kind: Kind = Kind.TEXT) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe before `=`, `+`, `-` and `@`.

    https://owasp.org/www-community/attacks/CSV_Injection. Numbers and telephone numbers stay as they are.
    A leading apostrophe that stands before one of these is doubled up, so that reading takes off just ours.
    """
    if kind in NUMERIC or (kind is Kind.PHONE and _PHONE.match(text)):
        return text
    bare = text.lstrip(GUARD)
    return GUARD + text if bare.startswith(_LEADS) else text


def cell_of(field: Field, values: Mapping[str, Any]) -> str:
    """Return a field as a cell of CSV: `text_of`, safe from being taken for a formula."""
    return guarded(text_of(field, values), field.kind)


def text_of(field: Field, values: Mapping[str, Any]) -> str:
    """Return a field as text; amounts without their currency, which has its own column."""
    if field.kind is Kind.MONEY and values.get(field.name) is not None:
        currency = currency_of(field, values)
        return f"{Money(values[field.name], currency).decimal():f}"
    return to_text(field, values)


def rejects_csv(report: ImportReport, translate: Translate) -> Iterator[bytes]:
    """Yield a CSV file of the rejected rows: their own columns, then line number and reason.

    Once mended it can be imported as it is.
    """
    yield from csv_lines(_rejects(report, translate))


def _rejects(report: ImportReport, translate: Translate) -> Iterator[Sequence[str]]:
    width = max((len(report.headers), *(len(row.cells) for row in report.rejected)))
    headers = [*report.headers, *("",) * (width - len(report.headers))]
    yield [*map(guarded, headers), translate(N_("Line")), translate(N_("Reason"))]
    for row in report.rejected:
        cells = [*map(_guarded_source, row.cells), *("",) * (width - len(row.cells))]
        yield [*cells, str(row.line), "; ".join(reason.show(translate) for reason in row.reasons)]


def _guarded_source(cell: str) -> str:
    """Guard a cell of somebody's file, where a minus mostly begins a number."""
    return cell if re.match(r"[+\-][\d ()./,\-]+%?\Z", cell) else guarded(cell)
