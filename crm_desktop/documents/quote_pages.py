"""A quote laid out as pages: marks on paper, not yet drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from crm_desktop.documents import quote_blocks as blocks
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    Block,
    Page,
    beside,
    stack,
)
from crm_desktop.documents.quote_table import break_rows, table_head, table_part, table_rows
from crm_desktop.documents.sheets import BODY_BOTTOM, TOP, Sheet, finish, turn

# A signature never stands on a page without a word of what is signed.
_LINES_WITH_SIGNATURES = 2
_LEAST_TERMS = 20.0

Columns = tuple[tuple[Block, ...], ...]


def quote_pages(quote: Manuscript) -> tuple[Page, ...]:
    """Return the quote's pages: the table over as many as it takes, then totals, terms and signatures.

    These three keep together on a page as long as one page can hold them; terms longer than that run on.
    """
    opening = stack(
        [
            blocks.letterhead(quote),
            _space(7.0),
            blocks.title(quote),
            _space(6.2),
            blocks.parties(quote),
            _space(5.3),
        ]
    )
    running = blocks.running_head(quote)
    head = table_head(quote)
    totals = blocks.totals(quote)
    terms = blocks.terms_columns(quote)
    closing = _closing(terms, quote)
    fresh = BODY_BOTTOM - TOP - running.height
    together = totals.height + closing.height <= fresh
    next_room = fresh - head.height
    rows = table_rows(quote, tallest=next_room - 2 * 7.5)
    ranges = break_rows(
        [row.block.height for row in rows],
        first_room=BODY_BOTTOM - TOP - opening.height - head.height,
        next_room=next_room,
        tail=totals.height + (closing.height if together else 0),
        tied=[row.tied for row in rows],
    )
    sheets: list[Sheet] = []
    for place, part in enumerate(ranges):
        sheet = Sheet(y=TOP)
        sheet.add(running if sheets else opening)
        if part:
            follows = place + 1 < len(ranges) and bool(ranges[place + 1])
            sheet.add(table_part(quote, head, rows, part, follows=follows))
        sheets.append(sheet)
    sheets[-1].add(totals)
    if together:
        sheets[-1].add(closing)
    else:
        _run_on(sheets, running, terms, quote)
    return tuple(finish(sheet, number, len(sheets), quote) for number, sheet in enumerate(sheets, start=1))


def _closing(terms: Columns, quote: Manuscript) -> Block:
    """Return terms and signatures in one piece."""
    above = [blocks.terms_heading(quote), beside(stack(lines) for lines in terms)] if terms else [_space(2)]
    return stack([*above, blocks.signatures(quote)])


def _run_on(sheets: list[Sheet], running: Block, terms: Columns, quote: Manuscript) -> None:
    """Let terms longer than a page run over further sheets, and end with the signatures."""
    signatures = blocks.signatures(quote)
    heading = blocks.terms_heading(quote)
    if sheets[-1].room < heading.height + _LEAST_TERMS:
        turn(sheets, running)
    sheets[-1].add(heading)
    left = [list(lines) for lines in terms]
    while any(left):
        sheet = sheets[-1]
        here = [_take(lines, sheet.room) for lines in left]
        ends = all(len(lines) == count for lines, count in zip(left, here, strict=True))
        if ends and beside(stack(lines) for lines in left).height + signatures.height > sheet.room:
            here = [max(0, len(lines) - _LINES_WITH_SIGNATURES) for lines in left]
        sheet.add(beside(stack(lines[:count]) for lines, count in zip(left, here, strict=True)))
        left = [lines[count:] for lines, count in zip(left, here, strict=True)]
        if any(left):
            turn(sheets, running)
    sheets[-1].add(signatures)


def _take(lines: Sequence[Block], room: float) -> int:
    """Return how many of the lines fit."""
    return sum(1 for used in accumulate(line.height for line in lines) if used <= room)


def _space(height: float) -> Block:
    return Block(height=height, marks=())
