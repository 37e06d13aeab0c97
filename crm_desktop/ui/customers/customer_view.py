"""All of one customer: header, tabs, overview. Reads off the main thread and follows changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import N_, message
from crm_core.schema.field import Field
from crm_core.schema.phones import shown_form
from crm_desktop.services import customers, lists, segments, value_history
from crm_desktop.services.customers import Overview
from crm_desktop.services.duplicates import Match
from crm_desktop.services.lists import ShownField
from crm_desktop.services.timeline import TimelineItem
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.alike_notice import AlikeNotice
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.customers.facts import FactsPane
from crm_desktop.ui.customers.header import CustomerHeader
from crm_desktop.ui.customers.orders_tab import OrdersTab
from crm_desktop.ui.customers.organisation_tab import OrganisationTab
from crm_desktop.ui.customers.payments_tab import PaymentsTab
from crm_desktop.ui.customers.profile_tab import ProfileTab
from crm_desktop.ui.customers.side_column import MOST_CONTACTS, SideColumn
from crm_desktop.ui.customers.timeline_view import Found, TimelineView
from crm_desktop.ui.dialling import dial
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.side_pane import OVERLAY_BELOW, Hairline
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.timeline.comments_panel import CommentsPanel
from crm_desktop.ui.timeline.history_list import HistoryList
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.tabs import Tab, TabRow

_FACTS_WIDTH, _SIDE_WIDTH = 272, 324
OVERVIEW = "overview"
_TABS = (
    (OVERVIEW, N_("Overview")),
    ("contacts", N_("Contacts")),
    ("deals", N_("Deals")),
    ("quotes", N_("Quotes")),
    ("tickets", N_("Tickets")),
    ("files", N_("Files")),
    ("points", N_("Points")),
    ("organisation", N_("Organisation")),
    ("comments", N_("Comments")),
    ("history", N_("History")),
    ("profile", N_("Profile")),
    ("orders", N_("Orders")),
    ("payments", N_("Payments")),
)
_NUMBERED = 10  # Alt+1 to Alt+0
_FOLLOWED = frozenset(
    (
        "customer",
        "contact",
        "deal",
        "activity",
        "quote",
        "contract",
        "order",
        "installed_product",
        "ticket",
        "attachment",
        "stage",
        "point_entry",
        "comment",
        "segment",
        "instalment",
        "receipt",
        "invoice",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a page shows, read in one go."""

    overview: Overview
    fields: tuple[ShownField, ...]
    told: dict[str, Field]
    alike: tuple[Match, ...]
    line: Found | None


