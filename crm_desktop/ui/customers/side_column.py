"""The right column of a customer's page: people, open deals, the latest quotes and tickets, files.

Rows are kept for the next customer: to fill one anew takes a fraction of making it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_core.schema.phones import shown_form
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models.records import Record
from crm_desktop.services.attachments import ON_LAPTOP, FileRow
from crm_desktop.services.balances import Balance
from crm_desktop.services.customers import DealRow, Overview
from crm_desktop.services.segments import SegmentRow
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.words import amount, step_shown
from crm_desktop.ui.files.words import LOOKS
from crm_desktop.ui.format import NOTHING, figure, file_size, money, near_date, percent
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.cards import Avatar, InfoRow
from crm_desktop.ui.widgets.labels import ElidedLabel, Heading, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

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
        self._in_segments: tuple[SegmentRow, ...] = ()
        self._add = IconButton("plus", message("New contact"), color="accent", small=True)
        self._add.clicked.connect(self.contact_asked)
        self._contacts = self._section(
            message("Contacts"), _ContactRow, "contacts", none=message("No contacts yet"), most=MOST_CONTACTS
        )
        self._contacts.heading.row.addWidget(self._add)
        self._deals = self._section(message("Open deals"), _DealRow, "deals", none=message("No open deal"))
        self._quotes = self._section(message("Quotes"), _QuoteRow, "quotes")
        self._balances = self._section(message("Receivables"), _BalanceRow, "payments")
        self._tickets = self._section(message("Tickets"), _TicketRow, "tickets")
        self._files = self._section(message("Files"), _FileLine, "files")
        self._segments = self._section(message("In segments"), _SegmentLine, "", most=None)
        scroll = QScrollArea()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        inner = QWidget()
        column = QVBoxLayout(inner)
        keep_margins(column, PAGE_MARGIN, L, PAGE_MARGIN, L)
        column.setSpacing(0)
        for number, section in enumerate(self._sections()):
            section.layout().setContentsMargins(0, L if number else 0, 0, 0)
            column.addWidget(section)
        column.addStretch(1)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_overview(self, overview: Overview) -> None:
        """Show a customer."""
        self._overview = overview
        self._fill()

    def show_segments(self, segments: Sequence[SegmentRow]) -> None:
        """Show which segments the customer is in."""
        self._in_segments = tuple(segments)
        self._segments.show_values(self._in_segments)
        self._order_tabs()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        self._fill()

    def _sections(self) -> tuple[_Section, ...]:
        money_first = (self._contacts, self._deals, self._quotes, self._balances)
        return (*money_first, self._tickets, self._files, self._segments)

    def _section(
        self,
        title: Message,
        make: Callable[[], _Row],
        tab: str,
        *,
        none: Text = "",
        most: int | None = MOST_ROWS,
    ) -> _Section:
        section = _Section(title, make, none=none, most=most)
        section.opened.connect(self._on_opened)
        section.more_asked.connect(lambda: self.tab_asked.emit(tab))
        return section

    def _fill(self) -> None:
        overview = self._overview
        if overview is None:
            return
        total = amount(overview.open_minor, overview.currency)
        remark: Text = message("total {amount}", amount=money(total)) if total and total.minor else ""
        self._contacts.show_values(overview.contacts)
        self._deals.show_values(overview.open_deals, remark)
        self._quotes.show_values(overview.quotes)
        today = self._context.replica.clock.today()
        owed = [(each, today) for each in overview.balances if each.open_minor or each.unmatched_minor]
        self._balances.show_values(owed)
        self._tickets.show_values(overview.tickets)
        self._files.show_values(overview.files, _number_of(overview.files))
        self._segments.show_values(self._in_segments)
        self._order_tabs()

    def _order_tabs(self) -> None:
        """Have the Tab key go down the column, whenever its rows were made."""
        grown = [section.take_grown() for section in self._sections()]
        if not any(grown):
            return
        stops = [self._add, *(stop for section in self._sections() for stop in section.stops())]
        for stop, following in pairwise(stops):
            QWidget.setTabOrder(stop, following)

    def _on_opened(self, row: _Row) -> None:
        if isinstance(row, _ContactRow):
            self.contact_opened.emit(row.record_id)
        elif isinstance(row, (_FileLine, _BalanceRow)):
            self.tab_asked.emit(row.tab)
        else:
            self._context.go.emit(Place(page=row.page, record_id=row.record_id))


class _Row(InfoRow):
    """A row that can show one value after the other; `page` is where a click on it leads."""

    page = ""

    def __init__(self, *, lined: bool = False, **look: Any) -> None:
        super().__init__("", lined=lined, **look)
        self.record_id = ""
        self.layout().setContentsMargins(0, 4, 0, 5)

    def show_value(self, value: Any) -> None:
        """Show a value of the row's kind."""
        raise NotImplementedError


