"""The quote's table: its head, its rows, what is carried from page to page, and where pages break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from crm_core.rules.totals import LineTotal
from crm_desktop.documents import figures
from crm_desktop.documents.columns import BODY, SECOND, Style
from crm_desktop.documents.labels import Label
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    LEFT,
    RIGHT,
    TEXT_WIDTH,
    Align,
    Block,
    Face,
    Ink,
    Mark,
    Rule,
    Text,
    stack,
)
from crm_desktop.documents.quote_document import PrintedLine

_GAP = 1.6
# Column widths: number and code from the left, the others from the right; the name has what is left.
_NUMBER, _CODE = 6.4, 24.0
_AMOUNT, _DISCOUNT, _PRICE, _UNIT, _QUANTITY = 29.0, 16.0, 25.0, 11.0, 12.0

_CODE_X = LEFT + _NUMBER + _GAP
_NAME_X = LEFT + _NUMBER + _CODE + _GAP
_DISCOUNT_X = RIGHT - _AMOUNT - _GAP
_PRICE_X = RIGHT - _AMOUNT - _DISCOUNT - _GAP
_UNIT_X = RIGHT - _AMOUNT - _DISCOUNT - _PRICE - _UNIT + _GAP
_QUANTITY_X = RIGHT - _AMOUNT - _DISCOUNT - _PRICE - _UNIT - _GAP
_NAME_WIDTH = _QUANTITY_X + _GAP - _QUANTITY - _GAP - _NAME_X

_LEADING = 3.9
_FIRST_BASELINE = 4.6
_BELOW = 2.25
_SINGLE_ROW = 7.5
_SINGLE_BASELINE = 4.9
_INK_LINE = 0.25
_HAIRLINE = 0.25
# Widow control: so many rows at least stand above the totals, if the page before keeps one.
_ROWS_WITH_TOTALS = 2

CARRIED_HEIGHT = _SINGLE_ROW


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row, or a part of one that is longer than a page; its part of the subtotal in minor units."""

    block: Block
    counted_minor: int


def table_head(quote: Manuscript) -> Block:
    """Return the head of the table between two ink lines."""
    both = quote.language == "both"
    height = 10.1 if both else 7.3
    columns = (
        (Label.CODE, _CODE_X, Align.LEFT, _CODE),
        (Label.DESCRIPTION, _NAME_X, Align.LEFT, _NAME_WIDTH),
        (Label.QUANTITY, _QUANTITY_X, Align.RIGHT, _QUANTITY),
        (Label.UNIT, _UNIT_X, Align.LEFT, _UNIT),
        (Label.UNIT_PRICE, _PRICE_X, Align.RIGHT, _PRICE),
        (Label.DISCOUNT, _DISCOUNT_X, Align.RIGHT, _DISCOUNT),
        (Label.AMOUNT, RIGHT, Align.RIGHT, _AMOUNT),
    )
    marks: list[Mark] = [
        Rule(x=LEFT, y=0, width=TEXT_WIDTH, thickness=_INK_LINE),
        Text(x=LEFT, y=height - 2.4, text="#", size=7.5, face=Face.STRONG),
    ]
    for label, x, align, width in columns:
        first = label.en if quote.language == "en" else label.zh
        if label is Label.AMOUNT:
            first = f"{first} {quote.document.currency}"
        size = quote.fit(first, width - _GAP, Face.STRONG, 7.5)
        y = 4.3 if both else height - 2.4
        marks.append(Text(x=x, y=y, text=first, size=size, face=Face.STRONG, align=align))
        if both:
            marks.append(Text(x=x, y=height - 2.4, text=label.en, size=7.5, ink=Ink.SOFT, align=align))
    marks.append(Rule(x=LEFT, y=height, width=TEXT_WIDTH, thickness=_INK_LINE))
    return Block(height=height, marks=tuple(marks))


