"""The text of a filled template (Markdown with a few parts of its own) as pieces to lay on pages.

`[[letterhead]]`, `[[parties]]`, `[[lines]]`, `[[totals]]`, `[[terms]]` and `[[signatures]]` on a line by
themselves stand for the parts of the standard layout, `[[page]]` for a new page, `[[columns]]`, `[[next]]`
and `[[end]]` for two columns beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.documents import quote_blocks as blocks
from crm_desktop.documents.columns import Style
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    LEFT,
    TEXT_WIDTH,
    Align,
    Bar,
    Block,
    Bookmark,
    Ink,
    Mark,
    Picture,
    Rule,
    beside,
    stack,
)
from crm_desktop.documents.pictures import proportion
from crm_desktop.documents.quote_table import Row, table_head, table_rows
from crm_desktop.documents.rich_text import Line, Run, line_block, line_width, rich_lines
from resources.face import Face

PICTURE = "picture:"
_PART = re.compile(r"\[\[([a-z]+)\]\]\Z")
_SPECIAL = re.compile(r"([!-/:-@\[-`{-~])")
_LINE_ENDS = re.compile("\r\n?|\n")
_TEXT = Style(size=9.5, leading=5.0)
_HEADINGS = {
    "h1": Style(size=18, leading=8.6, face=Face.STRONG),
    "h2": Style(size=12.5, leading=6.4, face=Face.STRONG),
    "h3": Style(size=10.5, leading=5.6, face=Face.STRONG, ink=Ink.ACCENT),
}
_CELL = Style(size=8.5, leading=4.2)
_HEAD_CELL = Style(size=8, leading=4.2, face=Face.STRONG)
_GAP = 2.2
_CELL_GAP = 2.0
_INDENT = 5.5
_BETWEEN_COLUMNS = 8.0
_NARROWEST = 12.0
_PICTURE_WIDTH = 40.0
_TALLEST_PICTURE = 120.0


@dataclass(slots=True)
class Table:
    """A table over pages: its head is repeated, and where it has sums they are carried."""

    head: Block
    rows: list[Row]
    carries: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something that stays on one page; one that is `tied` stands on the page of the next."""

    block: Block = field(default_factory=lambda: Block(height=0, marks=()))
    tied: bool = False
    turn: bool = False
    table: Table | None = None


def escape(text: str) -> str:
    """Return a value as the markup shows it: none of its signs means anything, and its lines stay lines."""
    return (
        _SPECIAL.sub(r"\\\1", text).replace("\r\n", "\u2028").replace("\n", "\u2028").replace("\r", "\u2028")
    )