class CustomerView(Live, QWidget):
    """One customer at a time; `step_asked` wants the next (1) or previous (-1) of the list."""

    step_asked = Signal(int)

    def __init__(self, context: Context, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context, self._actions = context, actions
        self.customer_id = ""
        self._overview: Overview | None = None
        self._fields: tuple[ShownField, ...] = ()
        self._tab_widgets: dict[str, QWidget] = {}
        self.header = CustomerHeader()
        self.tabs = TabRow([Tab(key=key, text=message(text)) for key, text in _TABS], lined=False)
        self.place = Label(step="caption", color="text-soft")
        self.previous = IconButton("up", message("Previous customer"), hint="Ctrl+Up", small=True)
        self.next = IconButton("down", message("Next customer"), hint="Ctrl+Down", small=True)
        self.alike = AlikeNotice(context, "customer", PAGE_MARGIN)
        self.facts = FactsPane(context, actions)
        self.line = TimelineView(context)
        self.side = SideColumn(context)
        self.gone = EmptyState("people", message("This customer is not on this laptop"))
        self._lay_out()
        self._changes = Settling(self)
        self._changes.due.connect(self._follow)
        self._connect()
        self._add_actions()

    def show_customer(self, customer_id: str) -> None:
        """Show a customer, from its overview where it is another one."""
        if customer_id != self.customer_id:
            self.customer_id = customer_id
            self._show_tab(OVERVIEW)
        self.read()

    def show_place(self, place: tuple[int, int] | None) -> None:
        """Say where the customer stands in the list."""
        self.place.setVisible(place is not None)
        self.previous.setVisible(place is not None)
        self.next.setVisible(place is not None)
        if place is not None:
            self.place.say(message("{place} of {count}", place=figure(place[0]), count=figure(place[1])))
            self.previous.setEnabled(place[0] > 1)
            self.next.setEnabled(place[0] < place[1])

    def leave(self) -> bool:
        """Return whether the page may go: a form in it asks where something is not saved."""
        asking = (ChildList, OrdersTab, PaymentsTab)
        children = [tab for tab in self._tab_widgets.values() if isinstance(tab, asking)]
        return self.facts.leave() and all(child.leave() for child in children)

    def _follow(self) -> None:
        """Read anew; first what most often changes, which need not wait for the rest."""
        if self.line.customer_id == self.customer_id:
            self.line.read()
        self.read()

    def read(self) -> None:
        """Read the customer anew."""
        replica, customer_id = self.context.replica, self.customer_id
        read_alike = self.alike.reading(customer_id)
        # All of another customer's page is read before any of it is painted, once; of the
        # one shown the line follows its own changes.
        read_line = None if self.line.customer_id == customer_id else self.line.reading(customer_id)

        def read() -> _Read:
            found = customers.overview(replica, customer_id)
            # To take a number apart holds the window for milliseconds; its form is kept for when it is shown.
            for record in (found.customer, *found.contacts[:MOST_CONTACTS]):
                shown_form(str(record.get("phone") or ""))
            told = value_history.fields_in_history(replica, "customer")
            return _Read(
                overview=found,
                fields=lists.shown_fields(replica, "customer"),
                told=told,
                alike=read_alike(),
                line=None if read_line is None else read_line(told),
            )

        self.context.tasks.read(self, read, self._on_read, self._on_failed, topic="overview")
        self.context.tasks.read(
            self,
            lambda: segments.containing(replica, customer_id),
            self.side.show_segments,
            lambda _error: None,  # said where the customer itself cannot be read
            topic="segments",
        )

    def choose_tab(self, key: str) -> None:
        """Bring a tab to the front."""
        self._show_tab(key)

    def begin_log(self, kind: str | None = None) -> None:
        """Put the focus in the quick log."""
        self._show_tab(OVERVIEW)
        self.line.log.begin(kind)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the right column out where there is little room; its tabs hold the same."""
        super().resizeEvent(event)
        self.side.setVisible(self.window().width() >= theme().px(OVERLAY_BELOW))

    def _lay_out(self) -> None:
        tab_row = QHBoxLayout()
        keep_margins(tab_row, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        tab_row.addWidget(self.tabs, 1)
        tab_row.addSpacing(12)
        tab_row.addWidget(self.place)
        tab_row.addSpacing(8)
        tab_row.addWidget(self.previous)
        tab_row.addWidget(self.next)
        # From the outside in: what is put into its place afterwards is dressed anew with all it holds.
        self._whole = QStackedWidget(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._whole)
        whole = QWidget()
        self._whole.addWidget(whole)
        self._whole.addWidget(self.gone)
        self._stack = QStackedWidget(whole)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.alike)
        column.addLayout(tab_row)
        column.addWidget(Hairline())
        column.addWidget(self._stack, 1)
        self._panes = QSplitter(Qt.Orientation.Horizontal)
        self._stack.addWidget(self._panes)
        self._panes.setHandleWidth(1)
        self._panes.setChildrenCollapsible(False)
        for widget in (self.facts, self.line, self.side):
            self._panes.addWidget(widget)
        self._panes.setStretchFactor(0, 0)
        self._panes.setStretchFactor(1, 1)
        self._panes.setStretchFactor(2, 0)
        self.facts.setMinimumWidth(theme().px(180))
        self.line.setMinimumWidth(theme().px(300))
        self.side.setMinimumWidth(theme().px(240))
        middle = theme().px(1240 - _FACTS_WIDTH - _SIDE_WIDTH)
        self._panes.setSizes([theme().px(_FACTS_WIDTH), middle, theme().px(_SIDE_WIDTH)])
        self._tab_widgets[OVERVIEW] = self._panes

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._show_tab)
        self.previous.clicked.connect(lambda: self.step_asked.emit(-1))
        self.next.clicked.connect(lambda: self.step_asked.emit(1))
        self.header.call_asked.connect(self._on_call_asked)
        self.header.mail_asked.connect(self._on_mail_asked)
        self.header.log_asked.connect(lambda: self.begin_log())
        self.header.quote_asked.connect(self._on_quote_asked)
        self.line.opened.connect(self._on_item_opened)
        self.side.tab_asked.connect(self._show_tab)
        self.side.contact_asked.connect(self._on_contact_asked)
        self.side.contact_opened.connect(self.open_contact)
        self.context.records_changed.connect(self._on_records_changed)

    def _add_actions(self) -> None:
        group = N_("Customers")

        def add(key: str, text: str, shortcut: str, run: Callable[[], None], *, single: bool = False) -> None:
            spec = ActionSpec(
                id=f"customer.{key}", text=text, group=group, shortcut=shortcut, single_key=single
            )
            self._actions.add(spec, run, self)

        add("previous", N_("Previous customer"), "Ctrl+Up", lambda: self.step_asked.emit(-1))
        add("next", N_("Next customer"), "Ctrl+Down", lambda: self.step_asked.emit(1))
        add("edit", N_("Edit facts"), "E", self._on_edit_asked, single=True)
        for number, (key, text) in enumerate(_TABS, start=1):
            add(
                f"tab-{key}",
                text,
                f"Alt+{number % 10}" if number <= _NUMBERED else "",
                lambda key=key: self._show_tab(key),
            )

    def open_contact(self, contact_id: str, beside: str = "") -> None:
        """Show one of the people, with a tab beside him."""
        self._show_tab("contacts")
        tab = self._tab_widgets["contacts"]
        assert isinstance(tab, ChildList)
        tab.open(contact_id, beside)

    def _show_tab(self, key: str) -> None:
        self.tabs.choose(key)
        widget = self._tab_widgets.get(key)
        if widget is None:
            widget = self._tab_widgets[key] = self._make_tab(key)
            self._stack.addWidget(widget)
        self._stack.setCurrentWidget(widget)
        self._fill_tab(key)
        if isinstance(widget, ChildList):
            widget.list.focus_table()
        elif isinstance(widget, PaymentsTab):
            widget.focus_table()
        elif isinstance(widget, (FilesPanel, HistoryList, CommentsPanel)):
            widget.list.setFocus()
        elif isinstance(widget, OrganisationTab):
            widget.chart.setFocus()
        elif isinstance(widget, (ProfileTab, OrdersTab)):
            widget.setFocus()
        elif self.isVisible():
            self.line.list.setFocus()

    def _make_tab(self, key: str) -> QWidget:
        context, actions = self.context, self._actions
        shown: tuple[str, ...]
        match key:
            case "contacts":
                shown = ("name", "title", "decision_role", "phone", "email")
                return ChildList(context, actions, "contact", shown)
            case "deals":
                shown = ("name", "stage_id", "probability", "amount", "close_date", "owner_id")
                return ChildList(context, actions, "deal", shown)
            case "quotes":
                shown = ("number", "status", "total", "valid_until", "owner_id")
                return ChildList(context, actions, "quote", shown, (("created_at", True),))
            case "tickets":
                shown = ("subject", "number", "status", "priority", "assignee_id")
                return ChildList(context, actions, "ticket", shown, (("created_at", True),))
            case "files":
                return FilesPanel(context, "customer")
            case "points":
                shown = ("happened_on", "points", "reason", "created_by")
                return ChildList(context, actions, "point_entry", shown, (("happened_on", True),))
            case "profile":
                return ProfileTab(context)
            case "orders":
                return OrdersTab(context, actions)
            case "payments":
                return PaymentsTab(context, actions)
            case "organisation":
                tab = OrganisationTab(context)
                tab.contact_opened.connect(self.open_contact)
                return tab
            case "comments":
                panel = CommentsPanel(context, "customer")
                panel.counted.connect(lambda number: self.tabs.set_count("comments", number))
                return panel
            case _:
                return HistoryList(context, "customer")

    def _fill_tab(self, key: str) -> None:
        widget = self._tab_widgets.get(key)
        if isinstance(widget, (ChildList, OrganisationTab, OrdersTab, PaymentsTab, ProfileTab)):
            widget.show_customer(self.customer_id)
        elif isinstance(widget, (FilesPanel, CommentsPanel, HistoryList)):
            widget.show_record(self.customer_id)

    def _on_read(self, read: _Read) -> None:
        self._overview, self._fields = read.overview, read.fields
        overview = self._overview
        self._whole.setCurrentIndex(0)
        self.header.show_overview(overview)
        self.alike.show_matches(overview.customer.id, read.alike)
        self.facts.show_overview(overview, self._fields)
        self.side.show_overview(overview)
        self.line.show_customer(overview.customer.id, read.told, read.line)
        counts = {
            "contacts": len(overview.contacts),
            "deals": overview.deals,
            "quotes": len(overview.quotes),
            "tickets": len(overview.tickets),
            "files": len(overview.files),
            "points": len(overview.points),
        }
        self.tabs.set_counts(counts)
        self._fill_tab(self.tabs.key)

    def _on_failed(self, error: CrmError) -> None:
        self.gone.say(error.message)
        self._whole.setCurrentIndex(1)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWED for entity, _ in changed):
            self._changes.mark()

    def _on_call_asked(self) -> None:
        if self._overview is not None:
            dial(str(self._overview.customer.get("phone")))
            self.begin_log("call")

    def _on_mail_asked(self) -> None:
        if self._overview is not None:
            QDesktopServices.openUrl(QUrl(f"mailto:{self._overview.customer.get('email')}"))
            self.begin_log("mail")

    def _on_quote_asked(self) -> None:
        values = {"customer_id": self.customer_id}
        self.context.go.emit(Place(page="quotes", options={"new": "quote", "values": values}))

    def _on_edit_asked(self) -> None:
        self._show_tab(OVERVIEW)
        self.facts.edit()

    def _on_contact_asked(self) -> None:
        self._show_tab("contacts")
        tab = self._tab_widgets["contacts"]
        assert isinstance(tab, ChildList)
        tab.new()

    def _on_item_opened(self, item: TimelineItem) -> None:
        if item.entity in ("customer", "comment"):
            self._show_tab("history" if item.entity == "customer" else "comments")
            return
        page = PAGE_OF_ENTITY.get(item.entity)
        if page is not None:
            self.context.go.emit(Place(page=page, record_id=item.record_id))