def table_rows(quote: Manuscript, *, tallest: float) -> list[Row]:
    """Return the rows; a row taller than `tallest` is continued in further parts."""
    rows: list[Row] = []
    most_lines = max(1, int((tallest - _FIRST_BASELINE - _BELOW) // _LEADING))
    for number, (line, total) in enumerate(
        zip(quote.document.lines, quote.document.totals.lines, strict=True), start=1
    ):
        texts = _description(line, total, quote)
        codes = quote.wrap(line.code, _CODE - 2 * _GAP, BODY)
        cells = _cells(number, line, total, quote)
        count = max(len(texts), len(codes), 1 + bool(cells.second_line))
        for start in range(0, count, most_lines):
            here = min(most_lines, count - start)
            rows.append(
                Row(
                    block=_row_block(
                        cells if start == 0 else _NO_CELLS,
                        codes[start : start + here],
                        texts[start : start + here],
                        here,
                    ),
                    counted_minor=0 if start or total.optional else total.net_minor,
                )
            )
    return rows


def table_part(quote: Manuscript, head: Block, rows: Sequence[Row], part: range, *, follows: bool) -> Block:
    """Return one page's part of the table, with what is carried forward and, if more follows, carried on."""
    blocks = [head]
    if part.start:
        blocks.append(_carried(Label.CARRIED_FORWARD, rows[: part.start], quote))
    blocks += [row.block for row in rows[part.start : part.stop]]
    if follows:
        blocks.append(_carried(Label.CARRIED_TO, rows[: part.stop], quote))
    return stack(blocks)


def _carried(label: Label, rows: Sequence[Row], quote: Manuscript) -> Block:
    """Return the row that hands the subtotal of all rows so far from page to page."""
    value = quote.amount(sum(row.counted_minor for row in rows))
    size = quote.fit(value, _AMOUNT, Face.STRONG, BODY.size)
    return Block(
        height=CARRIED_HEIGHT,
        marks=(
            Text(x=_NAME_X, y=_SINGLE_BASELINE, text=quote.say(label), size=7.5, ink=Ink.SOFT),
            Text(x=RIGHT, y=_SINGLE_BASELINE, text=value, size=size, face=Face.STRONG, align=Align.RIGHT),
            Rule(x=LEFT, y=CARRIED_HEIGHT, width=TEXT_WIDTH, thickness=_HAIRLINE, ink=Ink.LINE),
        ),
    )


def break_rows(heights: Sequence[float], *, first_room: float, next_room: float, tail: float) -> list[range]:
    """Return which rows stand on which page, so that the `tail` follows the last of them on its page.

    Rooms are what a page has below the table's head. A page that another follows gives up room for the
    row carried over, a later page for the one carried forward. The last range may be empty: the tail
    stands alone then.
    """
    count = len(heights)
    left_over = [*accumulate(reversed(heights), initial=0.0)][::-1]
    pages: list[range] = []
    start = 0
    while True:
        room = next_room - CARRIED_HEIGHT if pages else first_room
        if left_over[start] + tail <= room:
            return [*pages, range(start, count)]
        end, used = start, CARRIED_HEIGHT
        while end < count and used + heights[end] <= room:
            used += heights[end]
            end += 1
        if end == start and pages and start < count:
            end += 1
        if count - end < _ROWS_WITH_TOTALS:
            moved = _rows_to_move(left_over, count, start, next_room - CARRIED_HEIGHT - tail)
            end = min(end, count - moved)
            if end == count:
                return [*pages, range(start, count), range(count, count)]
        pages.append(range(start, end))
        start = end


def _rows_to_move(left_over: Sequence[float], count: int, start: int, room: float) -> int:
    """Return how many of the last rows go along with the tail to the next page."""
    for moved in range(min(_ROWS_WITH_TOTALS, count - start - 1), 0, -1):
        if left_over[count - moved] <= room:
            return moved
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """A row's cells beside code and description, on its first and its second line."""

    first_line: tuple[Text, ...] = ()
    second_line: tuple[Text, ...] = ()


_NO_CELLS = _Cells()


def _cells(
    number: int,
    line: PrintedLine,
    total: LineTotal,
    quote: Manuscript,
) -> _Cells:
    ink = Ink.SOFT if total.optional else Ink.TEXT

    def cell(text: str, x: float, width: float, align: Align = Align.RIGHT, colour: Ink = ink) -> Text:
        size = quote.fit(text, width, Face.REGULAR, BODY.size)
        return Text(x=x, y=0, text=text, size=size, ink=colour, align=align)

    unit = quote.choose(line.unit_zh, line.unit_en)
    unit_second = quote.second(line.unit_zh, line.unit_en)
    soft_size = quote.fit(unit_second, _UNIT - _GAP, Face.REGULAR, SECOND.size)
    return _Cells(
        first_line=(
            cell(str(number), LEFT, _NUMBER, Align.LEFT, Ink.SOFT),
            cell(figures.quantity(line.quantity), _QUANTITY_X, _QUANTITY),
            *([cell(unit, _UNIT_X, _UNIT - _GAP, Align.LEFT)] if unit else []),
            cell(quote.amount(line.unit_price.minor), _PRICE_X, _PRICE - _GAP),
            cell(figures.discount(line.discount_percent), _DISCOUNT_X, _DISCOUNT - _GAP),
            cell(quote.amount(total.net_minor), RIGHT, _AMOUNT - _GAP),
        ),
        second_line=(Text(x=_UNIT_X, y=0, text=unit_second, size=soft_size, ink=Ink.SOFT),)
        if unit_second
        else (),
    )


def _description(line: PrintedLine, total: LineTotal, quote: Manuscript) -> list[tuple[str, Style]]:
    parts = [
        (quote.choose(line.description_zh, line.description_en), BODY),
        (quote.second(line.description_zh, line.description_en), SECOND),
        (quote.say(Label.OPTIONAL) if total.optional else "", SECOND),
    ]
    return [(text, style) for part, style in parts for text in quote.wrap(part, _NAME_WIDTH, style)]


def _row_block(cells: _Cells, codes: Sequence[str], texts: Sequence[tuple[str, Style]], lines: int) -> Block:
    """Return one row of so many lines, cell by cell, so that it is copied in the order it is read."""
    single = lines == 1
    baseline = _SINGLE_BASELINE if single else _FIRST_BASELINE
    height = _SINGLE_ROW if single else _FIRST_BASELINE + (lines - 1) * _LEADING + _BELOW
    marks: list[Mark] = [replace(cell, y=baseline) for cell in cells.first_line[:1]]
    marks += [
        Text(x=_CODE_X, y=baseline + index * _LEADING, text=code, size=BODY.size)
        for index, code in enumerate(codes)
    ]
    marks += [
        Text(x=_NAME_X, y=baseline + index * _LEADING, text=text, size=style.size, ink=style.ink)
        for index, (text, style) in enumerate(texts)
    ]
    marks += [replace(cell, y=baseline) for cell in cells.first_line[1:]]
    marks += [replace(cell, y=baseline + _LEADING) for cell in cells.second_line]
    marks.append(Rule(x=LEFT, y=height, width=TEXT_WIDTH, thickness=_HAIRLINE, ink=Ink.LINE))
    return Block(height=height, marks=tuple(marks))