def pieces_of(text: str, quote: Manuscript, pictures: Mapping[str, bytes]) -> list[Piece]:
    """Return what a filled template says. Raises `UserError` for a picture or a part there is not."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["code", "html_block"])
    return _Reader(quote, pictures).read(parser.parse(text))


@dataclass(slots=True)
class _Reader:
    """Makes pieces of the tokens of a text, within a column."""

    quote: Manuscript
    pictures: Mapping[str, bytes]
    x: float = LEFT
    width: float = TEXT_WIDTH
    _level: int = -1

    def read(self, tokens: Sequence[Token]) -> list[Piece]:
        """Return the pieces of a run of tokens."""
        pieces: list[Piece] = []
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token.type == "paragraph_open" and (part := _PART.match(tokens[place + 1].content)):
                found, place = self._part(part[1], tokens, place)
                pieces += found
                continue
            end = _end(tokens, place)
            pieces += self._piece(token, tokens[place + 1 : end])
            place = end + 1
        return pieces

    def _piece(self, token: Token, inner: Sequence[Token]) -> list[Piece]:
        match token.type:
            case "heading_open":
                return self._heading(token.tag, inner[0])
            case "paragraph_open":
                return self._paragraph(inner[0])
            case "bullet_list_open" | "ordered_list_open":
                return self._list(token, inner)
            case "blockquote_open":
                return self._quoted(inner)
            case "table_open":
                return [self._table(inner)]
            case "hr":
                rule = Rule(x=self.x, y=2.0, width=self.width, thickness=0.25, ink=Ink.LINE)
                return [Piece(block=Block(height=4.0, marks=(rule,)))]
            case "fence":
                return self._lines([Run(token.content.rstrip("\n"))], _TEXT)
            case _:
                return []

    def _heading(self, tag: str, inline: Token) -> list[Piece]:
        style = _HEADINGS.get(tag, _HEADINGS["h3"])
        runs = _runs(inline)
        lines = rich_lines(runs, self.quote.typesetter, self.width, style.size)
        text = line_block(lines, self.quote.typesetter, style, x=self.x, width=self.width)
        # An entry is never more than one level below the entry before it, whatever headings are left out.
        self._level = min(int(tag[1:]) - 1, self._level + 1)
        title = "".join(run.text for run in runs).replace("\u2028", " ")
        entry = Block(height=_GAP, marks=(Bookmark(y=0, title=title, level=self._level),))
        return [Piece(block=stack([entry, text, Block(height=1.4, marks=())]), tied=True)]

    def _paragraph(self, inline: Token) -> list[Piece]:
        children = inline.children or []
        pictures = [child for child in children if child.type == "image"]
        if pictures and all(child.type in ("image", "softbreak") for child in children):
            return [Piece(block=self._picture(each)) for each in pictures]
        return self._lines(_runs(inline), _TEXT)

    def _lines(self, runs: Sequence[Run], style: Style) -> list[Piece]:
        """Return a paragraph line by line; neither its first nor its last line stands alone."""
        lines = rich_lines(runs, self.quote.typesetter, self.width, style.size)
        last = len(lines) - 1
        pieces = [
            Piece(
                block=line_block([line], self.quote.typesetter, style, x=self.x, width=self.width),
                tied=(place == 0 or place == last - 1) and place != last,
            )
            for place, line in enumerate(lines)
        ]
        return [*pieces, Piece(block=Block(height=_GAP, marks=()))]

    def _picture(self, token: Token) -> Block:
        source = str(token.attrs.get("src", ""))
        content = self.pictures.get(source.removeprefix(PICTURE)) if source.startswith(PICTURE) else None
        if not source or source == PICTURE:
            return Block(height=0, marks=())
        if content is None:
            raise UserError(N_("Documents show pictures of their records, and not “{source}”"), source=source)
        shape = proportion(content)
        wanted = str(token.attrs.get("title", ""))
        width = min(
            float(wanted) if wanted.isdecimal() else _PICTURE_WIDTH, self.width, _TALLEST_PICTURE * shape
        )
        mark = Picture(x=self.x, y=0, width=width, height=width / shape, content=content)
        return Block(height=width / shape + _GAP, marks=(mark,))

    def _list(self, token: Token, inner: Sequence[Token]) -> list[Piece]:
        number = int(token.attrs.get("start", 1))
        within = replace(self, x=self.x + _INDENT, width=self.width - _INDENT)
        pieces: list[Piece] = []
        place = 0
        while place < len(inner):
            end = _end(inner, place)
            item = within.read(inner[place + 1 : end])
            sign = "•" if token.type == "bullet_list_open" else f"{number}."
            beside_it = line_block([(Run(sign),)], self.quote.typesetter, _TEXT, x=self.x, width=_INDENT)
            if item:
                first = replace(item[0], block=beside([beside_it, item[0].block]))
                pieces += [first, *item[1:]]
            number += 1
            place = end + 1
        return pieces

    def _quoted(self, inner: Sequence[Token]) -> list[Piece]:
        within = replace(self, x=self.x + _INDENT, width=self.width - _INDENT)
        return [
            replace(piece, block=beside([self._bar(piece.block.height), piece.block]))
            for piece in within.read(inner)
        ]

    def _bar(self, height: float) -> Block:
        return Block(height=height, marks=(Bar(x=self.x, y=0, width=0.5, height=height, ink=Ink.ACCENT),))

    def _table(self, inner: Sequence[Token]) -> Piece:
        rows = list(_rows(inner))
        aligns = [_align(cell) for cell in rows[0]]
        cells = [[_runs(cell) for _, cell in row] for row in rows]
        widths = self._widths(cells)
        head = self._row(cells[0], widths, aligns, _HEAD_CELL, rules=(0.25, Ink.TEXT))
        top = Rule(x=self.x, y=0, width=self.width, thickness=0.25)
        body = [Row(block=self._row(row, widths, aligns, _CELL)) for row in cells[1:]]
        return Piece(table=Table(head=replace(head, marks=(top, *head.marks)), rows=body))

    def _widths(self, cells: Sequence[Sequence[Sequence[Run]]]) -> list[float]:
        """Return the columns' widths: what they need, or their share of what there is."""
        setter = self.quote.typesetter

        def needed(runs: Sequence[Run]) -> float:
            lines = rich_lines(runs, setter, 10_000, _CELL.size)
            return max((line_width(line, setter, _CELL.size) for line in lines), default=0.0) * 1.06

        columns = [
            max(needed(row[at]) if at < len(row) else 0.0 for row in cells) + 2 * _CELL_GAP
            for at in range(len(cells[0]))
        ]
        least = min(_NARROWEST, self.width / len(columns))
        columns = [max(width, least) for width in columns]
        spare = self.width - sum(columns)
        if spare >= 0:
            widest = columns.index(max(columns))
            return [width + (spare if at == widest else 0) for at, width in enumerate(columns)]
        over = sum(width - least for width in columns)
        return [least + (width - least) * (self.width - least * len(columns)) / over for width in columns]

    def _row(
        self,
        cells: Sequence[Sequence[Run]],
        widths: Sequence[float],
        aligns: Sequence[Align],
        style: Style,
        rules: tuple[float, Ink] = (0.25, Ink.LINE),
    ) -> Block:
        setter = self.quote.typesetter
        parts: list[Block] = []
        x = self.x
        for at, width in enumerate(widths):
            room = width - 2 * _CELL_GAP
            lines: list[Line] = rich_lines(cells[at], setter, room, style.size) if at < len(cells) else []
            parts.append(line_block(lines, setter, style, x=x + _CELL_GAP, width=room, align=aligns[at]))
            x += width
        inner = beside(parts)
        height = max(inner.height, style.leading) + 2.6
        marks: list[Mark] = [*inner.at(1.3)]
        marks.append(Rule(x=self.x, y=height, width=self.width, thickness=rules[0], ink=rules[1]))
        return Block(height=height, marks=tuple(marks))

    def _part(self, name: str, tokens: Sequence[Token], place: int) -> tuple[list[Piece], int]:
        """Return a part of the standard layout, and the place after it."""
        quote, after = self.quote, place + 3
        if (
            name == "totals"
            or (name == "terms" and blocks.terms_columns(quote))
            or (name == "lines" and quote.document.groups)
        ):
            self._level = 0  # they enter the outline at its top
        match name:
            case "page":
                return [Piece(turn=True)], after
            case "letterhead":
                return [Piece(block=stack([blocks.letterhead(quote), Block(height=6, marks=())]))], after
            case "parties":
                gaps = [Block(height=height, marks=()) for height in (2.5, 5)]
                return [Piece(block=stack([gaps[0], blocks.parties(quote), gaps[1]]))], after
            case "lines":
                table = Table(head=table_head(quote), rows=table_rows(quote, tallest=200.0), carries=True)
                return [Piece(table=table)], after
            case "totals":
                return [Piece(block=stack([blocks.totals(quote), Block(height=4, marks=())]))], after
            case "terms":
                return self._terms(), after
            case "signatures":
                return [Piece(block=blocks.signatures(quote))], after
            case "columns":
                return self._columns(tokens, after)
            case _:
                raise UserError(N_("There is no part called “{name}”"), name=f"[[{name}]]")

    def _terms(self) -> list[Piece]:
        columns = blocks.terms_columns(self.quote)
        if not columns:
            return []
        longest = max(len(lines) for lines in columns)
        rows = [beside(lines[at] for lines in columns if at < len(lines)) for at in range(longest)]
        return [Piece(block=blocks.terms_heading(self.quote), tied=True), *(Piece(block=row) for row in rows)]

    def _columns(self, tokens: Sequence[Token], place: int) -> tuple[list[Piece], int]:
        parts: list[list[Token]] = [[]]
        while place < len(tokens):
            sign = _PART.match(tokens[place + 1].content) if tokens[place].type == "paragraph_open" else None
            if sign is not None and sign[1] in ("next", "end"):
                place += 3
                if sign[1] == "end":
                    break
                parts.append([])
                continue
            end = _end(tokens, place)
            parts[-1] += tokens[place : end + 1]
            place = end + 1
        width = (self.width - _BETWEEN_COLUMNS * (len(parts) - 1)) / len(parts)
        made = []
        for number, part in enumerate(parts):
            x = self.x + number * (width + _BETWEEN_COLUMNS)
            within = replace(self, x=x, width=width).read(part)
            made.append(stack([block for piece in within for block in _standing(piece)]))
        return [Piece(block=beside(made))], place


