"""Leads: the list with triage by keys, one lead, its conversion, and what is logged for it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.models.records import Record
from crm_desktop.services import converting, scoring
from crm_desktop.services.converting import Converted, Wish
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.imports.import_button import ImportButton
from crm_desktop.ui.leads.convert_form import ConvertForm
from crm_desktop.ui.leads.lead_details import LeadDetails
from crm_desktop.ui.leads.lead_view import LeadView
from crm_desktop.ui.leads.list_columns import NEWEST_FIRST, SHOWN, VIEWS, WIDTHS, extra_columns
from crm_desktop.ui.leads.triage import Triage
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.pages.page import Page, current_of
from crm_desktop.ui.record_words import new_words
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.timeline.record_tabs import FIRST
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

HEADER = 52
SCORED_BY = frozenset(("lead", "activity", "scoring_rule"))


ROW_ACTIONS = ("leads.assign", "leads.claim", "leads.qualify", "leads.disqualify", "leads.convert")
"""What the menu of a lead offers beside what every list does."""


class LeadsPage(Page):
    """Shows the list; over it one lead, the form of a new one, a conversion, or an activity to be logged."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.over: LeadView | RecordForm | ConvertForm | None = None
        """What is shown in the list's place."""
        self.title = Label(message("Leads"), step="title")
        self.new_button = Button(new_words("lead"), Kind.PRIMARY, icon="plus")
        self.new_button.hide()
        self.new_button.clicked.connect(self._on_new_asked)
        self.import_button = ImportButton(context, actions, "lead", self)
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        side = QWidget()
        self._stack.addWidget(side)
        self._header = QWidget()
        head = QHBoxLayout(self._header)
        head.setSpacing(M)
        keep_margins(head, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.import_button)
        head.addWidget(self.new_button)
        inner = QVBoxLayout(side)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self._header)
        details = LeadDetails(context)
        details.log_asked.connect(self._on_log_asked)
        details.convert_asked.connect(self._on_convert_asked)
        details.take_back_asked.connect(self.take_back)
        self.list = RecordList(
            context,
            actions,
            "lead",
            SHOWN,
            extra_columns(context.replica.clock),
            follows=("activity",),
            sort=NEWEST_FIRST,
            views=VIEWS,
            details=details,
            widths=WIDTHS,
            parent=side,
        )
        self.list.opened.connect(self._on_opened)
        self.list.new_asked.connect(self._on_new_asked)
        self.list.shown.connect(self._on_list_shown)
        self.import_button.beside(self.list)
        self.triage = Triage(context, actions, self.list, self._on_convert_asked)
        self.list.row_actions = lambda: ROW_ACTIONS
        details.claim_asked.connect(lambda: self.triage.claim())
        inner.addWidget(self.list, 1)
        self._changes = Settling(self)
        self._changes.due.connect(self._refresh_scores)
        context.records_changed.connect(self._on_records_changed)
        self._refresh_scores()
        self.retint()

    def show_place(self, place: Place) -> None:
        """Show the list, one lead (`record_id`), or what `options` ask for.

        `new` is the form of a new lead with its `values`; `convert` and `log` name a lead to convert or to
        log something for; `conditions` and `title` narrow the list to what was drilled into.
        """
        self._drop_over()
        self._changes.mark()  # the day may be another one
        options = place.options
        if options.get("new"):
            self._show_new(options.get("values"))
        elif options.get("convert"):
            self._show_conversion(str(options["convert"]))
        elif options.get("log"):
            self._show_log(str(options["log"]))
        elif place.record_id is not None:
            self._show_lead(place.record_id, options.get("tab", FIRST))
        else:
            if "conditions" in options:
                self.list.show_conditions(options["conditions"], options.get("title"))
            self.list.focus_table()

    def in_front(self) -> tuple[str, str] | None:
        """Return the current row of the list."""
        return current_of(self.list)

    def leave(self) -> bool:
        """Return whether no form in the page holds unsaved changes; one that does asks."""
        form = self.over.form if isinstance(self.over, LeadView) else self.over
        return not isinstance(form, RecordForm) or form.leave()

    def refresh(self) -> None:
        """Read the list anew."""
        self.list.refresh()
        if isinstance(self.over, LeadView):
            self.over.read()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._header.setFixedHeight(theme().px(HEADER))

    def convert(self, lead_id: str, wish: Wish) -> None:
        """Convert a lead and show the customer it became; with Undo."""
        replica, form = self.context.replica, self.over

        def done(made: Converted) -> None:
            told = message("“{lead}” became “{customer}”", lead=made.lead.title, customer=made.customer_name)
            self.context.tell(told, lambda: converting.take_back(replica, lead_id))
            self.context.go.emit(Place(page="customers", record_id=made.customer_id))

        failed = form.show_failure if isinstance(form, ConvertForm) else None
        self.context.change(self, lambda: converting.convert(replica, lead_id, wish), done, failed)

    def take_back(self, lead_id: str) -> None:
        """Undo a conversion."""
        replica = self.context.replica
        self.context.change(
            self,
            lambda: converting.take_back(replica, lead_id),
            told=message("The conversion is undone; the lead is as it was"),
        )

    def _refresh_scores(self) -> None:
        """Work out anew what leads score where something changed; the list hears of it by itself."""
        replica = self.context.replica

        def found(is_due: bool) -> None:
            if is_due:
                self.context.change(self, lambda: scoring.refresh(replica))

        self.context.tasks.read(self, lambda: scoring.is_due(replica), found, topic="scores")

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in SCORED_BY for entity, _ in changed):
            self._changes.mark()

    def _show_lead(self, lead_id: str, tab: str = FIRST) -> None:
        self.list.select_record(lead_id)
        view = LeadView(self.context, self.actions_of_program, lead_id)
        view.form.closed.connect(self._on_closed)
        view.log_asked.connect(self._on_log_asked)
        view.convert_asked.connect(self._on_convert_asked)
        view.claim_asked.connect(self.triage.claim)
        view.give_back_asked.connect(self.triage.give_back)
        view.form.tabs.choose(tab)
        self._put_over(view)

    def _show_new(self, values: Any) -> None:
        form = RecordForm(self.context, self.actions_of_program, "lead", given=values)
        form.saved.connect(self._on_saved)
        form.closed.connect(self._on_closed)
        self._put_over(form)

    def _show_log(self, lead_id: str) -> None:
        given = {"kind": "call", "lead_id": lead_id}
        form = RecordForm(
            self.context, self.actions_of_program, "activity", given=given, title=message("Log for a lead")
        )
        form.closed.connect(self._on_closed)
        self._put_over(form)

    def _show_conversion(self, lead_id: str) -> None:
        self.list.select_record(lead_id)
        form = ConvertForm(self.context, lead_id)
        form.closed.connect(self._on_closed)
        form.wished.connect(self.convert)
        self._put_over(form)

    def _put_over(self, widget: LeadView | RecordForm | ConvertForm) -> None:
        self.over = widget
        self._stack.addWidget(widget)
        self._stack.setCurrentWidget(widget)

    def _drop_over(self) -> None:
        if self.over is not None:
            self._stack.removeWidget(self.over)
            self.over.hide()
            self.over.deleteLater()
            self.over = None
            self._stack.setCurrentIndex(0)

    def _on_opened(self, lead_id: str) -> None:
        self.context.go.emit(Place(page="leads", record_id=lead_id))

    def _on_new_asked(self) -> None:
        self.context.go.emit(Place(page="leads", options={"new": "lead"}))

    def _on_log_asked(self, lead_id: str) -> None:
        self.context.go.emit(Place(page="leads", options={"log": lead_id}))

    def _on_convert_asked(self, lead_id: str) -> None:
        self.context.go.emit(Place(page="leads", options={"convert": lead_id}))

    def _on_saved(self, record: Record) -> None:
        self.list.select_record(record.id)

    def _on_closed(self) -> None:
        self._drop_over()
        self.context.go.emit(Place(page="leads"))

    def _on_list_shown(self) -> None:
        setup = self.list.setup
        self.new_button.setVisible(setup is not None and setup.may_create and not self.list.offers_new)
