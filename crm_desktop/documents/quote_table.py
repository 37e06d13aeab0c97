"""The quote's table: its head, its rows, what is carried from page to page, and where pages break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from crm_core.rules import figures
from crm_core.rules.totals import LineTotal
from crm_desktop.documents.columns import BODY, SECOND, STRONG, Style
from crm_desktop.documents.labels import Label
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    LEFT,
    RIGHT,
    TEXT_WIDTH,
    Align,
    Block,
    Bookmark,
    Ink,
    Mark,
    Rule,
    Text,
    stack,
)
from crm_desktop.documents.quote_document import PrintedGroup, PrintedLine
from resources.face import Face

_GAP = 1.6
# Column widths: number and code from the left, the others from the right; the name has what is left, also of
# columns in which no line has anything.
_NUMBER, _CODE = 6.4, 24.0
_AMOUNT, _DISCOUNT, _PRICE, _UNIT, _QUANTITY = 29.0, 16.0, 25.0, 11.0, 12.0

_CODE_X = LEFT + _NUMBER + _GAP

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
class _Columns:
    """Where the columns of one document stand, in millimetres."""

    has_codes: bool
    has_discounts: bool

    @property
    def name_x(self) -> float:
        return LEFT + _NUMBER + (_CODE if self.has_codes else 0) + _GAP

    @property
    def name_width(self) -> float:
        return self.quantity_x + _GAP - _QUANTITY - _GAP - self.name_x

    @property
    def discount_x(self) -> float:
        return RIGHT - _AMOUNT - _GAP

    @property
    def price_x(self) -> float:
        return self.discount_x - (_DISCOUNT if self.has_discounts else 0)

    @property
    def unit_x(self) -> float:
        return self.price_x - _PRICE - _UNIT + 2 * _GAP

    @property
    def quantity_x(self) -> float:
        return self.price_x - _PRICE - _UNIT


def _columns_of(quote: Manuscript) -> _Columns:
    lines = quote.document.lines
    return _Columns(
        has_codes=any(line.code for line in lines), has_discounts=any(line.discount_percent for line in lines)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row, or a part of one that is longer than a page; its part of the subtotal in minor units.

    One that is `tied` stands on the page of the row after it.
    """

    block: Block
    counted_minor: int = 0
    tied: bool = False


