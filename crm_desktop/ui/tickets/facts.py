"""At the right: whose ticket it is, its promises, and what else is open with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities.ticket import CHANNELS
from crm_core.i18n import Message, message
from crm_core.schema.phones import shown_form
from crm_desktop.services.ticket_around import Around, PartRow
from crm_desktop.services.tickets import Clock, QueueRow, TicketView
from crm_desktop.ui.context import Context
from crm_desktop.ui.customers.words import show_feedback
from crm_desktop.ui.dialling import dial
from crm_desktop.ui.field_texts import words_of
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.format import NOTHING, near_date
from crm_desktop.ui.knowledge.suggested import SuggestedArticles
from crm_desktop.ui.requests.asked_panel import AskedPanel
from crm_desktop.ui.theme import theme
from crm_desktop.ui.tickets.queue import now_ms
from crm_desktop.ui.tickets.satisfaction import Satisfaction
from crm_desktop.ui.tickets.unknown_sender import UnknownSender
from crm_desktop.ui.tickets.words import STATES, deadline, moment, near_time
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.labels import ElidedLabel, Heading, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.progress import Gauge

_CHANNELS = {choice.value: Message(choice.label) for choice in CHANNELS}
_LEAST_LABEL, _MOST_LABEL = 68, 96
_SHORT_NAME = 14  # longer names leave the buttons no room; the fact below has them
_FACTS = (
    "Contact",
    "Phone",
    "Product",
    "Serial number",
    "Category",
    "Channel",
    "Assigned to",
    "Why",
    "Opened",
)


class FactsPane(Live, QScrollArea):
    """Facts of a ticket's customer and of the ticket."""

    customer_asked = Signal(str)
    ticket_asked = Signal(str)
    request_asked = Signal(str)
    """Id of the service request it is worked on for."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: TicketView | None = None
        self.files = FilesPanel(context, "ticket", compact_rows=4)
        self.articles = SuggestedArticles(context)
        self.asked = AskedPanel(context)
        self.asked.open_asked.connect(self.request_asked)
        self.unknown = UnknownSender(context)
        self._phone = ""
        self.name = ElidedLabel("", step="section")
        self.level = _Level()
        self.line = ElidedLabel("", color="text-soft")
        self.feedback = Chip("")
        """Whether the customer complains often, or recommends us; and below it why."""
        self.feedback_why = Label("", step="caption", color="text-soft", wrap=True)
        self.call = Button("", icon="phone", small=True)
        self.open_customer = Button(message("Open customer"), icon="people", small=True)
        self.facts = {
            name: Fact(label, "")
            for name, label in zip(
                _FACTS,
                (
                    message("Contact"),
                    message("Phone"),
                    message("Product"),
                    message("Serial number"),
                    message("Category"),
                    message("Channel"),
                    message("Assigned to"),
                    message("Why"),
                    message("Opened"),
                ),
                strict=True,
            )
        }
        self.reply = _Promise(message("First reply"))
        self.solve = _Promise(message("Solve"))
        self.promises = Heading(message("Deadlines"))
        self.satisfaction = Satisfaction()
        self.parts = Heading(message("Parts"))
        self._part_rows = QVBoxLayout()
        self._part_rows.setSpacing(0)
        self.others = Heading(message("Open with this customer"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._lay_out()
        self.call.clicked.connect(lambda: dial(self._phone))
        self.open_customer.clicked.connect(self._on_open_clicked)

    def show_view(self, view: TicketView) -> None:
        """Show a ticket."""
        self._view = view
        ticket, customer = view.ticket, view.customer
        self.name.say(customer.title if customer else message("No customer"))
        self.level.show_letter(str(customer.get("level") or "") if customer else "")
        place = (
            [words for name in ("city", "industry") if (words := words_of(customer, name))]
            if customer
            else []
        )
        self.line.say(" · ".join(place))
        self.line.setVisible(bool(place))
        show_feedback(self.feedback, view)
        self.feedback_why.say(view.feedback_why or "")
        self.feedback_why.setVisible(view.feedback_why is not None)
        self.open_customer.setVisible(customer is not None)
        self._phone = view.contact_phone or str(customer.get("phone") or "" if customer else "")
        whom = view.contact_name if view.contact_phone else ""
        self.call.say(message("Call {name}", name=whom) if 0 < len(whom) <= _SHORT_NAME else message("Call"))
        self.call.setVisible(bool(self._phone))
        opened = ticket.get("created_at")
        values: dict[str, Text] = {
            "Contact": view.contact_name,
            "Phone": shown_form(self._phone),
            "Product": view.around.stands.name if view.around.stands else view.product_name,
            "Serial number": view.around.stands.serial if view.around.stands else "",
            "Category": view.around.category,
            "Channel": _CHANNELS.get(str(ticket.get("channel") or ""), ""),
            "Assigned to": _in_hands(view),
            "Why": str(ticket.get("assigned_why") or ""),
            "Opened": near_date(moment(opened).date()) if isinstance(opened, int) else NOTHING,
        }
        for name, fact in self.facts.items():
            fact.say(values[name])
            fact.setVisible(bool(show(values[name])))
        line_up(tuple(self.facts.values()), least=_LEAST_LABEL, most=_MOST_LABEL)
        self.satisfaction.show_answers(view.answers)
        self.unknown.show_view(view)
        self._show_parts(view.around)
        self._show_others(view.others)
        self.files.show_record(ticket.id)
        self.asked.show_ticket(ticket.id)
        self.articles.show_ticket(ticket.id, may_use=view.may_edit)
        self.tick()

    def tick(self) -> None:
        """Count the promises down."""
        if self._view is None:
            return
        ticket = self._view.ticket
        opened = ticket.get("created_at")
        ended = ticket.get("status") in ("solved", "closed")
        for promise, due, kept in (
            (self.reply, ticket.get("reply_due_at"), ticket.get("replied_at")),
            (self.solve, ticket.get("solve_due_at"), ticket.get("closed_at") if ended else None),
        ):
            promise.show_promise(opened, due, kept, paused=self._view.clock is Clock.PAUSED)
        shown = any(ticket.get(name) for name in ("reply_due_at", "solve_due_at"))
        self.promises.setVisible(shown)

    def retranslate(self) -> None:
        """Show dates and words in the language on screen."""
        self.setAccessibleName(tr("Facts of the ticket"))
        if self._view is not None:
            self.show_view(self._view)

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        self.setWidget(holder)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.name, 1)
        head.addWidget(self.level)
        column = QVBoxLayout(holder)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.line)
        column.addWidget(self.feedback, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.feedback_why)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.call, 1)
        buttons.addWidget(self.open_customer, 1)
        column.addLayout(buttons)
        column.addWidget(self.unknown)
        column.addSpacing(4)
        for fact in self.facts.values():
            column.addWidget(fact)
        column.addWidget(self.asked)
        column.addSpacing(12)
        column.addWidget(self.promises)
        column.addWidget(self.reply)
        column.addWidget(self.solve)
        column.addSpacing(12)
        column.addWidget(self.satisfaction)
        column.addWidget(self.articles)
        column.addSpacing(12)
        column.addWidget(self.parts)
        column.addLayout(self._part_rows)
        column.addWidget(self.others)
        column.addLayout(self._rows)
        column.addSpacing(12)
        column.addWidget(self.files)
        column.addStretch(1)

    def _show_parts(self, around: Around) -> None:
        lines: list[tuple[QueueRow | PartRow, Message]] = []
        if around.parent is not None:
            lines.append(
                (around.parent, message("{number} · this is a part of it", number=around.parent.number))
            )
        lines += [
            (each, message("{number} · {state}", number=each.number, state=_state(each.status)))
            for each in around.parts
        ]
        self._fill(self._part_rows, lines)
        self.parts.setVisible(bool(lines))

    def _show_others(self, others: tuple[QueueRow, ...]) -> None:
        lines = [
            (each, message("{number} · {state}", number=each.number, state=_state(each.status)))
            for each in others
        ]
        self._fill(self._rows, lines)
        if not others:
            self._rows.addWidget(Label(message("No other open tickets"), color="text-soft"))

    def _fill(self, rows: QVBoxLayout, lines: Sequence[tuple[QueueRow | PartRow, Message]]) -> None:
        while rows.count():
            widget = rows.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, (each, line) in enumerate(lines):
            row = InfoRow(each.subject, line, icon="ticket", lined=place + 1 < len(lines))
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.opened.connect(lambda ticket_id=each.id: self.ticket_asked.emit(ticket_id))
            rows.addWidget(row)

    def _on_open_clicked(self) -> None:
        if self._view is not None and self._view.customer is not None:
            self.customer_asked.emit(self._view.customer.id)


def _state(status: str) -> Message | str:
    return STATES.get(status, status)


def _in_hands(view: TicketView) -> Text:
    """Return who has a ticket, in whose queue it waits, or that HQ is still to say."""
    if view.assignee_name:
        return view.assignee_name
    if view.team_name:
        return message("Queue of {team}", team=view.team_name)
    return message("HQ will assign it") if view.awaits_rules else message("Nobody yet")


class _Promise(Live, QWidget):
    """One promise: until when, how much of the time is gone."""

    def __init__(self, text: Message) -> None:
        super().__init__()
        self.icon = IconLabel("clock", size=14)
        self.time = Label("", weight=600)
        self.gauge = Gauge(name=text)
        words = QHBoxLayout()
        words.setSpacing(8)
        words.addWidget(self.icon)
        words.addWidget(Label(text), 1)
        words.addWidget(self.time)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(words)
        column.addWidget(self.gauge)

    def show_promise(self, opened: int | None, due: int | None, kept: int | None, *, paused: bool) -> None:
        """Show until when it holds, or that it was kept; hidden without a promise."""
        self.setVisible(due is not None)
        if due is None:
            return
        begun = opened if opened is not None else due
        at = kept or now_ms()
        share = Decimal(1) if due <= begun else Decimal(max(0, at - begun)) / (due - begun)
        if kept is not None:
            late = kept > due
            self.icon.show_icon("overdue" if late else "check", "bad" if late else "good")
            self.time.set_color("bad" if late else "good")
            self.time.say(message("done late") if late else message("done in time"))
            self.gauge.show_share(share, "bad" if late else "good")
            return
        stands = deadline(Clock.PAUSED if paused else Clock.SOLVE, due, now_ms())
        color = "ramp3" if stands.color in ("text", "text-soft") else stands.color
        self.icon.show_icon(stands.icon, stands.color if stands.color != "text" else "text-soft")
        self.time.set_color(stands.color)
        self.time.say(message("Paused") if paused else near_time(due))
        self.gauge.show_share(share, color)


class _Level(Live, QWidget):
    """The badge of the customer's level."""

    def __init__(self) -> None:
        super().__init__()
        self._letter = ""
        self.retint()

    def show_letter(self, letter: str) -> None:
        """Show another level; hidden for none."""
        self._letter = letter
        self.setVisible(bool(letter))
        self.setAccessibleName(tr("Level {letter}", letter=letter))
        self.setToolTip(self.accessibleName())
        self.update()

    def retint(self) -> None:
        """Take the size from the theme."""
        self.setFixedSize(paint.level_width(), theme().size("tag"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the badge."""
        painter = QPainter(self)
        if self._letter:
            paint.level(painter, self._letter, self.rect())
        painter.end()
