"""The right column of a customer's page: people, open deals, the latest quotes and tickets, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_core.schema.phones import shown_form
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models.records import Record
from crm_desktop.services.attachments import ON_LAPTOP, FileRow
from crm_desktop.services.customers import DealRow, Overview
from crm_desktop.services.segments import SegmentRow
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.words import amount, step_shown
from crm_desktop.ui.files.words import LOOKS
from crm_desktop.ui.format import NOTHING, figure, file_size, money, percent
from crm_desktop.ui.lists.details import clear
from crm_desktop.ui.theme.tokens import SIZES, L
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.cards import Avatar, InfoRow
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.labels import ElidedLabel, Heading, IconLabel, Label
from crm_desktop.ui.widgets.live import Live

MOST_CONTACTS, MOST_ROWS = 6, 4


class SideColumn(Live, QWidget):
    """Short lists that lead on. Tells what a person asked for."""

    contact_opened = Signal(str)
    contact_asked = Signal()
    """A new contact is wanted."""
    tab_asked = Signal(str)
    """All of a kind are wanted: the tab's key."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._overview: Overview | None = None
        self._segments: Sequence[SegmentRow] = ()
        self._body = QVBoxLayout()
        self._body.setSpacing(0)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(SIZES["page-margin"], L, SIZES["page-margin"], L)
        column.addLayout(self._body)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def show_overview(self, overview: Overview) -> None:
        """Show a customer."""
        self._overview = overview
        self._fill()

    def show_segments(self, segments: Sequence[SegmentRow]) -> None:
        """Show which segments the customer is in."""
        self._segments = segments
        self._fill()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        self._fill()

    def _fill(self) -> None:
        clear(self._body)
        overview = self._overview
        if overview is None:
            return
        self._contacts(overview)
        self._deals(overview)
        self._records(
            message("Quotes"), "quotes", overview.quotes, lambda row: _Lines(*_quote_lines(row)), "quotes"
        )
        self._records(
            message("Tickets"),
            "tickets",
            overview.tickets,
            lambda row: _Lines(*_ticket_lines(row)),
            "tickets",
        )
        self._files(overview.files)
        self._in_segments()

    def _contacts(self, overview: Overview) -> None:
        heading = Heading(message("Contacts"))
        add = IconButton("plus", message("New contact"), color="accent", small=True)
        add.clicked.connect(self.contact_asked)
        heading.row.addWidget(add)
        self._body.addWidget(heading)
        self._body.addSpacing(4)
        for contact in overview.contacts[:MOST_CONTACTS]:
            row = _ContactRow(contact)
            row.opened.connect(lambda record_id=contact.id: self.contact_opened.emit(record_id))
            self._body.addWidget(row)
        if not overview.contacts:
            self._body.addWidget(Label(message("No contacts yet"), color="text-soft"))
        self._more(len(overview.contacts) - MOST_CONTACTS, "contacts")

    def _deals(self, overview: Overview) -> None:
        self._body.addSpacing(L)
        total = amount(overview.open_minor, overview.currency)
        remark: Text = message("total {amount}", amount=money(total)) if total and total.minor else ""
        self._body.addWidget(Heading(message("Open deals"), remark))
        self._body.addSpacing(4)
        for deal in overview.open_deals[:MOST_ROWS]:
            row = _DealLines(deal)
            row.opened.connect(lambda record_id=deal.id: self._go("pipeline", record_id))
            self._body.addWidget(row)
        if not overview.open_deals:
            self._body.addWidget(Label(message("No open deal"), color="text-soft"))
        self._more(len(overview.open_deals) - MOST_ROWS, "deals")

    def _records(
        self,
        title: Message,
        tab: str,
        rows: Sequence[Record],
        make: Callable[[Record], InfoRow],
        page: str,
    ) -> None:
        if not rows:
            return
        self._body.addSpacing(L)
        self._body.addWidget(Heading(title))
        self._body.addSpacing(4)
        for record in rows[:MOST_ROWS]:
            row = make(record)
            row.opened.connect(lambda record_id=record.id: self._go(page, record_id))
            self._body.addWidget(row)
        self._more(len(rows) - MOST_ROWS, tab)

    def _files(self, files: Sequence[FileRow]) -> None:
        if not files:
            return
        number: Text = plural(
            len(files), message("1 file"), message("{count} files", count=figure(len(files)))
        )
        away = sum(file.state not in ON_LAPTOP for file in files)
        if away:
            number = message("{count}, {away} at HQ", count=show(number), away=figure(away))
        self._body.addSpacing(L)
        self._body.addWidget(Heading(message("Files"), number))
        self._body.addSpacing(4)
        for file in files[:MOST_ROWS]:
            row = InfoRow(file.name, icon="file", right=_FileState(file), lined=False)
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.opened.connect(lambda: self.tab_asked.emit("files"))
            self._body.addWidget(row)
        self._more(len(files) - MOST_ROWS, "files")

    def _in_segments(self) -> None:
        if not self._segments:
            return
        self._body.addSpacing(L)
        self._body.addWidget(Heading(message("In segments")))
        self._body.addSpacing(4)
        for segment in self._segments:
            row = InfoRow(segment.name, icon="filter", lined=False)
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.opened.connect(lambda record_id=segment.id: self._go("segments", record_id))
            self._body.addWidget(row)

    def _more(self, number: int, tab: str) -> None:
        if number > 0:
            row = InfoRow(message("and {count} more", count=number), lined=False)
            row.title.set_color("text-soft")
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.opened.connect(lambda: self.tab_asked.emit(tab))
            self._body.addWidget(row)

    def _go(self, page: str, record_id: str) -> None:
        self._context.go.emit(Place(page=page, record_id=record_id))


