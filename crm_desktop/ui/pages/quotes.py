"""Quotes: the list of them, and the editor of one."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.rules.access import Action as Right
from crm_core.schema.field import Plain
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.records import Record
from crm_desktop.services import quotes, rights
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.imports.import_button import ImportButton
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.pages.at_rest import OnceAtRest
from crm_desktop.ui.pages.page import Page, current_of
from crm_desktop.ui.quotes.editor import QuoteEditor
from crm_desktop.ui.quotes.new_quote import NewQuote
from crm_desktop.ui.quotes.outgoing_panel import OutgoingPanel
from crm_desktop.ui.quotes.versions import VersionsPanel
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.timeline.record_tabs import FIRST, Further, RecordTabs
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

_COLUMNS = ("number", "customer_id", "status", "total", "valid_until", "owner_id", "deal_id")
_VIEWS = (("draft", message("Drafts")), ("sent", message("Waiting for an answer")))


class QuotesPage(Page):
    """Shows the list, one quote, or the question whom a new one is for."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._made: list[tuple[Place, str]] = []
        self._editor: QuoteEditor | None = None
        self._tabs: RecordTabs | None = None
        self._new_quote: NewQuote | None = None
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._overview = QWidget()
        self._stack.addWidget(self._overview)
        self.new_button = Button(message("New quote"), Kind.PRIMARY, icon="plus")
        self.import_button = ImportButton(context, actions, "quote", self)
        below = self._lay_out_overview()
        self.list = RecordList(
            context,
            actions,
            "quote",
            _COLUMNS,
            sort=(("number", True),),
            views=[_view(state, words) for state, words in _VIEWS],
            parent=self._overview,
        )
        below.addWidget(self.list, 1)
        OnceAtRest(self.list, lambda: self.editor)
        # Shown before it has a place it would be a window, and take the keyboard along when it goes.
        self.new_button.setVisible(bool(rights.may_do(context.replica, Right.CREATE, "quote")))
        self.list.opened.connect(lambda quote_id: context.go.emit(Place(page="quotes", record_id=quote_id)))
        self.list.new_asked.connect(self._ask_new)
        self.list.shown.connect(self._on_list_shown)
        self.import_button.beside(self.list)
        self.new_button.clicked.connect(self._ask_new)

    @property
    def editor(self) -> QuoteEditor:
        """The editor of one quote, made with the first that is shown."""
        if self._editor is None:
            self._make_editor()
        assert self._editor is not None
        return self._editor

    @property
    def tabs(self) -> RecordTabs:
        """The editor and what there is beside a quote."""
        if self._tabs is None:
            self._make_editor()
        assert self._tabs is not None
        return self._tabs

    @property
    def new_quote(self) -> NewQuote:
        """The question whom a new quote is for."""
        if self._new_quote is None:
            asks = self._new_quote = NewQuote(self.context)
            asks.chosen.connect(lambda customer_id: self._create({"customer_id": customer_id}))
            asks.cancelled.connect(lambda: self.context.go.emit(Place(page="quotes")))
            self._stack.addWidget(asks)
        return self._new_quote

    def _on_list_shown(self) -> None:
        setup = self.list.setup
        self.new_button.setVisible(setup is not None and setup.may_create and not self.list.offers_new)

    def show_place(self, place: Place) -> None:
        """Show one quote, a new one, or the list."""
        if place.record_id is not None:
            self._show_quote(place.record_id, place.options.get("tab", FIRST))
        elif place.options.get("new"):
            self._show_new(place)
        else:
            self._stack.setCurrentWidget(self._overview)
            conditions = place.options.get("conditions")
            if conditions is not None:
                self.list.show_conditions(conditions, place.options.get("title"))
            self.list.focus_table()

    def in_front(self) -> tuple[str, str] | None:
        """Return the current row of the list."""
        return current_of(self.list)

    def refresh(self) -> None:
        """Read what is shown anew."""
        if self._tabs is not None and self._stack.currentWidget() is self._tabs:
            self.editor.refresh()
        else:
            self.list.refresh()

    def _make_editor(self) -> None:
        context = self.context
        versions = Further(key="versions", text=message("Versions"), make=lambda: VersionsPanel(context))
        outgoing = Further(
            key="outgoing",
            text=message("Mails and signatures"),
            make=lambda: OutgoingPanel(context, "quote"),
        )
        first = QWidget()
        further = (versions, outgoing)
        self._tabs = RecordTabs(context, "quote", first, message("Quote"), PAGE_MARGIN, further)
        self._stack.addWidget(self._tabs)
        self._editor = QuoteEditor(context, self.actions_of_program, first)
        whole = QVBoxLayout(first)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._editor)

    def _lay_out_overview(self) -> QVBoxLayout:
        """Return the column the list comes into."""
        head = QHBoxLayout()
        head.setSpacing(M)
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        head.addWidget(Label(message("Quotes"), step="title"))
        head.addStretch(1)
        head.addWidget(self.import_button)
        head.addWidget(self.new_button)
        column = QVBoxLayout(self._overview)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        self._overview.setMinimumWidth(theme().px(320))
        return column

    def _ask_new(self) -> None:
        self.context.go.emit(Place(page="quotes", options={"new": True}))

    def _show_quote(self, quote_id: str, tab: str = FIRST) -> None:
        self._stack.setCurrentWidget(self.tabs)
        self.editor.show_quote(quote_id)
        self.tabs.show_record(quote_id)
        self.tabs.choose(tab)

    def _show_new(self, place: Place) -> None:
        # Back and Forward come to the same place again: show what was made there, make no second one.
        made = next((quote_id for before, quote_id in self._made if before is place), None)
        if made is not None:
            self._show_quote(made)
            return
        values = place.options.get("values") or {}
        given: dict[str, Plain] = {
            name: values[name] for name in ("customer_id", "deal_id") if values.get(name)
        }
        if given:
            self._create(given, place)
        else:
            self._stack.setCurrentWidget(self.new_quote)
            self.new_quote.begin()

    def _create(self, values: dict[str, Plain], place: Place | None = None) -> None:
        replica = self.context.replica

        def made(quote: Record) -> None:
            if place is None:
                self.context.go.emit(Place(page="quotes", record_id=quote.id))
            else:
                self._made.append((place, quote.id))
                self._show_quote(quote.id)

        self.context.change(self, lambda: quotes.create(replica, values), made)


def _view(state: str, words: Message) -> ListView:
    fixed = Condition(field="status", op=Op.EQUAL, value=state)
    return ListView(key=state, text=words, fixed=(fixed,))