class _Section(QWidget):
    """A heading over the first few of what there is, and how many more there are; gone while empty.

    With `none`, it stays and says that there is nothing.
    """

    opened = Signal(object)
    """The row a person wants to see."""
    more_asked = Signal()

    def __init__(self, title: Message, make: Callable[[], _Row], *, none: Text, most: int | None) -> None:
        super().__init__()
        self._make, self._most = make, most
        self._rows: list[_Row] = []
        self._grown = False
        self.heading = Heading(title)
        self._none = Label(none, color="text-soft") if none else None
        self._more: InfoRow | None = None
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)
        self._column.addSpacing(4)
        self._first = self._column.count()
        if self._none is not None:
            self._column.addWidget(self._none)

    def show_values(self, values: Sequence[Any], remark: Text = "") -> None:
        """Show what there is."""
        self.heading.remark.say(remark)
        shown = values if self._most is None else values[: self._most]
        while len(self._rows) < len(shown):
            self._add_row()
        for row, value in zip(self._rows, shown, strict=False):
            row.show_value(value)
        for place, row in enumerate(self._rows):
            row.setVisible(place < len(shown))
        if self._none is not None:
            self._none.setVisible(not values)
        self._show_more(len(values) - len(shown))
        self.setVisible(bool(values) or self._none is not None)

    def take_grown(self) -> bool:
        """Tell whether rows were made since last asked."""
        grown, self._grown = self._grown, False
        return grown

    def stops(self) -> Iterator[QWidget]:
        """Go along what the Tab key stops at."""
        yield from self._rows
        if self._more is not None:
            yield self._more

    def _add_row(self) -> None:
        row = self._make()
        row.opened.connect(lambda: self.opened.emit(row))
        self._column.insertWidget(self._first + len(self._rows), row)
        self._rows.append(row)
        self._grown = True

    def _show_more(self, number: int) -> None:
        if number > 0 and self._more is None:
            self._more = InfoRow("", lined=False)
            self._more.title.set_color("text-soft")
            self._more.layout().setContentsMargins(0, 4, 0, 5)
            self._more.opened.connect(self.more_asked)
            self._column.addWidget(self._more)
            self._grown = True
        if self._more is not None:
            self._more.title.say(message("and {count} more", count=number))
            self._more.retranslate()
            self._more.setVisible(number > 0)


class _ContactRow(_Row):
    """A circle with the initial, the name and the phone over title and role."""

    def __init__(self) -> None:
        super().__init__()
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        words = row.itemAt(0).layout()
        assert isinstance(words, QVBoxLayout)
        self._phone = Label(step="caption", color="text-soft")
        self._avatar = Avatar("")
        words.removeWidget(self.title)
        upper = QHBoxLayout()  # beside the name alone, so that title and role have the whole line
        upper.setSpacing(12)
        upper.addWidget(self.title, 1)
        upper.addWidget(self._phone)
        words.insertLayout(1, upper)
        row.insertWidget(0, self._avatar)

    def show_value(self, value: Record) -> None:
        """Show a contact."""
        self.record_id = value.id
        self.show_words(value.title, _role(value))
        self._phone.say(shown_form(str(value.get("phone") or "")))
        self._avatar.show_name(value.title)


class _Lines(_Row):
    """A name and a figure, under them a soft line and a state."""

    _words_made = False

    def __init__(self, state: QWidget | None = None) -> None:
        super().__init__(lined=True)
        words = self.layout().itemAt(0).layout()
        assert isinstance(words, QVBoxLayout)
        self._figure, self._words_made = Label(), True
        for place, (left, right) in enumerate(((self.title, self._figure), (self.line, state)), start=1):
            words.removeWidget(left)
            row = QHBoxLayout()
            row.setSpacing(12)
            gives_way = isinstance(right, _Step)
            row.addWidget(left, 0 if gives_way else 1)
            if right is not None:
                row.addWidget(right, 1 if gives_way else 0)
            words.insertLayout(place, row)

    def show_lines(self, name: Text, figure: str, line: Text) -> None:
        """Show other words."""
        self._figure.say(figure)
        self.show_words(name, line)

    def retranslate(self) -> None:
        """Say the figure too to those who listen."""
        figure = self._figure.text() if self._words_made else ""
        self.setAccessibleName(". ".join(filter(None, (self.title.text(), figure, self.line.text()))))


class _DealRow(_Lines):
    """An open deal: amount, stage with its chance, next step."""

    page = "pipeline"

    def __init__(self) -> None:
        step = _Step()
        super().__init__(step)
        self._step = step

    def show_value(self, value: DealRow) -> None:
        """Show a deal."""
        self.record_id = value.id
        minor = value.amount_minor
        figure = money(Money(minor, value.currency or DEFAULT_CURRENCY)) if minor is not None else NOTHING
        stage: Text = value.stage
        if value.probability is not None:
            stage = message("{stage} · {chance}", stage=value.stage, chance=percent(value.probability))
        self.show_lines(value.name, figure, stage)
        self._step.show_step(value)


