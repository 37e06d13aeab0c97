"""A quote laid out as pages: marks on paper, not yet drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from crm_desktop.documents import quote_blocks as blocks
from crm_desktop.documents.labels import Label, say_page
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    TEXT_WIDTH,
    Align,
    Block,
    Face,
    Ink,
    Mark,
    Page,
    Rule,
    Text,
    Watermark,
    beside,
    stack,
)
from crm_desktop.documents.quote_table import break_rows, table_head, table_part, table_rows
from crm_desktop.documents.typesetting import printable

_TOP = 14.0
_FOOT_RULE = 280.5
_FOOT_BASELINE = 285.7
_BODY_BOTTOM = 279.0
# A signature never stands on a page without a word of what is signed.
_LINES_WITH_SIGNATURES = 2
_LEAST_TERMS = 20.0
_WATERMARK_LENGTH = 240.0  # what the page has across, for two beside each other

Columns = tuple[tuple[Block, ...], ...]


@dataclass(slots=True)
class _Sheet:
    """A page being filled from the top."""

    y: float
    marks: list[Mark] = field(default_factory=list)

    @property
    def room(self) -> float:
        return _BODY_BOTTOM - self.y

    def add(self, block: Block) -> None:
        self.marks += block.at(self.y)
        self.y += block.height


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
    fresh = _BODY_BOTTOM - _TOP - running.height
    together = totals.height + closing.height <= fresh
    next_room = fresh - head.height
    rows = table_rows(quote, tallest=next_room - 2 * 7.5)
    ranges = break_rows(
        [row.block.height for row in rows],
        first_room=_BODY_BOTTOM - _TOP - opening.height - head.height,
        next_room=next_room,
        tail=totals.height + (closing.height if together else 0),
        tied=[row.tied for row in rows],
    )
    sheets: list[_Sheet] = []
    for place, part in enumerate(ranges):
        sheet = _Sheet(y=_TOP)
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
    return tuple(_finish(sheet, number, len(sheets), quote) for number, sheet in enumerate(sheets, start=1))


def _closing(terms: Columns, quote: Manuscript) -> Block:
    """Return terms and signatures in one piece."""
    above = [blocks.terms_heading(quote), beside(stack(lines) for lines in terms)] if terms else [_space(2)]
    return stack([*above, blocks.signatures(quote)])


def _run_on(sheets: list[_Sheet], running: Block, terms: Columns, quote: Manuscript) -> None:
    """Let terms longer than a page run over further sheets, and end with the signatures."""
    signatures = blocks.signatures(quote)
    heading = blocks.terms_heading(quote)
    if sheets[-1].room < heading.height + _LEAST_TERMS:
        _turn(sheets, running)
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
            _turn(sheets, running)
    sheets[-1].add(signatures)


def _take(lines: Sequence[Block], room: float) -> int:
    """Return how many of the lines fit."""
    return sum(1 for used in accumulate(line.height for line in lines) if used <= room)


def _turn(sheets: list[_Sheet], running: Block) -> None:
    sheet = _Sheet(y=_TOP)
    sheet.add(running)
    sheets.append(sheet)


def _finish(sheet: _Sheet, number: int, count: int, quote: Manuscript) -> Page:
    """Return the page with its foot, and the watermark of one that is not final below everything."""
    marks: list[Mark] = [*_watermarks(quote)]
    left = f"{quote.document.number} · {quote.say_version()}"
    right = say_page(number, count, quote.language)
    marks += [
        *sheet.marks,
        Rule(x=LEFT, y=_FOOT_RULE, width=TEXT_WIDTH, thickness=0.25, ink=Ink.LINE),
        Text(x=LEFT, y=_FOOT_BASELINE, text=left, size=7.5, ink=Ink.SOFT),
        Text(x=RIGHT, y=_FOOT_BASELINE, text=right, size=7.5, ink=Ink.SOFT, align=Align.RIGHT),
    ]
    return Page(marks=tuple(_clean(mark) if isinstance(mark, Text) else mark for mark in marks))


def _watermarks(quote: Manuscript) -> tuple[Watermark, ...]:
    """Return what lies below everything on a page that is not yet final."""
    labels = [
        label
        for label, holds in (
            (Label.DRAFT, quote.document.draft),
            (Label.AWAITING_APPROVAL, quote.document.subject_to_approval),
        )
        if holds
    ]
    words = [f"{each.en} {each.zh}" if quote.language == "both" else quote.say(each) for each in labels]
    apart = 36.0
    return tuple(
        Watermark(
            x=PAGE_WIDTH / 2,
            y=PAGE_HEIGHT / 2 + apart * (2 * place - len(words) + 1),
            text=word,
            size=quote.fit(word, _WATERMARK_LENGTH, Face.STRONG, 92),
            degrees=52,
        )
        for place, word in enumerate(words)
    )


def _clean(mark: Text) -> Text:
    """Return the text on one line without what has no ink; wrapped texts are so already."""
    text = printable(mark.text).replace("\n", " ")
    return mark if text == mark.text else replace(mark, text=text)


def _space(height: float) -> Block:
    return Block(height=height, marks=())


def printed(pages: Sequence[Page]) -> list[tuple[str, Face]]:
    """Return every character the pages print with its face, each pair once, in the order of reading."""
    found: dict[tuple[str, Face], None] = {}
    for page in pages:
        for mark in page.marks:
            if isinstance(mark, (Text, Watermark)):
                face = mark.face if isinstance(mark, Text) else Face.STRONG
                found.update(dict.fromkeys((character, face) for character in mark.text))
    return list(found)
