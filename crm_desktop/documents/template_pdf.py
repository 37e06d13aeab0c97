"""A filled template as a PDF: pieces laid on pages, with the head, foot and watermarks of every document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm_core.i18n import Message
from crm_desktop.documents import missing
from crm_desktop.documents import quote_blocks as blocks
from crm_desktop.documents.columns import choose
from crm_desktop.documents.labels import DocumentLanguage, Label
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.markup import Piece, Table, pieces_of
from crm_desktop.documents.paper import Page
from crm_desktop.documents.quote_document import QuoteDocument
from crm_desktop.documents.quote_table import CARRIED_HEIGHT, carried
from crm_desktop.documents.sheets import TOP, Sheet, finish, printed, turn
from crm_desktop.documents.typesetting import Typesetter


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledTemplate:
    """What a template says of a record: its markup, what it is called, the pictures it may show by their key.

    `typed` are the texts of the record with the names of their fields, for what no font can print.
    """

    text: str
    title: str
    document: QuoteDocument
    pictures: Mapping[str, bytes]
    typed: tuple[tuple[Message, str], ...] = ()


def template_pdf(filled: FilledTemplate, language: DocumentLanguage) -> tuple[bytes, int]:
    """Return the PDF's bytes and number of pages; the same values give the same bytes.

    Raises `UserError` for a character the fonts lack, and for a picture or a part there is not.
    """
    from crm_desktop.documents.fonts import measurer  # noqa: PLC0415 - reportlab, left out of start-up
    from crm_desktop.documents.pdf import Title, draw_pdf  # noqa: PLC0415 - the same
    from resources.faces import face_of  # noqa: PLC0415 - the same

    document = filled.document
    quote = Manuscript(
        document=document, language=language, typesetter=Typesetter(measurer()), heading=filled.title
    )
    pages = lay_out(pieces_of(filled.text, quote, filled.pictures), quote)
    absent = [character for character, face in printed(pages) if face_of(character, face) is None]
    missing.refuse(list(dict.fromkeys(absent)), filled.typed)
    title = Title(
        title=f"{filled.title} {document.number}".strip(),
        author=choose(document.letterhead.name_zh, document.letterhead.name_en, language),
        subject=choose(document.customer.name_zh, document.customer.name_en, language),
        language="en" if language == "en" else "zh-CN",
    )
    return draw_pdf(pages, title), len(pages)


def lay_out(pieces: Sequence[Piece], quote: Manuscript) -> tuple[Page, ...]:
    """Return the pages the pieces take."""
    flow = _Flow(quote)
    place = 0
    while place < len(pieces):
        piece = pieces[place]
        if piece.turn:
            flow.turn()
            place += 1
        elif piece.table is not None:
            flow.add_table(piece.table)
            place += 1
        else:
            end = place + 1
            while end < len(pieces) and pieces[end - 1].tied and pieces[end].table is None:
                end += 1
            tied = pieces[place:end]
            follows = pieces[end].table if pieces[end - 1].tied and end < len(pieces) else None
            beginning = (
                follows.head.height + follows.rows[0].block.height if follows and follows.rows else 0.0
            )
            flow.make_room(sum(each.block.height for each in tied) + beginning)
            for each in tied:
                flow.add(each)
            place = end
    return tuple(
        finish(sheet, number, len(flow.sheets), quote) for number, sheet in enumerate(flow.sheets, start=1)
    )


class _Flow:
    """Sheets being filled one after the other."""

    def __init__(self, quote: Manuscript) -> None:
        self._quote = quote
        self._running = blocks.running_head(quote)
        self.sheets = [Sheet(y=TOP)]

    def turn(self) -> None:
        """Begin a new page."""
        turn(self.sheets, self._running)

    def make_room(self, height: float) -> None:
        """Begin a new page where this one has no room; what is taller than a page begins where it is."""
        sheet = self.sheets[-1]
        begun = sheet.y > TOP + (self._running.height if len(self.sheets) > 1 else 0)
        if height > sheet.room and begun:
            self.turn()

    def add(self, piece: Piece) -> None:
        """Put a piece on the page; space at its head is left out, but for what is drawn in it."""
        self.make_room(piece.block.height)
        self.sheets[-1].add(piece.block)

    def add_table(self, table: Table) -> None:
        """Put a table on as many pages as it takes."""
        rows = table.rows
        first = rows[0].block.height if rows else 0.0
        self.make_room(table.head.height + first + (CARRIED_HEIGHT if table.carries else 0))
        self.sheets[-1].add(table.head)
        place = 0
        while place < len(rows):
            end = place + 1
            while end < len(rows) and rows[end - 1].tied:
                end += 1
            needed = sum(row.block.height for row in rows[place:end])
            needed += CARRIED_HEIGHT if table.carries and end < len(rows) else 0
            if needed > self.sheets[-1].room and place:
                self._carry(table, Label.CARRIED_TO, place)
                self.turn()
                self.sheets[-1].add(table.head)
                self._carry(table, Label.CARRIED_FORWARD, place)
            for row in rows[place:end]:
                self.sheets[-1].add(row.block)
            place = end

    def _carry(self, table: Table, label: Label, place: int) -> None:
        if table.carries:
            self.sheets[-1].add(carried(label, table.rows[:place], self._quote))