class _QuoteRow(_Lines):
    """A quote: its sum and how far it is."""

    page = "quotes"

    def show_value(self, value: Record) -> None:
        """Show a quote."""
        self.record_id = value.id
        minor, currency = value.get("total"), str(value.get("currency") or DEFAULT_CURRENCY)
        figure = money(Money(minor, currency)) if minor is not None else NOTHING
        state = SCHEMAS["quote"].fields["status"].choice_label(str(value.get("status") or ""))
        self.show_lines(value.title or tr("Draft"), figure, Message(state))


class _BalanceRow(_Lines):
    """What is to be collected in one currency, since when it is overdue, and what nobody matched yet."""

    tab = "payments"

    def show_value(self, value: tuple[Balance, datetime.date]) -> None:
        """Show a balance as of a day."""
        balance, today = value
        name = message("To collect") if balance.open_minor else message("Matched to nothing")
        shown = _in(balance, balance.open_minor or balance.unmatched_minor)
        self.show_lines(name, shown, _standing(balance, today))
        self.line.set_color("bad" if balance.overdue_minor else "text-soft")


def _in(balance: Balance, minor: int) -> str:
    return money(Money(minor, balance.currency or DEFAULT_CURRENCY))


def _standing(balance: Balance, today: datetime.date) -> Text:
    """Say what is late, else what is due next."""
    due = near_date(datetime.date.fromisoformat(balance.due_on), today) if balance.due_on else ""
    if balance.overdue_minor:
        return message("{amount} overdue, since {day}", amount=_in(balance, balance.overdue_minor), day=due)
    if due:
        return message("Next due {day}", day=due)
    return message("Due on no day yet") if balance.open_minor else ""


class _TicketRow(_Lines):
    """A ticket: its number and how far it is."""

    page = "tickets"

    def show_value(self, value: Record) -> None:
        """Show a ticket."""
        self.record_id = value.id
        state = SCHEMAS["ticket"].fields["status"].choice_label(str(value.get("status") or ""))
        self.show_lines(value.title, str(value.get("number") or ""), Message(state))


class _FileLine(_Row):
    """A file: its name, and where its content is."""

    tab = "files"

    def __init__(self) -> None:
        state = _FileState()
        super().__init__(icon="file", right=state)
        self._state = state

    def show_value(self, value: FileRow) -> None:
        """Show a file."""
        self.show_words(value.name)
        self._state.show_file(value)


class _SegmentLine(_Row):
    """A segment the customer is in."""

    page = "segments"

    def __init__(self) -> None:
        super().__init__(icon="filter")

    def show_value(self, value: SegmentRow) -> None:
        """Show a segment."""
        self.record_id = value.id
        self.show_words(value.name)


class _Step(QWidget):
    """A next step in as much room as there is."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ElidedLabel(step="caption", color="text-soft")
        self._text.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._mark = IconLabel("clock", size=14)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch(1)
        row.addWidget(self._mark)
        row.addWidget(self._text)

    def show_step(self, deal: DealRow) -> None:
        """Show the next step of a deal."""
        step = step_shown(deal.next_step)
        words, glyph = show(step.text), step.glyph
        self.setAccessibleName(words)
        self.setToolTip(words)
        self._mark.show_icon(glyph.icon, glyph.color, glyph.word)
        self._text.say(words)


class _FileState(QWidget):
    """The size of a file, and a shape where its content is not settled here."""

    def __init__(self) -> None:
        super().__init__()
        self._size = Label(step="caption", color="text-soft")
        self._mark = IconLabel("file", size=14)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._size)
        row.addWidget(self._mark)

    def show_file(self, file: FileRow) -> None:
        """Show how a file stands."""
        look = LOOKS[file.state]
        self._size.say(file_size(file.size) if file.size else "")
        self._mark.setVisible(bool(look.icon))
        if look.icon:
            self._mark.show_icon(look.icon, look.color, look.word)


def _number_of(files: Sequence[FileRow]) -> Text:
    number: Text = plural(len(files), message("1 file"), message("{count} files", count=figure(len(files))))
    away = sum(file.state not in ON_LAPTOP for file in files)
    return message("{count}, {away} at HQ", count=show(number), away=figure(away)) if away else number


def _role(contact: Record) -> Text:
    title = str(contact.get("title") or "")
    role = contact.get("decision_role")
    if not role:
        return title
    word = tr(SCHEMAS["contact"].fields["decision_role"].choice_label(str(role)))
    return message("{title} · {role}", title=title, role=word) if title else word
