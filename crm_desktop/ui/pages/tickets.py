"""Tickets: the queue, one conversation, and the facts beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError, Invalid
from crm_core.i18n import Message, message
from crm_core.rules.access import Action as Right
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services import records, rights, ticket_hands, tickets
from crm_desktop.services.article_suggestions import SuggestedArticle
from crm_desktop.services.ticket_hands import TeamQueue
from crm_desktop.services.tickets import VIEWED, Queue, QueueRow, TicketView
from crm_desktop.sync.runner import Phase
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.knowledge.suggested import inserted_text
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.record_words import counted
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.tickets.answering import AnsweringNow
from crm_desktop.ui.tickets.call_taken import CallTaken
from crm_desktop.ui.tickets.choices import TicketChoices
from crm_desktop.ui.tickets.deeds import TicketDeeds
from crm_desktop.ui.tickets.facts import FactsPane
from crm_desktop.ui.tickets.head import TicketHead
from crm_desktop.ui.tickets.keys import add_ticket_keys
from crm_desktop.ui.tickets.messages import Conversation
from crm_desktop.ui.tickets.new_ticket import NewTicket
from crm_desktop.ui.tickets.queue import NOTHING, QueuePane
from crm_desktop.ui.tickets.relations import RELATIONS, TicketRelations
from crm_desktop.ui.tickets.reply_box import ReplyBox
from crm_desktop.ui.timeline.record_tabs import FIRST, RecordTabs
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu

TICK_MS = 30_000  # the clocks count minutes
NARROW_BELOW = 1180  # px of window before the font scale: narrower, the facts or the talk is shown
_QUEUE, _FACTS = 304, 324
_Read = tuple[tuple[QueueRow, ...], dict[Queue, int], tuple[TeamQueue, ...]]


class TicketsPage(Page):
    """Shows the queue and the ticket chosen in it."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._ticket_id: str | None = None
        self._view: TicketView | None = None
        self._drafts: dict[str, str] = {}
        self._narrow = False
        self.menu: Menu | None = None
        self.queue = QueuePane()
        self.head = TicketHead()
        self.talk = Conversation()
        self.box = ReplyBox(context)
        self.answering = AnsweringNow(context, self.box)
        self.deeds = TicketDeeds(context, self._ask, self)
        self.choices = TicketChoices(context, self._ask, self)
        self.relations = TicketRelations(context, self._ask, self)
        self.facts = FactsPane(context)
        self.new_button = Button(message("New ticket"), Kind.PRIMARY, icon="plus")
        self.nothing = EmptyState("ticket", message("Choose a ticket in the queue"), "", (self.new_button,))
        self._lay_out()
        self._listen()
        add_ticket_keys(
            actions,
            self._body,
            {
                "reply": lambda: self._begin(internal=False),
                "note": lambda: self._begin(internal=True),
                **{each: partial(self.choices.do, each) for each in ("state", "assign", "priority")},
                **{each: partial(self.relations.do, each) for each in RELATIONS},
                "take": self._take_next,
                "ask": self._begin_question,
                "edit": self._edit_unsent,
                "facts": lambda: self._show_facts(not self.facts.isVisible()),
            },
            self.deeds.do,
        )
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        may_create = bool(rights.may_do(context.replica, Right.CREATE, "ticket"))
        self.queue.new.setVisible(may_create)
        self.new_button.setVisible(may_create)
        self.queue.request.setVisible(bool(rights.may_do(context.replica, Right.CREATE, "service_request")))
        self._on_sync_changed()

    @property
    def view(self) -> TicketView | None:
        """The ticket on screen."""
        return self._view

    def show_place(self, place: Place) -> None:
        """Show one ticket, the form of a new one, or the first of the queue."""
        wanted = place.options.get("queue")
        if wanted is not None:
            self.queue.choose(Queue(wanted))
        if place.options.get("new"):
            self._show_form(place)
            return
        if place.options.get("call"):
            self._stack.setCurrentWidget(self.call)
            self.call.begin(str(place.options.get("number") or ""))
            return
        self._stack.setCurrentWidget(self._body)
        if place.record_id is not None:
            self._choose(place.record_id)
        self._read()
        self.queue.rows.setFocus()
        if "tab" in place.options:
            self.tabs.choose(place.options["tab"])

    def in_front(self) -> tuple[str, str] | None:
        """Return the ticket whose conversation is shown."""
        return ("ticket", self._ticket_id) if self._ticket_id is not None else None

    def refresh(self) -> None:
        """Read queue and conversation anew."""
        self._read()

    def leave(self) -> bool:
        """Keep what is begun; it stands there again when the ticket is shown."""
        self._keep_draft()
        return True

    def resizeEvent(self, event: object) -> None:
        """Leave the facts out where the window is narrow; F4 shows them."""
        super().resizeEvent(event)
        narrow = self.window().width() < theme().px(NARROW_BELOW)
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_facts(not narrow)

    # Making

    def _lay_out(self) -> None:
        # From the outside in: what is put into its place afterwards is dressed anew with all it holds.
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget(self)
        outer.addWidget(self._stack)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._stack.addWidget(self._body)
        self._content = QStackedWidget()
        self._body.addWidget(self.queue)
        self._body.addWidget(self._content)
        self._ticket = QSplitter(Qt.Orientation.Horizontal)
        self.tabs = RecordTabs(self.context, "ticket", self._ticket, message("Ticket"), PAGE_MARGIN)
        self._blank = QWidget()
        for part in (self._blank, self.tabs, self.nothing):
            self._content.addWidget(part)
        self._middle = QWidget()
        column = QVBoxLayout(self._middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.talk, 1)
        column.addWidget(self.answering)
        self._box_row = QWidget()
        foot = QVBoxLayout(self._box_row)
        keep_margins(foot, PAGE_MARGIN, 8, PAGE_MARGIN, 20)
        foot.addWidget(self.box)
        self._box_row.setAutoFillBackground(True)
        column.addWidget(self._box_row)
        self._ticket.setHandleWidth(1)
        self._ticket.setChildrenCollapsible(False)
        self._ticket.addWidget(self._middle)
        self._ticket.addWidget(self.facts)
        self._ticket.setStretchFactor(0, 1)
        self._ticket.setSizes([theme().px(612), theme().px(_FACTS)])
        self._body.setHandleWidth(1)
        self._body.setChildrenCollapsible(False)
        self._body.setStretchFactor(1, 1)
        self._body.setSizes([theme().px(_QUEUE), theme().px(924)])
        self.retint()

    def _listen(self) -> None:
        context = self.context
        self.queue.chosen.connect(self._on_chosen)
        self.queue.opened.connect(lambda: self._begin(internal=False))
        self.queue.tab_chosen.connect(lambda _queue: self._read())
        for asked in (self.queue.new_asked, self.new_button.clicked):
            asked.connect(lambda *_: context.go.emit(Place(page="tickets", options={"new": True})))
        self.talk.changed.connect(self._change_message)
        self.box.send_asked.connect(self._send)
        self.box.left.connect(self.queue.rows.setFocus)
        self.box.article_asked.connect(lambda: self.facts.articles.offer(self.box.beside_articles))
        self.facts.articles.insert_asked.connect(self._insert_article)
        self.head.choice_asked.connect(self.choices.do)
        self.facts.unknown.sorted_out.connect(self._read)
        self.head.deed_asked.connect(self.box.begin_deed)
        self.head.question_asked.connect(self._begin_question)
        self.head.relation_asked.connect(self.relations.do)
        self.box.deed_asked.connect(self.deeds.do)
        self.box.question_asked.connect(self._ask_colleague)
        self.talk.file_asked.connect(self.facts.files.open_file)
        self.queue.take_asked.connect(self._take_next)
        self.choices.taken.connect(self._show_taken)
        self.talk.decided.connect(self.deeds.decide)
        self.talk.withdrawn.connect(self.choices.withdraw)
        self.deeds.answer_chosen.connect(self._insert)
        self.deeds.done.connect(self._read)
        self.facts.customer_asked.connect(self._to("customers"))
        self.facts.ticket_asked.connect(self._to("tickets"))
        self.facts.request_asked.connect(self._to("service_requests"))
        self.queue.request_asked.connect(self._ask_by_form)
        context.records_changed.connect(self._on_records_changed)
        context.sync_changed.connect(self._on_sync_changed)

    def _to(self, page: str) -> Callable[[str], None]:
        return lambda record_id: self.context.go.emit(Place(page=page, record_id=record_id))

    def _to_queue(self) -> None:
        self.context.go.emit(Place(page="tickets"))

    def _show_facts(self, shown: bool) -> None:
        self.facts.setVisible(shown)
        self._middle.setVisible(not (shown and self._narrow))
        if not self._middle.isVisible():
            self.queue.rows.setFocus()

    def retint(self) -> None:
        """Let the foot of the talk stand on its ground."""
        colors = self._box_row.palette()
        colors.setColor(self._box_row.backgroundRole(), theme().color("surface"))
        self._box_row.setPalette(colors)
        self.queue.setMinimumWidth(theme().px(220))
        self.facts.setMinimumWidth(theme().px(240))

    # Reading

    def _read(self) -> None:
        queue, replica, ticket_id = self.queue.queue, self.context.replica, self._ticket_id
        team_id = self.queue.team_id

        def read() -> _Read:
            rows = tickets.queue(replica, queue, team_id=team_id)
            return rows, tickets.counts(replica), ticket_hands.team_queues(replica)

        self.context.tasks.read(self, read, self._on_queue_read, self.context.show_error, topic="queue")
        if ticket_id is not None:
            self._read_ticket(ticket_id)

    def _read_ticket(self, ticket_id: str) -> None:
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: tickets.view(replica, ticket_id),
            self._on_ticket_read,
            self._on_ticket_missing,
            topic="ticket",
        )

    def _on_queue_read(self, read: _Read) -> None:
        rows, counts, teams = read
        self.queue.show_counts(counts)
        self.queue.show_teams(teams)
        self.queue.take.setEnabled(bool(counts[Queue.UNASSIGNED]))
        self.queue.show_rows(rows, self._ticket_id)
        if self._ticket_id is None:
            if rows:
                self._choose(rows[0].id)
                self.queue.select(rows[0].id)
                self._read_ticket(rows[0].id)
            else:
                self._say_nothing()
        self._say_count(counts[self.queue.queue])

    def _on_ticket_read(self, view: TicketView) -> None:
        other = self._view is None or self._view.ticket.id != view.ticket.id
        self._view = view
        self.deeds.show_view(view)
        self.choices.show_view(view)
        self.relations.show_view(view)
        self.head.show_view(view)
        self.talk.show_messages(view.messages, editable=view.may_edit, ticket_changed=other)
        self.facts.show_view(view)
        self.answering.show_ticket(view.ticket.id)
        self._box_row.setVisible(view.may_edit or view.mine is not None)
        asker = (view.mine.asker or tr("Unknown")) if view.mine is not None else ""
        self.box.show_asker(asker, only=not view.may_edit)
        if other:
            self.box.show_draft(self._drafts.pop(view.ticket.id, ""))
            self.box.files.show_ticket(view.ticket.id)
        self._content.setCurrentWidget(self.tabs)
        self.tabs.show_record(view.ticket.id)

    def _on_ticket_missing(self, error: CrmError) -> None:
        self._view = None
        self.answering.show_ticket("")
        self.nothing.say(error.message)
        self._content.setCurrentWidget(self.nothing)

    def _say_nothing(self) -> None:
        self.nothing.say(
            NOTHING[self.queue.queue],
            message("Choose another view, or open a ticket for a customer."),
        )
        self._content.setCurrentWidget(self.nothing)

    def _say_count(self, count: int) -> None:
        if self.isVisible():
            self.context.selection_changed.emit(counted("ticket", count))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in VIEWED for entity, _ in changed):
            self._changes.mark()

    def _on_sync_changed(self, _status: object = None) -> None:
        # Only right after a round that ended well is there reason to believe that an answer goes out now.
        well = self.context.sync_status.phase in (Phase.IDLE, Phase.RUNNING)
        self.box.set_queues(not well)

    def _tick(self) -> None:
        if self.isVisible():
            self.queue.tick()
            self.head.tick()
            self.facts.tick()

    # Choosing

    def _on_chosen(self, ticket_id: str) -> None:
        self._choose(ticket_id)
        self._read_ticket(ticket_id)

    def _choose(self, ticket_id: str) -> None:
        if ticket_id != self._ticket_id:
            self._keep_draft()
            self._ticket_id = ticket_id
            self.queue.select(ticket_id)

    def _keep_draft(self) -> None:
        if self._view is not None and self.box.text.strip():
            self._drafts[self._view.ticket.id] = self.box.text

    def _begin(self, *, internal: bool) -> None:
        if self._view is not None and self._view.may_edit:
            self.tabs.choose(FIRST)
            self.box.begin(internal=internal)

    def _begin_question(self) -> None:
        if self._view is not None and (self._view.may_edit or self._view.mine is not None):
            self.tabs.choose(FIRST)
            self.box.ask()

    def _ask_colleague(self, text: str, user_id: str) -> None:
        """Ask somebody, or answer what one is asked oneself."""
        view = self._view
        if view is None:
            return

        self.box.show_draft("")
        self._drafts.pop(view.ticket.id, None)
        self.choices.ask_colleague(view, text, user_id, partial(self._put_back, text))
        self.queue.rows.setFocus()

    def _put_back(self, text: str, error: CrmError) -> None:
        self.box.show_draft(text)
        self.context.show_error(error)

    def _take_next(self) -> None:
        self.choices.take_next(self.queue.team_id or None)

    def _show_taken(self, ticket_id: str) -> None:
        self.queue.tabs.choose(Queue.MINE.value)
        self._to("tickets")(ticket_id)

    def _insert(self, text: str) -> None:
        if not self.box.internal:
            self._begin(internal=False)
        self.box.insert(text)

    def _edit_unsent(self) -> None:
        found = self.talk.editable_view()
        if found is not None:
            self.talk.ensureWidgetVisible(found)
            found.begin_edit()

    # Writing

    def _send(self, text: str, internal: bool, close: bool) -> None:
        if self._view is not None:
            reply = partial(self._reply, text, internal, close)
            self.choices.ask_parts(self._view, reply, ends=close)

    def _reply(self, text: str, internal: bool, close: bool, with_parts: bool) -> None:
        if self._view is None:
            return
        # Of the ticket on screen: another may be chosen already and not be read yet.
        replica, ticket_id = self.context.replica, self._view.ticket.id
        files = self.box.files.take(ticket_id)
        ids = [each for each, _name in files]
        how = {"internal": internal, "close": close, "with_parts": with_parts}

        def failed(error: CrmError) -> None:
            self.box.files.put_back(ticket_id, files)
            self._put_back(text, error)

        self.box.show_draft("")
        self._drafts.pop(ticket_id, None)
        self.context.change(
            self,
            lambda: tickets.reply(replica, ticket_id, text, **how, files=ids),
            lambda _message: self._read(),
            failed,
            told=message("Ticket solved; the reply is in the outbox") if close else None,
        )
        self.queue.rows.setFocus()

    def _insert_article(self, article: SuggestedArticle) -> None:
        """Put an article into what is written; into a note where the customer cannot read it."""
        self._begin(internal=self.box.internal or not article.is_public)
        self.box.insert_lines(inserted_text(article))

    def _change_message(self, message_id: str, text: str) -> None:
        replica = self.context.replica
        self.context.change(self, lambda: tickets.change_reply(replica, message_id, text))

    def _ask(self, words: Mapping[str, Message | str], present: str, take: Callable[[str], None]) -> None:
        """Show a menu of values under the head, the present one ticked and in front."""
        self.menu = Menu(self)
        self.menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for value, text in words.items():
            action = self.menu.add(show(text))
            action.setCheckable(True)
            action.setChecked(value == present)
            action.triggered.connect(lambda _checked=False, value=value: take(value))
            if value == present:
                self.menu.setActiveAction(action)
        self.menu.destroyed.connect(partial(setattr, self, "menu", None))
        self.menu.popup(self.head.mapToGlobal(QPoint(theme().px(24), self.head.height())))

    # Making a ticket

    def _ask_by_form(self) -> None:
        customer_id = None if self._stack.currentWidget() is self._body else self.form.customer.record_id
        options = {"new": True, "values": {"customer_id": customer_id}}
        self.context.go.emit(Place(page="service_requests", options=options))

    @cached_property
    def form(self) -> NewTicket:
        """The form of a new ticket."""
        form = NewTicket(self.context)
        form.made.connect(self._make)
        form.call_asked.connect(lambda: self.context.go.emit(Place(page="tickets", options={"call": True})))
        form.request_asked.connect(self._ask_by_form)
        form.cancelled.connect(self._to_queue)
        self._stack.addWidget(form)
        return form

    @cached_property
    def call(self) -> CallTaken:
        """The form of a call that is taken."""
        call = CallTaken(self.context)
        call.made.connect(self._to("tickets"))
        call.cancelled.connect(self._to_queue)
        self._stack.addWidget(call)
        return call

    def _show_form(self, place: Place) -> None:
        customer_id = (place.options.get("values") or {}).get("customer_id")
        self._stack.setCurrentWidget(self.form)
        self.form.begin()
        if customer_id:
            replica, link = self.context.replica, ("customer", str(customer_id))
            self.context.tasks.read(
                self,
                lambda: records.titles(replica, [link]),
                lambda titles: self.form.begin(str(customer_id), titles.get(link, tr("Customer"))),
                topic="customer",
            )

    def _make(self, values: Mapping[str, Plain], first_message: str) -> None:
        replica = self.context.replica

        def made(ticket: Record) -> None:
            self._to("tickets")(ticket.id)

        def failed(error: CrmError) -> None:
            if isinstance(error, Invalid):
                self.form.show_problems(error)
            else:
                self.context.show_error(error)

        self.context.change(self, lambda: tickets.create(replica, values, first_message), made, failed)