def _standing(piece: Piece) -> list[Block]:
    """Return a piece as blocks below each other, for a column that is on one page."""
    table = piece.table
    return [piece.block] if table is None else [table.head, *(row.block for row in table.rows)]


def _end(tokens: Sequence[Token], place: int) -> int:
    """Return where what opens at a place is closed: there itself, for what does not nest."""
    depth = 0
    for at in range(place, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens) - 1


def _rows(inner: Sequence[Token]) -> Iterator[list[tuple[Token, Token]]]:
    row: list[tuple[Token, Token]] = []
    for place, token in enumerate(inner):
        if token.type in ("th_open", "td_open"):
            row.append((token, inner[place + 1]))
        elif token.type == "tr_close":
            yield row
            row = []


def _align(cell: tuple[Token, Token]) -> Align:
    return Align.RIGHT if "right" in str(cell[0].attrs.get("style", "")) else Align.LEFT


def _runs(inline: Token) -> list[Run]:
    """Return the runs of a paragraph's or cell's text."""
    runs: list[Run] = []
    strong, link = 0, 0
    for child in inline.children or []:
        if child.type in ("strong_open", "strong_close", "em_open", "em_close"):
            strong += child.nesting
        elif child.type in ("link_open", "link_close"):
            link += child.nesting
        else:
            text = {"softbreak": _joint(runs), "hardbreak": "\n", "image": ""}.get(child.type, child.content)
            face = Face.STRONG if strong else Face.REGULAR
            runs.append(Run(text, face, Ink.ACCENT if link else Ink.TEXT))
    return runs


def _joint(runs: Sequence[Run]) -> str:
    """Return what joins two lines of the source: a space after Latin letters, nothing in Chinese."""
    before = runs[-1].text[-1:] if runs else ""
    return " " if before.isascii() else ""