def table_head(quote: Manuscript) -> Block:
    """Return the head of the table between two ink lines."""
    both = quote.language == "both"
    height = 10.1 if both else 7.3
    at = _columns_of(quote)
    columns = (
        *([(Label.CODE, _CODE_X, Align.LEFT, _CODE)] if at.has_codes else []),
        (Label.DESCRIPTION, at.name_x, Align.LEFT, at.name_width),
        (Label.QUANTITY, at.quantity_x, Align.RIGHT, _QUANTITY),
        (Label.UNIT, at.unit_x, Align.LEFT, _UNIT),
        (Label.UNIT_PRICE, at.price_x, Align.RIGHT, _PRICE),
        *([(Label.DISCOUNT, at.discount_x, Align.RIGHT, _DISCOUNT)] if at.has_discounts else []),
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
    """Return the rows; a row taller than `tallest` is continued in further parts.

    A group has its heading above its first line and what it comes to below its last.
    """
    rows: list[Row] = []
    at = _columns_of(quote)
    begins = {group.first: group for group in quote.document.groups}
    ends = {group.first + group.count - 1: group for group in quote.document.groups}
    for place in range(len(quote.document.lines)):
        if place in begins:
            rows.append(_group_head(begins[place], quote))
        parts = _line_rows(place, quote, at, tallest)
        if place in ends:
            parts[-1] = replace(parts[-1], tied=True)
        rows += parts
        if place in ends:
            rows += _group_foot(ends[place], quote, at)
    return rows


def _line_rows(place: int, quote: Manuscript, at: _Columns, tallest: float) -> list[Row]:
    """Return a line's row, in parts if it must be."""
    line, total = quote.document.lines[place], quote.document.totals.lines[place]
    most_lines = max(1, int((tallest - _FIRST_BASELINE - _BELOW) // _LEADING))
    texts = _description(line, total, quote, at)
    codes = quote.wrap(line.code, _CODE - 2 * _GAP, BODY)
    cells = _cells(place + 1, line, total, quote, at)
    count = max(len(texts), len(codes), 1 + bool(cells.second_line))
    return [
        Row(
            block=_row_block(
                cells if start == 0 else _NO_CELLS,
                codes[start : start + most_lines],
                texts[start : start + most_lines],
                at.name_x,
                min(most_lines, count - start),
            ),
            counted_minor=total.net_minor if total.counts and not start else 0,
        )
        for start in range(0, count, most_lines)
    ]


def _group_head(group: PrintedGroup, quote: Manuscript) -> Row:
    """Return the heading of a group, an entry of the outline too."""
    title = quote.choose(group.title_zh, group.title_en)
    below = quote.second(group.title_zh, group.title_en)
    words = quote.column([(title, STRONG), (below, SECOND)], x=_CODE_X, width=RIGHT - _CODE_X)
    height = words.height + 3.4
    entry = Bookmark(y=0, title=f"{title} {below}".strip())
    rule = Rule(x=LEFT, y=height, width=TEXT_WIDTH, thickness=_HAIRLINE, ink=Ink.LINE)
    return Row(block=Block(height=height, marks=(entry, *words.at(1.5), rule)), tied=True)


def _group_foot(group: PrintedGroup, quote: Manuscript, at: _Columns) -> list[Row]:
    """Return what a group comes to, after what it gives away by itself."""
    rows = []
    if group.allowance_minor:
        given = _sum_row(quote.say(Label.GROUP_ALLOWANCE), -group.allowance_minor, quote, at, Face.REGULAR)
        rows.append(Row(block=given, counted_minor=-group.allowance_minor, tied=True))
    word = quote.say(Label.SUBTOTAL)
    title = quote.choose(group.title_zh, group.title_en)
    room = at.discount_x - at.name_x
    label = f"{word} · {title}" if quote.width(f"{word} · {title}", Face.REGULAR, 7.5) <= room else word
    return [*rows, Row(block=_sum_row(label, group.subtotal_minor, quote, at, Face.STRONG))]


def table_part(quote: Manuscript, head: Block, rows: Sequence[Row], part: range, *, follows: bool) -> Block:
    """Return one page's part of the table, with what is carried forward and, if more follows, carried on."""
    blocks = [head]
    if part.start:
        blocks.append(carried(Label.CARRIED_FORWARD, rows[: part.start], quote))
    blocks += [row.block for row in rows[part.start : part.stop]]
    if follows:
        blocks.append(carried(Label.CARRIED_TO, rows[: part.stop], quote))
    return stack(blocks)


def carried(label: Label, rows: Sequence[Row], quote: Manuscript) -> Block:
    """Return the row that hands the subtotal of all rows so far from page to page."""
    minor = sum(row.counted_minor for row in rows)
    return _sum_row(quote.say(label), minor, quote, _columns_of(quote), Face.STRONG)


def _sum_row(word: str, minor: int, quote: Manuscript, at: _Columns, face: Face) -> Block:
    """Return a row that says an amount and nothing of a line."""
    value = quote.amount(minor)
    size = quote.fit(value, _AMOUNT, face, BODY.size)
    return Block(
        height=CARRIED_HEIGHT,
        marks=(
            Text(x=at.name_x, y=_SINGLE_BASELINE, text=word, size=7.5, ink=Ink.SOFT),
            Text(x=RIGHT, y=_SINGLE_BASELINE, text=value, size=size, face=face, align=Align.RIGHT),
            Rule(x=LEFT, y=CARRIED_HEIGHT, width=TEXT_WIDTH, thickness=_HAIRLINE, ink=Ink.LINE),
        ),
    )


def break_rows(
    heights: Sequence[float],
    *,
    first_room: float,
    next_room: float,
    tail: float,
    tied: Sequence[bool] = (),
) -> list[range]:
    """Return which rows stand on which page, so that the `tail` follows the last of them on its page.

    A row that is `tied` keeps with the next one, as long as a page has room for what is tied together.

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
        end = _untied(tied, start, end)
        pages.append(range(start, end))
        start = end


def _untied(tied: Sequence[bool], start: int, end: int) -> int:
    """Return the last place at or before `end` where no tie is cut; `end` where the page would be empty."""
    place = end
    while start < place <= len(tied) and tied[place - 1]:
        place -= 1
    return place if place > start else end


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
    at: _Columns,
) -> _Cells:
    ink = Ink.TEXT if total.counts else Ink.SOFT

    def cell(text: str, x: float, width: float, align: Align = Align.RIGHT, colour: Ink = ink) -> Text:
        size = quote.fit(text, width, Face.REGULAR, BODY.size)
        return Text(x=x, y=0, text=text, size=size, ink=colour, align=align)

    unit = quote.choose(line.unit_zh, line.unit_en)
    unit_second = quote.second(line.unit_zh, line.unit_en)
    soft_size = quote.fit(unit_second, _UNIT - _GAP, Face.REGULAR, SECOND.size)
    return _Cells(
        first_line=(
            cell(str(number), LEFT, _NUMBER, Align.LEFT, Ink.SOFT),
            cell(figures.quantity(line.quantity), at.quantity_x, _QUANTITY),
            *([cell(unit, at.unit_x, _UNIT - _GAP, Align.LEFT)] if unit else []),
            cell(quote.amount(line.unit_price.minor), at.price_x, _PRICE - _GAP),
            *(
                [cell(figures.discount(line.discount_percent), at.discount_x, _DISCOUNT - _GAP)]
                if at.has_discounts
                else []
            ),
            cell(quote.amount(total.net_minor), RIGHT, _AMOUNT - _GAP),
        ),
        second_line=(Text(x=at.unit_x, y=0, text=unit_second, size=soft_size, ink=Ink.SOFT),)
        if unit_second
        else (),
    )


def _description(
    line: PrintedLine, total: LineTotal, quote: Manuscript, at: _Columns
) -> list[tuple[str, Style]]:
    aside = Label.OPTIONAL if total.optional else Label.ALTERNATIVE
    parts = [
        (quote.choose(line.description_zh, line.description_en), BODY),
        (quote.second(line.description_zh, line.description_en), SECOND),
        ("" if total.counts else quote.say(aside), SECOND),
    ]
    return [(text, style) for part, style in parts for text in quote.wrap(part, at.name_width, style)]


def _row_block(
    cells: _Cells, codes: Sequence[str], texts: Sequence[tuple[str, Style]], name_x: float, lines: int
) -> Block:
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
        Text(x=name_x, y=baseline + index * _LEADING, text=text, size=style.size, ink=style.ink)
        for index, (text, style) in enumerate(texts)
    ]
    marks += [replace(cell, y=baseline) for cell in cells.first_line[1:]]
    marks += [replace(cell, y=baseline + _LEADING) for cell in cells.second_line]
    marks.append(Rule(x=LEFT, y=height, width=TEXT_WIDTH, thickness=_HAIRLINE, ink=Ink.LINE))
    return Block(height=height, marks=tuple(marks))