class _ContactRow(InfoRow):
    """A circle with the initial, the name and the phone over title and role."""

    def __init__(self, contact: Record) -> None:
        super().__init__(contact.title, _role(contact), lined=False)
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        row.setContentsMargins(0, 4, 0, 5)
        words = row.itemAt(0).layout()
        assert isinstance(words, QVBoxLayout)
        phone = Label(shown_form(str(contact.get("phone") or "")), step="caption", color="text-soft")
        words.removeWidget(self.title)
        upper = QHBoxLayout()  # beside the name alone, so that title and role have the whole line
        upper.setSpacing(12)
        upper.addWidget(self.title, 1)
        upper.addWidget(phone)
        words.insertLayout(1, upper)
        row.insertWidget(0, Avatar(contact.title))


class _Lines(InfoRow):
    """A name and a figure, under them a soft line and a state."""

    def __init__(self, name: Text, figure: str, line: Text, state: QWidget | None) -> None:
        super().__init__(name, line)
        words = self.layout().itemAt(0).layout()
        assert isinstance(words, QVBoxLayout)
        for place, (left, right) in enumerate(((self.title, Label(figure)), (self.line, state)), start=1):
            words.removeWidget(left)
            row = QHBoxLayout()
            row.setSpacing(12)
            gives_way = isinstance(right, _Step)
            row.addWidget(left, 0 if gives_way else 1)
            if right is not None:
                row.addWidget(right, 1 if gives_way else 0)
            words.insertLayout(place, row)
        self.layout().setContentsMargins(0, 4, 0, 5)


class _DealLines(_Lines):
    """An open deal: amount, stage with its chance, next step."""

    def __init__(self, deal: DealRow) -> None:
        minor = deal.amount_minor
        figure = money(Money(minor, deal.currency or DEFAULT_CURRENCY)) if minor is not None else NOTHING
        stage: Text = deal.stage
        if deal.probability is not None:
            stage = message("{stage} · {chance}", stage=deal.stage, chance=percent(deal.probability))
        step = step_shown(deal.next_step)
        super().__init__(deal.name, figure, stage, _Step(step.glyph, show(step.text)))


class _Step(QWidget):
    """A next step in as much room as there is."""

    def __init__(self, glyph: Glyph, words: str) -> None:
        super().__init__()
        self.setAccessibleName(words)
        self.setToolTip(words)
        text = ElidedLabel(words, step="caption", color="text-soft")
        text.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch(1)
        row.addWidget(IconLabel(glyph.icon, color=glyph.color, size=14, name=glyph.word))
        row.addWidget(text)


class _FileState(QWidget):
    """The size of a file, and a shape where its content is not settled here."""

    def __init__(self, file: FileRow) -> None:
        super().__init__()
        look = LOOKS[file.state]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Label(file_size(file.size) if file.size else "", step="caption", color="text-soft"))
        if look.icon:
            row.addWidget(IconLabel(look.icon, color=look.color, size=14, name=look.word))


def _role(contact: Record) -> Text:
    title = str(contact.get("title") or "")
    role = contact.get("decision_role")
    if not role:
        return title
    word = tr(SCHEMAS["contact"].fields["decision_role"].choice_label(str(role)))
    return message("{title} · {role}", title=title, role=word) if title else word


def _quote_lines(row: Record) -> tuple[Text, str, Text, QWidget | None]:
    minor = row.get("total")
    figure = (
        money(Money(minor, str(row.get("currency") or DEFAULT_CURRENCY))) if minor is not None else NOTHING
    )
    state = SCHEMAS["quote"].fields["status"].choice_label(str(row.get("status") or ""))
    return row.title or tr("Draft"), figure, Message(state), None


def _ticket_lines(row: Record) -> tuple[Text, str, Text, QWidget | None]:
    state = SCHEMAS["ticket"].fields["status"].choice_label(str(row.get("status") or ""))
    return row.title, str(row.get("number") or ""), Message(state), None
