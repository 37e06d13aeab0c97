"""Rows of CSV: separated by commas, semicolons or tabs, in whatever encoding, with damage row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from crm_core.errors import UserError
from crm_core.exchange.decoding import chosen_encoding, decode
from crm_core.exchange.source import SourceTable, TextForm, build_table
from crm_core.i18n import N_, Message, message

DELIMITERS = (",", ";", "\t")
_DELIMITER_NAMES = {";": N_("semicolons"), "\t": N_("tabs")}
_SAMPLE_LINES = 200
# Not str.splitlines: that ends lines at form feeds and at U+2028 too, which are text here.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_BROKEN = "\N{REPLACEMENT CHARACTER}"

_Row = tuple[int, Sequence[str], Message | None]


def read(raw: bytes, form: TextForm | None = None) -> SourceTable:
    """Return the table in CSV bytes. Raises `UserError` where there is not even a line of headers.

    What `form` leaves open is found out; the table's own form says what was taken.
    """
    form = form or TextForm()
    text, broken, notes = decode(raw, form.encoding)
    lines = _LINE.findall(text)
    if any("\0" in line for line in lines[:1]):
        raise UserError(N_("The file is no text"))
    first = 0
    delimiter = form.delimiter
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].rstrip("\r\n")) == 5:
        delimiter, first = delimiter or lines[0][4], 1  # Excel's own way of naming the delimiter
    if not delimiter:
        delimiter = find_delimiter(lines[:_SAMPLE_LINES])
    if not form.delimiter and delimiter in _DELIMITER_NAMES:
        said = message(
            N_("The columns are separated by {delimiter}"), delimiter=Message(_DELIMITER_NAMES[delimiter])
        )
        notes = (*notes, said)
    table = build_table(_checked(_parse(lines, first, delimiter), broken), notes)
    encoding, _ = chosen_encoding(raw, form.encoding)
    return replace(table, form=TextForm(encoding=encoding, delimiter=delimiter))


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that splits most of the lines into as many cells as the first, more than one."""
    best, delimiter = (0, 0), DELIMITERS[0]
    for candidate in DELIMITERS:
        widths = [len(cells) for _, cells, _ in _parse(lines, 0, candidate) if any(cells)]
        if not widths or widths[0] < 2:
            continue
        score = (widths.count(widths[0]), widths[0])
        if score > best:
            best, delimiter = score, candidate
    return delimiter


def _parse(lines: Sequence[str], first: int, delimiter: str) -> Iterator[_Row]:
    """Yield each record with the line it begins on.

    A quote that is opened and never closed would swallow the rest of the file, and an endless cell runs
    into the csv module's limit of 131 072 characters. Either costs that one line; reading goes on below it.
    """
    at = first
    while at < len(lines):
        reader = csv.reader(lines[at:] if at else lines, delimiter=delimiter, strict=False)
        began = at
        problem = message(N_("A quotation mark is opened in this row and never closed"))
        try:
            for cells in reader:
                ended = at + reader.line_num
                if ended == len(lines) and ended - began > 1 and _is_open(lines[began:ended]):
                    break
                yield began + 1, cells, None
                began = ended
            else:
                return
        except csv.Error:
            if not _is_open(lines[began : began + 1]):
                limit = csv.field_size_limit()
                problem = message(N_("A cell of this row is longer than {limit} characters"), limit=limit)
        yield began + 1, lines[began].rstrip("\r\n").split(delimiter), problem
        at = began + 1


def _is_open(lines: Sequence[str]) -> bool:
    """Tell whether a record ends inside quotes: then their number is odd."""
    return sum(line.count('"') for line in lines) % 2 == 1


def _checked(rows: Iterator[_Row], broken: bool) -> Iterator[_Row]:
    for line, cells, problem in rows:
        if broken and problem is None and any(_BROKEN in cell for cell in cells):
            problem = message(N_("The row holds bytes that are no text in the file’s encoding"))
        yield line, cells, problem
